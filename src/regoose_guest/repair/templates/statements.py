"""Statements: deleted, moved, their branches and targets changed."""

from __future__ import annotations

import ast
from itertools import permutations
from typing import Callable, Iterator, List, Optional, Sequence, Tuple

from regoose_guest.alone import changed
from regoose_guest.repair.build import call, name, returning, store
from regoose_guest.repair.edits import Splice
from regoose_guest.repair.kinds import is_number
from regoose_guest.repair.scope import SIMPLE
from regoose_guest.repair.templates.operators import ARITHMETIC
from regoose_guest.repair.templates.site import Change, Changes, Site, instead

_BLOCKS = (ast.If, ast.For, ast.While, ast.Try, ast.With, ast.AsyncFor, ast.AsyncWith)
_SHORT = 3


def siblings(site: Site) -> List[ast.stmt]:
    """Return the statements of the block that the site's statement is in."""
    found: List[ast.stmt] = getattr(site.parent, site.field)
    return found


def place(site: Site) -> int:
    """Return the statement's index in its block."""
    return next(index for index, one in enumerate(siblings(site)) if one is site.node)


def deletion(site: Site) -> Changes:
    """The statement left out."""
    node = site.node
    if isinstance(node, ast.stmt):
        prior = 0.1 if isinstance(node, _BLOCKS) else 0.22
        yield Change("statement deleted", prior, (Splice(node, ()),))


def branches(site: Site) -> Changes:
    """`if` without condition, with branches swapped, as a loop, as `elif` of the one before."""
    node = site.node
    if isinstance(node, ast.While):
        yield instead("loop to condition", 0.12, node, ast.If(node.test, node.body, node.orelse))
    if not isinstance(node, ast.If):
        return
    yield instead("condition dropped", 0.12, node, *node.body)
    yield instead("condition to loop", 0.3, node, ast.While(node.test, node.body, node.orelse))
    if node.orelse:
        yield instead("else dropped", 0.12, node, changed(node, orelse=[]))
        yield instead("branches swapped", 0.2, node, changed(node, body=node.orelse, orelse=node.body))
        yield instead("else always run", 0.2, node, changed(node, orelse=[]), *node.orelse)
    else:
        yield from _following_as_else(site, node)
    if len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
        inner = node.orelse[0]
        yield instead("elif to if", 0.3, node, changed(node, orelse=[]), inner)
        reordered = changed(inner, orelse=[changed(node, orelse=inner.orelse)])
        yield instead("conditions reordered", 0.3, node, reordered)


def _following_as_else(site: Site, node: ast.If) -> Changes:
    rest = siblings(site)[place(site) + 1 :]
    if rest and isinstance(rest[0], ast.If):
        edits = (Splice(node, (changed(node, orelse=[rest[0]]),)), Splice(rest[0], ()))
        yield Change("if to elif", 0.2, edits)
    if rest and len(rest) <= _SHORT:
        edits = (Splice(node, (changed(node, orelse=rest),)), *(Splice(one, ()) for one in rest))
        yield Change("rest moved into else", 0.1, edits)


def assignment(site: Site) -> Changes:
    """Another way of updating: added to, bounded by, kept where set."""
    node = site.node
    if isinstance(node, ast.AugAssign):
        for other, prior in ARITHMETIC.get(type(node.op), ()):
            yield instead("update operator", prior, node, changed(node, op=other()))
        yield instead("update to assignment", 0.4, node, ast.Assign([node.target], node.value))
    if not isinstance(node, ast.Assign) or len(node.targets) != 1:
        return
    written = node.targets[0]
    yield from _reordered(node, written)
    if not isinstance(written, (ast.Name, ast.Attribute, ast.Subscript)):
        return
    for operator, prior in ((ast.Add(), 0.4), (ast.Sub(), 0.2), (ast.BitOr(), 0.12), (ast.Mult(), 0.12)):
        yield instead("assignment to update", prior, node, ast.AugAssign(written, operator, node.value))
    read = changed(written, ctx=ast.Load())
    if is_number(node.value):
        for function in ("max", "min"):
            yield instead("assignment bounded", 0.22, node, changed(node, value=call(function, read, node.value)))
    either = ast.BoolOp(ast.Or(), [read, node.value])
    yield instead("assignment where unset", 0.12, node, changed(node, value=either))
    both = ast.BoolOp(ast.And(), [read, node.value])
    yield instead("assignment where set", 0.1, node, changed(node, value=both))


