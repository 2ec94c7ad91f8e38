"""Guess from the text of an expression what kind of value it has."""

from __future__ import annotations

import ast

from regoose_guest.repair.build import called

SURELY, MAYBE, NEVER = 2, 1, 0
_NUMBER_CALLS = frozenset(
    ["len", "int", "ord", "abs", "sum", "round", "index", "find", "count", "rfind", "float", "bit_length"]
)  # fmt: skip
_OTHER_CALLS = frozenset(
    ["str", "list", "dict", "set", "tuple", "sorted", "join", "format", "range", "zip", "map", "isinstance", "append"]
)


def is_text(node: ast.AST) -> bool:
    """Whether an expression is plainly a string."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, (str, bytes))
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.BinOp) and (is_text(node.left) or is_text(node.right))
    )


def is_number(node: ast.AST) -> int:
    """Say `SURELY`, `MAYBE` or `NEVER` a number."""
    if isinstance(node, ast.Constant):
        return SURELY if isinstance(node.value, (int, float)) and not isinstance(node.value, bool) else NEVER
    if isinstance(node, ast.BinOp):
        return _of_operation(node)
    if isinstance(node, ast.UnaryOp):
        return NEVER if isinstance(node.op, ast.Not) else SURELY
    if isinstance(node, ast.Call):
        name = called(node)
        return SURELY if name in _NUMBER_CALLS else NEVER if name in _OTHER_CALLS else MAYBE
    return MAYBE if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript, ast.IfExp)) else NEVER


def _of_operation(node: ast.BinOp) -> int:
    if is_text(node) or isinstance(node.left, (ast.List, ast.Tuple)) or isinstance(node.right, (ast.List, ast.Tuple)):
        return NEVER
    if isinstance(node.op, (ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Pow)):
        return SURELY
    return max(is_number(node.left), is_number(node.right))
