"""Edits of a syntax tree: described without touching it, applied in place and undone."""

from __future__ import annotations

import ast
from typing import Callable, Dict, List, NamedTuple, Sequence, Tuple, TypeVar, Union, cast

from regoose_guest.repair.source import Source, position

Node = TypeVar("Node", bound=ast.AST)


class Replace(NamedTuple):
    """Put `new` where `node` hangs. `new` may contain `node`."""

    node: ast.AST
    new: ast.AST


class Splice(NamedTuple):
    """Put the statements `new` where `statement` stands; they may contain it. Empty: delete it."""

    statement: ast.stmt
    new: Tuple[ast.stmt, ...]


Edit = Union[Replace, Splice]
Edits = Tuple[Edit, ...]


def target(edit: Edit) -> ast.AST:
    """Return the node of the tree that an edit takes away."""
    return edit.node if isinstance(edit, Replace) else edit.statement


def _locate(node: ast.AST, anchor: ast.AST) -> None:
    """Give positions to the new nodes under `node`, which the compiler wants: those of the anchor."""
    line, column = position(anchor)
    end_line: int = getattr(anchor, "end_lineno", line)
    end_column: int = getattr(anchor, "end_col_offset", column)
    for current in ast.walk(node):
        if "lineno" in getattr(current, "_attributes", ()) and getattr(current, "lineno", None) is None:
            setattr(current, "lineno", line)  # noqa: B010 - not declared on ast.AST
            setattr(current, "col_offset", column)  # noqa: B010 - not declared on ast.AST
            setattr(current, "end_lineno", end_line)  # noqa: B010 - not declared on ast.AST
            setattr(current, "end_col_offset", end_column)  # noqa: B010 - not declared on ast.AST


class applied:  # noqa: N801 - used as a statement: `with applied(source, edits)`
    """Hold the edits applied to the source's tree. The edited nodes must not contain one another."""

    def __init__(self, source: Source, edits: Sequence[Edit]) -> None:
        self._source = source
        self._edits = edits

    def __enter__(self) -> None:
        self._undo = apply(self._source, self._edits)

    def __exit__(self, *_: object) -> None:
        self._undo()


def apply(source: Source, edits: Sequence[Edit]) -> Callable[[], None]:
    """Apply the edits in place and return what undoes them."""
    undo: List[Tuple[ast.AST, str, object]] = []
    for (_, field), (parent, spliced) in _by_body(source, edits).items():
        body: List[ast.stmt] = getattr(parent, field)
        new: List[ast.stmt] = []
        for statement in body:
            new.extend(spliced.get(id(statement), (statement,)))
        if not new and field not in {"orelse", "finalbody"}:
            new = [ast.copy_location(ast.Pass(), body[0])]
        undo.append((parent, field, body))
        setattr(parent, field, new)
    for edit in edits:
        if isinstance(edit, Replace):
            _locate(edit.new, edit.node)
            parent, field = source.parents[id(edit.node)]
            old: object = getattr(parent, field)
            undo.append((parent, field, old))
            if isinstance(old, list):
                items = cast("List[ast.AST]", old)
                setattr(parent, field, [edit.new if item is edit.node else item for item in items])
            else:
                setattr(parent, field, edit.new)

    def undo_all() -> None:
        for parent, field, old in reversed(undo):
            setattr(parent, field, old)

    return undo_all


Bodies = Dict[Tuple[int, str], Tuple[ast.AST, Dict[int, Tuple[ast.stmt, ...]]]]


def _by_body(source: Source, edits: Sequence[Edit]) -> Bodies:
    bodies: Bodies = {}
    for edit in edits:
        if isinstance(edit, Splice):
            parent, field = source.parents[id(edit.statement)]
            for statement in edit.new:
                _locate(statement, edit.statement)
            _, spliced = bodies.setdefault((id(parent), field), (parent, {}))
            spliced[id(edit.statement)] = edit.new
    return bodies


def independent(source: Source, first: Sequence[Edit], second: Sequence[Edit]) -> bool:
    """Whether two sets of edits touch different nodes, none inside another."""
    for one in first:
        for other in second:
            a, b = target(one), target(other)
            if a is b or any(p.node is b for p in source.ancestors(a)) or any(p.node is a for p in source.ancestors(b)):
                return False
    return True
