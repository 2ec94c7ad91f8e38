"""Expressions and simple statements over as many lines as they need, broken as black and ruff break them."""

from __future__ import annotations

import ast
import unicodedata
from typing import List, Tuple

from regoose_guest.testgen.schema import StyleJson
from regoose_guest.testgen.writing.flat import Flat
from regoose_guest.testgen.writing.literal import string

INDENT = 4
COMPARED = 7
"""How tightly an operand of a comparison binds."""


def width(text: str) -> int:
    """Return how many columns a line takes."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


class Layout:
    """Writes source at a depth of indentation, within the line length of a style."""

    def __init__(self, style: StyleJson) -> None:
        self.limit = style["line_length"]
        self.flat = Flat(style["quotes"])

    def fits(self, text: str, indent: int) -> bool:
        """Whether one line of `text` fits at this indentation."""
        return indent + width(text) <= self.limit

    def expression(self, node: ast.expr, indent: int, head: str = "", tail: str = "") -> List[str]:
        """Return the lines of an expression with what stands before and after it."""
        whole = head + self.flat.at(node, COMPARED if head.endswith(" == ") else 1) + tail
        if self.fits(whole, indent):
            return [" " * indent + whole]
        if isinstance(node, ast.Compare) and len(node.ops) == 1 and self.can_break(node.comparators[0]):
            head += self.flat(ast.Compare(node.left, node.ops, [ast.Name("", ast.Load())]))
            node = node.comparators[0]
        if isinstance(node, ast.Await):
            head += "await "
            node = node.value
        if isinstance(node, ast.Call) and (node.args or node.keywords):
            return self._call(node, indent, head, tail)
        if isinstance(node, (ast.List, ast.Set, ast.Tuple, ast.Dict)):
            return self._display(node, indent, head, tail)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return self._text(node.value, indent, head, tail)
        return [" " * indent + whole]

    def assignment(self, target: str, node: ast.expr, indent: int) -> List[str]:
        """Return the lines of `target = node`."""
        return self.expression(node, indent, f"{target} = ")

    def can_break(self, node: ast.expr) -> bool:
        """Whether `expression` can spread it over several lines."""
        if isinstance(node, ast.Call):
            return bool(node.args or node.keywords)
        if isinstance(node, (ast.List, ast.Set, ast.Tuple)):
            return bool(node.elts)
        if isinstance(node, ast.Constant):
            return isinstance(node.value, str) and len(_lines(node.value)) > 1
        return isinstance(node, ast.Dict) and bool(node.keys)

    def _call(self, node: ast.Call, indent: int, head: str, tail: str) -> List[str]:
        pad, inner = " " * indent, indent + INDENT
        first, last = f"{pad}{head}{self.flat.at(node.func, 16)}(", f"{pad}){tail}"
        together = ", ".join(self.flat.arguments(node))
        if self.fits(together, inner) or isinstance(node.args[:1] and node.args[0], ast.GeneratorExp):
            return [first, " " * inner + together, last]
        comma = "," if len(node.args) + len(node.keywords) > 1 else ""
        lines = [first]
        for one in node.args:
            if isinstance(one, ast.Starred):
                lines += self.expression(one.value, inner, "*", ",")
            else:
                lines += self.expression(one, inner, "", comma)
        for one in node.keywords:
            lines += self.expression(one.value, inner, self.flat.keyword(one), comma)
        return [*lines, last]

    def _display(self, node: ast.expr, indent: int, head: str, tail: str) -> List[str]:
        pad, inner = " " * indent, indent + INDENT
        opening, closing = _brackets(node)
        lines = [f"{pad}{head}{opening}"]
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values):
                lines += self.expression(value, inner, self.flat.key(key), ",")
        elif isinstance(node, (ast.List, ast.Set, ast.Tuple)):
            for one in node.elts:
                if isinstance(one, ast.Starred):
                    lines += self.expression(one.value, inner, "*", ",")
                else:
                    lines += self.expression(one, inner, "", ",")
        return [*lines, f"{pad}{closing}{tail}"]

    def _text(self, value: str, indent: int, head: str, tail: str) -> List[str]:
        """Put a string of several lines in parentheses, a line each; any other stays whole."""
        pad, inner = " " * indent, " " * (indent + INDENT)
        parts = _lines(value)
        literals = [string(part, self.flat.quote) for part in parts]
        whole = string(value, self.flat.quote)
        if self.fits(whole, indent + INDENT) and (len(parts) > 1 or head.endswith(" = ")):
            literals = [whole]
        elif len(parts) == 1:
            return [f"{pad}{head}{whole}{tail}"]
        return [f"{pad}{head}(", *[inner + literal for literal in literals], f"{pad}){tail}"]


def _lines(value: str) -> List[str]:
    return value.splitlines(keepends=True) or [""]


def _brackets(node: ast.expr) -> Tuple[str, str]:
    if isinstance(node, ast.List):
        return "[", "]"
    return ("(", ")") if isinstance(node, ast.Tuple) else ("{", "}")
