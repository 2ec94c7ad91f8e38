"""The evidence as the body of a pull request: GitHub's Markdown, nothing that a test's text could break out of."""

from __future__ import annotations

from regoose.domain.evidence import CheckStatus, Difference, Evidence
from regoose.domain.repair import Candidate
from regoose.domain.run import FixResult
from regoose.reports.inert import block, code, prose
from regoose.reports.wording import TITLES, reason

SHOWN_TESTS = 20
SHOWN_INPUTS = 10
MARKS = {CheckStatus.PASSED: "passed", CheckStatus.FAILED: "**failed**", CheckStatus.NOT_RUN: "not run"}


def render(result: FixResult) -> str:
    """Return the body of a pull request for a result, or of a comment where nothing was proven."""
    evidence = result.evidence
    parts = [
        f"**{TITLES[result.status]}.** {prose(reason(evidence))}",
        _rerun(result.reproduce),
        _tests(evidence),
        _suite(evidence),
        _alternatives(evidence, result.alternatives),
        _places(result),
        _checks(evidence),
        _conditions(result),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _rerun(command: str) -> str:
    return f"Rerun the proof in a clone:\n\n{block(command, 'sh')}" if command else ""


def _tests(evidence: Evidence) -> str:
    if not evidence.red:
        return ""
    green = frozenset(evidence.green)
    rows: list[str] = []
    for case in evidence.red[:SHOWN_TESTS]:
        why = case.failure.exception if case.failure else case.outcome.value
        message = case.failure.message.strip().split("\n")[0] if case.failure else ""
        after = f"passed {evidence.repeats} of {evidence.repeats}" if case.id in green else "not green"
        rows.append(f"| {code(case.id)} | {code(f'{why}: {message}' if message else why)} | {after} |")
    hidden = len(evidence.red) - len(rows)
    more = f"\n\nand {hidden} more." if hidden else ""
    return "| test | before | after |\n|---|---|---|\n" + "\n".join(rows) + more


def _suite(evidence: Evidence) -> str:
    before, after = evidence.before, evidence.after
    if before == after:
        return ""
    return (
        f"Whole suite: {before.passed} passed, {before.failed + before.errors} red before; "
        f"{after.passed} passed, {after.failed + after.errors} red after."
        + (f" Flaky, and not counted: {', '.join(code(test) for test in evidence.flaky)}." if evidence.flaky else "")
    )


def _alternatives(evidence: Evidence, candidates: tuple[Candidate, ...]) -> str:
    if len(candidates) < 2:  # noqa: PLR2004 - one is no choice
        return ""
    numbers = [candidate.number for candidate in candidates]
    lines = [
        f"**{len(candidates)} changes pass every test and differ in behaviour.** Please choose:",
        "",
        *(f"{candidate.number}. {prose(candidate.description)}" for candidate in candidates),
    ]
    if evidence.differences:
        lines += ["", f"| input | before | {' | '.join(map(str, numbers))} |", f"|---|---|{'---|' * len(numbers)}"]
        lines += [_difference(difference, numbers) for difference in evidence.differences[:SHOWN_INPUTS]]
    return "\n".join(lines)


def _difference(difference: Difference, numbers: list[int]) -> str:
    value = {number: answer.value for answer in difference.answers for number in answer.candidates}
    cells = [difference.call, difference.before, *(value.get(number, "") for number in numbers)]
    return f"| {' | '.join(code(cell) for cell in cells)} |"


def _places(result: FixResult) -> str:
    if result.patch or not result.suspects:
        return ""
    rows = (f"- {code(f'{at.path}:{at.line}')} {code(at.function)} {at.score:.2f}" for at in result.suspects[:10])
    return "Where the fault seems to be:\n\n" + "\n".join(rows)


def _checks(evidence: Evidence) -> str:
    if not evidence.checks:
        return ""
    rows = (f"| {prose(check.name)} | {MARKS[check.status]} | {prose(check.summary)} |" for check in evidence.checks)
    return "| check | result | what it says |\n|---|---|---|\n" + "\n".join(rows)


def _conditions(result: FixResult) -> str:
    missing = ", ".join(result.evidence.not_enforced) or "nothing"
    return f"{prose(result.environment)}. {prose(result.sandbox)}; not enforced: {missing}. Run {code(result.run_id)}."
