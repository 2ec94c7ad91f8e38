"""The files of a run of `solve`, and that its patch can be taken over by hand as the report says."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from regoose.domain.patch import FileEdit, Patch
from regoose.reports.unproven import by_hand
from regoose.testing import solve_samples
from regoose.workflows.report import write_solve_report

if TYPE_CHECKING:
    from pathlib import Path

    from workflows.conftest import Repository


def test_every_file_of_a_result_is_written(tmp_path: Path) -> None:
    write_solve_report(tmp_path / "run", solve_samples.proven())
    names = ["patch.diff", "report.html", "report.md", "result.json"]
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == names
    assert (tmp_path / "run" / "report.html").read_text().startswith("<!doctype html>")
    assert (tmp_path / "run" / "report.md").read_text().startswith("**Proven.**")
    assert json.loads((tmp_path / "run" / "result.json").read_text())["status"] == "proven"


def test_a_candidate_that_is_not_proven_is_taken_over_by_the_command_of_the_report(
    tmp_path: Path, repository: Repository
) -> None:
    before = (repository.root / "stats.py").read_text()
    after = before + "\n\nLIMIT = 3\n"
    result = replace(
        solve_samples.unproven(),
        repository=str(repository.root),
        patch=Patch((FileEdit("stats.py", before, after),)),
        report=str(tmp_path / "a run" / "report.html"),
    )
    write_solve_report(tmp_path / "a run", result)
    program, *arguments = shlex.split(by_hand(result))
    assert program == "git"
    repository.git(*arguments)
    assert (repository.root / "stats.py").read_text() == after


def test_bytes_that_are_no_utf_8_have_a_place_in_every_file(tmp_path: Path) -> None:
    result = replace(solve_samples.proven(), patch=Patch((FileEdit("latin.py", "N = '\udce9'\n", "N = '\udce8'\n"),)))
    write_solve_report(tmp_path, result)
    assert b"+N = '\xe8'\n" in (tmp_path / "patch.diff").read_bytes()
    assert "latin.py" in (tmp_path / "report.html").read_text()
    assert "latin.py" in (tmp_path / "report.md").read_text()
