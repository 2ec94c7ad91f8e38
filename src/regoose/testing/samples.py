"""Hand-made results for whatever shows them: a proven repair, one that leaves a choice, one that found nothing."""

from __future__ import annotations

from dataclasses import replace

from regoose.domain.evidence import (
    Answer,
    CaseResult,
    Check,
    CheckStatus,
    Difference,
    Evidence,
    Failure,
    Finding,
    Outcome,
    SuiteCounts,
    Verdict,
)
from regoose.domain.patch import FileEdit, Patch
from regoose.domain.repair import Candidate, Suspect
from regoose.domain.run import Cost, FixResult
from regoose.domain.task import Engine

SOURCE = '''\
"""Indicators."""

from statistics import fmean


def moving_average(closes, window):
    """Return the mean of each `window` successive closes."""
    if window < 1:
        raise ValueError(f"window must be at least 1, got {window}")
    return [fmean(closes[end - window : end]) for end in range(window, len(closes))]


def last(closes, window):
    return moving_average(closes, window)[-1]
'''
PATH = "src/market_predictor/indicators.py"


def _patch(new: str) -> Patch:
    return Patch((FileEdit(PATH, SOURCE, SOURCE.replace("len(closes))]", new)),))


def _candidate(number: int, new: str, description: str) -> Candidate:
    return Candidate(
        number=number,
        patch=_patch(new),
        template="integer offset",
        description=description,
        score=1 / number,
        behaviour=number,
    )


def _red() -> tuple[CaseResult, CaseResult]:
    """Return two tests that fail on the base."""
    return (
        CaseResult(
            "tests/test_indicators.py::test_moving_average_ends_with_the_latest_close",
            Outcome.FAILED,
            0.01,
            Failure(
                "call",
                "AssertionError",
                "assert [2.0, 3.0] == [2.0, 3.0, 5.0]\n  Right contains one more item: 5.0",
                "tests/test_indicators.py",
                7,
            ),
        ),
        CaseResult(
            "tests/test_service.py::test_prediction[<b>&\"']",
            Outcome.ERROR,
            0.2,
            Failure("call", "IndexError", "list index out of range", PATH, 14),
        ),
    )


def _checks() -> tuple[Check, ...]:
    threshold = Finding("tamper", "threshold", "setup.cfg", 3, "A threshold stands unchanged.", blocking=False)
    return (
        Check(name="red on base", status=CheckStatus.PASSED, summary="2 of 2 fail by assertion.", seconds=1.3),
        Check(name="green on head", status=CheckStatus.PASSED, summary="2 of 2 pass 5 times.", seconds=4.1),
        Check(
            name="tamper",
            status=CheckStatus.PASSED,
            summary="No test was deleted, skipped or weakened.",
            findings=(threshold,),
        ),
        Check(name="mutation", status=CheckStatus.NOT_RUN, summary="Not part of this run."),
    )


def _evidence() -> Evidence:
    red = _red()
    return Evidence(
        verdict=Verdict.PROVEN,
        summary="Proven: 2 failing tests pass with a change of one line, and nothing else got worse.",
        red=red,
        green=tuple(case.id for case in red),
        repeats=5,
        before=SuiteCounts(passed=35, failed=1, errors=1, skipped=2),
        after=SuiteCounts(passed=37, skipped=2),
        changed_lines=1,
        changed_lines_covered=1,
        flaky=("tests/test_clock.py::test_now",),
        checks=_checks(),
        not_enforced=("disk limit",),
    )


def proven() -> FixResult:
    """Return a result whose tests leave one behaviour."""
    best = _candidate(1, "len(closes) + 1)]", "Count one further: `len(closes) + 1` instead of `len(closes)`.")
    return FixResult(
        run_id="20261120-231500-abcdef",
        engine=Engine.SEARCH,
        repository="/home/ada/market-predictor",
        base_commit="0123456789abcdef0123456789abcdef01234567",
        patch=best.patch,
        branch="regoose/moving-average-abcdef",
        commit="89abcdef0123456789abcdef0123456789abcdef",
        applied=False,
        evidence=_evidence(),
        alternatives=(best,),
        suspects=(Suspect(PATH, 10, "moving_average", 1.0), Suspect(PATH, 14, "last", 0.71)),
        reproduce="regoose prove --base 0123456 --head 89abcde --test tests/test_indicators.py::test_x",
        seconds=12.34,
        cost=Cost(),
        report="/home/ada/.local/share/regoose/runs/20261120-231500-abcdef/report.html",
        environment="CPython 3.13.0, dependencies from pyproject.toml (extra test)",
        sandbox="bubblewrap 0.8.0",
    )


def choice() -> FixResult:
    """Return a result with two behaviours, and two inputs that tell them apart."""
    one = proven()
    second = _candidate(2, "max(len(closes) + 1, 5))]", "Count to at least five.")
    differences = (
        Difference("moving_average([1.0], 1)", "[]", (Answer((1,), "[1.0]"), Answer((2,), "StatisticsError(…)"))),
        Difference("moving_average([], 2)", "[]", (Answer((1,), "[]"), Answer((2,), "[<nan>]"))),
    )
    evidence = replace(
        one.evidence,
        summary="Proven: 2 failing tests pass, but 2 behaviours pass every test: choose.",
        alternatives=2,
        differences=differences,
    )
    return replace(one, evidence=evidence, alternatives=(*one.alternatives, second))


def unproven() -> FixResult:
    """Return a result for which nothing was found."""
    one = proven()
    evidence = Evidence(
        verdict=Verdict.UNPROVEN,
        summary="Not proven: no change of one or two edits makes 2 failing tests pass; 412 were tried in 60 s.",
        red=one.evidence.red,
        before=one.evidence.before,
    )
    return replace(
        one, patch=None, branch=None, commit=None, evidence=evidence, alternatives=(), reproduce="", report=None
    )


def sources() -> dict[str, str]:
    """Return the files on the base."""
    return {PATH: SOURCE}
