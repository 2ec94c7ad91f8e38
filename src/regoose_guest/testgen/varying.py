"""Near relatives of an argument: one literal in its source changed."""

from __future__ import annotations

import ast
import copy
import math
from typing import List, Optional, TypeVar

from regoose_guest.testgen.kinds import ANY, Kind
from regoose_guest.testgen.values import Context, Values

_CHANGED = (ast.Constant, ast.List, ast.Dict, ast.Tuple, ast.Set)
_Node = TypeVar("_Node", bound=ast.AST)


def varied(values: Values, context: Context, source: str) -> str:
    """Return the source of a value near the given one; the same where nothing can be changed."""
    try:
        tree = ast.parse(source, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return source
    count = sum(isinstance(node, _CHANGED) for node in ast.walk(tree))
    if not count:
        return values.write(ANY, context)
    changer = _Changer(values, context, values.random.randrange(count))
    try:
        return ast.unparse(ast.fix_missing_locations(changer.visit(tree)))
    except (ValueError, RecursionError, SyntaxError):
        return source


class _Changer(ast.NodeTransformer):
    def __init__(self, values: Values, context: Context, chosen: int) -> None:
        self._values = values
        self._context = context
        self._random = values.random
        self._left = chosen

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, _CHANGED):
            self._left -= 1
            if self._left == -1:
                return self._changed(node)
        return super().visit(node)

    def _changed(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.Constant):
            return self._constant(node.value)
        if isinstance(node, ast.Dict):
            return self._mapping(node)
        if isinstance(node, ast.List):
            return ast.List(self._items(node.elts), ast.Load())
        if isinstance(node, ast.Tuple):
            return ast.Tuple(self._items(node.elts), ast.Load())
        assert isinstance(node, ast.Set)
        return ast.Set(self._items(node.elts) or [ast.Constant(1)])

    def _new(self, name: str) -> ast.expr:
        return ast.parse(self._values.write(Kind(name), self._context, (), 1), mode="eval").body

    def _constant(self, value: object) -> ast.expr:
        if isinstance(value, bool):
            return ast.Constant(not value)
        if isinstance(value, int):
            return self._number(value)
        if isinstance(value, float):
            return self._fraction(value)
        if isinstance(value, str):
            return ast.Constant(self._values.texts.changed(value, self._context.own))
        return self._new("bytes" if isinstance(value, bytes) else "any")

    def _number(self, value: int) -> ast.expr:
        dice = self._random.random()
        if dice < 0.6:  # noqa: PLR2004 - shares of the ways
            near = value + self._random.choice((1, -1, 2, -2, 10, -10))
        elif dice < 0.75:  # noqa: PLR2004
            near = self._random.choice((-value, value * 2, value // 2, value * 10))
        else:
            near = self._values.number(self._context.own)
        return ast.parse(repr(near), mode="eval").body

    def _fraction(self, value: float) -> ast.expr:
        if math.isfinite(value) and self._random.random() < 0.6:  # noqa: PLR2004 - mostly near
            near = value * self._random.choice((-1, 2, 0.5, 10)) + self._random.choice((0, 0, 1))
            if math.isfinite(near):
                return ast.parse(repr(near), mode="eval").body
        return self._new("float")

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
