"""From checks to a verdict: proven where every required check passed, and one first line that says so."""

from __future__ import annotations

from collections.abc import Sequence

from regoose.domain.evidence import (
    Check,
    CheckStatus,
    Difference,
    Evidence,
    SuiteCounts,
    SuiteReport,
    Verdict,
)
from regoose.sandbox.base import Probe
from regoose.verify.red_green import GREEN, NO_WORSE, RED, REVERT, Proof
from regoose.verify.tamper import TAMPER

REQUIRED = (RED, GREEN, NO_WORSE, REVERT, TAMPER)
"""Checks without which nothing is proven."""


def verdict_of(checks: Sequence[Check]) -> Verdict:
    """Proven exactly where every required check is there and no check of a required name did anything but pass."""
    required = [check for check in checks if check.name in REQUIRED]
    everything = {check.name for check in required} == set(REQUIRED)
    passed = everything and all(check.status is CheckStatus.PASSED for check in required)
    return Verdict.PROVEN if passed else Verdict.UNPROVEN


def judge(
    proof: Proof,
    tamper: Check,
    before: SuiteReport,
    *,
    behaviours: int = 1,
    differences: tuple[Difference, ...] = (),
    probe: Probe | None = None,
) -> Evidence:
    """
    Put the evidence for one patch together.

    `behaviours`: how many distinguishable behaviours pass every test (0 where nobody searched for others).
    """
    checks = (*proof.checks, tamper)
    verdict = verdict_of(checks)
    return Evidence(
        verdict=verdict,
        summary=first_line(verdict, checks, proof, behaviours),
        red=proof.red,
        green=proof.green,
        repeats=proof.repeats,
        before=before.counts,
        after=proof.after.counts if proof.after is not None else SuiteCounts(),
        changed_lines=proof.changed.total_count,
        changed_lines_covered=proof.changed.covered_count,
        alternatives=behaviours,
        differences=differences,
        flaky=tuple(flake.id for flake in proof.flaky),
        checks=checks,
        not_enforced=not_enforced(probe),
    )


def unproven(before: SuiteReport | None, reason: str, *, probe: Probe | None = None) -> Evidence:
    """Return the evidence of a run without a patch to prove; `reason` is a clause: `no patch passes the tests`."""
    counts = before.counts if before is not None else SuiteCounts()
    return Evidence(
        verdict=Verdict.UNPROVEN,
        summary=f"Not proven: {reason.rstrip('.')}.",
        before=counts,
        after=counts,
        alternatives=0,
        not_enforced=not_enforced(probe),
    )


def not_enforced(probe: Probe | None) -> tuple[str, ...]:
    """Name what the sandbox does not enforce on this machine."""
    return tuple(str(guarantee) for guarantee in probe.not_enforced) if probe is not None else ()


def first_line(verdict: Verdict, checks: Sequence[Check], proof: Proof, behaviours: int) -> str:
    """Write the first line of every report."""
    if verdict is not Verdict.PROVEN:
        failed = next(
            (check for check in checks if check.name in REQUIRED and check.status is CheckStatus.FAILED), None
        )
        return f"Not proven: {failed.summary.rstrip('.')}." if failed else "Not proven: not every check was run."
    if behaviours > 1:
        return f"Proven, but {behaviours} behaviours pass every test: see the inputs on which they differ."
    others = next(check.summary for check in checks if check.name == NO_WORSE)
    survivors = "; one behaviour survives" if behaviours == 1 else ""
    return f"Proven: {_red(proof)}, green {_times(proof.repeats)}, {others}{survivors}."


def _red(proof: Proof) -> str:
    count = len(proof.red)
    kinds = {case.failure.exception for case in proof.red if case.failure is not None}
    reason = "for an assertion" if kinds == {"AssertionError"} else f"for {', '.join(sorted(kinds))}"
    return f"{count} test{'' if count == 1 else 's'} red on base {reason}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
