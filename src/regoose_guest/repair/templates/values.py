"""Values: wrapped in a call, given a default, computed further, replaced by an expression at hand."""

from __future__ import annotations

import ast

from regoose_guest.repair.build import called, constant, empties, method, name, shifted, size
from regoose_guest.repair.kinds import NEVER, SURELY, is_number, is_text
from regoose_guest.repair.scope import loaded
from regoose_guest.repair.templates.site import Proposal, Proposals, Site

_WRAPPERS = (
    "len", "str", "int", "list", "set", "tuple", "sorted", "abs", "bool", "reversed", "float", "iter", "dict", "sum",
    "max", "min", "repr", "next",
)  # fmt: skip
_OF_COLLECTIONS = frozenset(("list", "set", "tuple", "sorted", "reversed", "iter", "dict", "sum", "next", "len"))
_METHODS = ("strip", "lower", "upper", "copy", "items", "values", "keys", "decode", "encode", "lstrip", "rstrip")
_DIRECT = (ast.Return, ast.Assign, ast.AugAssign, ast.keyword)
_RANGES = frozenset(("range", "islice"))


def _is_direct(site: Site) -> bool:
    """Whether the expression is a whole assigned, returned or passed value."""
    return isinstance(site.parent, _DIRECT) or (isinstance(site.parent, ast.Call) and site.field == "args")


def _is_value(site: Site) -> bool:
    node, parent, field = site.node, site.parent, site.field
    if not isinstance(node, ast.expr) or not loaded(node):
        return False
    if isinstance(node, (ast.Starred, ast.JoinedStr, ast.FormattedValue, ast.Lambda, ast.Slice)):
        return False
    if isinstance(parent, (ast.Compare, ast.BinOp)):
        return True
    if isinstance(parent, (ast.List, ast.Tuple, ast.Set, ast.Dict, ast.IfExp, ast.DictComp)):
        return field != "test"
    if isinstance(parent, ast.Attribute):
        return isinstance(node, ast.Name)
    return field in {"args", "iter", "slice", "elt"} or (
        field == "value"
        and isinstance(parent, (*_DIRECT, ast.AnnAssign, ast.Yield, ast.YieldFrom, ast.FormattedValue, ast.Starred))
    )


def one_more(site: Site) -> Proposals:
    """A number off by one."""
    node = site.node
    if not _is_value(site) or not isinstance(node, ast.expr) or isinstance(node, ast.Constant) or not _is_direct(site):
        return
    kind = is_number(node)
    if kind == NEVER:
        return
    ranged = isinstance(site.parent, ast.Call) and called(site.parent) in _RANGES
    prior = 0.7 if ranged else 0.45 if kind == SURELY else 0.2
    for by in (1, -1):
        yield Proposal("off by one", prior, shifted(node, by))


def wrapped(site: Site) -> Proposals:
    """The value passed through a built-in, one of the module's own functions or a method."""
    node = site.node
    if not _is_value(site) or not isinstance(node, ast.expr) or isinstance(node, ast.Constant):
        return
    number = is_number(node) == SURELY
    for wrapper in _WRAPPERS:
        same = isinstance(node, ast.Call) and called(node) == wrapper
        if same or (number and wrapper in _OF_COLLECTIONS):
            continue
        joined = wrapper == "str" and (is_text(site.parent) or isinstance(site.parent, ast.JoinedStr))
        yield Proposal("call inserted", 0.5 if joined else 0.12, ast.Call(name(wrapper), [node], []))
    for own, definition in (*site.file.functions.items(), *site.scope.nested.items()):
        wanted = len(definition.args.args)
        if wanted - len(definition.args.defaults) <= 1 <= wanted:
            close = own == site.scope.function.name or own in site.scope.nested
            yield Proposal("call inserted", 0.2 if close else 0.1, ast.Call(name(own), [node], []))
    if not number and isinstance(node, (ast.Name, ast.Attribute, ast.Subscript, ast.Call)):
        for attribute in _METHODS:
            yield Proposal("method call inserted", 0.07, method(node, attribute))


