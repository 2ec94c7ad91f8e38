"""Subscripts, slices, displays, comprehensions, conditional expressions, generators."""

from __future__ import annotations

import ast
from typing import Iterator, List, Tuple, Union

from regoose_guest.alone import changed
from regoose_guest.repair.build import compare, constant, is_not_none, method, name, shifted
from regoose_guest.repair.kinds import SURELY, is_number
from regoose_guest.repair.scope import free_names, loaded
from regoose_guest.repair.templates.site import Proposal, Proposals, Site

_MANY = 6


def subscript(site: Site) -> Proposals:
    """An index off by one, a subscript too many, `get` instead of `[]`, a slice instead of an item."""
    node = site.node
    if not isinstance(node, ast.Subscript) or isinstance(node.slice, ast.Slice):
        return
    index = node.slice
    if is_number(index) and not isinstance(index, ast.Constant):
        for by in (1, -1):
            yield Proposal("off by one", 0.6, changed(node, slice=shifted(index, by)))
    if not loaded(node):
        return
    yield Proposal("subscript dropped", 0.25, node.value)
    if not isinstance(index, ast.Tuple):
        yield Proposal("get instead of subscript", 0.5 if site.clues.key else 0.35, method(node.value, "get", index))
    if is_number(index) == SURELY:
        yield Proposal("item to slice", 0.12, changed(node, slice=ast.Slice(index, None, None)))
        yield Proposal("item to slice", 0.12, changed(node, slice=ast.Slice(None, index, None)))


def slices(site: Site) -> Proposals:
    """Bounds of a slice dropped, added, shifted, on the other side."""
    node = site.node
    if not isinstance(node, ast.Subscript) or not isinstance(node.slice, ast.Slice):
        return
    bounds = node.slice

    def with_bounds(**fields: Union[ast.expr, None]) -> ast.Subscript:
        return changed(node, slice=changed(bounds, **fields))

    for field in ("lower", "upper", "step"):
        bound = getattr(bounds, field)
        if isinstance(bound, ast.expr):
            yield Proposal("bound of slice dropped", 0.35, with_bounds(**{field: None}))
            by_one = (1, -1) if field != "step" and not isinstance(bound, ast.Constant) else ()
            for by in by_one:
                yield Proposal("off by one", 0.6, with_bounds(**{field: shifted(bound, by)}))
        elif field != "step":
            for bound, prior in _new_bounds(site, first=1 if field == "lower" else -1):
                yield Proposal("bound of slice added", prior, with_bounds(**{field: bound}))
    if bounds.lower is not None and bounds.upper is None:
        yield Proposal("other side of slice", 0.4, with_bounds(lower=None, upper=bounds.lower))
    if bounds.upper is not None and bounds.lower is None:
        yield Proposal("other side of slice", 0.4, with_bounds(lower=bounds.upper, upper=None))
    yield Proposal("slice dropped", 0.3, node.value)


def _new_bounds(site: Site, *, first: int) -> Iterator[Tuple[ast.expr, float]]:
    yield constant(first), 0.3
    yield constant(-first), 0.3
    for variable in site.scope.near(site.node, 5):
        yield name(variable), 0.15


def display(site: Site) -> Proposals:
    """Elements of a tuple or list swapped, dropped; the other kind of sequence."""
    node = site.node
    if not isinstance(node, (ast.Tuple, ast.List)) or not loaded(node) or not node.elts:
        return
    if len(node.elts) == 2:
        yield Proposal("elements swapped", 0.35, changed(node, elts=node.elts[::-1]))
    if len(node.elts) <= _MANY:
        for index in range(len(node.elts)):
            yield Proposal("element dropped", 0.2, changed(node, elts=node.elts[:index] + node.elts[index + 1 :]))
        for variable in site.scope.near(node, 4):
            yield Proposal("element added", 0.06, changed(node, elts=[*node.elts, name(variable)]))
    other = ast.List(node.elts, ast.Load()) if isinstance(node, ast.Tuple) else ast.Tuple(node.elts, ast.Load())
    yield Proposal("kind of sequence", 0.2, other)


