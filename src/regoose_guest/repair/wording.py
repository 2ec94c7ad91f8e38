"""Write new nodes as text, with the original text of every old node inside them."""

from __future__ import annotations

import ast
import copy
import re
from typing import Dict, FrozenSet, List, Optional, Union, cast

from regoose_guest.repair.source import Source

_ATOMS = (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.List, ast.Dict, ast.Set, ast.ListComp, ast.Constant)
_MARK = "\u00a4"
_FENCE = "__regoose_kept_%d__"
_SPACES = re.compile(r"^((?:    )*)")


class Wording:
    """Writes expressions and statements. `changed` holds ids of old nodes whose inside an applied edit changed."""

    def __init__(self, source: Source, *, pieces: bool, changed: FrozenSet[int] = frozenset()) -> None:
        self._source = source
        self._pieces = pieces
        self._changed = changed
        self._unit = source.indent_unit()

    def expression(self, node: ast.AST, like: Optional[ast.AST] = None) -> str:
        """Write an expression; a string is quoted as `like` is, where that is a string too."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and isinstance(like, ast.Constant):
            return string_literal(node.value, self._source.segment(like))
        kept: Dict[str, Union[str, ast.stmt]] = {}
        text = ast.unparse(ast.fix_missing_locations(self._fenced(node, kept)))
        for fence, piece in kept.items():
            text = text.replace(fence, str(piece))
        return text

    def statement(self, node: ast.stmt, margin: str) -> str:
        """Write a statement with all its lines, indented to `margin`."""
        return self._source.newline.join(self._lines(node, margin))

    def _lines(self, node: ast.stmt, margin: str) -> List[str]:
        if self._is_kept(node):
            return self._moved(node, margin)
        kept: Dict[str, Union[str, ast.stmt]] = {}
        text = ast.unparse(ast.fix_missing_locations(self._fenced(node, kept)))
        lines: List[str] = []
        for line in text.split("\n"):
            indent = _SPACES.match(line)
            depth = len(indent.group(1)) // 4 if indent else 0
            inner = margin + self._unit * depth
            content = line[depth * 4 :]
            statement = kept.get(content)
            if isinstance(statement, ast.stmt):
                lines += self._lines(statement, inner)
                continue
            for fence, piece in kept.items():
                if isinstance(piece, str):
                    content = content.replace(fence, piece)
            lines.append(inner + content)
        return lines

    def _is_kept(self, node: ast.AST) -> bool:
        if not self._source.owns(node) or id(node) in self._changed:
            return False
        # What begins with `elif` cannot stand by itself: write it anew, its parts as they were.
        return not (isinstance(node, ast.If) and self._source.segment(node).startswith("elif"))

    def _moved(self, node: ast.stmt, margin: str) -> List[str]:
        """Return an old statement's lines, moved to another margin; lines inside strings stay where they are."""
        old = self._source.margin(node)
        if old is None:
            old = ""
        lines = re.split(r"\r\n|\r|\n", self._source.segment(node))
        inside = self._source.inside_strings()
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
        moved = [margin + lines[0]]
        for number, line in enumerate(lines[1:], first + 1):
            fixed = number in inside or not line.strip() or not line.startswith(old)
            moved.append(line if fixed else margin + line[len(old) :])
        return moved

    def _fenced(self, node: ast.AST, kept: Dict[str, Union[str, ast.stmt]]) -> ast.AST:
        """Copy `node`, with a name in place of every old node to keep as written."""
        new = copy.copy(node)
        for field, value in ast.iter_fields(node):
            if isinstance(value, ast.AST):
                setattr(new, field, self._piece(value, node, kept))
            elif isinstance(value, list):
                items = cast("List[object]", value)
                setattr(new, field, [self._piece(i, node, kept) if isinstance(i, ast.AST) else i for i in items])
        return new

    def _piece(self, node: ast.AST, parent: ast.AST, kept: Dict[str, Union[str, ast.stmt]]) -> ast.AST:
        if not self._is_kept(node):
            return self._fenced(node, kept)
        fence = _FENCE % len(kept)
        if isinstance(node, ast.stmt):
            kept[fence] = node
            return ast.Expr(ast.Name(fence, ast.Load()))
        if (
            not isinstance(node, ast.expr)
            or isinstance(node, (ast.Starred, ast.Slice))
            or self._in_string(node, parent)
        ):
            return self._fenced(node, kept)
        text = self._source.segment(node)
        if isinstance(node, ast.Tuple) and not text.startswith("("):
            text = f"({text})"
        elif isinstance(node, ast.GeneratorExp) and not text.startswith("("):
            return self._fenced(node, kept)
        elif self._pieces and not isinstance(node, _ATOMS):
            text = f"({text})"
        kept[fence] = text
        return ast.Name(fence, ast.Load())

    def _in_string(self, node: ast.AST, parent: ast.AST) -> bool:
        if isinstance(parent, (ast.JoinedStr, ast.FormattedValue)):
            return True
        return any(isinstance(up.node, (ast.JoinedStr, ast.FormattedValue)) for up in self._source.ancestors(node))


def string_literal(value: str, like: str) -> str:
    """Write a string the way `like` is quoted, raw where that reads the same; else as `repr` does."""
    found = re.match(r"([rRuU]?)('''|\"\"\"|'|\")", like)
    if found and "\n" not in value:
        prefix, quote = found.group(1), found.group(2)[0]
        for text in (
            f"{prefix}{quote}{value}{quote}",
            f"{quote}{_escaped(value, quote)}{quote}",
        ):
            if _reads_as(text, value):
                return text
    return repr(value)


def _escaped(value: str, quote: str) -> str:
    inner = repr(_MARK + value)[2:-1]
    return inner.replace("\\'", "'").replace(quote, "\\" + quote)


def _reads_as(text: str, value: str) -> bool:
    try:
        return bool(ast.literal_eval(text) == value)
    except (ValueError, SyntaxError):
        return False
