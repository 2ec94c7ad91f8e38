"""Operators: compared, combined, computed with the wrong one."""

from __future__ import annotations

import ast
from typing import Dict, Tuple, Type

from regoose_guest.alone import changed
from regoose_guest.repair.build import constant, is_none, method, negated, shifted
from regoose_guest.repair.kinds import SURELY, is_number, is_text
from regoose_guest.repair.templates.site import Proposal, Proposals, Site

_COMPARISONS: Dict[Type[ast.cmpop], Tuple[Tuple[Type[ast.cmpop], float], ...]] = {
    ast.Lt: ((ast.LtE, 1.0), (ast.Gt, 0.6), (ast.GtE, 0.5), (ast.NotEq, 0.3), (ast.Eq, 0.25)),
    ast.LtE: ((ast.Lt, 1.0), (ast.GtE, 0.6), (ast.Gt, 0.5), (ast.NotEq, 0.25), (ast.Eq, 0.3)),
    ast.Gt: ((ast.GtE, 1.0), (ast.Lt, 0.6), (ast.LtE, 0.5), (ast.NotEq, 0.3), (ast.Eq, 0.25)),
    ast.GtE: ((ast.Gt, 1.0), (ast.LtE, 0.6), (ast.Lt, 0.5), (ast.NotEq, 0.25), (ast.Eq, 0.3)),
    ast.Eq: (
        (ast.NotEq, 0.8),
        (ast.LtE, 0.6),
        (ast.GtE, 0.6),
        (ast.Is, 0.2),
        (ast.In, 0.4),
        (ast.Lt, 0.3),
        (ast.Gt, 0.3),
    ),
    ast.NotEq: ((ast.Eq, 0.8), (ast.Lt, 0.5), (ast.Gt, 0.5), (ast.IsNot, 0.2), (ast.NotIn, 0.4)),
    ast.Is: ((ast.IsNot, 0.8), (ast.Eq, 0.6)),
    ast.IsNot: ((ast.Is, 0.8), (ast.NotEq, 0.6)),
    ast.In: ((ast.NotIn, 0.8), (ast.Eq, 0.4)),
    ast.NotIn: ((ast.In, 0.8), (ast.NotEq, 0.4)),
}
_ORDERED = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)

ARITHMETIC: Dict[Type[ast.operator], Tuple[Tuple[Type[ast.operator], float], ...]] = {
    ast.Add: ((ast.Sub, 0.8), (ast.Mult, 0.4)),
    ast.Sub: ((ast.Add, 0.8), (ast.Mult, 0.25)),
    ast.Mult: ((ast.Pow, 0.4), (ast.Div, 0.4), (ast.Add, 0.4), (ast.FloorDiv, 0.25)),
    ast.Div: ((ast.FloorDiv, 0.8), (ast.Mult, 0.5), (ast.Mod, 0.25)),
    ast.FloorDiv: ((ast.Div, 0.7), (ast.Mod, 0.5), (ast.Mult, 0.25)),
    ast.Mod: ((ast.FloorDiv, 0.5), (ast.Div, 0.25), (ast.Mult, 0.2)),
    ast.Pow: ((ast.Mult, 0.6),),
    ast.LShift: ((ast.RShift, 0.8),),
    ast.RShift: ((ast.LShift, 0.8),),
    ast.BitAnd: ((ast.BitOr, 0.8), (ast.BitXor, 0.5), (ast.Sub, 0.1)),
    ast.BitOr: ((ast.BitAnd, 0.8), (ast.BitXor, 0.5), (ast.Add, 0.2)),
    ast.BitXor: ((ast.BitAnd, 0.7), (ast.BitOr, 0.7)),
}


def comparison_operator(site: Site) -> Proposals:
    """`<` for `<=`, `==` for `!=`, `is` for `==`."""
    node = site.node
    if not isinstance(node, ast.Compare):
        return
    for index, operator in enumerate(node.ops):
        text = is_text(node.comparators[index]) or is_text(node.left)
        for other, prior in _COMPARISONS[type(operator)]:
            if text and issubclass(other, _ORDERED) and not isinstance(operator, _ORDERED):
                continue
            operators = [*node.ops]
            operators[index] = other()
            yield Proposal("comparison operator", prior, changed(node, ops=operators))


