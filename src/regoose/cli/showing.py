"""What the summaries of all commands share: how a verdict, a diff and a table look in the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.text import Text

from regoose.domain.evidence import Evidence, SuiteCounts, Verdict
from regoose.domain.generation import GenerateResult
from regoose.domain.patch import Patch
from regoose.domain.run import Cost, FixResult
from regoose.domain.solve import SolveResult
from regoose.reports.wording import TITLES, plural, reason

STYLES = {
    Verdict.PROVEN: "bold green",
    Verdict.UNPROVEN: "bold yellow",
    Verdict.FAILED: "bold red",
    Verdict.CANCELLED: "bold",
}
SHOWN = 10
"""Rows of a list that are shown; the report has them all."""
DIFF_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows as lines whose columns stand under each other; nothing is cut."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def verdict(console: Console, evidence: Evidence) -> None:
    """Say the verdict and its reason."""
    say(console, evidence.verdict, reason(evidence))


def say(console: Console, verdict: Verdict, sentence: str) -> None:
    """Say what a run came to, in one line."""
    console.print(Text.assemble((TITLES[verdict], STYLES[verdict]), f": {one_line(sentence)}"))


def test_facts(evidence: Evidence) -> list[tuple[str, str]]:
    """Return what the tests showed."""
    facts: list[tuple[str, str]] = []
    if evidence.green:
        facts.append(("red → green", f"{len(evidence.green)} of {len(evidence.red)}, {evidence.repeats} times each"))
    if evidence.before != evidence.after and evidence.after != SuiteCounts():
        facts.append(("suite", f"{counts(evidence.before)} → {counts(evidence.after)}"))
    if evidence.flaky:
        facts.append(("flaky", some(evidence.flaky)))
    return facts


def counts(suite: SuiteCounts) -> str:
    """Sum up a suite."""
    return f"{suite.passed} passed, {suite.failed + suite.errors} red"


def some(items: Sequence[str]) -> str:
    """Name the first of many."""
    more = len(items) - SHOWN
    return ", ".join(items[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def diff(console: Console, patch: Patch, most: int | None = None) -> int:
    """Print the first lines of a patch, all of them by default; return how many are left out."""
    console.print()
    shown = patch.diff().split("\n")[:-1]
    for line in shown[:most]:
        head = line.startswith(("diff ", "+++", "---"))
        console.print(Text(line, style="bold" if head else DIFF_COLOURS.get(line[:1], "")))
    if most is None or len(shown) <= most:
        console.print()
        return 0
    return len(shown) - most


def outcome(result: FixResult | GenerateResult | SolveResult, rerun: str) -> list[tuple[str, str]]:
    """Return where the result is, and how to see it again."""
    return [
        ("branch", result.branch or ""),
        ("applied", "to the working tree" if result.applied else ""),
        ("run", f"{result.run_id} ({result.seconds:.1f} s)"),
        ("report", result.report or ""),
        ("rerun", rerun),
    ]


def lines(console: Console, texts: Iterable[str]) -> None:
    """Print lines as they are."""
    for line in texts:
        console.print(Text(line))


def table(console: Console, facts: Sequence[tuple[str, str]]) -> None:
    """Print names and values under each other, without those that are empty."""
    shown = [(name, value) for name, value in facts if value]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        console.print(Text.assemble((name.ljust(width), "bold"), f"  {value.replace(chr(10), ' ')}"))


def spent(result: FixResult | GenerateResult) -> list[tuple[str, str]]:
    """Name the models that wrote, and what they cost; nothing where none was asked."""
    if not result.models:
        return []
    return [("models", ", ".join(dict.fromkeys(name for _, name in result.models))), ("cost", cost(result.cost))]


def cost(spent: Cost) -> str:
    """Sum up what models cost."""
    tokens = f"{spent.input_tokens:,} tokens in, {spent.output_tokens:,} out"
    return f"${spent.usd:.4f} for {plural(spent.calls, 'model call')} ({tokens})"


def one_line(text: str) -> str:
    """Return a text of others as one line, so that none of it looks like a line of ours."""
    return " ".join(text.split())
