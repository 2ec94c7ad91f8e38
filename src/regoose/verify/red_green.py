"""
The proof of a patch: red without it, green with it, nothing else worse, red again once it is taken back.

A target counts as red for the right reason where it fails

- in the call phase, for any exception, a reached time limit and a crash included, or in a fixture where the exception
  comes from code that is not a test; and
- not by an import (ImportError, SyntaxError, or anything raised while a module is imported), unless the import fails
  in a file that the patch itself changes, or wants what such a file is to hold; and
- not for want of a module or of the network, and not because an expected failure passed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from regoose.domain.evidence import (
    CaseResult,
    Check,
    CheckStatus,
    CollectionError,
    Failure,
    Finding,
    Outcome,
    SuiteReport,
)
from regoose.domain.patch import FileEdit, Patch
from regoose.verify.baseline import needs_environment
from regoose.verify.coverage import ChangedLines, changed_lines
from regoose.verify.flaky import Baseline, Flake, flakes
from regoose.verify.imports import is_wanted
from regoose.verify.suite import Suite
from regoose.verify.tamper import is_test_file

RED, GREEN, NO_WORSE, REVERT, COVERED = "red on base", "green on head", "no worse", "red again", "changed lines covered"
"""Names of the checks, in the order in which they are made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What was seen for one patch."""

    checks: tuple[Check, ...]
    red: tuple[CaseResult, ...] = ()
    """The targets on the base."""
    green: tuple[str, ...] = ()
    """Targets that passed every time on the head."""
    repeats: int = 0
    after: SuiteReport | None = None
    """The whole suite on the head; None where it was not reached."""
    changed: ChangedLines = field(default_factory=lambda: ChangedLines(total={}, covered={}))
    flaky: tuple[Flake, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether red, green, no worse and red again all passed."""
        passed = {check.name for check in self.checks if check.status is CheckStatus.PASSED}
        return passed >= {RED, GREEN, NO_WORSE, REVERT}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofPlan:
    """How much is run. Seconds bound each run of the suite."""

    repeats: int = 5
    seed: int = 1
    seconds: float = 600.0
    test_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Untouched:
    """The suite as it is without the tests that come with a change: they could hide what the change breaks."""

    suite: Suite
    baseline: Baseline
    """Of the tests whose files they leave alone; what becomes of the others is for `tamper` to say."""


def left_alone(baseline: Baseline, tests: Patch) -> Baseline:
    """Return a baseline without the tests whose files a patch of tests changes."""
    changed, report = {edit.path for edit in tests.edits}, baseline.report
    kept = replace(
        report,
        cases=tuple(case for case in report.cases if case.id.partition("::")[0] not in changed),
        collected=tuple(name for name in report.collected if name.partition("::")[0] not in changed),
    )
    return replace(baseline, report=kept)


def hidden_by(tests: Patch, base: Baseline, seen: Baseline) -> tuple[str, ...]:
    """Say what is worse for a patch of tests alone, in files that it leaves alone; what flips is left out."""
    flaky = base.flaky_ids | seen.flaky_ids
    found = worse(left_alone(base, tests).report, seen.report)
    return tuple(f"{name} {what}" for name, what in found.items() if name not in flaky and "::" in name)


