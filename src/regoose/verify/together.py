"""Whether the kept tests of several modules are green in one process, as their users will run them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from regoose.domain.evidence import SuiteReport
from regoose.domain.generation import DroppedTest, DropReason, Kept
from regoose.domain.patch import FileEdit, Patch
from regoose.verify.keep import not_green
from regoose.verify.suite import Suite

_RUN_SECONDS = 600.0
_TEST_SECONDS = 10.0
_SEEDS = (101, 102)
"""Of the orders in which the files are run, other ones than those in which each was judged."""


@dataclass(frozen=True, slots=True)
class _Files:
    """The files kept so far."""

    kept: tuple[Kept, ...]

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(one.file.path for one in self.kept if one.file is not None)

    @property
    def patch(self) -> Patch:
        return Patch(tuple(FileEdit(one.file.path, None, one.file.text) for one in self.kept if one.file is not None))

    def without(self, found: dict[str, str]) -> _Files:
        """Return the files less those of which something is found."""
        return _Files(tuple(_dropped(one, found) for one in self.kept))


async def keep_together(suite: Suite, kept: Sequence[Kept]) -> tuple[Kept, ...]:
    """
    Run the kept files of all modules in one process, twice in random orders, and drop files until all are green.

    A file goes as a whole: what it was worth was measured with all of its tests. Raises `SandboxDied`.
    """
    files = _Files(tuple(kept))
    while len(files.paths) > 1:
        runs = (
            suite.run(files.paths, patch=files.patch, seed=seed, seconds=_RUN_SECONDS, test_seconds=_TEST_SECONDS)
            for seed in _SEEDS
        )
        found: dict[str, str] = {}
        for report in await asyncio.gather(*runs):
            found |= _red(report, files.kept)
        if not found:
            break
        files = files.without(found)
    return files.kept


def _red(report: SuiteReport, kept: Sequence[Kept]) -> dict[str, str]:
    """Return path → what is wrong, of the files of which a kept test is not green."""
    cases = {case.id: case for case in report.cases}
    errors = {error.path: f"{error.exception}: {error.message[:300]}" for error in report.collection_errors}
    found: dict[str, str] = {}
    for one in kept:
        if one.file is None:
            continue
        for test in one.tests:
            if problem := not_green(cases.get(test)):
                found.setdefault(one.file.path, f"{test} is not green: {errors.get(one.file.path, problem)}")
    return found


def _dropped(one: Kept, found: dict[str, str]) -> Kept:
    why = found.get(one.file.path) if one.file is not None else None
    if why is None:
        return one
    note = f"Beside the tests of other modules {why}"
    return replace(
        one,
        file=None,
        tests=(),
        durations=(),
        after=one.before,
        mutation=one.mutation_before,
        dropped=(*one.dropped, *(DroppedTest(test, DropReason.FLAKY, note) for test in one.tests)),
        repeats=0,
        notes=(*one.notes, note),
    )