def _reordered(node: ast.Assign, written: ast.expr) -> Changes:
    if isinstance(written, ast.Tuple) and len(written.elts) in (2, 3):
        for order in permutations(written.elts):
            if list(order) != written.elts:
                prior = 0.4 if len(order) == 2 else 0.3
                new = changed(node, targets=[changed(written, elts=list(order))])
                yield instead("targets swapped", prior, node, new)


def targets(site: Site) -> Changes:
    """Assigned to another variable, attribute or element."""
    node = site.node
    written = _target(node)
    if written is None or not isinstance(node, (ast.Assign, ast.AugAssign)):
        return

    def to(new: ast.expr) -> ast.stmt:
        return changed(node, targets=[new]) if isinstance(node, ast.Assign) else changed(node, target=new)

    for other, prior in _other_targets(site, written):
        yield instead("assignment target", prior, node, to(other))
    if isinstance(written, ast.Subscript) and not isinstance(written.slice, ast.Slice):
        yield from _elements(site, written, to)
    text = ast.dump(changed(written, ctx=ast.Load()))
    for key, other in site.scope.places.items():
        if key != text and site.scope.sees(other, node):
            yield instead("assignment target", 0.15, node, to(changed(other, ctx=ast.Store())))


def _other_targets(site: Site, written: ast.expr) -> Iterator[Tuple[ast.expr, float]]:
    near = site.scope.near(site.node, 6)
    if isinstance(written, ast.Name):
        yield from ((store(variable), 0.2) for variable in near if variable != written.id)
        receiver = site.scope.receiver
        own = site.scope.receiver_attributes.most_common(6) if receiver else []
        for attribute, _ in own:
            prior = 0.4 if attribute == written.id else 0.1
            yield ast.Attribute(name(receiver or "self"), attribute, ast.Store()), prior
    elif isinstance(written, ast.Attribute) and isinstance(written.value, ast.Name):
        seen = site.file.attributes[written.value.id].most_common(8)
        yield from ((changed(written, attr=attribute), 0.2) for attribute, _ in seen if attribute != written.attr)
        others = [variable for variable in near if variable != written.value.id]
        yield from ((changed(written, value=name(variable)), 0.15) for variable in others)


def _target(node: ast.AST) -> Optional[ast.expr]:
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        found = node.targets[0]
    elif isinstance(node, ast.AugAssign):
        found = node.target
    else:
        return None
    return found if isinstance(found, (ast.Name, ast.Attribute, ast.Subscript)) else None


def _elements(site: Site, written: ast.Subscript, to: Callable[[ast.expr], ast.stmt]) -> Changes:
    node = site.node
    if not isinstance(node, (ast.Assign, ast.AugAssign)):
        return
    for variable in site.scope.near(node, 8):
        yield instead("assigned element", 0.3, node, to(changed(written, slice=name(variable))))
    near = site.scope.near(node, 5)
    for one in near:
        for other in near:
            if one != other:
                pair = ast.Tuple([name(one), name(other)], ast.Load())
                yield instead("assigned element", 0.1, node, to(changed(written, slice=pair)))
    if isinstance(node, ast.Assign):
        unset = ast.Compare(written.slice, [ast.NotIn()], [written.value])
        yield instead("only where the key is new", 0.15, node, ast.If(unset, [node], []))


