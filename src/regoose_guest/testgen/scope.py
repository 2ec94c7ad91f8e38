"""What tests are asked for: named functions and classes, changed lines, or everything that is public."""

from __future__ import annotations

import ast
from bisect import bisect_left, bisect_right
from typing import FrozenSet, Iterator, List, Optional, Sequence, Set, Tuple

from regoose_guest.testgen.analyse import Facts
from regoose_guest.testgen.usage import Function

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_STATEMENTS = (ast.stmt, ast.ExceptHandler)
Span = Tuple[int, int]
"""First and last line of a definition, its decorators included."""


class Scope:
    """
    The part of a module that tests are to be about.

    `only` are qualified names: a class stands for all in it. `lines` are changed lines. Both empty: everything.
    """

    def __init__(self, facts: Facts, tree: ast.Module, only: Sequence[str] = (), lines: Sequence[int] = ()) -> None:
        self._facts = facts
        self._tree = tree
        self._only = tuple(only)
        self._spans = {name: span_of(node) for name, node in facts.definitions.items()}
        self._used = {name: names_in(node) for name, node in facts.definitions.items()} if lines else {}
        self.lines: Optional[FrozenSet[int]] = None
        """Lines that are worth covering and changing; None for all."""
        if only:
            self.lines = frozenset(line for one in self._named() for line in range(one[0], one[1] + 1))
        changed = self._changed(frozenset(lines)) if lines else None
        if changed is not None:
            self.lines = changed if self.lines is None else self.lines & changed
        self._is_bound = changed is not None

    def asks_for(self, name: str) -> bool:
        """Whether something was asked for by this very name or that of a class around it: then it may be private."""
        return any(name == one or name.startswith(f"{one}.") for one in self._only)

    def asks_by_name(self, name: str) -> bool:
        """Whether something was asked for by this very name."""
        return name in self._only

    def asks_within(self, name: str) -> bool:
        """Whether a class of this name, or something in it, was asked for."""
        return self.asks_for(name) or any(one.startswith(f"{name}.") for one in self._only)

    @property
    def has_names(self) -> bool:
        """Whether something was asked for by name."""
        return bool(self._only)

    def is_left_out(self, name: str) -> bool:
        """Whether names were given, and this is none of them."""
        return bool(self._only) and not self.asks_for(name)

    def chosen(self, spans: Sequence[Span]) -> List[bool]:
        """Return which of the definitions with these spans have to do with the changed lines."""
        if not self._is_bound or self.lines is None:
            return [True] * len(spans)
        wanted = sorted(self.lines)
        direct = [bisect_left(wanted, first) < bisect_right(wanted, last) for first, last in spans]
        reached = {line for (first, last), is_in in zip(spans, direct) if is_in for line in range(first, last + 1)}
        names = {name for line in self.lines - reached for name in self._names_on(line)}
        reaching = self._reaching(names)
        return [is_direct or span in reaching for span, is_direct in zip(spans, direct)]

    def _named(self) -> Iterator[Span]:
        for name in self._only:
            held = self._facts.classes.get(name)
            if held is not None:
                yield span_of(held)
            elif name in self._facts.definitions:
                yield span_of(self._facts.definitions[name])

    def _changed(self, lines: FrozenSet[int]) -> Optional[FrozenSet[int]]:
        """
        Return the lines of the statements that lines belong to, and what only runs on import by its uses.

        None where the change may show anywhere.
        """
        found: Set[int] = set()
        names: Set[str] = set()
        for node in ast.walk(self._tree):
            if not isinstance(node, _STATEMENTS) or _is_text(node):
                continue
            own = _own_lines(node)
            if lines.isdisjoint(own):
                continue
            found.update(own)
            if isinstance(node, _DEFINITIONS):
                first, last = span_of(node)
                found.update(range(first, last + 1))
            elif not self._inside(node.lineno):
                bound = set(bound_by(node))
                if not bound:
                    return None
                names |= bound
        return frozenset(found | self._mentions(names))

    def _mentions(self, names: Set[str]) -> Set[int]:
        """Return the lines of the statements in functions that speak of names."""
        found: Set[int] = set()
        users = [name for name, used in self._used.items() if not names.isdisjoint(used)]
        for user in users:
            for node in ast.walk(self._facts.definitions[user]):
                if isinstance(node, _STATEMENTS) and not isinstance(node, _DEFINITIONS):
                    own = _own_lines(node)
                    parts = (one for one in ast.walk(node) if getattr(one, "lineno", 0) in own)
                    if any(not names.isdisjoint(_name(one)) for one in parts):
                        found.update(own)
        return found

    def _reaching(self, names: Set[str]) -> Set[Span]:
        """Return the definitions that use something of these names, by way of others too."""
        wanted: Set[str] = set(names)
        found: Set[str] = set()
        while True:
            more = {name for name, used in self._used.items() if name not in found and not wanted.isdisjoint(used)}
            if not more:
                return {self._spans[name] for name in found}
            found |= more
            wanted |= {_called(name) for name in more}

    def _inside(self, line: int) -> List[str]:
        """Return the functions around a line, the innermost last."""
        return [name for name, (first, last) in self._spans.items() if first <= line <= last]

    def _names_on(self, line: int) -> Set[str]:
        inside = self._inside(line)
        return {_called(inside[-1])} if inside else set()


def _called(name: str) -> str:
    """Return the bare name by which others use a function: of a special method, its class."""
    owner, _, last = name.rpartition(".")
    return owner.rpartition(".")[2] if last.startswith("__") and owner else last


def _own_lines(node: ast.AST) -> range:
    """Return the lines of a statement without those of the statements in it."""
    first = span_of(node)[0] if isinstance(node, _DEFINITIONS) else getattr(node, "lineno", 1)
    body: Sequence[ast.AST] = getattr(node, "body", ())
    last = getattr(node, "end_lineno", None) or first
    if body:
        last = max(first, min(getattr(one, "lineno", last) for one in body) - 1)
    return range(first, last + 1)


def span_of(node: "Function | ast.ClassDef") -> Span:
    """Return the first and last line of a definition, its decorators included."""
    return min([node.lineno, *(one.lineno for one in node.decorator_list)]), node.end_lineno or node.lineno


def _name(node: ast.AST) -> Tuple[str, ...]:
    if isinstance(node, ast.Name):
        return (node.id,)
    return (node.attr,) if isinstance(node, ast.Attribute) else ()


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def names_in(node: ast.AST) -> Set[str]:
    """Return the names and attributes that code speaks of."""
    return {name for one in ast.walk(node) for name in _name(one)}


def bound_by(node: ast.AST) -> Iterator[str]:
    """Yield the names that code binds."""
    for one in ast.walk(node):
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store):
            yield one.id
        elif isinstance(one, ast.alias):
            yield one.asname or one.name.partition(".")[0]
