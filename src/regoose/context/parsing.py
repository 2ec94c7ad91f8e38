"""
What one Python file defines, imports and uses, from its syntax tree; by its lines where it does not parse.

Nothing is executed. What breaks Python's parser, or would keep it busy (nesting, length, encoding), only makes the file
one that is read by its lines.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

_SHOWN = 200
"""Characters of a signature or of a docstring's first line that are kept."""
_LONGEST_LINE = 20_000
"""Characters; a file with a longer one holds data, for which Python 3.11 may need minutes."""
_LEVELS = 30
"""Definitions within each other that are followed where a file is read by its lines."""
_LONGEST_END = 2_000
"""Lines that a definition is taken to have at most, likewise."""
_DEEPEST = 150
"""Brackets open at once; beyond it no syntax tree is made (Python's own limit is 200)."""
_DEFINITION = re.compile(r"([ \t]*)(?:async[ \t]+)?(def|class)[ \t]+(\w+).*")
_IMPORT = re.compile(r"^[ \t]*(?:from[ \t]+([.\w]+)[ \t]+import[ \t]+([\w, \t]+)|import[ \t]+([.\w]+))", re.MULTILINE)
_NAME = re.compile(r"[^\W\d]\w*")
_UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)


@dataclass(frozen=True, slots=True)
class Symbol:
    """A definition. Lines are 1-based, `end` included; `name` is qualified within its module."""

    name: str
    kind: str
    """`class`, `function`, `method` or `constant`."""
    start: int
    end: int
    signature: str
    summary: str
    """First line of the docstring, empty where there is none."""

    @property
    def last(self) -> str:
        """The name without what it is qualified by."""
        return self.name.rpartition(".")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """What one file holds. `parsed` is False where it was read by its lines."""

    symbols: tuple[Symbol, ...]
    imports: tuple[str, ...]
    """`module:name`, or `module:` for a whole module; relative ones begin with dots."""
    uses: Counter[str]
    """Names and attributes that the file mentions, how often each."""
    documentation: str
    """All docstrings."""
    parsed: bool


def outline(source: bytes, text: str) -> Outline:
    """Return the outline of a Python file, given as its bytes and as its text. Python may warn of what is in it."""
    lines = re.split(r"\r\n|\r|\n", text)
    if _depth(text) <= _DEEPEST and max(map(len, lines)) <= _LONGEST_LINE:
        try:
            return _Reader(lines).read(ast.parse(source))
        except _UNREADABLE:
            pass
    return _by_lines(text, lines)


def _depth(text: str) -> int:
    """Return an upper bound of how many brackets are open at once."""
    deepest = depth = 0
    for bracket in re.findall(r"[(\[{)\]}]", text):
        depth += 1 if bracket in "([{" else -1
        deepest = max(deepest, depth)
        depth = max(depth, 0)
    return deepest


