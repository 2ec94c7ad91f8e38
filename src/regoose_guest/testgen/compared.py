"""What the program compares: fed back as values to try, by way of a copy whose comparisons tell."""

from __future__ import annotations

import ast
import operator
from typing import Any, Callable, Dict, List, Tuple, Type

NAME = "__regoose_compare__"
_LONGEST = 40
_LARGEST = 1 << 40
_KEPT = 80
"""Values of a kind that are remembered; the oldest make room."""
_EVERY = 3
"""Of how many comparisons one is looked at."""
_OPERATORS: Tuple[Tuple[Type[ast.cmpop], Callable[[Any, Any], Any]], ...] = (
    (ast.Eq, operator.eq),
    (ast.NotEq, operator.ne),
    (ast.Lt, lambda one, other: one < other),
    (ast.LtE, lambda one, other: one <= other),
    (ast.Gt, lambda one, other: one > other),
    (ast.GtE, lambda one, other: one >= other),
    (ast.In, lambda one, many: one in many),
    (ast.NotIn, lambda one, many: one not in many),
)
_NUMBERS: Dict[Type[ast.cmpop], int] = {kind: number for number, (kind, _) in enumerate(_OPERATORS)}
_FUNCTIONS: List[Callable[[Any, Any], Any]] = [function for _, function in _OPERATORS]


class Instrument(ast.NodeTransformer):
    """Turns `a < b` into a call that compares and tells. Lines and branches stay as they are."""

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        """Replace a comparison of two; longer ones stay."""
        self.generic_visit(node)
        if len(node.ops) != 1 or type(node.ops[0]) not in _NUMBERS:
            return node
        number = ast.Constant(_NUMBERS[type(node.ops[0])])
        call = ast.Call(ast.Name(NAME, ast.Load()), [number, node.left, node.comparators[0]], [])
        return ast.fix_missing_locations(ast.copy_location(call, node))

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AnnAssign:
        """Leave annotations alone."""
        if node.value is not None:
            node.value = self.visit(node.value)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        """Leave annotations alone."""
        return node

    def visit_Assert(self, node: ast.Assert) -> ast.Assert:
        """Look into assertions as well."""
        self.generic_visit(node)
        return node


class Seen:
    """Values that the program compared or returned lately, by kind."""

    def __init__(self) -> None:
        self.is_on = False
        self.by_kind: Dict[Any, List[Any]] = {str: [], int: [], float: [], bytes: []}
        self._known: Dict[Any, None] = {}
        self._count = 0

    def compare(self, number: int, left: object, right: object) -> object:
        """Compare as the program would; now and then remember what was compared."""
        self._count += 1
        if self.is_on and not self._count % _EVERY:
            self.add(left)
            if number >= 6 and type(right) in {tuple, list, set, frozenset}:  # noqa: PLR2004 - membership
                self._add_members(right)
            else:
                self.add(right)
        return _FUNCTIONS[number](left, right)

    def _add_members(self, many: Any) -> None:
        if len(many) < _LONGEST:
            for one in many:
                self.add(one)

    def add(self, value: Any) -> None:
        """Remember a value where it is a small one of a plain kind."""
        kind: Any = value.__class__
        held = self.by_kind.get(kind)
        if held is None:
            return
        if kind is int:
            if not -_LARGEST < value < _LARGEST:
                return
        elif kind is not float and not 0 < len(value) <= _LONGEST:
            return
        if (kind, value) in self._known:
            return
        self._known[kind, value] = None
        held.append(value)
        if len(held) > _KEPT:
            self._known.pop((kind, held.pop(0)), None)
