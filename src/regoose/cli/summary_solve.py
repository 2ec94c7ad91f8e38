"""What `regoose solve` came to, in the terminal: short; the page has it all."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from regoose.cli.showing import SHOWN, columns, cost, diff, lines, one_line, outcome, table, test_facts, verdict
from regoose.domain.evidence import Finding
from regoose.domain.patch import Patch
from regoose.domain.solve import SolveResult
from regoose.reports.solve import view
from regoose.reports.unproven import by_hand, patch_file

DIFF_LINES = 150
"""Lines of a diff that are shown."""


def show_solve(console: Console, result: SolveResult, rerun: str) -> None:
    """Print a result of `solve`; `rerun` is the command that reruns the proof as the user can type it."""
    verdict(console, result.evidence)
    _obstacles(console, result)
    if result.change is not None:
        console.print(Text(one_line(result.change.subject), "bold"))
    if result.patch is not None and result.patch.edits:
        _change(console, result.patch, patch_file(result))
    _criteria(console, result)
    _remarks(console, result)
    _found(console, "Refused by policy; it did not happen:", result.refused)
    table(
        console,
        [
            *test_facts(result.evidence),
            ("attempts", str(result.attempts) if result.attempts > 1 else ""),
            ("models", ", ".join(dict.fromkeys(name for _, name in result.models))),
            ("cost", cost(result.cost)),
            ("sandbox", result.sandbox),
            ("not enforced", ", ".join(result.evidence.not_enforced)),
            *(("note", note) for note in result.notes),
            *outcome(result, rerun),
            ("take over", by_hand(result)),
        ],
    )


def _obstacles(console: Console, result: SolveResult) -> None:
    for check in view.obstacles(result):
        _found(console, f"{check.name}: {one_line(check.summary)}", check.findings)


def _change(console: Console, patch: Patch, file: str) -> None:
    console.print()
    rows = [(one_line(one.path), f"+{one.added}", f"-{one.removed}") for one in patch.stat()]
    lines(console, [f"  {line}" for line in columns(rows[:SHOWN])])
    _more(console, len(rows) - SHOWN)
    left = diff(console, patch, DIFF_LINES)
    if left:
        console.print(Text(f"… and {left:,} more lines: {file or 'see the report'}\n", "bold"))


def _criteria(console: Console, result: SolveResult) -> None:
    """Say what the change had to do, and what of that no test checks."""
    if result.plan is not None:
        console.print(Text("Done means:"))
        _list(console, result.plan.acceptance_criteria)
    if result.tests is not None and result.tests.unchecked:
        console.print(Text("No test checks:", "bold yellow"))
        _list(console, result.tests.unchecked)
    console.print()


def _remarks(console: Console, result: SolveResult) -> None:
    """Say what the reviewer would not merge, and how much else was remarked."""
    if result.review is None:
        return
    blocking = [one for one in result.review.remarks if one.severity == "blocking"]
    advice = len(result.review.remarks) - len(blocking)
    said = {"approve": "Approved", "send back": "Sent back"}[result.review.verdict]
    more = f" ({advice} remarks of advice in the report)" if advice > 1 else " (1 remark of advice in the report)"
    console.print(Text(f"{said} by the reviewer: {one_line(result.review.summary)}{more if advice else ''}"))
    _list(console, [f"{_place(one.path, one.line)}{one.message}" for one in blocking])
    console.print()


def _found(console: Console, title: str, findings: Sequence[Finding]) -> None:
    if not findings:
        return
    console.print(Text(title, "bold yellow"))
    _list(console, [f"{_place(one.path, one.line)}{one.message}" for one in findings])
    console.print()


def _place(path: str, line: int) -> str:
    where = f"{path}:{line}" if path and line else path
    return f"{where}: " if where else ""


def _list(console: Console, items: Sequence[str]) -> None:
    lines(console, [f"  - {one_line(item)}" for item in items[:SHOWN]])
    _more(console, len(items) - SHOWN)


def _more(console: Console, count: int) -> None:
    if count > 0:
        console.print(Text(f"  and {count:,} more in the report"))
