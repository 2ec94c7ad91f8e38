"""
The page of a requirement carried out: one file without scripts or network, for who decides whether to merge.

The verdict comes first; then what was asked for and planned, the tests, which were there before the change, the change
itself with the reviewer's remarks at their lines, and what shows that it holds. Text of models and of the repository
is shown and never obeyed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regoose.domain.patch import Patch
from regoose.domain.solve import Remark, SolveResult
from regoose.reports import diff
from regoose.reports.evidence_page import evidence_values
from regoose.reports.page import page
from regoose.reports.solve import view
from regoose.reports.unproven import by_hand, patch_file

OPEN_LINES = 1_500
"""Lines of diffs that are open at once; the files after them unfold."""
LONG_REQUIREMENT = 1_200
"""Characters of a requirement that are shown at once."""


@dataclass(frozen=True, slots=True)
class _Said:
    """What is said of one line, and the name of the line on the page."""

    anchor: str
    said: tuple[Remark, ...]


@dataclass(frozen=True, slots=True)
class _File:
    """One file's diff, with the remarks on lines that it shows."""

    diff: diff.FileDiff
    remarks: Mapping[int, _Said]
    is_open: bool


@dataclass(frozen=True, slots=True)
class _Placed:
    """A remark, and the name of its line on the page where it is on it."""

    remark: Remark
    anchor: str


def render(result: SolveResult) -> str:
    """Return the report of a run as one HTML document."""
    tests, change = view.parts(result)
    remarks = result.review.remarks if result.review else ()
    shown_change = _files(change, remarks, "c", 0)
    shown_tests = _files(tests, remarks, "t", sum(len(one.diff.rows) for one in shown_change))
    anchors = {
        (file.diff.path, line): said.anchor
        for file in (*shown_tests, *shown_change)
        for line, said in file.remarks.items()
    }
    return page(
        "solve.html.j2",
        **evidence_values(result.evidence, view.checks(result)),
        result=result,
        proof_title="Red before, green after" if result.evidence.green else "The tests on the base",
        tests=shown_tests,
        change=shown_change,
        obstacles=view.obstacles(result),
        remarks=[_Placed(one, anchors.get((one.path, one.line), "")) for one in remarks],
        patch_file=patch_file(result),
        by_hand=by_hand(result),
        model=dict(result.models),
        in_full=view.in_full(result),
        long_requirement=LONG_REQUIREMENT,
    )


def _files(patch: Patch, remarks: Sequence[Remark], prefix: str, above: int) -> list[_File]:
    """Return the diffs of a patch's files; `above` lines of diffs come besides, for how much is open at once."""
    files: list[_File] = []
    for number, file in enumerate(diff.files(patch)):
        files.append(_File(file, _said(file, remarks, f"{prefix}{number}"), not files or above < OPEN_LINES))
        above += len(file.rows)
    return files


def _said(file: diff.FileDiff, remarks: Sequence[Remark], prefix: str) -> Mapping[int, _Said]:
    mine = [one for one in remarks if one.path == file.path and one.line]
    shown = {row.new for row in file.rows} if mine else set[int | None]()
    return {
        line: _Said(f"{prefix}-{line}", tuple(one for one in mine if one.line == line))
        for line in {one.line for one in mine}
        if line in shown
    }