def empty(site: Site) -> Proposals:
    """An empty display that should hold something."""
    node = site.node
    if not isinstance(node, (ast.List, ast.Dict, ast.Set)) or not loaded(node) or list(_contents(node)):
        return
    for variable in site.scope.near(node, 8):
        yield Proposal("empty to list of a variable", 0.25, ast.List([name(variable)], ast.Load()))
        yield Proposal("empty to variable", 0.2, name(variable))
    yield Proposal("empty to list of an empty list", 0.35, ast.List([ast.List([], ast.Load())], ast.Load()))
    yield Proposal("empty to list of a number", 0.15, ast.List([constant(0)], ast.Load()))
    yield Proposal("empty to list of a number", 0.12, ast.List([constant(1)], ast.Load()))


def _contents(node: ast.AST) -> Iterator[ast.AST]:
    return (child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.expr_context))


def conditional(site: Site) -> Proposals:
    """A conditional expression with its branches swapped or one too many."""
    node = site.node
    if isinstance(node, ast.IfExp):
        yield Proposal("branches swapped", 0.5, changed(node, body=node.orelse, orelse=node.body))
        yield Proposal("one branch", 0.3, node.body)
        yield Proposal("one branch", 0.3, node.orelse)


def comprehension(site: Site) -> Proposals:
    """A condition of a comprehension missing or too many; loops in the other order; another kind."""
    node = site.node
    if not isinstance(node, (ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.DictComp)):
        return
    for index, generator in enumerate(node.generators):

        def with_conditions(tests: List[ast.expr], index: int = index) -> List[ast.comprehension]:
            generators = [*node.generators]
            generators[index] = changed(generators[index], ifs=tests)
            return generators

        tests = generator.ifs
        for number in range(len(tests)):
            fewer = with_conditions(tests[:number] + tests[number + 1 :])
            yield Proposal("condition of comprehension dropped", 0.4, changed(node, generators=fewer))
        for test, weight in _comprehension_conditions(site, generator):
            more = with_conditions([*tests, test])
            yield Proposal("condition added to comprehension", weight, changed(node, generators=more))
    if len(node.generators) == 2:
        yield Proposal("loops swapped", 0.4, changed(node, generators=node.generators[::-1]))
    if isinstance(node, ast.ListComp):
        yield Proposal("kind of comprehension", 0.12, ast.SetComp(node.elt, node.generators))
    if isinstance(node, ast.DictComp):
        yield Proposal("key and value swapped", 0.3, changed(node, key=node.value, value=node.key))


def _comprehension_conditions(site: Site, generator: ast.comprehension) -> Iterator[Tuple[ast.expr, float]]:
    scope = site.scope
    targets = [part.id for part in ast.walk(generator.target) if isinstance(part, ast.Name)]
    others = [variable for variable in scope.near(generator.target, 7) if variable not in targets]
    for target in targets:
        read = name(target)
        yield read, 0.25
        yield ast.UnaryOp(ast.Not(), read), 0.1
        yield is_not_none(read), 0.25
        for other in others:
            for operator, weight in (
                (ast.NotEq(), 0.2),
                (ast.Eq(), 0.15),
                (ast.NotIn(), 0.2),
                (ast.In(), 0.15),
                (ast.Gt(), 0.1),
                (ast.Lt(), 0.1),
            ):
                yield compare(read, operator, name(other)), weight
        for value in list(scope.constants.values())[:8]:
            yield compare(read, ast.NotEq(), constant(value)), 0.1
    for condition in scope.conditions.values():
        if free_names(condition) <= scope.visible | set(targets):
            yield condition, 0.15


def generators(site: Site) -> Proposals:
    """`yield from` and `await` missing or too many."""
    node = site.node
    if isinstance(node, ast.Yield) and node.value is not None:
        yield Proposal("yield from", 0.8, ast.YieldFrom(node.value))
    elif isinstance(node, ast.YieldFrom):
        yield Proposal("yield", 0.7, ast.Yield(node.value))
    elif isinstance(node, ast.Await):
        yield Proposal("await dropped", 0.4, node.value)
    elif isinstance(node, ast.Call) and not isinstance(site.parent, ast.Await):
        inside = isinstance(site.scope.innermost(node), ast.AsyncFunctionDef)
        yield from [Proposal("await added", 0.5, ast.Await(node))] if inside else []


TEMPLATES = (subscript, slices, display, empty, conditional, comprehension, generators)
