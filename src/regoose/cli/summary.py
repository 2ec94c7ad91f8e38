"""A result in the terminal: verdict first, the change, what is unsure, and last where to read more and how to rerun."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.text import Text

from regoose.domain.evidence import CheckStatus, Evidence, Finding, SuiteCounts, Verdict
from regoose.domain.generation import GenerateResult, Kept
from regoose.domain.patch import Patch
from regoose.domain.repair import Candidate
from regoose.domain.run import Cost, FixResult, ProofResult
from regoose.domain.solve import SolveResult
from regoose.reports.generation.numbers import dropped, figures, headline
from regoose.reports.wording import TITLES, reason

EXIT_CODES = {Verdict.PROVEN: 0, Verdict.UNPROVEN: 1, Verdict.FAILED: 1, Verdict.CANCELLED: 1}
STYLES = {
    Verdict.PROVEN: "bold green",
    Verdict.UNPROVEN: "bold yellow",
    Verdict.FAILED: "bold red",
    Verdict.CANCELLED: "bold",
}
SHOWN = 10
"""Rows of a list that are shown; the report has them all."""
SHOWN_MODULES = 40
DIFF_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def show_fix(console: Console, result: FixResult, rerun: str, choose: str) -> None:
    """
    Print a result of `fix`.

    `rerun` is the command that reruns the proof as the user can type it, `choose` the one that takes an alternative,
    without its number.
    """
    evidence = result.evidence
    _verdict(console, evidence)
    if result.patch is not None:
        for candidate in result.alternatives:
            if candidate.patch == result.patch:
                console.print(Text(candidate.description))
        _diff(console, result.patch)
    _alternatives(console, result, choose)
    if result.patch is None:
        _suspects(console, result)
    facts = [
        *_facts(evidence),
        ("sandbox", result.sandbox),
        ("not enforced", ", ".join(evidence.not_enforced)),
        *(("note", note) for note in result.notes),
        *_outcome(result, rerun),
    ]
    _table(console, facts)


def show_solve(console: Console, result: SolveResult, rerun: str) -> None:
    """Print a result of `solve`; `rerun` is the command that reruns the proof as the user can type it."""
    evidence = result.evidence
    _verdict(console, evidence)
    if result.change is not None:
        console.print(Text(result.change.subject))
    if result.patch is not None:
        _diff(console, result.patch)
    _checks(console, evidence)
    facts = [
        *_facts(evidence),
        ("models", ", ".join(dict.fromkeys(name for _, name in result.models))),
        ("cost", _cost(result.cost)),
        ("sandbox", result.sandbox),
        ("not enforced", ", ".join(evidence.not_enforced)),
        *(("note", note) for note in result.notes),
        *_outcome(result, rerun),
    ]
    _table(console, facts)


def _checks(console: Console, evidence: Evidence) -> None:
    """Say what was found that a reviewer has to see: everything that did not pass, and each finding."""
    for check in evidence.checks:
        if check.status is not CheckStatus.PASSED or check.findings:
            console.print(Text(f"{check.name}: {check.summary}", "bold yellow"))
            _lines(console, [f"  {_place(one)}{one.message}" for one in check.findings[:SHOWN]])


def _place(finding: Finding) -> str:
    return f"{finding.path}:{finding.line}  " if finding.path and finding.line else ""


def _cost(cost: Cost) -> str:
    tokens = f"{cost.input_tokens:,} tokens in, {cost.output_tokens:,} out"
    return f"${cost.usd:.4f} for {cost.calls} calls ({tokens})"


def _outcome(result: FixResult | GenerateResult | SolveResult, rerun: str) -> list[tuple[str, str]]:
    return [
        ("branch", result.branch or ""),
        ("applied", "to the working tree" if result.applied else ""),
        ("run", f"{result.run_id} ({result.seconds:.1f} s)"),
        ("report", result.report or ""),
        ("rerun", rerun),
    ]


def show_proof(console: Console, result: ProofResult) -> None:
    """Print a result of `prove`."""
    _verdict(console, result.evidence)
    failed = [(check.name, check.summary) for check in result.evidence.checks]
    facts = [
        *failed,
        *_facts(result.evidence),
        ("sandbox", result.sandbox),
        ("not enforced", ", ".join(result.evidence.not_enforced)),
        *(("note", note) for note in result.notes),
    ]
    _table(console, facts)


def show_generate(console: Console, result: GenerateResult, rerun: str) -> None:
    """Print a result of `test`; `rerun` is the command that runs the kept tests as the user can type it."""
    _headline(console, result.status, headline(result).replace("`", ""))
    _modules(console, result.modules)
    _look_at(console, result.modules)
    facts = [
        ("dropped", dropped(figures(result.modules).dropped)),
        ("from cache", _cached(result)),
        ("sandbox", result.sandbox),
        ("not enforced", ", ".join(result.not_enforced)),
        *(("note", note) for note in result.notes),
        *(("note", f"{one.target.path}: {note}") for one in result.modules for note in one.notes),
        *_outcome(result, rerun),
    ]
    _table(console, facts)


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows as lines whose columns stand under each other; nothing is cut."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _verdict(console: Console, evidence: Evidence) -> None:
    _headline(console, evidence.verdict, reason(evidence))


def _headline(console: Console, verdict: Verdict, sentence: str) -> None:
    console.print(Text.assemble((TITLES[verdict], STYLES[verdict]), f": {sentence}"))


def _facts(evidence: Evidence) -> list[tuple[str, str]]:
    facts: list[tuple[str, str]] = []
    if evidence.green:
        facts.append(("red → green", f"{len(evidence.green)} of {len(evidence.red)}, {evidence.repeats} times each"))
    if evidence.before != evidence.after and evidence.after != SuiteCounts():
        facts.append(("suite", f"{_counts(evidence.before)} → {_counts(evidence.after)}"))
    if evidence.flaky:
        facts.append(("flaky", _some(evidence.flaky)))
    return facts


def _counts(counts: SuiteCounts) -> str:
    return f"{counts.passed} passed, {counts.failed + counts.errors} red"


def _some(items: Sequence[str]) -> str:
    more = len(items) - SHOWN
    return ", ".join(items[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def _diff(console: Console, patch: Patch) -> None:
    console.print()
    for line in patch.diff().splitlines():
        head = line.startswith(("diff ", "+++", "---"))
        console.print(Text(line, style="bold" if head else DIFF_COLOURS.get(line[:1], "")))
    console.print()


def _alternatives(console: Console, result: FixResult, choose: str) -> None:
    if len(result.alternatives) < 2:  # noqa: PLR2004 - one is no choice
        return
    console.print(
        Text(f"{len(result.alternatives)} changes pass every test and differ in what they do:", "bold yellow")
    )
    for candidate in result.alternatives:
        console.print(Text(f"  {candidate.number}  {candidate.description}{_delivered(candidate, result)}"))
    console.print()
    rows = [["input", "before", *(str(candidate.number) for candidate in result.alternatives)]]
    for difference in result.evidence.differences[:SHOWN]:
        value = {number: answer.value for answer in difference.answers for number in answer.candidates}
        rows.append([difference.call, difference.before, *(value.get(one.number, "") for one in result.alternatives)])
    if len(rows) > 1:
        _lines(console, columns(rows))
    console.print(Text(f"Another one: {choose} N\n"))


def _delivered(candidate: Candidate, result: FixResult) -> str:
    return " (delivered)" if candidate.patch == result.patch else ""


def _suspects(console: Console, result: FixResult) -> None:
    if not result.suspects:
        return
    console.print(Text("The fault is most likely here:"))
    rows = [[f"{at.score:.2f}", f"{at.path}:{at.line}", at.function] for at in result.suspects[:SHOWN]]
    _lines(console, [f"  {line}" for line in columns(rows)])
    console.print()


def _modules(console: Console, modules: Sequence[Kept]) -> None:
    if not modules:
        return
    rows = [["module", "tests", "branches", "mutants killed", "file"]]
    rows += [_row(one.target.module, (one,), one.file.path if one.file else "-") for one in modules[:SHOWN_MODULES]]
    more = len(modules) - SHOWN_MODULES
    if len(modules) > 1:
        rows.append(_row("together", modules, f"and {more} more modules" if more > 0 else ""))
    console.print()
    _lines(console, columns(rows))
    console.print()


def _row(name: str, modules: Sequence[Kept], file: str) -> list[str]:
    sums = figures(modules)
    return [name, f"{sums.tests:,}", str(sums.branches), sums.mutation, file]


def _look_at(console: Console, modules: Sequence[Kept]) -> None:
    oddities = [odd for one in modules for odd in one.oddities]
    if not oddities:
        return
    console.print(Text("Look at these, they are not asserted:", "bold yellow"))
    for odd in oddities[:SHOWN]:
        console.print(Text(f"  {odd.path}:{odd.line}  {odd.call}  gives  {odd.observed}"))
        console.print(Text(f"    {odd.why}"))
    if len(oddities) > SHOWN:
        console.print(Text(f"  and {len(oddities) - SHOWN} more in the report"))
    console.print()


def _cached(result: GenerateResult) -> str:
    return f"{result.cached} of {len(result.modules)} modules" if result.cached else ""


def _lines(console: Console, lines: Iterable[str]) -> None:
    for line in lines:
        console.print(Text(line))


def _table(console: Console, facts: Sequence[tuple[str, str]]) -> None:
    shown = [(name, value) for name, value in facts if value]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        console.print(Text.assemble((name.ljust(width), "bold"), f"  {value}"))
