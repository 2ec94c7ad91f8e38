"""Tests that do not do the same thing twice on the same code: found by running, named, and kept out of judgement."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from regoose.domain.evidence import Outcome, SuiteReport
from regoose.verify.suite import Suite

ABSENT = "absent"
"""Seen in place of an outcome where a run did not collect the test."""


@dataclass(frozen=True, slots=True)
class Flake:
    """A test that flips, and what it was seen to do."""

    id: str
    seen: tuple[str, ...]
    """Distinct outcomes, most frequent first; `absent` where a run did not collect it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What the tests do before anything is changed."""

    report: SuiteReport
    """The first run, in the order of collection."""
    flaky: tuple[Flake, ...] = ()

    @property
    def flaky_ids(self) -> frozenset[str]:
        """Ids of the tests that flip."""
        return frozenset(flake.id for flake in self.flaky)


async def take_baseline(
    suite: Suite, selection: Sequence[str] = (), *, runs: int = 2, seed: int = 1, seconds: float = 600.0
) -> Baseline:
    """
    Run the tests `runs` times on the base: once in the order of collection, then shuffled with other hash seeds.

    A run that is not consistent is left out of the comparison; the first is returned as it is.
    """
    reports = await asyncio.gather(
        *(suite.run(selection, seed=None if run == 0 else seed + run, seconds=seconds) for run in range(runs))
    )
    return Baseline(report=reports[0], flaky=flakes([report for report in reports if report.consistent]))


def flakes(reports: Sequence[SuiteReport]) -> tuple[Flake, ...]:
    """Name the tests whose redness, or presence, differs between runs of the same code."""
    outcomes = [report.outcome_by_id() for report in reports]
    found: list[Flake] = []
    for name in dict.fromkeys(name for report in reports for name in report.collected):
        seen = [outcome.get(name) for outcome in outcomes]
        if len({_kind(outcome) for outcome in seen}) > 1:
            words = [outcome.value if outcome is not None else ABSENT for outcome in seen]
            found.append(Flake(name, tuple(sorted(set(words), key=lambda word: (-words.count(word), word)))))
    return tuple(found)


def _kind(outcome: Outcome | None) -> str:
    """Two outcomes of one kind are not a flip: failing differently is still failing."""
    if outcome is None:
        return ABSENT
    return "red" if outcome.is_red else outcome.value
