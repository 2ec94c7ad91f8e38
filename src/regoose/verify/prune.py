"""Take tests out of a pytest file by exact source spans: functions, methods, rows, and what they leave unused."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Span = tuple[int, int]
"""Offsets into the text, the end exclusive."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """A file without some of its tests. `text` is empty where none is left."""

    text: str
    removed: frozenset[str]
    """Node ids that are gone: those asked for, but for rows that cannot be told apart in the source."""


def prune(text: str, collected: Sequence[str], dropped: Collection[str], *, line_length: int = 88) -> Pruned:
    """
    Remove the tests `dropped` from a file whose tests are `collected`, both by node id and in the order of pytest.

    A row goes where one `parametrize` mark holds all rows as a literal; of other tests with several ids, either all go
    or none. Imports and definitions that only removed tests used go, too. Raises `SyntaxError` for what is no Python.
    """
    source = _Source(text)
    cuts: list[_Span] = []
    removed: set[str] = set()
    remaining: set[str] = set(collected)
    for path, node in _tests(source.tree):
        ids = [one for one in collected if _name(one) == path]
        gone = [one for one in ids if one in dropped]
        if not gone:
            continue
        if len(gone) == len(ids):
            cuts.append(source.statement(node))
        else:
            rows = _rows(node, len(ids))
            if rows is None:
                continue
            for table in rows:
                cuts += source.elements(table, {ids.index(one) for one in gone})
        removed |= set(gone)
        remaining -= set(gone)
    if not remaining:
        return Pruned("", frozenset(removed))
    pruned = _without_empty_classes(_cut(text, cuts)) if cuts else text
    return Pruned(_tidied(text, pruned, line_length) if cuts else text, frozenset(removed))


class _Source:
    """Text with its tree, and spans of nodes in it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tree = ast.parse(text)
        self._starts = [0]
        for line in text.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        self._lines = text.splitlines(keepends=True)

    def offset(self, line: int, column: int) -> int:
        """Return the offset of a place as `ast` gives it: line from 1, column in bytes of UTF-8."""
        content = self._lines[line - 1] if line <= len(self._lines) else ""
        return self._starts[line - 1] + len(content.encode()[:column].decode())

    def statement(self, node: ast.stmt) -> _Span:
        """Return whole lines: decorators and the comment right above, the statement, the blank lines below."""
        decorators = node.decorator_list if isinstance(node, _Function | ast.ClassDef) else []
        first = min([node.lineno, *(one.lineno for one in decorators)])
        while first > 1 and self._lines[first - 2].lstrip().startswith("#"):
            first -= 1
        last = node.end_lineno or node.lineno
        while last < len(self._lines) and not self._lines[last].strip():
            last += 1
        return self._starts[first - 1], self._starts[last]

    def elements(self, table: ast.List | ast.Tuple, gone: Collection[int]) -> Iterator[_Span]:
        """Return the spans of some elements with the comma that parts each from its neighbour."""
        spans = [self._span(element, table) for element in table.elts]
        last = max((index for index in range(len(spans)) if index not in gone), default=-1)
        for index in sorted(gone):
            if index < last:
                yield spans[index][0], spans[index + 1][0]
            else:
                yield spans[index - 1][1], spans[index][1]

    def _span(self, node: ast.expr, table: ast.expr) -> _Span:
        """Return the span of an element with the parentheses around it, which are not part of its node."""
        start = self.offset(node.lineno, node.col_offset)
        end = self.offset(node.end_lineno or node.lineno, node.end_col_offset or 0)
        limit = self.offset(table.lineno, table.col_offset)
        while True:
            before, after = self.text[:start].rstrip(), self.text[end:].lstrip()
            if len(before) - 1 <= limit or not before.endswith("(") or not after.startswith(")"):
                return start, end
            start, end = len(before) - 1, len(self.text) - len(after) + 1


def _name(test: str) -> str:
    """Return `Class::test` of a node id, without its file and its parameters."""
    return test.partition("::")[2].partition("[")[0]


def _tests(tree: ast.Module) -> Iterator[tuple[str, _Function]]:
    def walk(body: list[ast.stmt], prefix: str) -> Iterator[tuple[str, _Function]]:
        for node in body:
            if isinstance(node, _Function):
                yield prefix + node.name, node
            elif isinstance(node, ast.ClassDef):
                yield from walk(node.body, f"{prefix}{node.name}::")

    return walk(tree.body, "")


