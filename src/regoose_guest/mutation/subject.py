"""The module under analysis: its changes, the lines they hang on, and its code under each."""

from __future__ import annotations

import ast
import importlib.util
import os
from random import Random
from types import CodeType
from typing import AbstractSet, Dict, FrozenSet, List, Optional, Sequence, Tuple

from regoose_guest.alone import Place, compiled_alone, future_flags
from regoose_guest.mutation.operators import changes_of
from regoose_guest.mutation.reach import Reach
from regoose_guest.mutation.wording import Wording

_NO_PROGRAM = (SyntaxError, ValueError, TypeError, RecursionError, MemoryError)


class Subject:
    """One module's file. Raises what `ast.parse` raises where it cannot be parsed."""

    def __init__(self, root: str, path: str) -> None:
        self.path = path
        self.real = os.path.realpath(os.path.join(root, path))
        with open(self.real, "rb") as file:
            self.source = importlib.util.decode_source(file.read())
        self._tree = ast.parse(self.source)
        self.code: CodeType = compile(self.source, self.real, "exec", dont_inherit=True)
        self._flags = future_flags(self.code)
        self._originals: Dict[int, CodeType] = {}
        self._spans = _spans(self._tree)
        self.changes = changes_of(self._tree)
        self.wording = Wording(self.source, self._tree)

    def sample(self, lines: Sequence[int], most: int, seed: int) -> Tuple[List[int], int]:
        """Return the numbers of changes to try, in random order, and how many there were to choose from."""
        wanted = frozenset(lines)
        numbers = [
            number
            for number, change in enumerate(self.changes)
            if not wanted or change.line in wanted or wanted.intersection(_extent(change.node))
        ]
        Random(seed).shuffle(numbers)  # noqa: S311 - a sample
        return numbers[:most], len(numbers)

    def lines_of(self, number: int) -> FrozenSet[int]:
        """Return the lines of which at least one runs wherever the change matters: those of its statement's head."""
        change = self.changes[number]
        return frozenset((change.line, *self._spans.get(id(change.node), ())))

    def text_of(self, number: int) -> str:
        """Return the lines that change."""
        return self.wording.lines_of(self.changes[number])

    def reach(self, import_lines: AbstractSet[int], elsewhere: AbstractSet[str]) -> Reach:
        """Return how far changes reach that run on import; `elsewhere` are the words of the other files."""
        return Reach(self._tree, self.source, import_lines, elsewhere)

    def place_of(self, number: int) -> Optional[Place]:
        """Return the function that the change stands in; None for what runs on import."""
        return self.changes[number].place

    def alone(self, number: int) -> Optional[CodeType]:
        """Return the changed function's code; None where it is no program or the same as before."""
        place = self.changes[number].place
        if place is None:
            raise AssertionError
        original = self._originals.get(id(place))
        if original is None:
            original = self._originals[id(place)] = self._alone(place, self.real)
        change = self.changes[number]
        change.apply()
        try:
            code = self._alone(place, self.real)
        except _NO_PROGRAM:
            return None
        finally:
            change.undo()
        return None if is_same(code, original) else code

    def _alone(self, place: Place, path: str) -> CodeType:
        return compiled_alone(place.function, place.owners, path, self._flags)

    def whole(self, number: int) -> Optional[CodeType]:
        """Return the changed module's code; None where it is no program or the same as before."""
        change = self.changes[number]
        change.apply()
        try:
            code: CodeType = compile(self._tree, self.real, "exec", dont_inherit=True)
        except _NO_PROGRAM:
            return None
        finally:
            change.undo()
        return None if is_same(code, self.code) else code


def is_same(one: CodeType, other: CodeType) -> bool:
    """Whether two code objects do the same: they may differ in their positions alone."""
    fields = ("co_code", "co_names", "co_varnames", "co_freevars", "co_cellvars", "co_flags", "co_exceptiontable")
    if any(getattr(one, name, None) != getattr(other, name, None) for name in fields):
        return False
    return len(one.co_consts) == len(other.co_consts) and all(map(_is_same_constant, one.co_consts, other.co_consts))


def _is_same_constant(one: object, other: object) -> bool:
    if isinstance(one, CodeType) and isinstance(other, CodeType):
        return is_same(one, other)
    return repr(one) == repr(other) and type(one) is type(other)  # 1, 1.0 and True are equal; -0.0 and 0.0 too


def _extent(node: ast.AST) -> range:
    first: int = getattr(node, "lineno", 0)
    last: int = getattr(node, "end_lineno", None) or first
    return range(first, last + 1)


def _spans(tree: ast.Module) -> Dict[int, range]:
    """Return, for each node, the lines of the head of the smallest statement that it belongs to."""
    found: Dict[int, range] = {}
    for node in ast.walk(tree):  # outer ones first
        if isinstance(node, (ast.stmt, ast.ExceptHandler)):
            head = _head(node)
            found.update((id(inner), head) for inner in ast.walk(node))
    return found


def _head(node: ast.AST) -> range:
    decorators: List[ast.expr] = getattr(node, "decorator_list", [])
    extent = _extent(node)
    first = min([extent.start, *(one.lineno for one in decorators)])
    body: List[ast.stmt] = getattr(node, "body", [])
    return range(first, max(body[0].lineno, extent.start + 1)) if body else range(first, extent.stop)
