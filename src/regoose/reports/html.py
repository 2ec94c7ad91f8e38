"""
The HTML report: one file without scripts or network, for a reviewer who decides whether to merge.

The page gives the verdict first, then what a reviewer asks next: what changed, what was red and is green, what else
could have passed, what was checked, what was not enforced, and how to see it all again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from regoose.domain.evidence import Difference, Evidence, Verdict
from regoose.domain.repair import Candidate, Suspect
from regoose.domain.run import FixResult
from regoose.reports import diff
from regoose.reports.evidence_page import evidence_values
from regoose.reports.page import page
from regoose.reports.source import lines, markup
from regoose.reports.unproven import by_hand

SNIPPET = 3
"""Lines shown before and after a suspect place."""


@dataclass(frozen=True, slots=True)
class _Choice:
    """One alternative, with its diff and whether it is the patch that was delivered."""

    candidate: Candidate
    delivered: bool
    files: tuple[diff.FileDiff, ...]


@dataclass(frozen=True, slots=True)
class _Answers:
    """One input, with the answer of each alternative in the order of the columns."""

    call: str
    before: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """A suspect place with the code around it."""

    suspect: Suspect
    snippet: tuple[tuple[int, bool, Markup], ...]


def render(result: FixResult, sources: Mapping[str, str] | None = None) -> str:
    """
    Return the report of a run as one HTML document.

    `sources` maps paths to the text of files on the base, for the code around suspect places; a path that is not
    in it is shown without code.
    """
    evidence = result.evidence
    return page(
        "fix.html.j2",
        **evidence_values(evidence, evidence.checks),
        result=result,
        proof_title="Red before, green after" if result.branch else "The failing tests",
        changed=diff.files(result.patch) if result.patch else (),
        by_hand=by_hand(result),
        choices=_choices(result),
        answers=[_answers(difference, result.alternatives) for difference in evidence.differences],
        places=[_place(suspect, sources or {}) for suspect in result.suspects],
        survivors=_survivors(evidence),
    )


def _survivors(evidence: Evidence) -> str:
    if evidence.verdict is not Verdict.PROVEN or evidence.alternatives == 0:
        return ""
    if evidence.alternatives == 1:
        return "one behaviour passes every test"
    return f"{evidence.alternatives} behaviours pass every test: a person has to choose"


def _choices(result: FixResult) -> tuple[_Choice, ...]:
    return tuple(
        _Choice(candidate, candidate.patch == result.patch, diff.files(candidate.patch))
        for candidate in result.alternatives
    )


def _answers(difference: Difference, alternatives: tuple[Candidate, ...]) -> _Answers:
    value = {number: answer.value for answer in difference.answers for number in answer.candidates}
    return _Answers(difference.call, difference.before, tuple(value.get(one.number, "") for one in alternatives))


def _place(suspect: Suspect, sources: Mapping[str, str]) -> _Place:
    text = sources.get(suspect.path)
    if text is None:
        return _Place(suspect, ())
    first = max(suspect.line - SNIPPET, 1)
    window = lines(suspect.path, text)[first - 1 : suspect.line + SNIPPET]
    return _Place(
        suspect, tuple((first + at, first + at == suspect.line, markup(line)) for at, line in enumerate(window))
    )