def expressions(site: Site) -> Changes:
    """A value computed and thrown away; a value returned instead of yielded, or the reverse."""
    node = site.node
    if isinstance(node, ast.Expr):
        value = node.value
        if isinstance(value, ast.Yield):
            yield instead("yield to return", 0.12, node, returning(value.value))
        elif not isinstance(value, (ast.YieldFrom, ast.Await)):
            yield instead("value returned", 0.4, node, returning(value))
            if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
                receiver = value.func.value
                if isinstance(receiver, (ast.Name, ast.Attribute)):
                    kept = ast.Assign([changed(receiver, ctx=ast.Store())], value)
                    yield instead("result assigned", 0.4, node, kept)
    elif isinstance(node, ast.Return) and node.value is not None:
        yield instead("return to yield", 0.1, node, ast.Expr(ast.Yield(node.value)))


def jumps(site: Site) -> Changes:
    """`break`, `continue`, `pass` for one another, or added at the end of a block."""
    node = site.node
    near = site.scope.near(node, 5)
    if isinstance(node, ast.Break):
        yield instead("break to continue", 0.5, node, ast.Continue())
        for variable in near[:4]:
            yield instead("break to return", 0.25, node, returning(name(variable)))
        yield instead("break to return", 0.25, node, returning(None))
    elif isinstance(node, ast.Continue):
        yield instead("continue to break", 0.5, node, ast.Break())
    elif isinstance(node, ast.Pass):
        if site.scope.in_loop(node):
            yield instead("pass to continue", 0.4, node, ast.Continue())
            yield instead("pass to break", 0.4, node, ast.Break())
        for variable in near:
            yield instead("pass to return", 0.2, node, returning(name(variable)))
    elif isinstance(node, ast.stmt) and not isinstance(node, (ast.Return, ast.Raise)) and siblings(site)[-1] is node:
        added = ((ast.Break(), 0.25), (ast.Continue(), 0.2)) if site.scope.in_loop(node) else ()
        for jump, prior in added:
            yield instead("jump added", prior, node, node, jump)


def moves(site: Site) -> Changes:
    """Moved by one place: before the next, into or out of a block."""
    node = site.node
    if not isinstance(node, ast.stmt):
        return
    block, index = siblings(site), place(site)
    if index + 1 < len(block):
        following = block[index + 1]
        if not isinstance(following, (ast.FunctionDef, ast.ClassDef)):
            yield Change("statements swapped", 0.25, (Splice(node, (following, node)), Splice(following, ())))
        if isinstance(following, (ast.For, ast.While, ast.If, ast.With)):
            inside = changed(following, body=[node, *following.body])
            yield Change("moved into the next block", 0.2, (Splice(node, ()), Splice(following, (inside,))))
    if index > 0:
        yield from _into_previous(node, block[index - 1])
    yield from _outwards(site, node, block, index)


def _into_previous(node: ast.stmt, previous: ast.stmt) -> Changes:
    if not isinstance(previous, (ast.For, ast.While, ast.If, ast.With, ast.Try)):
        return
    gone = Splice(node, ())
    inside = changed(previous, body=[*previous.body, node])
    yield Change("moved into the block before", 0.25, (Splice(previous, (inside,)), gone))
    if isinstance(previous, ast.If):
        inside = changed(previous, orelse=[*previous.orelse, node])
        yield Change("moved into else", 0.2 if previous.orelse else 0.25, (Splice(previous, (inside,)), gone))


def _outwards(site: Site, node: ast.stmt, block: Sequence[ast.stmt], index: int) -> Changes:
    parent = site.parent
    if not isinstance(parent, (ast.For, ast.While, ast.If, ast.With)):
        return
    outer = site.source.parents.get(id(parent))
    if outer is None or not isinstance(getattr(outer.node, outer.field), list):
        return
    if index == len(block) - 1:
        rest: List[ast.stmt] = list(block[:-1]) or [ast.Pass()]
        shorter = changed(parent, **{site.field: rest})
        if site.field != "body" and not block[:-1]:
            none: List[ast.stmt] = []
            shorter = changed(parent, **{site.field: none})
        yield instead("moved out of the block", 0.3, parent, shorter, node)
    if index == 0 and len(block) > 1 and isinstance(node, SIMPLE):
        yield instead("moved before the block", 0.15, parent, node, changed(parent, **{site.field: list(block[1:])}))


TEMPLATES = (deletion, branches, assignment, targets, expressions, jumps, moves)