class _Reader:
    """Collects the outline of one syntax tree, without recursion."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._symbols: list[Symbol] = []
        self._documentation: list[str] = []

    def read(self, module: ast.Module) -> Outline:
        self._document(module)
        pending: list[tuple[str, str, list[ast.stmt]]] = [("", "module", module.body)]
        while pending:
            prefix, holder, body = pending.pop()
            for statement in body:
                pending += self._statement(statement, prefix, holder)
        self._symbols.sort(key=lambda one: (one.start, one.end, one.name))
        uses, imports = _mentioned(module)
        return Outline(
            symbols=tuple(self._symbols),
            imports=tuple(sorted(imports)),
            uses=uses,
            documentation="\n".join(self._documentation),
            parsed=True,
        )

    def _statement(self, statement: ast.stmt, prefix: str, holder: str) -> Iterator[tuple[str, str, list[ast.stmt]]]:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            kind = "class" if isinstance(statement, ast.ClassDef) else "method" if holder == "class" else "function"
            name = prefix + statement.name
            summary = self._document(statement)
            start = min([statement.lineno, *(one.lineno for one in statement.decorator_list)])
            signature = self._signature(statement)
            self._symbols.append(Symbol(name, kind, start, statement.end_lineno or start, signature, summary))
            yield f"{name}.", "class" if kind == "class" else "function", statement.body
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            if holder != "function":
                self._constants(statement, prefix)
        else:
            for body in ("body", "orelse", "finalbody"):
                inner = getattr(statement, body, None)
                if isinstance(inner, list):
                    yield prefix, holder, inner
            for handler in getattr(statement, "handlers", ()):
                yield prefix, holder, handler.body

    def _constants(self, statement: ast.Assign | ast.AnnAssign, prefix: str) -> None:
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        end = statement.end_lineno or statement.lineno
        for target in targets:
            for one in target.elts if isinstance(target, ast.Tuple) else [target]:
                if isinstance(one, ast.Name):
                    shown = _one_line([self._lines[statement.lineno - 1]])
                    self._symbols.append(Symbol(prefix + one.id, "constant", statement.lineno, end, shown, ""))

    def _document(self, node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> str:
        text = ast.get_docstring(node, clean=False)
        if not text:
            return ""
        self._documentation.append(text)
        return _one_line([text.strip().partition("\n")[0]])

    def _signature(self, node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> str:
        first = node.body[0]
        if first.lineno > node.lineno:
            lines = self._lines[node.lineno - 1 : first.lineno - 1]
        else:
            line = self._lines[node.lineno - 1].encode("utf-8", "replace")
            lines = [line[: first.col_offset].decode("utf-8", "replace")]
        shown = _one_line([line for line in lines if not line.lstrip().startswith(("#", "@"))])
        return shown.partition(": #")[0].rstrip(" :")


def _mentioned(module: ast.Module) -> tuple[Counter[str], set[str]]:
    """Count names and attributes below a module, and collect its imports wherever they stand."""
    uses: Counter[str] = Counter()
    imports: set[str] = set()
    pending: list[ast.AST] = [module]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Name):
            uses[node.id] += 1
            continue
        if isinstance(node, ast.Attribute):
            uses[node.attr] += 1
        elif isinstance(node, ast.Import):
            imports.update(f"{alias.name}:" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module_name = "." * node.level + (node.module or "")
            imports.update(f"{module_name}:{alias.name}" for alias in node.names)
        for name in node._fields:
            value = getattr(node, name)
            if isinstance(value, list):
                pending += [one for one in cast("list[object]", value) if isinstance(one, ast.AST)]
            elif isinstance(value, ast.AST):
                pending.append(value)
    return uses, imports


def _by_lines(text: str, lines: list[str]) -> Outline:
    """Read the outline of text that is no valid Python by what its lines begin with."""
    imports: set[str] = set()
    for module, names, whole in _IMPORT.findall(text):
        imports.update(
            [f"{whole}:"] if whole else [f"{module}:{name.split()[0]}" for name in names.split(",") if name.split()]
        )
    return Outline(
        symbols=tuple(_symbols_by_lines(lines)),
        imports=tuple(sorted(imports)),
        uses=Counter(_NAME.findall(text)),
        documentation="",
        parsed=False,
    )


def _symbols_by_lines(lines: list[str]) -> Iterator[Symbol]:
    """Yield definitions; each ends before the next line that is indented no deeper."""
    found = [(number, match) for number, line in enumerate(lines, 1) if (match := _DEFINITION.match(line[:1000]))]
    above: list[tuple[int, str, str]] = []
    for number, match in found:
        indent = len(match[1].expandtabs())
        while above and (above[-1][0] >= indent or len(above) >= _LEVELS):
            above.pop()
        prefix = f"{above[-1][1]}." if above else ""
        kind = "class" if match[2] == "class" else "method" if above and above[-1][2] == "class" else "function"
        above.append((indent, prefix + match[3], kind))
        yield Symbol(
            prefix + match[3], kind, number, _end(lines, number, indent), _one_line([match[0]]).rstrip(" :"), ""
        )


def _end(lines: list[str], start: int, indent: int) -> int:
    end = start
    for number in range(start + 1, min(len(lines), start + _LONGEST_END) + 1):
        line = lines[number - 1]
        if not line.strip():
            continue
        if len(line) - len(line.lstrip()) <= indent and not line.lstrip().startswith(("#", ")", "]", "}")):
            break
        end = number
    return end


def _one_line(lines: list[str]) -> str:
    shown = " ".join(" ".join(line[: 4 * _SHOWN] for line in lines[:20]).split())
    return shown if len(shown) <= _SHOWN else shown[: _SHOWN - 1] + "…"
