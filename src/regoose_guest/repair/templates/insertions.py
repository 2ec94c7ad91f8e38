"""Statements put in: guards, exits, updates, calls, copies of others, handlers."""

from __future__ import annotations

import ast
from collections import Counter
from typing import Dict, Iterator, List, Tuple

from regoose_guest.alone import changed
from regoose_guest.repair.build import Value, assign, call, constant, empties, is_none, name, returning, store, when
from regoose_guest.repair.scope import SIMPLE, Scope
from regoose_guest.repair.source import DEFINITIONS
from regoose_guest.repair.templates.conditions import extra_conditions
from regoose_guest.repair.templates.returns import plain_values
from regoose_guest.repair.templates.site import Changes, Site, instead

_CONDITIONS, _EXITS = 90, 14
_PLAIN_TARGETS = (ast.Name, ast.Attribute)


def _exits(site: Site) -> Iterator[Tuple[ast.stmt, float]]:
    """Yield ways to leave at a statement."""
    node, scope = site.node, site.scope
    for exception in site.clues.expected[:2]:
        yield ast.Raise(call(exception), None), 1.0
    if scope.in_loop(node):
        yield ast.Continue(), 0.8
        yield ast.Break(), 0.6
    function = scope.innermost(node)
    if any(isinstance(inner, (ast.Yield, ast.YieldFrom)) for inner in ast.walk(function)):
        yield returning(None), 0.7
        return
    for value in scope.returns.values():
        if scope.sees(value, node):
            yield returning(value), 0.6
    for variable in scope.near(node, 5):
        yield returning(name(variable)), 0.5
    for value in plain_values():
        yield returning(value), 0.35


def guards(site: Site) -> Changes:
    """Leave before the statement, or run it, only under a condition."""
    node = site.node
    if not isinstance(node, ast.stmt):
        return
    exits = list(_exits(site))[:_EXITS]
    for condition, weight in list(extra_conditions(site.scope, node))[:_CONDITIONS]:
        for leave, share in exits:
            yield instead("guard added", weight * share * 0.5, node, when(condition, leave), node)
        yield instead("put under a condition", weight * 0.5, node, when(condition, node))


def updates(site: Site) -> Changes:
    """A variable counted up, converted, defaulted or set from another."""
    node = site.node
    if not isinstance(node, ast.stmt):
        return
    near = site.scope.near(node, 6)
    for variable in near:
        yield instead("update inserted", 0.12, node, node, ast.AugAssign(store(variable), ast.Add(), constant(1)))
        yield instead("update inserted", 0.08, node, node, ast.AugAssign(store(variable), ast.Sub(), constant(1)))
        for function, prior in (("list", 0.06), ("str", 0.05), ("dict", 0.03)):
            yield instead("conversion inserted", prior, node, assign(variable, call(function, name(variable))), node)
        for default in empties()[:4]:
            prior = 0.3 if site.clues.none else 0.08
            filled = when(is_none(name(variable)), assign(variable, default))
            yield instead("default inserted", prior, node, filled, node)
    for one in near:
        for other in near:
            if one != other:
                share = 0.4 if site.scope.alike(one, other) is False else 1.0
                yield instead("assignment inserted", 0.08 * share, node, node, assign(one, name(other)))
                yield instead("assignment inserted", 0.06 * share, node, assign(one, name(other)), node)


def calls(site: Site) -> Changes:
    """A method call like those of the function, on another argument or another receiver."""
    node, scope = site.node, site.scope
    if not isinstance(node, ast.stmt):
        return
    receivers, pairs = _method_calls(scope)
    near = scope.near(node, 8)
    for (key, attribute), _ in pairs.most_common(5):
        if scope.sees(receivers[key], node):
            for variable in near:
                yield from _around(node, receivers[key], attribute, variable, 0.1)
    for receiver_name in near[:6]:
        for attribute in ("add", "append", "update"):
            if (ast.dump(name(receiver_name)), attribute) not in pairs:
                others = [variable for variable in near[:6] if variable != receiver_name]
                for variable in others:
                    yield from _around(node, name(receiver_name), attribute, variable, 0.045)


def _method_calls(scope: Scope) -> Tuple[Dict[str, ast.expr], "Counter[Tuple[str, str]]"]:
    """Find what the function calls with one argument: receivers by their dump, and how often each method."""
    receivers: Dict[str, ast.expr] = {}
    pairs: Counter[Tuple[str, str]] = Counter()
    for inner in ast.walk(scope.function):
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute) and len(inner.args) == 1:
            receiver = inner.func.value
            if isinstance(receiver, _PLAIN_TARGETS):
                receivers.setdefault(ast.dump(receiver), receiver)
                pairs[(ast.dump(receiver), inner.func.attr)] += 1
    return receivers, pairs


