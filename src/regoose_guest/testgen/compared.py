"""
What the program compares and calculates: fed back as values to try, by way of a copy whose operations tell.

Each comparison is to be seen with its sides equal, either side greater, and by one; each calculation with operands of
which another operator makes something else. What shows more of that is worth keeping: it is what tells the program
from one with a small change there (weak mutation testing, Howden 1982).
"""

from __future__ import annotations

import ast
import operator
from typing import Any, Callable, Dict, List, Tuple, Type, TypeVar

NAME = "__regoose_compare__"
OPERATION = "__regoose_operate__"
_Function = TypeVar("_Function", ast.FunctionDef, ast.AsyncFunctionDef)
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
_ARITHMETIC: Tuple[Type[ast.operator], ...] = (
    *(ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod),
    *(ast.Pow, ast.BitOr, ast.BitAnd, ast.BitXor, ast.LShift, ast.RShift),
)
_HELD: Any = operator
_CALCULATIONS: Tuple[Callable[[Any, Any], Any], ...] = (
    *(_HELD.add, _HELD.sub, _HELD.mul, _HELD.truediv, _HELD.floordiv, _HELD.mod),
    *(_HELD.pow, _HELD.or_, _HELD.and_, _HELD.xor, _HELD.lshift, _HELD.rshift),
)
_COMPARED = frozenset((int, float, str, bytes))
_ALL_ORDERS = 7
_ALL_NEAR = 31
_SMALL = 1 << 16
"""Operands below it are tried with other operators: powers and shifts stay small as well."""
_SMALLER = 64
_LOOKED = 400
"""Times that a calculation is looked at."""


class Instrument(ast.NodeTransformer):
    """Turns `a < b` and `a + b` into calls that do so and tell. Lines stay, and the branches between them."""

    def __init__(self) -> None:
        self._sites = 0

    def _call(self, name: str, number: int, node: ast.expr, left: ast.expr, right: ast.expr) -> ast.expr:
        self._sites += 1
        given = [ast.Constant(self._sites), ast.Constant(number), left, right]
        call = ast.Call(ast.Name(name, ast.Load()), given, [])
        return ast.fix_missing_locations(ast.copy_location(call, node))

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        """Replace a comparison of two, and of three where looking at the third early changes nothing."""
        self.generic_visit(node)
        if any(type(one) not in _NUMBERS for one in node.ops):
            return node
        first, last = node.comparators[0], node.comparators[-1]
        one = self._call(NAME, _NUMBERS[type(node.ops[0])], node, node.left, first)
        if len(node.ops) == 1:
            return one
        if len(node.ops) > 2 or not isinstance(first, ast.Name):  # noqa: PLR2004 - a < b < c
            return node
        other = self._call(NAME, _NUMBERS[type(node.ops[1])], node, ast.Name(first.id, ast.Load()), last)
        return ast.fix_missing_locations(ast.copy_location(ast.BoolOp(ast.And(), [one, other]), node))

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        """Replace a calculation."""
        self.generic_visit(node)
        if type(node.op) not in _ARITHMETIC:
            return node
        return self._call(OPERATION, _ARITHMETIC.index(type(node.op)), node, node.left, node.right)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AnnAssign:
        """Leave annotations alone."""
        if node.value is not None:
            node.value = self.visit(node.value)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        """Leave annotations alone."""
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        """Leave annotations alone."""
        return self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AsyncFunctionDef:
        """Leave annotations alone."""
        return self._function(node)

    def _function(self, node: _Function) -> _Function:
        returns, node.returns = node.returns, None
        self.generic_visit(node)
        node.returns = returns
        return node


class Seen:
    """Values that the program compared or returned lately, by kind. `news` counts what operations showed first."""

    def __init__(self) -> None:
        self.is_on = False
        self.news = 0
        self._orders: Dict[int, int] = {}
        self._told: Dict[int, int] = {}
        self._looked: Dict[int, int] = {}
        self.by_kind: Dict[Any, List[Any]] = {str: [], int: [], float: [], bytes: []}
        self._known: Dict[Any, None] = {}
        self._count = 0

    def compare(self, site: int, number: int, left: object, right: object) -> object:
        """Compare as the program would; now and then remember what was compared."""
        self._count += 1
        if not self.is_on:
            return _FUNCTIONS[number](left, right)
        if number < 6 and left.__class__ in _COMPARED and right.__class__ in _COMPARED:  # noqa: PLR2004 - no membership
            self._note_order(site, left, right)
        if not self._count % _EVERY:
            self.add(left)
            if number >= 6 and type(right) in {tuple, list, set, frozenset}:  # noqa: PLR2004 - membership
                self._add_members(right)
            else:
                self.add(right)
        return _FUNCTIONS[number](left, right)

    def _note_order(self, site: int, left: Any, right: Any) -> None:
        known = self._orders.get(site, 0)
        are_whole = left.__class__ is int and right.__class__ is int
        if known == _ALL_NEAR or (not are_whole and known & _ALL_ORDERS == _ALL_ORDERS):
            return
        if left == right:
            order = 1
        else:
            try:
                order = 2 if left < right else 4
            except TypeError:
                return
            if are_whole and -1 <= left - right <= 1:
                order |= 4 * order
        if order & ~known:
            self._orders[site] = known | order
            self.news += 1

    def operate(self, site: int, number: int, left: Any, right: Any) -> object:
        """Calculate as the program would; note which other operators would have made something else."""
        result = _CALCULATIONS[number](left, right)
        if self.is_on and left.__class__ is int and right.__class__ is int:
            looked = self._looked[site] = self._looked.get(site, 0) + 1
            if looked < _LOOKED and abs(left) < _SMALL and abs(right) < _SMALLER:
                self._note_others(site, left, right, result)
        return result

    def _note_others(self, site: int, left: int, right: int, result: object) -> None:
        known = told = self._told.get(site, 0)
        for number, function in enumerate(_CALCULATIONS):
            bit = 1 << number
            if not known & bit:
                try:
                    if function(left, right) != result:
                        told |= bit
                except (ArithmeticError, ValueError):
                    told |= bit
        if told != known:
            self._told[site] = told
            self.news += 1

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
