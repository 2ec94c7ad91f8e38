"""What the proofs of a run's candidates amount to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from regoose.domain.evidence import Answer, Check, Difference, Evidence, Verdict
from regoose.domain.repair import Candidate, RepairReport
from regoose.verify.flaky import Baseline
from regoose.verify.red_green import Proof
from regoose.verify.verdict import judge, unproven, verdict_of


@dataclass(frozen=True, slots=True)
class Tried:
    """A candidate that went through the whole proof."""

    candidate: Candidate
    proof: Proof
    tamper: Check

    @property
    def is_proven(self) -> bool:
        """Whether every required check passed."""
        return verdict_of((*self.proof.checks, self.tamper)) is Verdict.PROVEN


def evidence_of(
    baseline: Baseline, targets: Sequence[str], found: RepairReport, tried: Sequence[Tried], chosen: Tried | None
) -> Evidence:
    """
    Put together the evidence for the patch that is delivered, or for there being none.

    A behaviour survives unless its candidates were tried and none is proven; inputs are shown on which the proven
    ones disagree.
    """
    proven = [one for one in tried if one.is_proven]
    if chosen is not None:
        numbers = {one.candidate.number for one in proven}
        differences = tuple(kept for one in found.differences if (kept := _between(one, numbers)))
        behaviours = _surviving(found, tried, proven)
        return judge(chosen.proof, chosen.tamper, baseline.report, behaviours=behaviours, differences=differences)
    if tried:
        return judge(tried[0].proof, tried[0].tamper, baseline.report, behaviours=0)
    red = tuple(case for case in baseline.report.cases if case.id in targets)
    flaky = tuple(flake.id for flake in baseline.flaky)
    return replace(unproven(baseline.report, _why_nothing(found)), red=red, flaky=flaky)


def _surviving(found: RepairReport, tried: Sequence[Tried], proven: Sequence[Tried]) -> int:
    """Count the behaviours that were not refuted: one that no proof was tried for is not ruled out."""
    held = {one.candidate.behaviour for one in proven}
    refuted = {one.candidate.behaviour for one in tried} - held
    return max(len(held), found.behaviours - len(refuted))


def _between(difference: Difference, numbers: set[int]) -> Difference | None:
    """Keep the answers of the candidates that `numbers` names; None where they all agree."""
    kept = tuple(
        Answer(tuple(number for number in answer.candidates if number in numbers), answer.value)
        for answer in difference.answers
        if numbers.intersection(answer.candidates)
    )
    return Difference(difference.call, difference.before, kept) if len(kept) > 1 else None


def _why_nothing(found: RepairReport) -> str:
    if found.stopped == "unsupported":
        return found.note or "the search could not be run on this repository"
    ended = "its time was up" if found.stopped == "budget" else "the likely edits were exhausted"
    return f"none of the {found.tried} edits that were tried makes the tests pass before {ended}"
