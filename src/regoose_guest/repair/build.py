"""Make syntax nodes in few words."""

from __future__ import annotations

import ast
from typing import Dict, Optional, Tuple, Type, Union

from regoose_guest.alone import changed

Value = Union[str, bytes, bool, int, float, complex, None]
"""What a literal can hold."""

_INVERSE: Dict[Type[ast.cmpop], Type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_UNSIZED = (ast.expr_context, ast.operator, ast.cmpop, ast.boolop, ast.unaryop)


def name(identifier: str) -> ast.Name:
    """Read a variable."""
    return ast.Name(identifier, ast.Load())


def store(identifier: str) -> ast.Name:
    """Write a variable."""
    return ast.Name(identifier, ast.Store())


def constant(value: Value) -> ast.expr:
    """Write a constant; a negative number as the parser sees it."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value < 0:
        return ast.UnaryOp(ast.USub(), ast.Constant(-value))
    return ast.Constant(value)


def call(function: str, *arguments: ast.expr) -> ast.Call:
    """Call a function by its name."""
    return ast.Call(name(function), list(arguments), [])


def method(receiver: ast.expr, attribute: str, *arguments: ast.expr) -> ast.Call:
    """Call a method."""
    return ast.Call(ast.Attribute(receiver, attribute, ast.Load()), list(arguments), [])


def compare(left: ast.expr, operator: ast.cmpop, right: ast.expr) -> ast.Compare:
    """Compare two expressions."""
    return ast.Compare(left, [operator], [right])


def is_none(value: ast.expr) -> ast.Compare:
    """Test for None."""
    return compare(value, ast.Is(), ast.Constant(None))


def is_not_none(value: ast.expr) -> ast.Compare:
    """Test for anything but None."""
    return compare(value, ast.IsNot(), ast.Constant(None))


def assign(identifier: str, value: ast.expr) -> ast.Assign:
    """Assign to a variable."""
    return ast.Assign([store(identifier)], value)


def returning(value: Optional[ast.expr]) -> ast.Return:
    """Return a value."""
    return ast.Return(value)


def when(test: ast.expr, *body: ast.stmt) -> ast.If:
    """Run statements under a condition."""
    return ast.If(test, list(body), [])


def empty_list() -> ast.List:
    """Write `[]`."""
    return ast.List([], ast.Load())


def empty_dict() -> ast.Dict:
    """Write `{}`."""
    return ast.Dict([], [])


def empty_tuple() -> ast.Tuple:
    """Write `()`."""
    return ast.Tuple([], ast.Load())


def empties() -> Tuple[ast.expr, ...]:
    """Return the usual defaults."""
    return (empty_list(), empty_dict(), ast.Constant(""), ast.Constant(0), empty_tuple())


def negated(test: ast.expr) -> ast.expr:
    """Return the opposite condition, in its simplest form."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return test.operand
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        return changed(test, ops=[_INVERSE[type(test.ops[0])]()])
    return ast.UnaryOp(ast.Not(), test)


def shifted(value: ast.expr, by: int) -> ast.expr:
    """Add `by` (1 or -1) to a number, folding `x - 1 + 1` to `x`."""
    if isinstance(value, ast.Constant) and isinstance(value.value, (int, float)):
        return constant(value.value + by)
    if isinstance(value, ast.BinOp) and isinstance(value.op, (ast.Add, ast.Sub)):
        right = value.right
        if isinstance(right, ast.Constant) and isinstance(right.value, int):
            total = (right.value if isinstance(value.op, ast.Add) else -right.value) + by
            if total == 0:
                return value.left
            return ast.BinOp(value.left, ast.Add() if total > 0 else ast.Sub(), ast.Constant(abs(total)))
    return ast.BinOp(value, ast.Add() if by > 0 else ast.Sub(), ast.Constant(1))


def size(node: ast.AST) -> int:
    """Count the nodes that a reader sees."""
    return sum(1 for inner in ast.walk(node) if not isinstance(inner, _UNSIZED))


def called(node: ast.Call) -> str:
    """Return the last name of what is called, or an empty string."""
    if isinstance(node.func, ast.Name):
        return node.func.id
    return node.func.attr if isinstance(node.func, ast.Attribute) else ""
