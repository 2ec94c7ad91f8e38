"""Conditions: negated, strengthened, weakened, replaced."""

from __future__ import annotations

import ast
from typing import Dict, Iterator, List, Tuple

from regoose_guest.alone import changed
from regoose_guest.repair.build import call, compare, constant, is_none, is_not_none, name, negated
from regoose_guest.repair.scope import Scope, atoms, loaded
from regoose_guest.repair.templates.site import Proposal, Proposals, Site

Weighted = Tuple[ast.expr, float]
_TYPES = ("str", "list", "dict", "int", "tuple", "bytes")
_SAFE_DECISIONS = (ast.If, ast.While, ast.IfExp, ast.Assert)


def is_condition(site: Site) -> bool:
    """Whether the expression is taken for its truth."""
    parent, field = site.parent, site.field
    if isinstance(parent, _SAFE_DECISIONS):
        return field == "test"
    if isinstance(parent, ast.comprehension):
        return field == "ifs"
    return isinstance(parent, ast.BoolOp) or (isinstance(parent, ast.UnaryOp) and isinstance(parent.op, ast.Not))


def truth(site: Site) -> Proposals:
    """Negate; test for None instead of truth."""
    node = site.node
    if not isinstance(node, ast.expr) or not is_condition(site) or not loaded(node):
        return
    if not isinstance(node, ast.Compare):
        yield Proposal("condition negated", 0.5, negated(node))
    if isinstance(node, (ast.Name, ast.Attribute, ast.Call, ast.Subscript)):
        yield Proposal("truth test to None test", 0.8, is_not_none(node))
    for other in site.scope.conditions.values():
        if other is not node and site.scope.sees(other, node):
            yield Proposal("condition replaced", 0.18, other)


def whole(site: Site) -> Proposals:
    """Strengthen or weaken a whole condition, or make it constant."""
    node = site.node
    if not isinstance(node, ast.expr) or not is_condition(site) or isinstance(site.parent, (ast.BoolOp, ast.UnaryOp)):
        return
    always = isinstance(node, ast.Constant)
    if not always:
        yield Proposal("condition always true", 0.12, ast.Constant(value=True))
        yield Proposal("condition always false", 0.12, ast.Constant(value=False))
    else:
        for variable in site.scope.near(node, 10):
            yield Proposal("condition replaced", 0.45, name(variable))
    present = {ast.dump(atom) for atom in atoms(node)}
    for extra, weight in extra_conditions(site.scope, node):
        if ast.dump(extra) in present:
            continue
        if always:
            yield Proposal("condition replaced", weight * 1.5, extra)
        else:
            yield from _joined(node, extra, weight)


def _joined(node: ast.expr, extra: ast.expr, weight: float) -> Proposals:
    for operator, share in ((ast.And(), 1.0), (ast.Or(), 0.9)):
        if isinstance(node, ast.BoolOp) and type(node.op) is type(operator):
            yield Proposal("condition added", weight * share, changed(node, values=[*node.values, extra]))
            yield Proposal("condition added", weight * share * 0.7, changed(node, values=[extra, *node.values]))
        else:
            yield Proposal("condition added", weight * share, ast.BoolOp(operator, [node, extra]))
            yield Proposal("condition added", weight * share * 0.8, ast.BoolOp(operator, [extra, node]))


def extra_conditions(scope: Scope, node: ast.AST) -> Iterator[Weighted]:
    """Yield small conditions over what is visible at a node, without repetition."""
    seen: Dict[str, None] = {}
    for generator in (_seen_conditions(scope, node), _of_variables(scope, node), _of_attributes(scope, node)):
        for condition, weight in generator:
            key = ast.dump(condition)
            if key not in seen:
                seen[key] = None
                yield condition, weight


def _seen_conditions(scope: Scope, node: ast.AST) -> Iterator[Weighted]:
    for condition in scope.conditions.values():
        if scope.sees(condition, node):
            yield condition, 0.2
            yield negated(condition), 0.15
    for condition in scope.file.conditions[:25]:
        if scope.sees(condition, node):
            yield condition, 0.08
            yield negated(condition), 0.06


def _of_variables(scope: Scope, node: ast.AST) -> Iterator[Weighted]:
    names = scope.near(node, 8)
    for variable in names:
        read = name(variable)
        yield read, 0.3
        yield ast.UnaryOp(ast.Not(), read), 0.3
        yield is_not_none(read), 0.28
        yield is_none(read), 0.28
    yield from _pairs(scope, names[:6])
    for variable in names[:6]:
        read = name(variable)
        for bound in (0, 1):
            for operator in (ast.Eq(), ast.Gt(), ast.Lt(), ast.NotEq(), ast.GtE()):
                yield compare(read, operator, constant(bound)), 0.12
        yield compare(call("len", read), ast.Gt(), constant(1)), 0.06
        yield compare(call("len", read), ast.LtE(), constant(1)), 0.06
        for kind in _TYPES:
            yield call("isinstance", read, name(kind)), 0.06
            yield ast.UnaryOp(ast.Not(), call("isinstance", read, name(kind))), 0.05


def _pairs(scope: Scope, names: List[str]) -> Iterator[Weighted]:
    for one in names:
        for other in names:
            if one == other:
                continue
            share = 0.5 if scope.alike(one, other) is False else 1.0
            yield compare(name(one), ast.Lt(), name(other)), 0.14 * share
            yield compare(name(one), ast.LtE(), name(other)), 0.12 * share
            if one < other:
                yield compare(name(one), ast.Eq(), name(other)), 0.12 * share
                yield compare(name(one), ast.NotEq(), name(other)), 0.12 * share
            yield compare(name(one), ast.NotIn(), name(other)), 0.14
            yield compare(name(one), ast.In(), name(other)), 0.12


def _of_attributes(scope: Scope, node: ast.AST) -> Iterator[Weighted]:
    for variable in scope.near(node, 6):
        for attribute, _ in scope.file.attributes[variable].most_common(5):
            read = ast.Attribute(name(variable), attribute, ast.Load())
            yield read, 0.1
            yield ast.UnaryOp(ast.Not(), read), 0.1
            yield is_none(read), 0.1
            yield is_not_none(read), 0.1
    if scope.receiver:
        for attribute, _ in scope.receiver_attributes.most_common(8):
            read = ast.Attribute(name(scope.receiver), attribute, ast.Load())
            yield read, 0.1
            yield ast.UnaryOp(ast.Not(), read), 0.1


def absent(site: Site) -> Proposals:
    """A comparison with an item under a key that may not be there: unequal to everything."""
    node = site.node
    if "KeyError" not in site.clues.raised or not isinstance(node, ast.Compare) or len(node.ops) != 1:
        return
    item = node.left
    if isinstance(item, ast.Subscript) and not isinstance(item.slice, (ast.Slice, ast.Tuple)):
        if isinstance(node.ops[0], ast.NotEq):
            missing = compare(item.slice, ast.NotIn(), item.value)
            yield Proposal("key looked for first", 0.55, ast.BoolOp(ast.Or(), [missing, node]))
        else:
            present = compare(item.slice, ast.In(), item.value)
            yield Proposal("key looked for first", 0.55, ast.BoolOp(ast.And(), [present, node]))


TEMPLATES = (truth, whole, absent)
