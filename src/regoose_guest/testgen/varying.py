"""Near relatives of an argument: one literal in its source changed."""

from __future__ import annotations

import ast
import copy
import math
from functools import lru_cache
from typing import Any, Iterator, List, Optional, Tuple, Type, TypeVar, cast

from regoose_guest.testgen.kinds import ANY, Kind
from regoose_guest.testgen.values import Context, Values

_CHANGED: Tuple[Type[ast.expr], ...] = (ast.Constant, ast.List, ast.Dict, ast.Tuple, ast.Set)
_REMEMBERED = 2048
_Node = TypeVar("_Node", bound=ast.AST)


def varied(values: Values, context: Context, source: str) -> str:
    """Return the source of a value near the given one; the same where nothing can be changed."""
    literals = _literals(source)
    if literals is None:
        return source
    if not literals:
        return values.write(ANY, context)
    node = values.random.choice(literals)
    try:
        text = _Changer(values, context).changed(node)
    except (ValueError, RecursionError, SyntaxError):
        return source
    raw = source.encode("utf-8")
    return f"{raw[: node.col_offset].decode('utf-8')}{text}{raw[cast('int', node.end_col_offset) :].decode('utf-8')}"


@lru_cache(maxsize=_REMEMBERED)
def _literals(source: str) -> Optional[List[ast.expr]]:
    """Return the literals in a line of source, to be read only; None where it is no such line."""
    try:
        tree = ast.parse(source, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return None if "\n" in source else list(_within(tree))


def _within(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, _CHANGED):
        yield node
    if not isinstance(node, ast.JoinedStr):  # its parts have no place of their own before Python 3.12
        for inner in ast.iter_child_nodes(node):
            yield from _within(inner)


class _Changer:
    def __init__(self, values: Values, context: Context) -> None:
        self._values = values
        self._context = context
        self._random = values.random

    def changed(self, node: ast.expr) -> str:
        """Return source to stand in the place of a literal."""
        if isinstance(node, ast.Constant):
            return self._constant(node.value)
        if isinstance(node, ast.Dict):
            return ast.unparse(self._mapping(node))
        if isinstance(node, ast.List):
            return ast.unparse(ast.List(self._items(node.elts), ast.Load()))
        if isinstance(node, ast.Tuple):
            return ast.unparse(ast.Tuple(self._items(node.elts), ast.Load()))
        assert isinstance(node, ast.Set)
        return ast.unparse(ast.Set(self._items(node.elts) or [ast.Constant(1)]))

    def _text(self, name: str) -> str:
        return self._values.write(Kind(name), self._context, (), 1)

    def _new(self, name: str) -> ast.expr:
        return ast.parse(self._text(name), mode="eval").body

    def _constant(self, value: Any) -> str:
        if isinstance(value, bool):
            return repr(not value)
        if isinstance(value, int):
            return self._number(value)
        if isinstance(value, float):
            return self._fraction(value)
        if isinstance(value, str):
            return repr(self._values.texts.changed(value, self._context.own))
        if isinstance(value, bytes):
            return repr(self._bytes(value))
        return self._text("any")

    def _bytes(self, value: bytes) -> bytes:
        """Return bytes near the given ones, by way of the text that they are."""
        return self._values.texts.changed(value.decode("utf-8", "replace"), self._context.own).encode(
            "utf-8", "replace"
        )

    def _number(self, value: int) -> str:
        dice = self._random.random()
        if dice < 0.6:  # noqa: PLR2004 - shares of the ways
            near = value + self._random.choice((1, -1, 2, -2, 10, -10))
        elif dice < 0.75:  # noqa: PLR2004
            near = self._random.choice((-value, value * 2, value // 2, value * 10))
        else:
            near = self._values.number(self._context.own)
        return repr(near)

    def _fraction(self, value: float) -> str:
        if math.isfinite(value) and self._random.random() < 0.6:  # noqa: PLR2004 - mostly near
            near = value * self._random.choice((-1, 2, 0.5, 10)) + self._random.choice((0, 0, 1))
            if math.isfinite(near):
                return repr(near)
        return self._text("float")

    def _items(self, given: List[ast.expr]) -> List[ast.expr]:
        random, items = self._random, list(given)
        dice = random.random()
        if dice < 0.3 and items:  # noqa: PLR2004 - shares of the ways
            items.pop(random.randrange(len(items)))
        elif dice < 0.5 and items:  # noqa: PLR2004
            items.insert(random.randrange(len(items) + 1), _copied(random.choice(items)))
        elif dice < 0.6 and len(items) > 1:  # noqa: PLR2004
            random.shuffle(items)
        else:
            like = _name_of(random.choice(items)) if items and dice < 0.8 else None  # noqa: PLR2004
            items.insert(random.randrange(len(items) + 1), self._new(like or "any"))
        return items

    def _mapping(self, node: ast.Dict) -> ast.Dict:
        random = self._random
        keys, values = list(node.keys), list(node.values)
        if random.random() < 0.4 and keys:  # noqa: PLR2004 - mostly more
            at = random.randrange(len(keys))
            del keys[at], values[at]
        else:
            keys.append(self._new("str"))
            values.append(self._new(_name_of(random.choice(values)) or "any" if values else "any"))
        return ast.Dict(keys, values)


def _copied(node: _Node) -> _Node:
    return copy.deepcopy(node)


def _name_of(node: ast.AST) -> Optional[str]:
    if isinstance(node, ast.Constant):
        return type(node.value).__name__ if isinstance(node.value, (int, str, float, bytes, bool)) else None
    names = ((ast.List, "list"), (ast.Dict, "dict"), (ast.Tuple, "tuple"), (ast.Lambda, "callable"))
    return next((name for kind, name in names if isinstance(node, kind)), None)
