"""
What tests reach of a file: its lines and branches by the rules of coverage.py, and the lines that a patch writes.

coverage.py is imported late: it costs a tenth of a second, and most commands never need it.
"""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import CodeType
from typing import TYPE_CHECKING

from regoose.domain.generation import FileCoverage
from regoose.domain.patch import FileEdit, Patch
from regoose.verify.results import Lines
from regoose.verify.suite import CoverageMap

if TYPE_CHECKING:
    from coverage.parser import PythonParser

Arc = tuple[int, int]
"""Line before and line, below zero for the way into or out of a function."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Lines and branches of one file; branches as (from line, to line)."""

    lines: frozenset[int] = frozenset()
    branches: frozenset[Arc] = frozenset()


class Measure:
    """
    The lines and branches that one source file has, and those of them that recorded arcs stand for.

    By the rules of coverage.py with its own settings: statements count at their first line; what `# pragma: no cover`
    and its like exclude does not count, and neither do the ways out of lines that `# pragma: no branch` names. A file
    that this interpreter cannot parse (the target's may be newer) has the lines of the arcs and no branches.
    """

    def __init__(self, path: str, source: str) -> None:
        """Read `source`, the text of the file at `path`."""
        self.path = path
        self._parser = _parser(path, source)

    @cached_property
    def possible(self) -> Reach:
        """All that can be reached."""
        if self._parser is None:
            return Reach()
        lines = frozenset(self._parser.statements)
        exits, partial = self._parser.exit_counts(), _partial(self._parser)
        branches = frozenset(
            (start, end)
            for start, end in self._parser.arcs()
            if exits.get(start, 0) > 1 and start not in partial and end not in self._parser.excluded
        )
        return Reach(lines, branches)

    def reached(self, arcs: Iterable[Arc]) -> Reach:
        """Return what arcs, as they were recorded, stand for."""
        arcs = set(arcs)
        ends = {end for arc in arcs for end in arc if end > 0}
        if self._parser is None:
            return Reach(frozenset(ends))
        possible = self.possible
        taken = {self._only_way.get(arc[0], arc) if arc[0] == arc[1] else arc for arc in self._translated(arcs)}
        lines = frozenset(self._parser.translate_lines(ends)) & possible.lines
        return Reach(lines, frozenset(self._translated(taken)) & possible.branches)

    def returns(self, arcs: Iterable[Arc]) -> frozenset[Arc]:
        """Return the ways out of functions among arcs: calls that ended, with no exception, at a line."""
        if self._parser is None:
            return frozenset(arc for arc in arcs if arc[1] < 0)
        return frozenset(arc for arc in self._translated(arcs) if arc[1] < 0 < arc[0] and arc in self._ways)

    def statement(self, line: int) -> int:
        """Return the first line of the statement that a line is part of."""
        return line if self._parser is None else self._parser.first_line(line)

    def coverage(self, arcs: Iterable[Arc]) -> FileCoverage:
        """Set what arcs stand for against all there is."""
        reached = self.reached(arcs)
        return FileCoverage(
            path=self.path,
            lines=tuple(sorted(self.possible.lines | reached.lines)),
            covered_lines=tuple(sorted(reached.lines)),
            branches=tuple(sorted(self.possible.branches)),
            covered_branches=tuple(sorted(reached.branches)),
        )

    @cached_property
    def _ways(self) -> frozenset[Arc]:
        return frozenset(self._parser.arcs() if self._parser else ())

    @cached_property
    def _only_way(self) -> dict[int, Arc]:
        """Map each line that leads to one other line only to that arc: a loop in one line does not show it."""
        ways: dict[int, set[int]] = {}
        for start, end in self._parser.arcs() if self._parser else ():
            ways.setdefault(start, set()).add(end)
        return {start: (start, min(ends)) for start, ends in ways.items() if len(ends) == 1}

    def _translated(self, arcs: Iterable[Arc]) -> set[Arc]:
        assert self._parser is not None
        self._parser.arcs()  # finds the ways out of `with`, which the translation needs
        return self._parser.translate_arcs(arcs)


def file_coverage(path: str, source: str, arcs: Iterable[Arc]) -> FileCoverage:
    """Return the lines and branches of the file at `path` and those that `arcs` stand for; see `Measure`."""
    return Measure(path, source).coverage(arcs)


def _parser(path: str, source: str) -> PythonParser | None:
    from coverage.config import DEFAULT_EXCLUDE  # noqa: PLC0415 - see the module
    from coverage.exceptions import NotPython  # noqa: PLC0415
    from coverage.parser import PythonParser  # noqa: PLC0415

    parser = PythonParser(text=source, filename=path, exclude=_any_of(DEFAULT_EXCLUDE))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the target's own invalid escapes are not ours to report
            parser.parse_source()
    except (NotPython, ValueError):  # ValueError: a null byte, on Python 3.11
        return None
    return parser


def _partial(parser: PythonParser) -> set[int]:
    from coverage.config import DEFAULT_PARTIAL, DEFAULT_PARTIAL_ALWAYS  # noqa: PLC0415 - see the module

    return parser.lines_matching(_any_of([*DEFAULT_PARTIAL, *DEFAULT_PARTIAL_ALWAYS]))


def _any_of(patterns: Sequence[str]) -> str:
    return "|".join(f"(?:{pattern})" for pattern in patterns)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedLines:
    """The executable lines that a patch adds or changes, and those of them that ran."""

    total: Lines
    covered: Lines

    @property
    def total_count(self) -> int:
        """How many there are."""
        return sum(len(lines) for lines in self.total.values())

    @property
    def covered_count(self) -> int:
        """How many of them ran."""
        return sum(len(lines) for lines in self.covered.values())

    def missed(self) -> Iterator[tuple[str, int]]:
        """Yield path and line of those that did not run, in order."""
        for path, lines in sorted(self.total.items()):
            yield from ((path, line) for line in sorted(lines - self.covered.get(path, frozenset())))


def changed_lines(patch: Patch, coverage: CoverageMap, tests: Iterable[str]) -> ChangedLines:
    """Tell which changed lines `tests` ran; what ran while the modules were imported counts as well."""
    total = {edit.path: lines for edit in patch.edits if (lines := _changed(edit))}
    maps: list[Lines] = [coverage.imports, *(coverage.tests.get(test, {}) for test in tests)]
    covered = {path: lines & _union(maps, path) for path, lines in total.items()}
    return ChangedLines(total=total, covered=covered)


def _union(maps: Iterable[Mapping[str, frozenset[int]]], path: str) -> frozenset[int]:
    return frozenset[int]().union(*(lines.get(path, frozenset()) for lines in maps))


def _changed(edit: FileEdit) -> frozenset[int]:
    if edit.after is None or not edit.path.endswith(".py"):
        return frozenset()
    before, after = (edit.before or "").split("\n"), edit.after.split("\n")
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    written = {
        line
        for tag, _, _, first, last in matcher.get_opcodes()
        if tag in {"replace", "insert"}
        for line in range(first + 1, last + 1)
    }
    return frozenset(written & _executable(edit.after))


def _executable(source: str) -> set[int]:
    """Lines at which an instruction begins, as the interpreter reports them; all of them where it cannot be read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the target's own invalid escapes are not ours to report
            code = compile(source, "<head>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return set(range(1, source.count("\n") + 2))
    return set(_lines_of(code))


def _lines_of(code: CodeType) -> Iterator[int]:
    """Yield the lines of `code`; a function's first line belongs to the code that defines it."""
    own = None if code.co_name == "<module>" else code.co_firstlineno
    yield from (line for _, _, line in code.co_lines() if line and line != own)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _lines_of(constant)
