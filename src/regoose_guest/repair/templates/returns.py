"""Return values: another variable, another condition, none where there should be one."""

from __future__ import annotations

import ast
from typing import Tuple

from regoose_guest.repair.build import (
    Value,
    call,
    compare,
    constant,
    empty_dict,
    empty_list,
    empty_tuple,
    name,
    negated,
    returning,
    size,
)
from regoose_guest.repair.templates.conditions import extra_conditions
from regoose_guest.repair.templates.site import Changes, Site, instead
from regoose_guest.repair.templates.statements import siblings

_CONDITIONS = 60
_PREDICATES = (ast.Compare, ast.BoolOp, ast.Name, ast.Call, ast.UnaryOp)


def plain_values() -> Tuple[ast.expr, ...]:
    """Return the plain values that functions end with, the usual ones first."""
    first: Tuple[Value, ...] = (None, 0, False, True, "")
    nested = ast.List([empty_list()], ast.Load())
    later = (empty_list(), constant(1), empty_dict(), empty_tuple(), nested, constant(-1))
    return (*(constant(value) for value in first), *later)


def another_value(site: Site) -> Changes:
    """Return another value of those at hand."""
    node = site.node
    if not isinstance(node, ast.Return):
        return
    if node.value is None:
        for variable in site.scope.near(node, 8):
            yield instead("value returned", 0.4, node, returning(name(variable)))
        for value in plain_values()[1:]:
            yield instead("value returned", 0.2, node, returning(value))
        return
    text = ast.dump(node.value)
    for key, other in site.scope.returns.items():
        if key != text and site.scope.sees(other, node):
            yield instead("another return value", 0.25, node, returning(other))
    for value in plain_values():
        yield instead("plain return value", 0.12, node, returning(value))
    for variable in site.scope.near(node, 8):
        if not (isinstance(node.value, ast.Name) and node.value.id == variable):
            yield instead("another return value", 0.3, node, returning(name(variable)))


def predicate(site: Site) -> Changes:
    """A returned condition negated, strengthened, weakened, or put in the place of a constant."""
    node = site.node
    if not isinstance(node, ast.Return) or node.value is None:
        return
    value = node.value
    if isinstance(value, _PREDICATES):
        yield instead("returned condition negated", 0.4, node, returning(negated(value)))
    if isinstance(value, ast.Constant) and isinstance(value.value, bool):
        for variable in site.scope.near(node, 8):
            read = name(variable)
            yield instead("condition returned", 0.3, node, returning(ast.UnaryOp(ast.Not(), read)))
            yield instead("condition returned", 0.2, node, returning(call("bool", read)))
            yield instead("condition returned", 0.2, node, returning(compare(read, ast.Eq(), constant(0))))
            length = compare(call("len", read), ast.Eq(), constant(0))
            yield instead("condition returned", 0.2, node, returning(length))
        for extra, weight in extra_conditions(site.scope, node):
            yield instead("condition returned", weight * 0.7, node, returning(extra))
        return
    for extra, weight in list(extra_conditions(site.scope, node))[:_CONDITIONS]:
        for operator in (ast.And(), ast.Or()):
            joined = ast.BoolOp(operator, [value, extra])
            yield instead("condition added to return value", weight * 0.35, node, returning(joined))


def missing(site: Site) -> Changes:
    """A return at the end of a block that has none."""
    node = site.node
    if not isinstance(node, ast.stmt) or isinstance(node, (ast.Return, ast.Raise)) or siblings(site)[-1] is not node:
        return
    at_end = site.parent is site.scope.innermost(node)
    for variable in site.scope.near(node, 8):
        yield instead("return added", 0.3 if at_end else 0.18, node, node, returning(name(variable)))
    yield instead("return added", 0.12, node, node, returning(None))
    for other in site.scope.returns.values():
        if size(other) > 1 and site.scope.sees(other, node):
            yield instead("return added", 0.15, node, node, returning(other))
    for value in plain_values()[:8]:
        yield instead("return added", 0.06, node, node, returning(value))


TEMPLATES = (another_value, predicate, missing)
