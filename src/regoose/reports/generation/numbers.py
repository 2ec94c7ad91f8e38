"""The figures of a run of `regoose test`, and the sentence that every report begins with."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from regoose.domain.evidence import Verdict
from regoose.domain.generation import (
    DropReason,
    GenerateResult,
    Kept,
    MutationReport,
    branch_coverage,
    line_coverage,
)
from regoose.reports.wording import plural

DROPPED = {
    DropReason.FLAKY: "flaky",
    DropReason.NO_GAIN: "without gain",
    DropReason.FAILING: "failing",
}


@dataclass(frozen=True, slots=True)
class Change:
    """A percentage without and with the kept tests."""

    before: float
    after: float
    whole: int
    """How many there are to cover; where it is 0, both are 100 by convention."""

    def __str__(self) -> str:
        """Return it for a person; a dash where there is nothing to cover."""
        if not self.whole:
            return "-"
        if self.before == self.after:
            return percent(self.after)
        return f"{percent(self.before).removesuffix(' %')} → {percent(self.after)}"


@dataclass(frozen=True, slots=True)
class Figures:
    """What tests are worth, of one module or of several together."""

    tests: int
    branches: Change
    lines: Change
    killed: int
    mutants: int
    """Mutants that count."""
    killed_before: int
    mutants_before: int
    """As counted with the existing tests alone; 0 where there are none."""
    dropped: Counter[DropReason]

    @property
    def mutation(self) -> str:
        """Return `17 of 20`, and what it was before; a dash where there is no mutant."""
        if not self.mutants:
            return "-"
        before = f"{self.killed_before:,} → " if self.mutants_before == self.mutants else ""
        return f"{before}{self.killed:,} of {self.mutants:,}"

    @property
    def mutation_percent(self) -> str:
        """Return the share of mutants killed; empty where there is none."""
        return percent(100 * self.killed / self.mutants) if self.mutants else ""


def figures(modules: Iterable[Kept]) -> Figures:
    """Add up modules."""
    modules = tuple(modules)
    before, after = [one.before for one in modules], [one.after for one in modules]
    return Figures(
        tests=sum(len(one.tests) for one in modules),
        branches=Change(branch_coverage(before), branch_coverage(after), sum(len(one.branches) for one in after)),
        lines=Change(line_coverage(before), line_coverage(after), sum(len(one.lines) for one in after)),
        killed=_killed(one.mutation for one in modules),
        mutants=sum(one.mutation.total for one in modules),
        killed_before=_killed(one.mutation_before for one in modules),
        mutants_before=sum(one.mutation_before.total for one in modules),
        dropped=Counter(test.reason for one in modules for test in one.dropped),
    )


def _killed(reports: Iterable[MutationReport]) -> int:
    return sum(report.killed for report in reports)


def percent(value: float) -> str:
    """Return a percentage, rounded down, so that only what is whole is called 100 %."""
    return f"{math.floor(value * 10) / 10:g} %"


def dropped(counts: Counter[DropReason]) -> str:
    """Return `3 flaky, 1 failing`; empty where nothing was dropped."""
    return ", ".join(f"{counts[reason]:,} {DROPPED[reason]}" for reason in DropReason if counts[reason])


def headline(result: GenerateResult) -> str:
    """Return what came of the run in one sentence."""
    match result.status:
        case Verdict.PROVEN:
            return _worth(result)
        case Verdict.UNPROVEN:
            gone = dropped(figures(result.modules).dropped)
            return f"No test was worth keeping: {gone}." if gone else "No test was worth keeping."
        case Verdict.FAILED:
            return "No tests could be made."
        case Verdict.CANCELLED:
            return "The run was cancelled before it had an answer."


def _worth(result: GenerateResult) -> str:
    written = [one for one in result.modules if one.tests]
    sums = figures(result.modules)
    repeats = min((one.repeats for one in written), default=0)
    modules = f"`{written[0].target.module}`" if len(written) == 1 else plural(len(written), "module")
    green = f", green {repeats} times in random order" if repeats > 1 else ""
    facts = [f"branches covered {sums.branches}" if sums.branches.whole else f"lines covered {sums.lines}"]
    if sums.mutants:
        facts.append(f"mutants killed {sums.mutation}")
    return f"{plural(sums.tests, 'test')} for {modules}{green}: {', '.join(facts)}."
