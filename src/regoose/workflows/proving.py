"""What `fix` and `solve` do alike: see what the suite does before, prove a patch, say how to see that again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from regoose.domain.patch import Patch
from regoose.domain.task import TaskLimits
from regoose.verify.flaky import Baseline, take_baseline
from regoose.verify.red_green import Proof, ProofPlan, Untouched, left_alone, prove
from regoose.workflows.deliver import Delivery, reproduce_command
from regoose.workflows.prepared import Prepared
from regoose.workflows.site import Site

_BASELINE_RUNS = 2


@dataclass(frozen=True, slots=True)
class Under:
    """Tests that come with a patch and count as part of the base, and what the suite does without them."""

    tests: Patch
    base: Baseline


async def baseline_on(site: Site, limits: TaskLimits, under: Patch | None = None) -> Baseline:
    """Run the whole suite on the base and `under`, more than once; the site is furnished before."""
    suite = site.suite(under)
    return await site.surviving(lambda: take_baseline(suite, runs=_BASELINE_RUNS, seconds=limits.suite_seconds))


async def prove_on(
    site: Site,
    limits: TaskLimits,
    patch: Patch,
    targets: Sequence[str],
    baseline: Baseline,
    under: Under | None = None,
) -> Proof:
    """Put a patch to the whole proof on the base and the tests `under` it; the site is furnished before."""
    plan = ProofPlan(repeats=limits.repeats, seconds=limits.suite_seconds)
    tests = under.tests if under else None
    untouched = Untouched(site.suite(), left_alone(under.base, under.tests)) if under and under.tests.edits else None
    suite, fresh = site.suite(tests), site.fresh_suite(tests)
    return await site.surviving(
        lambda: prove(suite, patch, targets, baseline, plan=plan, fresh=fresh, untouched=untouched)
    )


def rerun(
    prepared: Prepared, delivery: Delivery | None, targets: Sequence[str], baseline: Baseline, within: str
) -> str:
    """Return the command that reruns the proof of what was delivered; empty where nothing was."""
    if delivery is None:
        return ""
    are_all_red = set(targets) == set(baseline.report.red_ids()) - baseline.flaky_ids
    return reproduce_command(prepared.base_commit, delivery.commit, targets, are_all_red=are_all_red, within=within)


def say_baseline(baseline: Baseline) -> str:
    """Sum a baseline up in a line."""
    counts = baseline.report.counts
    flaky = f"; {len(baseline.flaky)} flip" if baseline.flaky else ""
    return f"{counts.passed} passed, {counts.failed + counts.errors} red, {counts.skipped} skipped{flaky}"
