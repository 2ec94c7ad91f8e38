"""What the repository's own tests reach of the modules that tests are to be written for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from regoose.domain.evidence import Outcome, SuiteReport
from regoose.verify.coverage import Arc
from regoose.verify.suite import CoverageMap, Suite
from regoose_guest.arcs import pack_arcs, unpack_arcs
from regoose_guest.tracing import pack, unpack


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """What the tests that pass reach of one file, packed as `regoose_guest` packs it: a journal holds it."""

    path: str
    arcs: str = ""
    """Of all of them and of their import."""
    tests: tuple[tuple[str, str], ...] = ()
    """Those that run lines of the file: node id → lines."""

    def all_arcs(self) -> frozenset[Arc]:
        """Return all arcs that were taken."""
        return frozenset(unpack_arcs({self.path: self.arcs})[self.path]) if self.arcs else frozenset()

    def lines_of_tests(self) -> tuple[tuple[str, frozenset[int]], ...]:
        """Return the lines that each test runs."""
        return tuple((test, frozenset(unpack({self.path: lines})[self.path])) for test, lines in self.tests)


@dataclass(frozen=True, slots=True, kw_only=True)
class Existing:
    """The repository's own tests: how they ended, and what those that pass reach of each target."""

    passed: int = 0
    red: int = 0
    """Failed, in error, or in a file that cannot be collected."""
    targets: tuple[Reached, ...] = ()
    notes: tuple[str, ...] = ()
    """What keeps them from being the whole measure, one sentence each."""

    def of(self, path: str) -> Reached:
        """Return what is reached of a file; nothing where it was not measured."""
        return next((one for one in self.targets if one.path == path), Reached(path=path))


async def measure_existing(suite: Suite, sources: Mapping[str, str], *, seconds: float) -> Existing:
    """
    Run all tests of the repository once and record what they reach of the files in `sources`, path → text.

    Tests that are absent, red, broken or do not end in `seconds` are named in the notes; what passes counts. Raises
    what `Suite.trace` raises.
    """
    report, coverage = await suite.trace(seconds=seconds, arcs=tuple(sources))
    passed = frozenset(case.id for case in report.cases if case.outcome in {Outcome.PASSED, Outcome.XPASSED})
    return Existing(
        passed=len(passed),
        red=report.counts.failed + report.counts.errors,
        targets=tuple(_reached(path, coverage, passed) for path in sources),
        notes=tuple(_notes(report)),
    )


def _reached(path: str, coverage: CoverageMap, passed: frozenset[str]) -> Reached:
    arcs = set(coverage.import_arcs.get(path, ())) if passed else set[Arc]()
    lines: list[tuple[str, str]] = []
    for test, found in coverage.arcs.items():
        if test in passed and path in found:
            arcs |= found[path]
            lines.append((test, pack({path: set(coverage.tests[test][path])})[path]))
    return Reached(path=path, arcs=pack_arcs({path: arcs}).get(path, ""), tests=tuple(lines))


def _notes(report: SuiteReport) -> list[str]:
    notes: list[str] = []
    red, errors = report.counts.failed + report.counts.errors - len(report.collection_errors), report.collection_errors
    if not report.collected and not errors:
        notes.append("The repository has no tests of its own that pytest finds.")
    if red:
        notes.append(f"{red} of {len(report.collected)} existing tests are red: what they reach does not count.")
    if errors:
        one = errors[0]
        of = "One test file" if len(errors) == 1 else f"{len(errors)} test files"
        notes.append(f"{of} cannot be collected, e.g. {one.path}: {one.exception}: {one.message[:200]}")
    if not report.consistent:
        notes.append(f"The existing tests count as far as they ran: {report.problem}.")
    return notes
