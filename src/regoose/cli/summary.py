"""A result in the terminal: verdict first, the change, what is unsure, and last where to read more and how to rerun."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from regoose.cli.showing import SHOWN, columns, diff, lines, outcome, say, spent, table, test_facts, verdict
from regoose.domain.evidence import Verdict
from regoose.domain.generation import GenerateResult, Kept
from regoose.domain.repair import Candidate
from regoose.domain.run import FixResult, ProofResult
from regoose.reports.generation.numbers import dropped, figures, headline
from regoose.reports.unproven import by_hand

EXIT_CODES = {Verdict.PROVEN: 0, Verdict.UNPROVEN: 1, Verdict.FAILED: 1, Verdict.CANCELLED: 1}
SHOWN_MODULES = 40


def show_fix(console: Console, result: FixResult, rerun: str, choose: str) -> None:
    """
    Print a result of `fix`.

    `rerun` is the command that reruns the proof as the user can type it, `choose` the one that takes an alternative,
    without its number.
    """
    evidence = result.evidence
    verdict(console, evidence)
    if result.patch is not None:
        if result.branch is None:
            console.print(Text("The best attempt:", "bold"))
        for candidate in result.alternatives:
            if candidate.patch == result.patch:
                console.print(Text(candidate.description))
        diff(console, result.patch)
    _alternatives(console, result, choose)
    if result.branch is None:
        _suspects(console, result)
    facts = [
        *test_facts(evidence),
        *spent(result),
        ("sandbox", result.sandbox),
        ("not enforced", ", ".join(evidence.not_enforced)),
        *(("note", note) for note in result.notes),
        *outcome(result, rerun),
        ("take over", by_hand(result)),
    ]
    table(console, facts)


def show_proof(console: Console, result: ProofResult) -> None:
    """Print a result of `prove`."""
    verdict(console, result.evidence)
    failed = [(check.name, check.summary) for check in result.evidence.checks]
    facts = [
        *failed,
        *test_facts(result.evidence),
        ("sandbox", result.sandbox),
        ("not enforced", ", ".join(result.evidence.not_enforced)),
        *(("note", note) for note in result.notes),
    ]
    table(console, facts)


def show_generate(console: Console, result: GenerateResult, rerun: str) -> None:
    """Print a result of `test`; `rerun` is the command that runs the kept tests as the user can type it."""
    say(console, result.status, headline(result).replace("`", ""))
    _modules(console, result.modules)
    _look_at(console, result.modules)
    facts = [
        ("dropped", dropped(figures(result.modules).dropped)),
        ("from cache", _cached(result)),
        *spent(result),
        ("sandbox", result.sandbox),
        ("not enforced", ", ".join(result.not_enforced)),
        *(("note", note) for note in result.notes),
        *(("note", f"{one.target.path}: {note}") for one in result.modules for note in one.notes),
        *outcome(result, rerun),
    ]
    table(console, facts)


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
        lines(console, columns(rows))
    console.print(Text(f"Another one: {choose} N\n"))


def _delivered(candidate: Candidate, result: FixResult) -> str:
    return " (delivered)" if candidate.patch == result.patch else ""


def _suspects(console: Console, result: FixResult) -> None:
    if not result.suspects:
        return
    console.print(Text("The fault is most likely here:"))
    rows = [[f"{at.score:.2f}", f"{at.path}:{at.line}", at.function] for at in result.suspects[:SHOWN]]
    lines(console, [f"  {line}" for line in columns(rows)])
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
    lines(console, columns(rows))
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
