"""How far a change to what runs on import reaches: which functions a test must call to notice it."""

from __future__ import annotations

import ast
import re
from typing import AbstractSet, Dict, FrozenSet, Iterator, List, Optional, Set, Union

from regoose_guest.alone import FUNCTIONS, Function
from regoose_guest.mutation.operators import Change

_WORD = re.compile(r"\w+")
_LOOKING = frozenset(
    (
        *("globals", "vars", "__dict__", "dir", "getmembers", "signature", "getfullargspec"),
        *("__defaults__", "__kwdefaults__"),
    )
)
"""Words of code that may look at names or defaults without naming them."""
_PURE = frozenset(
    (
        *("frozenset", "set", "dict", "list", "tuple", "sorted", "range", "len", "int", "float", "str", "bytes", "min"),
        *("max", "sum", "zip", "map", "enumerate", "reversed", "ord", "chr", "abs", "round", "object"),
    )
)
"""What a plain assignment may call; and the methods of texts, and of `re`."""
_BLOCKS = ("body", "orelse", "finalbody")


def words_of(text: str) -> FrozenSet[str]:
    """Return the words of a source text, those of its strings and comments included."""
    return frozenset(_WORD.findall(text))


class Reach:
    """
    Follows names through what a module runs on import.

    A constant reaches the functions that name it, or that name what is made of it; a default reaches its function.
    Whatever else is done with it on import (a call, a decorator, the body of a class with bases), and any other file
    that has a word like it, may carry it anywhere.
    """

    def __init__(
        self, tree: ast.Module, source: str, import_lines: AbstractSet[int], elsewhere: AbstractSet[str]
    ) -> None:
        self._has_getattr = "getattr" in elsewhere or "getattr" in source
        self._lines = source.splitlines()
        self._import_lines = import_lines
        self._elsewhere = elsewhere
        self._is_looked_at = not _LOOKING.isdisjoint(elsewhere | words_of(source))
        self._functions: List[Function] = []
        self._bound: Dict[int, FrozenSet[str]] = {}
        """Nodes of a plain assignment, by identity → the names that it binds."""
        self._defaults: Dict[int, Function] = {}
        """Nodes of a default, by identity → its function."""
        self._assignments: List[Union[ast.Assign, ast.AnnAssign]] = []
        self._others: Set[str] = set()
        """Words of whatever else runs on import."""
        self._visit(tree.body, is_plain=True)

    def of(self, change: Change) -> Optional[FrozenSet[int]]:
        """Return lines of which a test runs one if the change matters to it; None where that may be any test."""
        if self._is_looked_at:
            return None
        function = self._defaults.get(id(change.node))
        if function is not None:
            return None if function.decorator_list else self._inside(function)
        names = self._bound.get(id(change.node))
        return None if names is None else self._users(set(names))

    def _visit(self, body: List[ast.stmt], *, is_plain: bool) -> None:
        for node in body:
            if isinstance(node, FUNCTIONS):
                self._define(node)
            elif isinstance(node, ast.ClassDef):
                heads = [*node.decorator_list, *node.bases, *node.keywords]
                self._others.update(word for one in heads for word in _names(one))
                # An attribute may also be looked up by a name that is put together.
                self._visit(node.body, is_plain=not heads and not self._has_getattr)
            elif isinstance(node, (ast.Assign, ast.AnnAssign)) and is_plain and _targets(node) and _is_pure(node):
                self._assignments.append(node)
                names = frozenset(_targets(node))
                self._bound.update((id(inner), names) for inner in ast.walk(node))
            else:
                self._visit_other(node, is_plain=is_plain)

    def _visit_other(self, node: ast.stmt, *, is_plain: bool) -> None:
        inside: List[ast.stmt] = [one for name in _BLOCKS for one in getattr(node, name, ())]
        inside += (one for handler in getattr(node, "handlers", ()) for one in handler.body)
        if inside:
            heads = [one for one in ast.iter_child_nodes(node) if isinstance(one, (ast.expr, ast.withitem))]
            heads += (one.type for one in getattr(node, "handlers", ()) if one.type is not None)
            self._others.update(word for one in heads for word in _names(one))
            self._visit(inside, is_plain=is_plain)
        elif not isinstance(node, (ast.Import, ast.ImportFrom)) and not _is_text(node):
            self._others.update(_names(node))

    def _define(self, node: Function) -> None:
        self._functions.append(node)
        for one in (*node.args.defaults, *node.args.kw_defaults):
            if one is not None:
                self._defaults.update((id(inner), node) for inner in ast.walk(one))
        self._others.update(word for one in node.decorator_list for word in _names(one))

    def _inside(self, function: Function) -> Optional[FrozenSet[int]]:
        lines = frozenset(range(function.body[0].lineno, (function.end_lineno or function.lineno) + 1))
        return lines if lines.isdisjoint(self._import_lines) else None

    def _users(self, names: Set[str]) -> Optional[FrozenSet[int]]:
        """Return the lines of all functions that name what is bound, or what is made of it."""
        is_growing = True
        while is_growing:
            is_growing = False
            for one in self._assignments:
                targets = _targets(one)
                if not names.issuperset(targets) and not names.isdisjoint(_names(one)):
                    names.update(targets)
                    is_growing = True
        if names & self._others or names & self._elsewhere or any(one.startswith("__") for one in names):
            return None
        found: Set[int] = set()
        for function in self._functions:
            if names.isdisjoint(self._words(function)):
                continue
            lines = self._inside(function)
            if lines is None:
                return None
            found |= lines
        return frozenset(found)

    def _words(self, function: Function) -> FrozenSet[str]:
        return words_of("\n".join(self._lines[function.lineno - 1 : function.end_lineno]))


def _names(node: ast.AST) -> Iterator[str]:
    """Yield the names and attributes in a node, and the words of its strings."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name):
            yield inner.id
        elif isinstance(inner, ast.Attribute):
            yield inner.attr
        elif isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            yield from _WORD.findall(inner.value)


def _targets(node: Union[ast.Assign, ast.AnnAssign]) -> List[str]:
    """Return the names that an assignment binds; none where it also writes elsewhere."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return [one.id for one in targets if isinstance(one, ast.Name)] if all(map(_is_name, targets)) else []


def _is_pure(node: Union[ast.Assign, ast.AnnAssign]) -> bool:
    """Whether an assignment does nothing else with its value."""
    calls = [inner.func for inner in ast.walk(node) if isinstance(inner, ast.Call)]
    return all(
        one.id in _PURE
        if isinstance(one, ast.Name)
        else isinstance(one, ast.Attribute)
        and (isinstance(one.value, ast.Constant) or (isinstance(one.value, ast.Name) and one.value.id == "re"))
        for one in calls
    )


def _is_name(node: ast.AST) -> bool:
    return isinstance(node, ast.Name)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
