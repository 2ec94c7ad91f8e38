"""What `solve` concludes from what it sees: which tests count, what goes back to whom, which candidate is best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from regoose.agents.gatekeeper import Gatekeeper
from regoose.domain.evidence import Check, CheckStatus, Evidence, Finding, Verdict
from regoose.domain.patch import Patch
from regoose.domain.plan import Plan
from regoose.domain.solve import COMMANDS, POLICY, REVIEW, Review, Tried, WrittenChange
from regoose.verify.flaky import Baseline
from regoose.verify.red_green import Proof, hidden_by, wrong_reason
from regoose.verify.tamper import TAMPER
from regoose.verify.verdict import REQUIRED, judge, unproven, verdict_of

_SHOWN = 20
"""Findings that are told at once."""


def plan_text(plan: Plan) -> str:
    """Write a plan as a person reads it before saying yes or no."""
    parts = [
        plan.summary,
        f"Complexity {plan.complexity} of 5, about {plan.estimated_time_minutes} minutes of a skilled engineer.",
        *(
            f"{title}:\n" + "\n".join(f"- {line}" for line in lines)
            for title, lines in (
                ("Steps", plan.steps),
                ("Files to modify", plan.files_to_modify),
                ("New files", plan.new_files_needed),
                ("Dependencies", plan.dependencies),
                ("Risks", plan.risks),
                ("Acceptance criteria", plan.acceptance_criteria),
            )
            if lines
        ),
    ]
    return "\n\n".join(parts)


@dataclass(frozen=True, slots=True)
class RedTests:
    """The tests of a change, seen on the base. `problems` says what their writer should mend."""

    targets: tuple[str, ...]
    """Ids of those that are red for the right reason."""
    problems: tuple[str, ...]
    hidden: tuple[str, ...] = ()
    """Tests of the base that are worse for the new ones alone, each with what happened to it."""

    def sentence(self) -> str:
        """Sum it up in a line."""
        more = f"; {len(self.problems)} to mend" if self.problems else ""
        return f"{len(self.targets)} red for the right reason{more}"


@dataclass(frozen=True, slots=True)
class SeenTests:
    """The tests of a change on the base, and the baseline that was taken with them."""

    red: RedTests
    baseline: Baseline

    def sentence(self) -> str:
        """Sum it up in a line."""
        return self.red.sentence()

    def with_problem(self, problem: str) -> SeenTests:
        """Return the same with a problem more, named first."""
        return replace(self, red=replace(self.red, problems=(problem, *self.red.problems)))


def judge_tests(tests: Patch, baseline: Baseline, base: Baseline, planned: frozenset[str]) -> RedTests:
    """
    Say which tests of a patch count: they are new or newly red, and red for want of what is planned.

    `baseline` was taken with the patch, `base` without it; `planned` are the files that are to be changed or made.
    """
    files = {edit.path for edit in tests.edits if edit.after is not None}
    before = base.report.outcome_by_id()
    broken = [error for error in baseline.report.collection_errors if error.path in files]
    problems = [
        f"{error.path} cannot be collected: {error.exception}: {error.message}. Import what is not there yet inside "
        "the tests that need it."
        for error in broken
    ]
    targets: list[str] = []
    for case in baseline.report.cases:
        if case.id.partition("::")[0] not in files:
            continue
        was = before.get(case.id)
        if case.id in baseline.flaky_ids:
            problems.append(f"{case.id} does not do the same twice on the same code.")
        elif not case.outcome.is_red:
            if was is None:
                problems.append(f"{case.id} is {case.outcome} without the change, so it shows nothing of it.")
        elif was is not None and was.is_red:
            continue
        elif case.failure is not None and (reason := wrong_reason(case.failure, planned)):
            problems.append(f"{case.id}: {reason} ({case.failure.exception}: {case.failure.message[:300]}).")
        else:
            targets.append(case.id)
    hidden = hidden_by(tests, base, baseline)
    problems += [f"{one}, for your tests alone: leave the other tests as they are." for one in hidden]
    if baseline.report.problem:
        problems.append(f"The tests could not be run whole: {baseline.report.problem}.")
    if not targets and not problems:
        problems.append("pytest collects no new test in what you wrote.")
    return RedTests(tuple(targets), tuple(problems), hidden)


def with_hidden(tamper: Check, hidden: Sequence[str]) -> Check:
    """Return the check of a patch that its tests fail where they hide others."""
    if not hidden:
        return tamper
    findings = tuple(Finding(TAMPER, "tests-hidden", one.partition("::")[0], 0, one, blocking=True) for one in hidden)
    summary = f"The new tests hide others: {hidden[0]}"
    return replace(tamper, status=CheckStatus.FAILED, summary=summary, findings=(*tamper.findings, *findings))


def findings_for_tester(red: RedTests) -> str:
    """Say what is wrong with the tests."""
    good = f"{len(red.targets)} of your tests are red for the right reason. " if red.targets else ""
    return "\n".join(
        [
            f"Your tests were run on the code without the change. {good}These are not as they have to be:",
            *_list(red.problems),
            "Mend or remove them, see them fail with `run_tests`, and finish again.",
        ]
    )


def unfinished(plan: Plan, failure: str) -> WrittenChange:
    """Name a change whose author did not finish: what there is of it is put to the proof as any other."""
    return WrittenChange(subject=plan.summary[:200], summary=f"The coder did not finish ({failure}).")


def tests_told(tests: Patch, red: RedTests) -> str:
    """Say to the coder which tests decide."""
    if not red.targets:
        return "No test could be written for this change. Write it with particular care."
    files = ", ".join(f"`{edit.path}`" for edit in tests.edits)
    return "\n".join([f"The tests for this change are in {files}. These must pass:", "", *_list(red.targets)])


@dataclass(frozen=True, slots=True)
class Attempt:
    """A candidate for the change, with what was seen of it."""

    change: WrittenChange
    patch: Patch
    """On top of the tests."""
    proof: Proof | None
    """None where nothing was changed, or no test could show anything of it."""
    tamper: Check
    review: Review | None = None
    """What the reviewer says of this one."""
    note: str = ""
    """Why there was no attempt after this one, where that was not planned."""

    @property
    def checks(self) -> tuple[Check, ...]:
        """Everything that was checked."""
        return (*(self.proof.checks if self.proof else ()), self.tamper)

    @property
    def is_proven(self) -> bool:
        """Whether every required check passed."""
        return verdict_of(self.checks) is Verdict.PROVEN

    @property
    def outcome(self) -> str:
        """What came of it, in a sentence; empty where there is nothing to say."""
        failed = [check.summary for check in self.checks if check.status is CheckStatus.FAILED]
        if not self.is_proven:
            said = failed[0] if failed else self._why_not_shown()
        else:
            said = self.review.summary if self.review else ""
        return " ".join(part for part in (_ended(said), _ended(self.note)) if part)

    def _why_not_shown(self) -> str:
        if not self.patch.edits:
            return "nothing was changed"
        return "nothing could be shown of it, since no test for it was red without it"

    def told(self) -> str:
        """Describe what was seen, for a model."""
        return "\n".join(f"- {check.name}: {check.status.value}: {check.summary}" for check in self.checks)


def findings_for_coder(attempt: Attempt) -> str:
    """Say what keeps a candidate from being proven."""
    if not attempt.patch.edits:
        return "You handed in no change: nothing is changed yet. Change what has to be changed, and finish again."
    failed = [check for check in attempt.checks if check.status is CheckStatus.FAILED and check.name in REQUIRED]
    lines: list[str] = []
    for check in failed:
        lines.append(f"{check.name}: {check.summary}")
        lines += _list([f"{one.path}:{one.line} {one.message}" for one in check.findings if one.blocking])
    return "\n".join(
        [
            "Your change was put to the proof, and it does not hold:",
            *lines,
            "Look into it with `run_tests` and `read`, mend the change, and finish again.",
        ]
    )


def best_of(attempts: Sequence[Attempt]) -> Attempt:
    """Return the best candidate: proven, then by required checks passed, then by tests green, then the last."""
    return max(reversed(attempts), key=_merit)


def tried(attempts: Sequence[Attempt], kept: Attempt) -> tuple[Tried, ...]:
    """Sum up every candidate for the report."""
    return tuple(
        Tried(
            subject=one.change.subject,
            changed_lines=one.patch.changed_lines(),
            is_proven=one.is_proven,
            is_kept=one is kept,
            outcome=one.outcome,
        )
        for one in attempts
    )


def _ended(sentence: str) -> str:
    """End a sentence with a full stop."""
    return f"{sentence.rstrip('.')}." if sentence else ""


def _merit(attempt: Attempt) -> tuple[bool, int, int]:
    passed = sum(check.status is CheckStatus.PASSED for check in attempt.checks if check.name in REQUIRED)
    return attempt.is_proven, passed, len(attempt.proof.green) if attempt.proof else 0


def evidence_of_solve(attempt: Attempt, red: RedTests, baseline: Baseline, gatekeeper: Gatekeeper) -> Evidence:
    """Put together the evidence for the candidate that is kept."""
    if attempt.proof is None:
        why = f"no test could be written that is red without the change ({'; '.join(red.problems[:3])})"
        if red.targets:
            why = f"nothing was changed ({attempt.note})" if attempt.note else "nothing was changed"
        evidence = unproven(baseline.report, why)
        evidence = replace(evidence, checks=(attempt.tamper,))
    else:
        evidence = judge(attempt.proof, attempt.tamper, baseline.report, behaviours=0)
    return replace(evidence, checks=(*evidence.checks, *doings(gatekeeper), *_review_check(attempt.review)))


def doings(gatekeeper: Gatekeeper) -> tuple[Check, ...]:
    """Return the checks that show what authors tried and were refused, and what they ran."""
    return (*_policy_check(gatekeeper.findings), *_commands_check(gatekeeper.commands))


def _policy_check(refused: Sequence[Finding]) -> tuple[Check, ...]:
    """Return the check that shows what an author tried and was refused; none where there is nothing."""
    if not refused:
        return ()
    summary = f"{len(refused)} actions that an author tried were refused, and did not happen"
    return (Check(name=POLICY, status=CheckStatus.PASSED, summary=summary, findings=tuple(refused)),)


def _commands_check(commands: Sequence[Finding]) -> tuple[Check, ...]:
    """Return the check that shows what authors ran in the sandbox; none where that is nothing."""
    if not commands:
        return ()
    ran = "1 command" if len(commands) == 1 else f"{len(commands)} commands"
    summary = f"{ran} of authors ran in the sandbox, without network; nothing that they changed was kept"
    return (Check(name=COMMANDS, status=CheckStatus.PASSED, summary=summary, findings=tuple(commands)),)


def _review_check(review: Review | None) -> tuple[Check, ...]:
    if review is None:
        return (Check(name=REVIEW, status=CheckStatus.NOT_RUN, summary="no review was made"),)
    findings = tuple(
        Finding(REVIEW, one.severity, one.path, one.line, one.message, blocking=one.severity == "blocking")
        for one in review.remarks
    )
    status = CheckStatus.PASSED if review.verdict == "approve" else CheckStatus.FAILED
    return (Check(name=REVIEW, status=status, summary=review.summary, findings=findings),)


def _list(items: Sequence[str]) -> list[str]:
    more = len(items) - _SHOWN
    return [f"- {item}" for item in items[:_SHOWN]] + ([f"- and {more} more"] if more > 0 else [])