def comparison_operands(site: Site) -> Proposals:
    """Off by one, swapped, one of several values, truth instead of equality."""
    node = site.node
    if not isinstance(node, ast.Compare) or len(node.ops) != 1:
        return
    left, operator, right = node.left, node.ops[0], node.comparators[0]
    if is_number(left) and is_number(right) and isinstance(operator, (*_ORDERED, ast.Eq, ast.NotEq)):
        for by in (1, -1):
            if not isinstance(right, ast.Constant):
                yield Proposal("off by one", 0.6, changed(node, comparators=[shifted(right, by)]))
            if not isinstance(left, ast.Constant):
                yield Proposal("off by one", 0.4, changed(node, left=shifted(left, by)))
    yield Proposal("operands swapped", 0.3, changed(node, left=right, comparators=[left]))
    if isinstance(operator, (ast.Is, ast.IsNot)) and isinstance(right, ast.Constant) and right.value is None:
        yield Proposal("None test to truth test", 0.5, negated(left) if isinstance(operator, ast.Is) else left)
    if isinstance(operator, (ast.Eq, ast.NotEq)):
        yield from _equality(site, node, operator)
    if isinstance(operator, (ast.In, ast.NotIn)) and isinstance(right, ast.Name):
        values = ast.Call(ast.Attribute(right, "values", ast.Load()), [], [])
        yield Proposal("membership in values", 0.1, changed(node, comparators=[values]))


def _equality(site: Site, node: ast.Compare, operator: ast.cmpop) -> Proposals:
    left, right = node.left, node.comparators[0]
    positive = isinstance(operator, ast.Eq)
    if isinstance(right, ast.Constant) and isinstance(right.value, str):
        for other in site.scope.constants.values():
            if isinstance(other, str) and other != right.value:
                several = ast.Tuple([right, constant(other)], ast.Load())
                yield Proposal(
                    "one of several values",
                    0.2,
                    changed(node, ops=[ast.In() if positive else ast.NotIn()], comparators=[several]),
                )
    empty = isinstance(right, ast.Constant) and right.value in (0, "", None)
    if empty or (isinstance(right, (ast.List, ast.Dict)) and not list(ast.iter_child_nodes(right))[:1]):
        yield Proposal("equality to truth test", 0.3, negated(left) if positive else left)


def normalised_comparison(site: Site) -> Proposals:
    """Text compared without regard to case or surrounding white space."""
    node = site.node
    if not isinstance(node, ast.Compare) or len(node.ops) != 1 or isinstance(node.left, ast.Constant):
        return
    right = node.comparators[0]
    if is_text(right) or isinstance(right, (ast.Tuple, ast.Set, ast.List, ast.Name)):
        prior = 0.25 if is_text(right) else 0.1
        for normalise in ("upper", "lower", "strip"):
            yield Proposal("text normalised", prior, changed(node, left=method(node.left, normalise)))


def chained_comparison(site: Site) -> Proposals:
    """`a < b < c` with a part too many."""
    node = site.node
    if isinstance(node, ast.Compare) and len(node.ops) == 2:
        yield Proposal("part of chain dropped", 0.2, changed(node, ops=node.ops[:1], comparators=node.comparators[:1]))
        yield Proposal(
            "part of chain dropped", 0.2, ast.Compare(node.comparators[0], node.ops[1:], node.comparators[1:])
        )