def _rows(node: _Function, count: int) -> list[ast.List | ast.Tuple] | None:
    """Return the literal table of a test's only `parametrize` mark, and its list of ids where it has one."""
    marks = [
        one
        for one in node.decorator_list
        if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute) and one.func.attr == "parametrize"
    ]
    if len(marks) != 1:
        return None
    given = {one.arg: one.value for one in marks[0].keywords}
    values = marks[0].args[1] if len(marks[0].args) > 1 else given.get("argvalues")
    tables: list[ast.List | ast.Tuple] = []
    for table in (values, given.get("ids")):
        if table is None and table is not values:
            continue
        if not isinstance(table, ast.List | ast.Tuple) or len(table.elts) != count:
            return None
        if any(isinstance(element, ast.Starred) for element in table.elts):
            return None
        tables.append(table)
    return tables


def _cut(text: str, cuts: Sequence[_Span]) -> str:
    for start, end in sorted(cuts, reverse=True):
        text = text[:start] + text[end:]
    return text.rstrip("\n") + "\n"


def _without_empty_classes(text: str) -> str:
    """Remove classes of tests that lost their last statement, their docstring aside."""
    lines = text.splitlines(keepends=True)
    try:
        ast.parse(text)
    except SyntaxError:
        pass
    else:
        return text
    for number in range(len(lines) - 1, -1, -1):
        if not lines[number].startswith("class "):
            continue
        body = [line for line in lines[number + 1 :] if line.strip()]
        if not body or not body[0][0].isspace():
            end = number + 1
            while end < len(lines) and not lines[end].strip():
                end += 1
            del lines[number:end]
    return "".join(lines).rstrip("\n") + "\n"


def _tidied(before: str, after: str, line_length: int) -> str:
    """Remove imports and definitions of the top level that were used before and are not any more."""
    used_before = _used(ast.parse(before))
    while True:
        source = _Source(after)
        unused = used_before - _used(source.tree)
        cuts: list[_Span] = []
        puts: list[tuple[_Span, str]] = []
        for node in source.tree.body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                left = [one for one in node.names if (one.asname or one.name.partition(".")[0]) not in unused]
                if not left:
                    cuts.append(_line_span(source, node))
                elif len(left) < len(node.names):
                    puts.append((_line_span(source, node), _import_line(node, left, line_length)))
            elif _defined(node) and _defined(node) <= unused:
                cuts.append(source.statement(node))
        if not cuts and not puts:
            return after
        for (start, end), line in sorted([*puts, *((span, "") for span in cuts)], reverse=True):
            after = after[:start] + line + after[end:]
        after = after.lstrip("\n").rstrip("\n") + "\n"


def _line_span(source: _Source, node: ast.stmt) -> _Span:
    return source.offset(node.lineno, 0), source.offset((node.end_lineno or node.lineno) + 1, 0)


def _import_line(node: ast.Import | ast.ImportFrom, names: Sequence[ast.alias], line_length: int) -> str:
    parts = [f"{one.name} as {one.asname}" if one.asname else one.name for one in names]
    if isinstance(node, ast.Import):
        return f"import {', '.join(parts)}\n"
    start = f"from {'.' * node.level}{node.module or ''} import "
    line = start + ", ".join(parts)
    if len(line) <= line_length:
        return line + "\n"
    return start + "(\n" + "".join(f"    {part},\n" for part in parts) + ")\n"


def _defined(node: ast.stmt) -> set[str]:
    """Return the names that a plain helper defines: no test, no fixture, nothing that pytest knows by its name."""
    if isinstance(node, _Function | ast.ClassDef):
        return set() if node.decorator_list or node.name.lower().startswith(("test", "pytest")) else {node.name}
    if isinstance(node, ast.Assign):
        names = {target.id for target in node.targets if isinstance(target, ast.Name)}
        return (
            names if len(names) == len(node.targets) and not any(name.startswith("pytest") for name in names) else set()
        )
    return set()


def _used(tree: ast.Module) -> set[str]:
    """Return the names that are read anywhere, and the arguments of functions, which name fixtures."""
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    return names | {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
