"""What `solve` came to as the body of a pull request: GitHub's Markdown, in which no text of others takes effect."""

from __future__ import annotations

from collections.abc import Sequence

from regoose.domain.plan import Plan
from regoose.domain.solve import Remark, SolveResult
from regoose.reports.evidence_markdown import checks, conditions, rerun, suite, tests
from regoose.reports.inert import block, code, prose
from regoose.reports.solve import view
from regoose.reports.unproven import by_hand
from regoose.reports.wording import TITLES, plural, reason

SHOWN = 20
"""Rows of a list; the HTML report has them all."""
LONGEST = 2_000
"""Characters of a requirement that are quoted."""


def render(result: SolveResult) -> str:
    """Return the body of a pull request for a proven change, or of a comment where nothing was proven."""
    evidence = result.evidence
    parts = [
        f"**{TITLES[result.status]}.** {prose(reason(evidence))}",
        _change(result),
        _obstacles(result),
        _asked(result.requirement),
        _plan(result),
        _authors(result),
        rerun(result.reproduce),
        tests(evidence),
        suite(evidence),
        _review(result),
        _refused(result),
        _tried(result),
        checks(view.checks(result)),
        _cost(result),
        conditions(result),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _change(result: SolveResult) -> str:
    return prose(result.change.summary) if result.change else ""


def _obstacles(result: SolveResult) -> str:
    lines: list[str] = []
    for check in view.obstacles(result):
        lines.append(f"- {prose(check.name)}: {prose(check.summary)}")
        lines += [f"  - {code(one.path)} {prose(one.message)}" for one in check.findings[:SHOWN]]
        lines += _more(len(check.findings) - SHOWN, "  ")
    why = ["What keeps it from being proven:\n\n" + "\n".join(lines)] if lines else []
    command = by_hand(result)
    take = [f"No branch was made. This takes the best candidate over, unproven:\n\n{block(command, 'sh')}"]
    return "\n\n".join([*why, *(take if command else [])])


def _asked(requirement: str) -> str:
    text = requirement if len(requirement) <= LONGEST else f"{requirement[:LONGEST]} …"
    lines = (f"> {prose(line)}".rstrip() for line in text.splitlines())
    return "### What was asked for\n\n" + "\n".join(lines)


def _plan(result: SolveResult) -> str:
    plan = result.plan
    if plan is None:
        return ""
    unchecked = result.tests.unchecked if result.tests else ()
    lists = (
        ("Done means:", plan.acceptance_criteria),
        ("**No test checks:**", unchecked),
        ("New dependencies:", plan.dependencies),
        ("Risks:", plan.risks),
    )
    return "\n\n".join(
        [
            f"### The plan\n\n{prose(plan.summary)} {_approval(result)}",
            *(f"{title}\n\n" + "\n".join(_list(items)) for title, items in lists if items),
            _files(plan),
        ]
    )


def _approval(result: SolveResult) -> str:
    if result.approval is None:
        return "Nobody was asked about it."
    return f"{prose(result.approval.by or 'A person')} said yes to it."


def _files(plan: Plan) -> str:
    lists = (("Files to modify", plan.files_to_modify), ("new files", plan.new_files_needed))
    named = (f"{title}: {', '.join(code(path) for path in paths[:SHOWN])}" for title, paths in lists if paths)
    return "; ".join(named)


def _authors(result: SolveResult) -> str:
    written, change = view.parts(result)
    model = dict(result.models)
    rows = [
        f"| {what} | {code(model.get(role, ''))} | {code(file.path)} | +{file.added} -{file.removed} |"
        for what, role, patch in (("tests, written first", "tester", written), ("change", "coder", change))
        for file in patch.stat()
    ]
    if not rows:
        return ""
    head = ["| part | author | file | lines |", "|---|---|---|---|"]
    return "\n".join(["### The change", "", *head, *rows[:SHOWN]]) + "".join(
        f"\n\n{line}" for line in _more(len(rows) - SHOWN)
    )


def _review(result: SolveResult) -> str:
    review = result.review
    if review is None:
        return "### The review\n\nNo review was made."
    said = {"approve": "Approved", "send back": "**Sent back**"}[review.verdict]
    lines = [_remark(one) for one in review.remarks[:SHOWN]] + _more(len(review.remarks) - SHOWN)
    return "\n\n".join([f"### The review\n\n{said}: {prose(review.summary)}", *(["\n".join(lines)] if lines else [])])


def _remark(remark: Remark) -> str:
    place = code(f"{remark.path}:{remark.line}" if remark.line else remark.path)
    severity = "**blocking**" if remark.severity == "blocking" else "advice"
    return f"- {severity} {place}: {prose(remark.message)}" if place else f"- {severity}: {prose(remark.message)}"


def _refused(result: SolveResult) -> str:
    if not result.refused:
        return ""
    rows = [f"| {code(one.path)} | {prose(one.rule)} | {prose(one.message)} |" for one in result.refused[:SHOWN]]
    return "\n".join(
        [
            "### Refused by policy",
            "",
            "An author tried this and was refused; none of it happened.",
            "",
            "| what | rule | what happened |",
            "|---|---|---|",
            *rows,
        ]
    ) + "".join(f"\n\n{line}" for line in _more(len(result.refused) - SHOWN))


def _tried(result: SolveResult) -> str:
    if not result.tried or (len(result.tried) == 1 and result.reproduce):
        return ""
    rows = [
        f"| {number} | {prose(one.subject)} | {'proven' if one.is_proven else 'not proven'} | {prose(one.outcome)} |"
        for number, one in enumerate(result.tried, start=1)
    ]
    return "\n".join(["| attempt | change | result | what came of it |", "|--:|---|---|---|", *rows])


def _cost(result: SolveResult) -> str:
    cost = result.cost
    models = "; ".join(f"{prose(role)} {code(name)}" for role, name in result.models)
    tokens = f"{cost.input_tokens:,} tokens in, {cost.output_tokens:,} out"
    return f"Cost: ${cost.usd:.4f} for {plural(cost.calls, 'model call')} ({tokens}). {models}."


def _list(items: Sequence[str]) -> list[str]:
    return [f"- {prose(item)}" for item in items[:SHOWN]] + _more(len(items) - SHOWN)


def _more(count: int, indent: str = "") -> list[str]:
    return [f"{indent}- and {count:,} more"] if count > 0 else []