async def prove(
    suite: Suite,
    patch: Patch,
    targets: Sequence[str],
    baseline: Baseline,
    *,
    plan: ProofPlan | None = None,
    fresh: Suite | None = None,
    untouched: Untouched | None = None,
) -> Proof:
    """
    Prove that `patch` makes `targets` pass and nothing worse; see the module for the rules.

    `fresh` is the same suite on sandboxes never used before, for the last check; without it `suite` serves. Where
    tests come with the patch, nothing may be worse without them either: `untouched`. Stops after green where that
    fails: what is not green is not compared further. Raises what `Suite.run` raises, and `ValueError` without targets:
    nothing can be shown by no test.
    """
    if not targets:
        raise ValueError("a proof needs at least one target test")
    work = _Work(suite, fresh or suite, patch, tuple(dict.fromkeys(targets)), baseline, plan or ProofPlan())
    red, red_cases = await work.red()
    if red.status is not CheckStatus.PASSED:
        return Proof(checks=(red, *_not_run(GREEN, NO_WORSE, REVERT, COVERED)), red=red_cases, flaky=baseline.flaky)
    green, green_ids = await work.green()
    if green.status is not CheckStatus.PASSED:
        checks = (red, green, *_not_run(NO_WORSE, REVERT, COVERED))
        return Proof(checks=checks, red=red_cases, green=green_ids, repeats=work.plan.repeats, flaky=baseline.flaky)
    (no_worse, after, flaky), alone, revert, (covered, changed) = await asyncio.gather(
        work.no_worse(), work.no_worse_alone(untouched), work.revert(red_cases), work.covered()
    )
    if alone is not None and no_worse.status is CheckStatus.PASSED:
        no_worse = alone
    return Proof(
        checks=(red, green, no_worse, revert, covered),
        red=red_cases,
        green=green_ids,
        repeats=work.plan.repeats,
        after=after,
        changed=changed,
        flaky=flaky,
    )


def wrong_reason(failure: Failure | CollectionError, patched: frozenset[str]) -> str:
    """Say why a red target does not show the bug that the patch mends; empty where it does."""
    if is_wanted(failure.message, patched) or (isinstance(failure, CollectionError) and failure.source in patched):
        return ""
    if isinstance(failure, CollectionError):
        return "its file cannot be collected, and not for a file that the patch changes"
    if failure.is_import:
        return "" if failure.path in patched else "it fails by an import, and not in a file that the patch changes"
    return _unfit(failure)


def _unfit(failure: Failure) -> str:
    """Say why a failure at work, not at import, shows no bug; empty where it does."""
    if needs_environment(failure):
        return "it fails for want of a module or of the network"
    if failure.exception == "XPASS(strict)":
        return "it is marked as an expected failure and passes"
    if failure.phase != "call" and (not failure.path or is_test_file(failure.path)):
        return f"it fails in its own {failure.phase}"
    return ""


def worse(before: SuiteReport, after: SuiteReport) -> dict[str, str]:
    """Map each test that is worse in `after` to what happened; tests that vanished count."""
    outcomes = after.outcome_by_id()
    found: dict[str, str] = {}
    for case in before.cases:
        now = outcomes.get(case.id)
        if now is None:
            found[case.id] = f"was {case.outcome}, is gone"
        elif (now.is_red and not case.outcome.is_red) or (case.outcome in _RAN_WELL and now in _DID_NOT_RUN):
            found[case.id] = f"was {case.outcome}, is {now}"
    broken = {error.path for error in before.collection_errors}
    for error in after.collection_errors:
        if error.path not in broken:
            found[error.path] = f"cannot be collected any more: {error.exception}: {error.message}"
    return found


_RAN_WELL = frozenset({Outcome.PASSED, Outcome.XPASSED})
_DID_NOT_RUN = frozenset({Outcome.SKIPPED, Outcome.XFAILED})
_RECHECKS = 3
_RECHECKED_AT_MOST = 50


