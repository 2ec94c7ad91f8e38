"""Which test reaches and kills what in one file: from it follows what tests add, and what some of them are worth."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from regoose.domain.generation import FileCoverage, Mutant, MutantStatus, MutationReport
from regoose.verify.coverage import Arc, Measure
from regoose.verify.existing import Reached

_FEW = 0.25
"""Share of the mutants that may not have been tried for it to be known what tests add."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """What the existing tests and the drafted ones do with one file."""

    measure: Measure
    reached: Reached
    """By the existing tests."""
    arcs: Mapping[str, frozenset[Arc]]
    """Drafted test → arcs."""
    import_arcs: frozenset[Arc] = frozenset()
    """Taken while the drafted file is imported: to the credit of each of its tests."""
    lines: frozenset[int] | None = None
    """Lines of which alone something is wanted; None: all."""
    mutation: MutationReport = field(default_factory=MutationReport)
    """Of existing and drafted tests together."""
    killers: int = 3
    """With so many known killers a mutant may have been left before every test was tried."""

    def lines_of(self, test: str) -> tuple[int, ...]:
        """Return the lines that a drafted test itself runs."""
        return tuple(sorted({end for arc in self.arcs.get(test, ()) for end in arc if end > 0}))

    def goals(self, tests: Iterable[str]) -> frozenset[Hashable]:
        """Return what drafted tests add to the existing ones: lines, branches, ways out of functions, mutants."""
        tests = set(tests)
        old, new = self.reached.all_arcs(), self._taken(tests)
        before, after = self.measure.reached(old), self.measure.reached(new)
        found: set[Hashable] = {line for line in after.lines - before.lines if self._is_wanted(line)}
        found |= {branch for branch in after.branches - before.branches if self._is_wanted(branch[0])}
        left = self.measure.returns(new) - self.measure.returns(old)
        found |= {("return", *way) for way in left if self._is_wanted(way[0])}
        existing = self._existing
        for number, one in enumerate(self.mutation.mutants):
            killers = set(one.killers)
            if one.is_killed and killers & tests and not killers & existing:
                found.add(("mutant", number))
        if self._may_notice_more(tests):
            found.add(("untried", frozenset(tests)))
        return frozenset(found)

    def _may_notice_more(self, tests: Iterable[str]) -> bool:
        """Whether there was no time for many mutants and drafted tests meet some: they may be there for one."""
        mutants = self.mutation.mutants
        untried = {self.measure.statement(one.line) for one in mutants if one.status is MutantStatus.NOT_RUN}
        if sum(one.status is MutantStatus.NOT_RUN for one in mutants) <= _FEW * len(mutants):
            return False
        ends = {end for _, end in self.import_arcs} | {end for test in tests for end in self.lines_of(test)}
        return not untried.isdisjoint(self.measure.statement(end) for end in ends if end > 0)

    def coverage(self, tests: Iterable[str]) -> FileCoverage:
        """Return the coverage by the existing tests and some drafted ones."""
        return self.measure.coverage(self.reached.all_arcs() | self._taken(tests))

    def mutants(self, tests: Collection[str], names: Mapping[str, str] | None = None) -> MutationReport:
        """
        Return what became of the mutants by the existing tests and some drafted ones, which may get other `names`.

        It follows from who was seen to kill what. Where all known killers are gone and other drafted tests may never
        have been tried, the mutant does not count; existing tests come first and are tried always.
        """
        counted = self._existing | set(tests)
        arcs = self.reached.all_arcs() | self._taken(tests)
        lines = {self.measure.statement(end) for arc in arcs for end in arc if end > 0}

        def credited(one: Mutant) -> Mutant:
            killers = tuple((names or {}).get(test, test) for test in one.killers if test in counted)
            if one.status is MutantStatus.NOT_RUN or killers:
                return replace(one, killers=killers)
            if self.measure.statement(one.line) not in lines:
                return replace(one, status=MutantStatus.UNCOVERED, killers=())
            was_left = one.status is MutantStatus.TIMEOUT or len(one.killers) >= self.killers
            status = MutantStatus.NOT_RUN if tests and was_left else MutantStatus.SURVIVED
            return replace(one, status=status, killers=())

        return replace(self.mutation, mutants=tuple(credited(one) for one in self.mutation.mutants))

    def mutants_before(self) -> MutationReport:
        """Return what became of the mutants by the existing tests alone; empty where there are none."""
        return self.mutants(()) if self._existing else MutationReport()

    @property
    def _existing(self) -> frozenset[str]:
        return frozenset(test for test, _ in self.reached.tests)

    def _taken(self, tests: Iterable[str]) -> frozenset[Arc]:
        """Return the arcs of drafted tests; of none, none: nobody imports the module then."""
        found = [self.arcs.get(test, frozenset[Arc]()) for test in tests]
        return self.import_arcs.union(*found) if found else frozenset()

    def _is_wanted(self, line: int) -> bool:
        return self.lines is None or line in self.lines