def _around(node: ast.stmt, receiver: ast.expr, attribute: str, variable: str, prior: float) -> Changes:
    made = ast.Expr(ast.Call(ast.Attribute(receiver, attribute, ast.Load()), [name(variable)], []))
    yield instead("call inserted", prior, node, made, node)
    yield instead("call inserted", prior, node, node, made)


def unfilled(site: Site) -> Changes:
    """A collection that is looked into and never filled: put in what was looked for."""
    node, scope = site.node, site.scope
    if not isinstance(node, ast.stmt):
        return
    filled = {receiver.id for receiver in _method_calls(scope)[0].values() if isinstance(receiver, ast.Name)}
    for test in scope.conditions.values():
        if not isinstance(test, ast.Compare) or not isinstance(test.ops[0], (ast.In, ast.NotIn)):
            continue
        where, what = test.comparators[0], test.left
        if not isinstance(where, ast.Name) or where.id not in scope.locals or where.id in filled:
            continue
        if isinstance(what, ast.Name) and scope.sees(test, node):
            for attribute in ("add", "append"):
                yield from _around(node, where, attribute, what.id, 0.8)


def copies(site: Site) -> Changes:
    """A statement of the same function, before, after or instead."""
    node, scope = site.node, site.scope
    if not isinstance(node, ast.stmt):
        return
    loop = scope.in_loop(node)
    for other in scope.statements.values():
        if other is node or not scope.sees(other, node) or (isinstance(other, (ast.Break, ast.Continue)) and not loop):
            continue
        yield instead("statement copied", 0.12, node, other, node)
        yield instead("statement copied", 0.12, node, node, other)
        if isinstance(node, SIMPLE):
            yield instead("statement replaced", 0.07, node, other)


def mutation_safe(site: Site) -> Changes:
    """Copy an argument before the function writes to it."""
    node, scope = site.node, site.scope
    first = scope.function.body[0]
    if node is not first or not isinstance(node, ast.stmt):
        return
    for parameter in [argument.arg for argument in scope.function.args.args][:5]:
        if parameter != scope.receiver:
            for function, prior in (("list", 0.15), ("dict", 0.12), ("set", 0.06)):
                copied = assign(parameter, call(function, name(parameter)))
                yield instead("argument copied", prior, node, copied, node)


def handlers(site: Site) -> Changes:
    """The exception that came is caught; the one that should have come is raised."""
    node = site.node
    if isinstance(node, ast.Try):
        yield from _other_handlers(site, node)
    if isinstance(node, ast.Raise) and node.exc is not None:
        wanted = [*site.clues.expected[:2], *(one for one, _ in site.file.exceptions.most_common(4))]
        for exception in dict.fromkeys(wanted):
            prior = 0.8 if exception in site.clues.expected else 0.12
            new = changed(node.exc, func=name(exception)) if isinstance(node.exc, ast.Call) else name(exception)
            yield instead("exception raised", prior, node, changed(node, exc=new))
    if isinstance(node, ast.stmt) and not isinstance(node, (*DEFINITIONS, ast.ClassDef)):
        loop = site.scope.in_loop(node)
        for exception in site.clues.raised[:1]:
            for body in _answers(loop=loop):
                handler = ast.ExceptHandler(name(exception), None, body)
                yield instead("exception caught", 0.07, node, ast.Try([node], [handler], [], []))


def _answers(*, loop: bool) -> List[List[ast.stmt]]:
    bodies: List[List[ast.stmt]] = [[ast.Pass()]]
    values: Tuple[Value, ...] = (None, False, "")
    bodies.extend([returning(constant(value))] for value in values)
    if loop:
        bodies.append([ast.Continue()])
        bodies.append([ast.Break()])
    return bodies


def _other_handlers(site: Site, node: ast.Try) -> Changes:
    for index, handler in enumerate(node.handlers):
        if handler.type is None:
            continue
        old = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        for exception in site.clues.raised[:2]:
            wider = ast.Tuple([*old, name(exception)], ast.Load())
            for kind, prior in ((wider, 0.8), (name(exception), 0.4)):
                new = [*node.handlers]
                new[index] = changed(handler, type=kind)
                yield instead("exception caught", prior, node, changed(node, handlers=new))


TEMPLATES = (handlers, unfilled, mutation_safe, updates, calls, copies, guards)
