"""What the Markdown of `fix` and `solve` both tells of a result: one function a part, empty where it has nothing."""

from __future__ import annotations

from collections.abc import Sequence

from regoose.domain.evidence import Check, CheckStatus, Evidence
from regoose.domain.run import FixResult
from regoose.domain.solve import SolveResult
from regoose.reports.inert import block, code, prose

SHOWN_TESTS = 20
MARKS = {CheckStatus.PASSED: "passed", CheckStatus.FAILED: "**failed**", CheckStatus.NOT_RUN: "not run"}


def rerun(command: str) -> str:
    """Return how to see the proof again."""
    return f"Rerun the proof in a clone:\n\n{block(command, 'sh')}" if command else ""


def tests(evidence: Evidence) -> str:
    """Return the table of tests: why each was red, and whether it is green."""
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


def suite(evidence: Evidence) -> str:
    """Return what the whole suite did before and after."""
    before, after = evidence.before, evidence.after
    if before == after:
        return ""
    return (
        f"Whole suite: {before.passed} passed, {before.failed + before.errors} red before; "
        f"{after.passed} passed, {after.failed + after.errors} red after."
        + (f" Flaky, and not counted: {', '.join(code(test) for test in evidence.flaky)}." if evidence.flaky else "")
    )


def checks(made: Sequence[Check]) -> str:
    """Return the table of what was checked."""
    if not made:
        return ""
    rows = (f"| {prose(check.name)} | {MARKS[check.status]} | {prose(check.summary)} |" for check in made)
    return "| check | result | what it says |\n|---|---|---|\n" + "\n".join(rows)


def conditions(result: FixResult | SolveResult) -> str:
    """Return where it was run, and what was not enforced there."""
    missing = ", ".join(result.evidence.not_enforced) or "nothing"
    return f"{prose(result.environment)}. {prose(result.sandbox)}; not enforced: {missing}. Run {code(result.run_id)}."
