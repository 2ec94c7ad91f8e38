"""A change in the words of the source, and whether it looks like one that no test can notice."""

from __future__ import annotations

import ast
from typing import Dict, Iterator, List, Optional, Tuple

from regoose_guest.mutation.operators import Change

_MOST_LINES = 12
_LOGGING = frozenset(("debug", "info", "warning", "warn", "error", "exception", "critical", "log"))
_LOGGERS = frozenset(("log", "logger", "logging", "_log", "_logger", "LOG", "LOGGER"))
_NAMING = frozenset(("TypeVar", "ParamSpec", "NewType", "getLogger", "cast", "lru_cache"))
"""Callables whose constants name something, or bound a cache, and decide nothing."""


class Wording:
    """The text of a module, by its bytes, as positions of a tree count them."""

    def __init__(self, source: str, tree: ast.Module) -> None:
        # The parser counts lines by these three only, where `splitlines` knows many more.
        self._lines = source.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "surrogatepass").split(b"\n")
        self._texts: Dict[int, ast.JoinedStr] = {}
        self._idle: Dict[int, None] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                # Before Python 3.12 what stands inside has no true position: all of it is shown.
                inside = [inner for inner in ast.walk(node) if inner is not node and id(inner) not in self._texts]
                self._texts.update((id(inner), node) for inner in inside)
            self._idle.update((id(inner), None) for root in _idle(node) for inner in ast.walk(root))

    def lines_of(self, change: Change) -> str:
        """Return the lines that change, as they are."""
        lines = self._lines[_place(change.node, "lineno") - 1 : _place(change.node, "end_lineno")]
        return b"\n".join(lines).decode("utf-8", "replace")

    def of(self, change: Change) -> Tuple[str, str]:
        """Return the changed lines before and after, dedented."""
        text = self._texts.get(id(change.node))
        node, made = (text, text) if text is not None else (change.node, change.made)
        first, start = _place(node, "lineno"), _place(node, "col_offset")
        last, end = _place(node, "end_lineno"), _place(node, "end_col_offset")
        lines = self._lines[first - 1 : last]
        change.apply()
        try:
            new = ast.unparse(made)
        except (ValueError, RecursionError):  # quotes in an f-string before Python 3.12
            new = f"... # {change.operator}"
        finally:
            change.undo()
        if text is None and _binds_less(change):
            new = f"({new})"
        after = lines[0][:start] + new.encode("utf-8", "surrogatepass") + lines[-1][end:]
        return _dedented(lines), _dedented(after.split(b"\n"))

    def is_idle(self, change: Change) -> bool:
        """
        Whether the change looks like one that no test can notice.

        So do what is written to a log, the names given to type variables and loggers, the size of a cache, and what
        `__debug__` guards.
        """
        return id(change.node) in self._idle


def _place(node: ast.AST, name: str) -> int:
    value: int = getattr(node, name)
    return value


def _binds_less(change: Change) -> bool:
    """Whether the new operator binds less than the old, which the text around it counts on."""
    node = change.node
    if isinstance(node, ast.BoolOp):
        return isinstance(node.op, ast.And)
    if not isinstance(node, ast.BinOp):
        return False
    before = _rank(node.op)
    change.apply()
    after = _rank(node.op)
    change.undo()
    return after < before


def _rank(operator: ast.operator) -> int:
    ranks = ((ast.BitOr,), (ast.BitXor,), (ast.BitAnd,), (ast.LShift, ast.RShift), (ast.Add, ast.Sub))
    for number, kinds in enumerate(ranks):
        if isinstance(operator, kinds):
            return number
    return len(ranks) + isinstance(operator, ast.Pow)


def _dedented(lines: List[bytes]) -> str:
    texts = [line.decode("utf-8", "replace").expandtabs() for line in lines]
    if len(texts) > _MOST_LINES:
        texts = [*texts[: _MOST_LINES - 1], "..."]
    indents = [len(text) - len(text.lstrip()) for text in texts if text.strip() and text != "..."]
    indent = min(indents, default=0)
    return "\n".join(text[indent:] if text != "..." else text for text in texts).strip("\n")


def _idle(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the parts of a node that do nothing which a test looks at."""
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "__debug__":
        yield from node.body
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and _is_logging(node.value.func):
        yield node
    elif isinstance(node, ast.Call) and _name(node.func) in _NAMING:
        yield from (one for one in node.args if isinstance(one, ast.Constant))
        yield from (one.value for one in node.keywords if isinstance(one.value, ast.Constant))


def _is_logging(function: ast.expr) -> bool:
    if not isinstance(function, ast.Attribute) or function.attr not in _LOGGING:
        return False
    return _name(function.value) in _LOGGERS


def _name(node: ast.expr) -> Optional[str]:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None