@dataclass(frozen=True, slots=True)
class _Work:
    suite: Suite
    fresh: Suite
    patch: Patch
    targets: tuple[str, ...]
    baseline: Baseline
    plan: ProofPlan

    async def red(self) -> tuple[Check, tuple[CaseResult, ...]]:
        """Show that each target fails on the base for the right reason."""
        start = time.monotonic()
        report = await self._run(self.suite, None)
        flaky = self.baseline.flaky_ids
        findings = [*_inconsistent(RED, report), *self._not_red(RED, report)]
        findings += [_finding(RED, "flaky", name, "flips without any change") for name in self.targets if name in flaky]
        kinds = sorted({case.failure.exception for case in report.cases if case.outcome.is_red and case.failure})
        good = f"{_tests(len(self.targets))} red on base ({', '.join(kinds)})"
        return _check(RED, findings, good, "not every target is red on base for the right reason", start), report.cases

    async def green(self) -> tuple[Check, tuple[str, ...]]:
        """Show that each target passes on the head, every time, in random orders and with other hash seeds."""
        start = time.monotonic()
        seeds = range(self.plan.seed, self.plan.seed + self.plan.repeats)
        reports = await asyncio.gather(*(self._run(self.suite, self.patch, seed) for seed in seeds))
        findings: list[Finding] = []
        green: list[str] = []
        for report in reports:
            findings += _inconsistent(GREEN, report)
        for name in self.targets:
            seen = [report.outcome_by_id().get(name) for report in reports]
            passed = seen.count(Outcome.PASSED)
            if passed == len(seen) > 0:
                green.append(name)
                continue
            other = ", ".join(sorted({outcome.value if outcome else "absent" for outcome in seen} - {"passed"}))
            findings.append(_finding(GREEN, "not-green", name, f"passed {passed} of {len(seen)} times, else {other}"))
        good = f"{_tests(len(green))} green {_times(self.plan.repeats)} in random orders"
        check = _check(GREEN, findings, good, "not every target passes every time with the patch", start)
        return check, tuple(green)

    async def no_worse(self) -> tuple[Check, SuiteReport, tuple[Flake, ...]]:
        """Show that no other test is worse; what flips on the base is quarantined."""
        start = time.monotonic()
        before = self.baseline.report
        after = await self.suite.run(patch=self.patch, seconds=self.plan.seconds, test_seconds=self.plan.test_seconds)
        found = {name: what for name, what in worse(before, after).items() if name not in self.baseline.flaky_ids}
        more = await self._flipping_on_base([name for name in found if "::" in name])
        quarantined = {flake.id for flake in more}
        findings = [*_inconsistent(NO_WORSE, before), *_inconsistent(NO_WORSE, after)]
        findings += [_finding(NO_WORSE, "worse", name, what) for name, what in found.items() if name not in quarantined]
        flaky = (*self.baseline.flaky, *more)
        findings += [
            _finding(NO_WORSE, "flaky", flake.id, f"flips on the base: {', '.join(flake.seen)}", blocking=False)
            for flake in flaky
        ]
        others = len(set(before.collected) - set(self.targets) - {flake.id for flake in flaky})
        aside = f", {len(flaky)} flaky set aside" if flaky else ""
        good = f"{others} other{'' if others == 1 else 's'} no worse{aside}"
        return _check(NO_WORSE, findings, good, "other tests are worse with the patch", start), after, flaky

    async def no_worse_alone(self, untouched: Untouched | None) -> Check | None:
        """Show the same of the patch without the tests that come with it; None where that holds."""
        if untouched is None:
            return None
        alone = replace(self, suite=untouched.suite, baseline=untouched.baseline, targets=())
        check, _, _ = await alone.no_worse()
        if check.status is CheckStatus.PASSED:
            return None
        return replace(check, summary=f"without the new tests, {check.summary}")

    async def revert(self, red: Iterable[CaseResult]) -> Check:
        """Show that each target fails again with the patch taken back, in a fresh sandbox."""
        start = time.monotonic()
        report = await self._run(self.fresh, reverse(self.patch))
        findings = [*_inconsistent(REVERT, report), *self._not_red(REVERT, report)]
        was = {case.id: case.failure.exception for case in red if case.failure}
        for case in report.cases:
            kind = case.failure.exception if case.failure else ""
            if case.outcome.is_red and was.get(case.id, kind) != kind:
                message = f"failed with {was[case.id]} at first, now with {kind}"
                findings.append(_finding(REVERT, "other-reason", case.id, message, blocking=False))
        good = f"{_tests(len(self.targets))} red again without the patch, in a fresh sandbox"
        return _check(REVERT, findings, good, "a target does not fail again without the patch", start)

    async def covered(self) -> tuple[Check, ChangedLines]:
        """Tell which changed lines the targets run. Not required: a constant or a deletion may have none."""
        start = time.monotonic()
        _, coverage = await self.suite.trace(
            self.targets, patch=self.patch, seconds=self.plan.seconds, test_seconds=self.plan.test_seconds
        )
        changed = changed_lines(self.patch, coverage, self.targets)
        findings = [
            Finding(COVERED, "not-run", path, line, "no target test runs this changed line", blocking=False)
            for path, line in changed.missed()
        ]
        text = f"{changed.covered_count} of {changed.total_count} changed lines run by the target tests"
        return _check(COVERED, findings, text, text, start), changed

    async def _run(self, suite: Suite, patch: Patch | None, seed: int | None = None) -> SuiteReport:
        return await suite.run(
            self.targets, patch=patch, seed=seed, seconds=self.plan.seconds, test_seconds=self.plan.test_seconds
        )

    def _not_red(self, check: str, report: SuiteReport) -> list[Finding]:
        patched = frozenset(edit.path for edit in self.patch.edits)
        cases = {case.id: case for case in report.cases}
        broken = {error.path: error for error in report.collection_errors}
        findings: list[Finding] = []
        for name in self.targets:
            case = cases.get(name)
            failure = case.failure if case is not None else broken.get(name.partition("::")[0])
            if case is not None and not case.outcome.is_red:
                findings.append(_finding(check, "not-red", name, f"is {case.outcome} without the patch"))
            elif failure is None:
                findings.append(_finding(check, "not-collected", name, "is not among the collected tests"))
            elif reason := wrong_reason(failure, patched):
                what = f"{reason} ({failure.exception}: {failure.message[:200]})"
                findings.append(_finding(check, "wrong-reason", name, what))
        return findings

    async def _flipping_on_base(self, names: Sequence[str]) -> tuple[Flake, ...]:
        """Run tests that look worse several times more on the base: those that flip there say nothing of the patch."""
        if not 0 < len(names) <= _RECHECKED_AT_MOST:
            return ()
        seeds = range(self.plan.seed, self.plan.seed + _RECHECKS)
        reports = await asyncio.gather(
            *(self.suite.run(names, seed=seed, seconds=self.plan.seconds) for seed in seeds),
        )
        known = replace(self.baseline.report, cases=_only(self.baseline.report, names), collected=tuple(names))
        return flakes([known, *(report for report in reports if report.consistent)])


