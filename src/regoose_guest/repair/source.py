"""A source file as bytes, text and syntax tree, with exact positions."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from typing import Dict, Iterator, List, NamedTuple, Optional, Set, Tuple, Union, cast

Definition = Union[ast.FunctionDef, ast.AsyncFunctionDef]
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, *COMPREHENSIONS)

_BOM = b"\xef\xbb\xbf"


class Span(NamedTuple):
    """Replace the bytes `start` to `end` of the UTF-8 text by `new`."""

    start: int
    end: int
    new: str


class Parent(NamedTuple):
    """Where a node hangs."""

    node: ast.AST
    field: str


class Source:
    """
    One file. Offsets are in bytes of its text encoded as UTF-8, as the `ast` module counts columns.

    Raises SyntaxError, UnicodeDecodeError or ValueError where the file is no readable Python.
    """

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.data = data
        self._bom = data.startswith(_BOM)
        self.encoding = "utf-8" if self._bom else tokenize.detect_encoding(io.BytesIO(data).readline)[0]
        text = data[len(_BOM) :].decode("utf-8") if self._bom else data.decode(self.encoding)
        self.text = text
        self.utf8 = text.encode()
        self.tree = ast.parse(text)
        self.line_starts = [0] + [found.end() for found in re.finditer(rb"\r\n|\r|\n", self.utf8)]
        self.newline = "\r\n" if b"\r\n" in self.utf8 else "\n"
        self.parents: Dict[int, Parent] = {}
        for node in ast.walk(self.tree):
            for field, child in children(node):
                self.parents[id(child)] = Parent(node, field)
        self._inside_strings: Optional[Set[int]] = None

    def owns(self, node: ast.AST) -> bool:
        """Whether the node is one of this file's tree, rather than made for an edit."""
        return id(node) in self.parents or node is self.tree

    def ancestors(self, node: ast.AST) -> Iterator[Parent]:
        """Yield the parents of a node, innermost first."""
        parent = self.parents.get(id(node))
        while parent is not None:
            yield parent
            parent = self.parents.get(id(parent.node))

    def statement_of(self, node: ast.AST) -> Optional[ast.stmt]:
        """Return the innermost statement that holds the node, or the node itself."""
        if isinstance(node, ast.stmt):
            return node
        for parent in self.ancestors(node):
            if isinstance(parent.node, ast.stmt):
                return parent.node
        return None

    def range_of(self, node: ast.AST) -> Tuple[int, int]:
        """Byte range of an expression or statement, decorators included."""
        line, column = position(node)
        decorators: List[ast.expr] = getattr(node, "decorator_list", [])
        if decorators:
            line, column = position(decorators[0])
            start = self.utf8.rindex(b"@", 0, self.line_starts[line - 1] + column)
        else:
            start = self.line_starts[line - 1] + column
        end_line: int = getattr(node, "end_lineno", line)
        end_column: int = getattr(node, "end_col_offset", column)
        return start, self.line_starts[end_line - 1] + end_column

    def segment(self, node: ast.AST) -> str:
        """Return the node's own text."""
        start, end = self.range_of(node)
        return self.utf8[start:end].decode()

    def line_start(self, offset: int) -> int:
        """Return the offset at which the line of `offset` begins."""
        cut = max(self.utf8.rfind(b"\n", 0, offset), self.utf8.rfind(b"\r", 0, offset))
        return cut + 1

    def line_end(self, offset: int) -> int:
        """Return the offset just before the newline that ends the line of `offset`."""
        found = re.compile(rb"[\r\n]").search(self.utf8, offset)
        return len(self.utf8) if found is None else found.start()

    def indent_unit(self) -> str:
        """Return what this file indents a block with."""
        for node in ast.walk(self.tree):
            body: object = getattr(node, "body", None)
            if isinstance(node, ast.stmt) and isinstance(body, list) and body:
                inner, outer = self.margin(cast("List[ast.stmt]", body)[0]), self.margin(node)
                if inner and outer is not None and inner.startswith(outer) and inner != outer:
                    return inner[len(outer) :]
        return "    "

    def margin(self, node: ast.AST) -> Optional[str]:
        """Return the white space before a statement, or None where something else stands on its line."""
        start, _ = self.range_of(node)
        before = self.utf8[self.line_start(start) : start].decode()
        return None if before.strip(" \t\f") else before

    def inside_strings(self) -> Set[int]:
        """Return numbers of the lines that begin inside a string and must keep their white space."""
        if self._inside_strings is None:
            lines: Set[int] = set()
            for node in ast.walk(self.tree):
                if isinstance(node, ast.JoinedStr) or (
                    isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes))
                ):
                    lines.update(range(node.lineno + 1, (node.end_lineno or node.lineno) + 1))
            self._inside_strings = lines
        return self._inside_strings

    def edited(self, spans: List[Span]) -> str:
        """
        Return the text with the spans replaced.

        Raises ValueError where two spans overlap.
        """
        parts: List[bytes] = []
        at = 0
        for span in sorted(spans):
            if span.start < at:
                raise ValueError("spans overlap")
            parts += [self.utf8[at : span.start], span.new.encode()]
            at = span.end
        return b"".join([*parts, self.utf8[at:]]).decode()

    def raw_span(self, span: Span) -> Tuple[int, int, bytes]:
        """Translate a span to the file's own bytes. Raises UnicodeEncodeError where its encoding lacks a character."""
        head = len(_BOM) if self._bom else 0
        start = head + len(self.utf8[: span.start].decode().encode(self.encoding))
        end = head + len(self.utf8[: span.end].decode().encode(self.encoding))
        return start, end, span.new.encode(self.encoding)


def children(node: ast.AST) -> Iterator[Tuple[str, ast.AST]]:
    """Yield each direct child with the name of the field it is in."""
    for field, value in ast.iter_fields(node):
        if isinstance(value, ast.AST):
            yield field, value
        elif isinstance(value, list):
            for item in cast("List[object]", value):
                if isinstance(item, ast.AST):
                    yield field, item


def position(node: ast.AST) -> Tuple[int, int]:
    """Line (1-based) and column of a node that has them."""
    return getattr(node, "lineno", 1), getattr(node, "col_offset", 0)


def first_line(node: ast.AST) -> int:
    """Line of a definition's first decorator or of the node itself: what `co_firstlineno` says."""
    decorators: List[ast.expr] = getattr(node, "decorator_list", [])
    return min([position(node)[0], *(decorator.lineno for decorator in decorators)])
