"""Which of the lines that a patch writes are run by tests."""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import CodeType

from regoose.domain.patch import FileEdit, Patch
from regoose.verify.results import Lines
from regoose.verify.suite import CoverageMap


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