def reverse(patch: Patch) -> Patch:
    """Return the patch that takes `patch` back."""
    return Patch(tuple(FileEdit(edit.path, edit.after, edit.before) for edit in patch.edits))


def _only(report: SuiteReport, names: Sequence[str]) -> tuple[CaseResult, ...]:
    wanted = frozenset(names)
    return tuple(case for case in report.cases if case.id in wanted)


def _check(name: str, findings: list[Finding], good: str, bad: str, start: float) -> Check:
    blocking = sum(finding.blocking for finding in findings)
    failed = blocking > 0 or (name == COVERED and bool(findings))
    first = next((finding for finding in findings if finding.blocking), None)
    summary = f"{bad}: {first.message}" if first is not None else good
    return Check(
        name=name,
        status=CheckStatus.FAILED if failed else CheckStatus.PASSED,
        summary=summary,
        seconds=time.monotonic() - start,
        findings=tuple(findings),
    )


def _not_run(*names: str) -> tuple[Check, ...]:
    return tuple(
        Check(name=name, status=CheckStatus.NOT_RUN, summary="not run, because an earlier check failed")
        for name in names
    )


def _inconsistent(check: str, report: SuiteReport) -> list[Finding]:
    return [] if report.consistent else [Finding(check, "inconsistent", "", 0, report.problem, blocking=True)]


def _finding(check: str, rule: str, name: str, message: str, *, blocking: bool = True) -> Finding:
    return Finding(check, rule, name.partition("::")[0], 0, f"{name} {message}", blocking)


def _tests(count: int) -> str:
    return f"{count} test{'' if count == 1 else 's'}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
