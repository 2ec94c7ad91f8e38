"""Take tests out of a pytest file by exact source spans: functions, methods, rows, and what they leave unused."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Table = ast.List | ast.Tuple
_Span = tuple[int, int]
"""Offsets into the text, the end exclusive."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """A file without some of its tests. `text` is empty where none is left."""

    text: str
    removed: frozenset[str]
    """Node ids that are gone: those asked for, but for rows that cannot be told apart in the source."""


def units(text: str, collected: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """
    Group tests, in the order of the file, by what `prune` can remove alone: a row of a literal table, or a function.

    Tests that the file does not show, e.g. inherited ones, are in no group. Raises `SyntaxError` for what is no Python.
    """
    found: list[tuple[str, ...]] = []
    for test in _found(Source(text).tree, collected):
        found += [(one,) for one in test.ids] if test.tables else [test.ids]
    return tuple(found)


def test_names(text: str) -> frozenset[str]:
    """Return `function` or `Class::function` of all functions that may be tests. Raises `SyntaxError`."""
    return frozenset(path for path, _ in functions(ast.parse(text)))


def name_of(test: str) -> str:
    """Return `Class::test` of a node id, without its file and its parameters."""
    return test.partition("::")[2].partition("[")[0]


def prune(text: str, collected: Sequence[str], dropped: Collection[str], *, line_length: int = 88) -> Pruned:
    """
    Remove the tests `dropped` from a file whose tests are `collected`, both by node id and in the order of pytest.

    A row goes where one `parametrize` mark holds all rows as a literal; of other tests with several ids, either all go
    or none. A class goes with its last test unless something else names it. Imports and definitions that only removed
    tests used go, too. Raises `SyntaxError` for what is no Python.
    """
    source = Source(text)
    cuts: list[_Span] = []
    puts: list[tuple[_Span, str]] = []
    removed: set[str] = set()
    whole: set[ast.stmt] = set()
    left: set[ast.stmt] = set()
    for test in _found(source.tree, collected):
        gone = [one for one in test.ids if one in dropped]
        if len(gone) == len(test.ids):
            whole.add(test.node)
        else:
            left.add(test.node)
            if not gone or not test.tables:
                continue
            for table in test.tables:
                spans, comma = source.elements(table, {test.ids.index(one) for one in gone})
                cuts += spans
                puts += comma
        removed |= set(gone)
    if removed >= set(collected):
        return Pruned("", frozenset(removed))
    if not removed:
        return Pruned(text, frozenset())
    cuts += _statements(source, source.tree.body, whole | _emptied(source.tree, whole, left))
    return Pruned(
        tidied(text, _changed(text, [*puts, *((span, "") for span in cuts)]), line_length), frozenset(removed)
    )


@dataclass(frozen=True, slots=True)
class _Test:
    """A test function, its ids in the order of its rows, and the literal tables that list the rows, if any."""

    node: _Function
    ids: tuple[str, ...]
    tables: tuple[_Table, ...]


def _found(tree: ast.Module, collected: Sequence[str]) -> Iterator[_Test]:
    """Yield the tests that were collected; of functions of one name the last, which is the one that runs."""
    ids: dict[str, list[str]] = {}
    for one in collected:
        ids.setdefault(name_of(one), []).append(one)
    for path, node in dict(functions(tree)).items():
        if path in ids:
            rows = tuple(ids[path])
            yield _Test(node, rows, _rows(node, len(rows)) or ())


class Source:
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

    def lines(self, node: ast.stmt) -> _Span:
        """Return the whole lines of a statement."""
        return self._starts[node.lineno - 1], self._starts[node.end_lineno or node.lineno]

    def paragraph(self, nodes: Sequence[ast.stmt]) -> _Span:
        """Return the whole lines of neighbouring statements and, where blank lines are around them, the fewer."""
        first, end = nodes[0].lineno - 1, nodes[-1].end_lineno or nodes[-1].lineno
        above = below = 0
        while first > above and not self._lines[first - above - 1].strip():
            above += 1
        while end + below < len(self._lines) and not self._lines[end + below].strip():
            below += 1
        if above < below:
            return self._starts[first - above], self._starts[end]
        return self._starts[first], self._starts[end + below]

    def statement(self, node: ast.stmt, *, last: bool = False) -> _Span:
        """
        Return whole lines: decorators and the comment right above, the statement, the blank lines below.

        Of the `last` statements of a block the blank lines above go instead: those below part the block from others.
        """
        decorators = node.decorator_list if isinstance(node, _Function | ast.ClassDef) else []
        first = min([node.lineno, *(one.lineno for one in decorators)])
        while first > 1 and self._lines[first - 2].lstrip().startswith("#"):
            first -= 1
        end = node.end_lineno or node.lineno
        while last and first > 1 and not self._lines[first - 2].strip():
            first -= 1
        while not last and end < len(self._lines) and not self._lines[end].strip():
            end += 1
        return self._starts[first - 1], self._starts[end]

    def elements(self, table: _Table, gone: Collection[int]) -> tuple[list[_Span], list[tuple[_Span, str]]]:
        """Return the spans of some elements with the comma that parts each from its neighbour, and what to put in."""
        spans = [self._span(element, table) for element in table.elts]
        left = [index for index in range(len(spans)) if index not in gone]
        cuts = [
            (spans[index][0], spans[index + 1][0]) if index < left[-1] else (spans[index - 1][1], spans[index][1])
            for index in sorted(gone)
        ]
        end = spans[-1][1]
        is_tuple = isinstance(table, ast.Tuple) and len(left) == 1
        alone = is_tuple and not self.text[end:].lstrip().startswith(",")
        return cuts, [((end, end), ",")] if alone else []

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


def functions(tree: ast.Module) -> Iterator[tuple[str, _Function]]:
    """Yield all functions at the top and in classes, with `function` or `Class::function`."""

    def walk(body: list[ast.stmt], prefix: str) -> Iterator[tuple[str, _Function]]:
        for node in body:
            if isinstance(node, _Function):
                yield prefix + node.name, node
            elif isinstance(node, ast.ClassDef):
                yield from walk(node.body, f"{prefix}{node.name}::")

    return walk(tree.body, "")


def _rows(node: _Function, count: int) -> tuple[_Table, ...] | None:
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
    tables: list[_Table] = []
    for table in (values, given.get("ids")):
        if table is None and table is not values:
            continue
        if not isinstance(table, _Table) or len(table.elts) != count:
            return None
        if any(isinstance(element, ast.Starred) for element in table.elts):
            return None
        tables.append(table)
    return tuple(tables)


def _emptied(tree: ast.Module, gone: Collection[ast.stmt], left: Collection[ast.stmt]) -> set[ast.stmt]:
    """Return the classes that lose all their tests: with nothing else in them, or with what nothing else names."""
    used = _used(tree)

    def walk(node: ast.ClassDef) -> Iterator[ast.stmt]:
        inside = [found for one in node.body if isinstance(one, ast.ClassDef) for found in walk(one)]
        lost = [one for one in node.body if one in gone or one in inside]
        rest = [one for one in node.body if one not in lost and not _is_docstring(one)]
        has_tests = any(one in left for one in ast.walk(node) if isinstance(one, ast.stmt))
        if lost and (not rest or not (has_tests or node.name in used)):
            yield node
        yield from inside

    return {found for one in tree.body if isinstance(one, ast.ClassDef) for found in walk(one)}


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _statements(source: Source, body: Sequence[ast.stmt], gone: Collection[ast.stmt]) -> Iterator[_Span]:
    """Yield the spans of statements that go, at any depth of classes."""
    for index, node in enumerate(body):
        if node in gone:
            yield source.statement(node, last=all(one in gone for one in body[index:]))
        elif isinstance(node, ast.ClassDef):
            yield from _statements(source, node.body, gone)


def _changed(text: str, puts: Sequence[tuple[_Span, str]]) -> str:
    for (start, end), new in sorted(puts, reverse=True):
        text = text[:start] + new + text[end:]
    return text.rstrip("\n") + "\n"


def tidied(before: str, after: str, line_length: int) -> str:
    """Remove imports and definitions of the top level that were used before and are not any more."""
    used_before = _used(ast.parse(before))
    while True:
        source = Source(after)
        unused = used_before - _used(source.tree)
        puts = list(_unimported(source, unused, line_length))
        puts += [
            (source.statement(node), "") for node in source.tree.body if _defined(node) and _defined(node) <= unused
        ]
        if not puts:
            return after
        after = _changed(after, puts).lstrip("\n")


def _unimported(source: Source, unused: Collection[str], line_length: int) -> Iterator[tuple[_Span, str]]:
    """Yield what to put in place of the imports of the top level so that they bring no unused name."""

    def left(node: ast.stmt) -> list[ast.alias] | None:
        if not isinstance(node, ast.Import | ast.ImportFrom):
            return None
        return [one for one in node.names if (one.asname or one.name.partition(".")[0]) not in unused]

    for gone, group in itertools.groupby(source.tree.body, lambda node: left(node) == []):
        nodes = list(group)
        if gone:
            yield source.paragraph(nodes), ""
            continue
        for node in nodes:
            names = left(node)
            if isinstance(node, ast.Import | ast.ImportFrom) and names and len(names) < len(node.names):
                yield source.lines(node), _import_line(node, names, line_length)


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
