"""The evidence as the body of a pull request: GitHub's Markdown, nothing that a test's text could break out of."""

from __future__ import annotations

from regoose.domain.evidence import Difference, Evidence
from regoose.domain.repair import Candidate
from regoose.domain.run import FixResult
from regoose.reports.evidence_markdown import checks, conditions, rerun, suite, tests
from regoose.reports.inert import code, prose
from regoose.reports.wording import TITLES, reason

SHOWN_INPUTS = 10


def render(result: FixResult) -> str:
    """Return the body of a pull request for a result, or of a comment where nothing was proven."""
    evidence = result.evidence
    parts = [
        f"**{TITLES[result.status]}.** {prose(reason(evidence))}",
        rerun(result.reproduce),
        tests(evidence),
        suite(evidence),
        _alternatives(evidence, result.alternatives),
        _places(result),
        checks(evidence.checks),
        conditions(result),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


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
    if result.branch or not result.suspects:
        return ""
    rows = (f"- {code(f'{at.path}:{at.line}')} {code(at.function)} {at.score:.2f}" for at in result.suspects[:10])
    return "Where the fault seems to be:\n\n" + "\n".join(rows)
