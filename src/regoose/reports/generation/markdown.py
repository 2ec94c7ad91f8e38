"""What a test generation came to as the body of a pull request: GitHub's Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from regoose.domain.generation import GenerateResult, Kept, MutantStatus
from regoose.reports.generation.numbers import dropped, figures, headline
from regoose.reports.inert import block, code, prose
from regoose.reports.wording import TITLES

SHOWN_MODULES = 50
SHOWN = 10
"""Rows of any other list."""


def render(result: GenerateResult) -> str:
    """Return the body of a pull request for the kept tests, or of a comment where none was."""
    parts = [
        f"**{TITLES[result.status]}.** {prose(headline(result))}",
        _rerun(result),
        _modules(result.modules),
        _look_at(result.modules),
        _alive(result.modules),
        _dropped(result.modules),
        _notes(result),
        _conditions(result),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _rerun(result: GenerateResult) -> str:
    if not result.reproduce:
        return ""
    return (
        "They assert what the code does today, right or wrong. In a clone of the repository this runs them:\n\n"
        + block(result.reproduce, "sh")
    )


def _modules(modules: Sequence[Kept]) -> str:
    if not modules:
        return ""
    rows = [_module(one) for one in modules[:SHOWN_MODULES]]
    return "\n".join(
        ["| module | tests | branches | lines | mutants killed | file |", "|---|--:|--:|--:|--:|---|", *rows]
    ) + _more(len(modules) - len(rows))


def _module(one: Kept) -> str:
    sums = figures([one])
    cells = [code(one.target.path), f"{sums.tests:,}", str(sums.branches), str(sums.lines), sums.mutation]
    return f"| {' | '.join([*cells, code(one.file.path) if one.file else '-'])} |"


def _look_at(modules: Sequence[Kept]) -> str:
    oddities = [odd for one in modules for odd in one.oddities]
    if not oddities:
        return ""
    rows = [
        f"- {code(f'{odd.path}:{odd.line}')} {code(odd.call)} gives {code(odd.observed)}. {prose(odd.why)}"
        for odd in oddities[:SHOWN]
    ]
    return (
        "**Look at these.** This behaviour looks wrong, so no test asserts it:\n\n"
        + "\n".join(rows)
        + _more(len(oddities) - len(rows))
    )


def _alive(modules: Sequence[Kept]) -> str:
    alive = [
        mutant
        for one in modules
        for mutant in one.mutation.mutants
        if mutant.status is MutantStatus.SURVIVED and not mutant.likely_equivalent
    ]
    if not alive:
        return ""
    rows = [f"- {code(f'{one.path}:{one.line}')} {code(one.before)} → {code(one.after)}" for one in alive[:SHOWN]]
    return "Changes of the code that no test notices:\n\n" + "\n".join(rows) + _more(len(alive) - len(rows))


def _dropped(modules: Sequence[Kept]) -> str:
    gone = dropped(figures(modules).dropped)
    return f"Tests not kept: {gone}." if gone else ""


def _notes(result: GenerateResult) -> str:
    notes = [*result.notes, *(f"`{one.target.path}`: {note}" for one in result.modules for note in one.notes)]
    return "\n".join(f"- {prose(note)}" for note in notes)


def _conditions(result: GenerateResult) -> str:
    missing = prose(", ".join(result.not_enforced)) or "nothing"
    return f"{prose(result.environment)}. {prose(result.sandbox)}; not enforced: {missing}. Run {code(result.run_id)}."


def _more(count: int) -> str:
    return f"\n\nand {count:,} more." if count > 0 else ""
