"""Signatures, decorators, and constants of modules and classes: edits that take effect when the module is run."""

from __future__ import annotations

import ast
from typing import List, Optional

from regoose_guest.alone import changed
from regoose_guest.repair.build import assign, constant, is_none, name, when
from regoose_guest.repair.edits import Replace, Splice
from regoose_guest.repair.scope import Scope
from regoose_guest.repair.templates.constants import near_strings
from regoose_guest.repair.templates.site import Change, Changes

_DEFAULTS = (True, False, None, 0, 1, "", " ")
_DECORATORS = ("staticmethod", "classmethod", "property")
_LONG = 30


def signature(scope: Scope) -> Changes:
    """Defaults and decorators of a function."""
    function = scope.function
    given = function.args
    positional = [*given.posonlyargs, *given.args]
    names = positional[len(positional) - len(given.defaults) :]
    for argument, default in zip(names, given.defaults):
        yield from _default(scope, argument.arg, default)
    for argument, keyword_default in zip(given.kwonlyargs, given.kw_defaults):
        yield from _default(scope, argument.arg, keyword_default)
    for index in range(len(function.decorator_list)):
        rest = function.decorator_list[:index] + function.decorator_list[index + 1 :]
        yield Change("decorator dropped", 0.15, (Splice(function, (changed(function, decorator_list=rest),)),))
    if scope.classes:
        present = {one.id for one in function.decorator_list if isinstance(one, ast.Name)}
        for decorator in _DECORATORS:
            if decorator not in present:
                more = changed(function, decorator_list=[name(decorator), *function.decorator_list])
                yield Change("decorator added", 0.12, (Splice(function, (more,)),))


def _default(scope: Scope, parameter: str, default: Optional[ast.expr]) -> Changes:
    if isinstance(default, ast.Constant):
        for value in _DEFAULTS:
            if value != default.value or type(value) is not type(default.value):
                yield Change("default argument", 0.25, (Replace(default, constant(value)),))
        if isinstance(default.value, int) and not isinstance(default.value, bool):
            for value in (default.value + 1, default.value - 1):
                yield Change("default argument", 0.25, (Replace(default, constant(value)),))
    elif isinstance(default, (ast.List, ast.Dict, ast.Set, ast.Call)):
        body = scope.function.body
        documented = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant) and len(body) > 1
        first = body[1] if documented else body[0]
        made = when(is_none(name(parameter)), assign(parameter, default))
        edits = (Replace(default, constant(None)), Splice(first, (made, first)))
        yield Change("mutable default argument", 0.9, edits)


def module_value(node: ast.AST) -> Changes:
    """A constant or a collection that a module or class binds."""
    if isinstance(node, ast.Constant):
        for other, prior in _other_constants(node.value):
            yield Change("constant of the module", prior, (Replace(node, other),))
    elif isinstance(node, (ast.Tuple, ast.List, ast.Set)) and len(node.elts) <= _LONG:
        for index in range(len(node.elts)):
            fewer = changed(node, elts=node.elts[:index] + node.elts[index + 1 :])
            if fewer.elts or not isinstance(node, ast.Set):
                yield Change("element dropped", 0.2, (Replace(node, fewer),))
    elif isinstance(node, ast.BinOp):
        yield Change("operand dropped", 0.15, (Replace(node, node.left),))
        yield Change("operand dropped", 0.15, (Replace(node, node.right),))


def _other_constants(value: object) -> "List[tuple[ast.expr, float]]":
    if isinstance(value, bool):
        return [(constant(not value), 0.5)]
    if isinstance(value, (int, float)):
        others = dict.fromkeys([value + 1, value - 1, 0, 1, value * 10])
        return [(constant(other), 0.3) for other in others if other != value]
    if isinstance(value, str):
        return [(constant(other), prior) for other, prior in near_strings(value)]
    return []
