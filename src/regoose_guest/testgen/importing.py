"""What runs when a module is imported: which functions its tables and constants may show in."""

from __future__ import annotations

import ast
from typing import Dict, Iterator, List, Set, Tuple

from regoose_guest.testgen.analyse import Facts
from regoose_guest.testgen.scope import bound_by, names_in, span_of

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class Imported:
    """The statements of a module and of its classes outside all functions."""

    def __init__(self, tree: ast.Module, facts: Facts) -> None:
        self._statements = list(_outside(tree.body))
        self._used = {name: names_in(node) for name, node in facts.definitions.items()}
        self._spans = {name: span_of(node) for name, node in facts.definitions.items()}
        self._known: Dict[int, List[Tuple[int, int]]] = {}

    def unit(self, line: int) -> int:
        """Return the first line of the statement around a line; 0 where it stands in a function."""
        return next((one.lineno for one in self._statements if one.lineno <= line <= (one.end_lineno or 0)), 0)

    def users(self, line: int) -> List[Tuple[int, int]]:
        """Return the spans of the functions that speak of what the statement around a line binds."""
        unit = self.unit(line)
        if unit not in self._known:
            self._known[unit] = list(self._users(unit)) if unit else []
        return self._known[unit]

    def told_by(self, line: int) -> List[int]:
        """Return the lines whose words say what a line is about: itself, or what calls its function on import."""
        if self.unit(line):
            return [line]
        inside = {name.rpartition(".")[2] for name, (first, last) in self._spans.items() if first <= line <= last}
        calling = [one for one in self._statements if not inside.isdisjoint(names_in(one))]
        return [at for one in calling for at in range(one.lineno, (one.end_lineno or one.lineno) + 1)]

    def _users(self, unit: int) -> Iterator[Tuple[int, int]]:
        names: Set[str] = {name for one in self._statements if one.lineno == unit for name in bound_by(one)}
        count = 0
        while len(names) > count:  # by way of other statements
            count = len(names)
            for one in self._statements:
                if not names.isdisjoint(names_in(one)):
                    names.update(bound_by(one))
        for name, used in self._used.items():
            if not names.isdisjoint(used):
                yield self._spans[name]


def _outside(body: List[ast.stmt]) -> Iterator[ast.stmt]:
    for one in body:
        if isinstance(one, ast.ClassDef):
            yield from _outside(one.body)
        elif not isinstance(one, _DEFINITIONS):
            yield one