def given_default(site: Site) -> Proposals:
    """`x or default`; a part of the value."""
    node = site.node
    if not _is_value(site) or not isinstance(node, (ast.Name, ast.Attribute, ast.Subscript, ast.Call)):
        return
    if is_number(node) == SURELY:
        return
    for default in empties():
        yield Proposal("default for None", 0.3 if site.clues.none else 0.1, ast.BoolOp(ast.Or(), [node, default]))
    one = constant(-1)
    for bounds in (
        ast.Slice(constant(1), None, None),
        ast.Slice(None, one, None),
        ast.Slice(None, None, one),
        ast.Slice(None, None, None),
    ):
        yield Proposal("slice added", 0.12, ast.Subscript(node, bounds, ast.Load()))
    for index in (0, -1, 1):
        yield Proposal("subscript added", 0.1, ast.Subscript(node, constant(index), ast.Load()))
    for variable in site.scope.near(node, 6):
        if not (isinstance(node, ast.Name) and node.id == variable):
            yield Proposal("subscript added", 0.06, ast.Subscript(node, name(variable), ast.Load()))
    if isinstance(node, ast.Name):
        for attribute, _ in site.file.attributes[node.id].most_common(8):
            yield Proposal("attribute added", 0.25, ast.Attribute(node, attribute, ast.Load()))


def computed_further(site: Site) -> Proposals:
    """Squared, doubled, halved, negated; a variable added or subtracted."""
    node = site.node
    if not _is_value(site) or not isinstance(node, ast.expr) or isinstance(node, ast.Constant):
        return
    kind = is_number(node)
    if kind == NEVER:
        return
    combined = isinstance(site.parent, (ast.BinOp, ast.Compare))
    if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript, ast.Call)):
        prior = 0.12 if kind == SURELY or combined else 0.06
        yield Proposal("squared", prior, ast.BinOp(node, ast.Pow(), constant(2)))
        yield Proposal("doubled", prior, ast.BinOp(node, ast.Mult(), constant(2)))
        yield Proposal("halved", prior, ast.BinOp(node, ast.FloorDiv(), constant(2)))
        yield Proposal("negated", prior, ast.UnaryOp(ast.USub(), node))
    if _is_direct(site) or (combined and isinstance(node, (ast.Name, ast.Subscript))):
        for variable in site.scope.near(node, 8):
            if isinstance(node, ast.Name) and node.id == variable:
                continue
            for operator, prior in ((ast.Add(), 0.14), (ast.Sub(), 0.12), (ast.Mult(), 0.07), (ast.FloorDiv(), 0.03)):
                yield Proposal("operand added", prior, ast.BinOp(node, operator, name(variable)))


def replaced(site: Site) -> Proposals:
    """A variable or a plain constant instead of the expression."""
    node = site.node
    if not _is_value(site) or not isinstance(node, ast.expr):
        return
    if not isinstance(node, (ast.Name, ast.Constant)) and 1 < size(node) <= 10:
        for variable in site.scope.near(node, 8):
            yield Proposal("expression to variable", 0.2, name(variable))
    if _is_direct(site) and isinstance(node, (ast.Name, ast.Attribute)):
        for value in (0, 1, None):
            yield Proposal("value to constant", 0.06, ast.Constant(value))


def another(site: Site) -> Proposals:
    """Another expression of the function, instead of a whole value or added to it."""
    node = site.node
    if not _is_value(site) or not isinstance(node, ast.expr) or not _is_direct(site):
        return
    summable = is_number(node) or is_text(node) or isinstance(node, (ast.List, ast.ListComp, ast.Call))
    for other in site.scope.expressions.values():
        if other is node or not site.scope.sees(other, node):
            continue
        if size(other) > 1 and not any(inner is node for inner in ast.walk(other)):
            yield Proposal("another expression", 0.16, other)
        if summable and size(other) <= 5 and not isinstance(other, (ast.Compare, ast.BoolOp)):
            yield Proposal("operand added", 0.07, ast.BinOp(node, ast.Add(), other))
            yield Proposal("operand added", 0.06, ast.BinOp(other, ast.Add(), node))


TEMPLATES = (one_more, wrapped, given_default, computed_further, replaced, another)