def boolean_operator(site: Site) -> Proposals:
    """`and` for `or`; a part dropped, negated, reordered or grouped otherwise."""
    node = site.node
    if not isinstance(node, ast.BoolOp):
        return
    other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    yield Proposal("boolean operator", 0.8, changed(node, op=other))
    for index, value in enumerate(node.values):
        rest = node.values[:index] + node.values[index + 1 :]
        yield Proposal("condition dropped", 0.5, rest[0] if len(rest) == 1 else changed(node, values=rest))
        values = [*node.values]
        values[index] = negated(value)
        yield Proposal("part of condition negated", 0.4, changed(node, values=values))
        if isinstance(value, ast.BoolOp) and len(node.values) == 2 and len(value.values) == 2:
            yield from _regrouped(node, value, index)
    if len(node.values) == 2:
        yield Proposal("conditions reordered", 0.35, changed(node, values=node.values[::-1]))
    if len(node.values) >= 3:
        inner = changed(node, values=node.values[1:], op=other)
        yield Proposal("conditions grouped otherwise", 0.2, changed(node, values=[node.values[0], inner]))
        inner = changed(node, values=node.values[:-1], op=other)
        yield Proposal("conditions grouped otherwise", 0.2, changed(node, values=[inner, node.values[-1]]))


def _regrouped(node: ast.BoolOp, inner: ast.BoolOp, index: int) -> Proposals:
    """`a and b or c` to `a and (b or c)`."""
    outside = node.values[1 - index]
    if index == 0:
        new = ast.BoolOp(inner.op, [inner.values[0], ast.BoolOp(node.op, [inner.values[1], outside])])
    else:
        new = ast.BoolOp(inner.op, [ast.BoolOp(node.op, [outside, inner.values[0]]), inner.values[1]])
    yield Proposal("conditions grouped otherwise", 0.3, new)


def unary_operator(site: Site) -> Proposals:
    """`not` and `-` too many; `not x` for `x is None`."""
    node = site.node
    if not isinstance(node, ast.UnaryOp):
        return
    if isinstance(node.op, ast.Not):
        yield Proposal("negation dropped", 0.6, node.operand)
        yield Proposal("truth test to None test", 0.7, is_none(node.operand))
    elif isinstance(node.op, ast.USub):
        yield Proposal("minus dropped", 0.6, node.operand)
        if isinstance(node.operand, ast.Constant) and isinstance(node.operand.value, int):
            yield Proposal("number", 0.4, constant(-node.operand.value - 1))
            yield Proposal("number", 0.4, constant(-node.operand.value + 1))
            yield Proposal("number", 0.2, constant(0))


def arithmetic(site: Site) -> Proposals:
    """`+` for `-`, `/` for `//`; operands swapped or dropped, grouped otherwise."""
    node = site.node
    if not isinstance(node, ast.BinOp):
        return
    text = is_text(node)
    for other, prior in ARITHMETIC.get(type(node.op), ()):
        yield Proposal("arithmetic operator", prior * (0.1 if text else 1.0), changed(node, op=other()))
    if not isinstance(node.op, ast.Mult):
        prior = 0.25 if isinstance(node.op, ast.Add) else 0.45
        yield Proposal("operands swapped", prior, changed(node, left=node.right, right=node.left))
    yield Proposal("operand dropped", 0.4, node.left)
    formats = isinstance(node.op, ast.Mod) and is_text(node.left)
    yield Proposal("operand dropped", 0.65 if formats else 0.35, node.right)
    left, right = node.left, node.right
    if isinstance(left, ast.BinOp):
        inner = ast.BinOp(left.right, node.op, right)
        yield Proposal("operations grouped otherwise", 0.25, ast.BinOp(left.left, left.op, inner))
    if isinstance(right, ast.BinOp):
        inner = ast.BinOp(left, node.op, right.left)
        yield Proposal("operations grouped otherwise", 0.25, ast.BinOp(inner, right.op, right.right))
    if isinstance(node.op, (ast.Div, ast.FloorDiv)):
        yield Proposal(
            "rounding up",
            0.15,
            ast.UnaryOp(ast.USub(), ast.BinOp(ast.UnaryOp(ast.USub(), left), ast.FloorDiv(), right)),
        )
    if isinstance(node.op, ast.Mod) and is_number(left) == SURELY:
        yield Proposal("operand dropped", 0.2, left)


TEMPLATES = (
    comparison_operator,
    comparison_operands,
    normalised_comparison,
    chained_comparison,
    boolean_operator,
    unary_operator,
    arithmetic,
)
