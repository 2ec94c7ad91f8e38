"""From the paths a user gives to the repository, the project in it and targets relative to its top."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from regoose.domain.generation import GenerateTask
from regoose.domain.task import FixTask
from regoose.errors import NotARepository, UsageError
from regoose.workflows.located import located

if TYPE_CHECKING:
    from workflows.conftest import Repository


async def test_a_place_in_a_project_of_a_repository_is_told_apart(repository: Repository) -> None:
    repository.write("services/rates/pyproject.toml", "[project]\nname = 'rates'\n")
    repository.write("services/rates/rates.py", "RATE = 1\n")
    place = repository.root / "services" / "rates"
    task = await located(FixTask(repository=str(place)))
    assert (task.repository, task.within) == (str(repository.root), "services/rates")


async def test_targets_are_told_from_the_top(repository: Repository) -> None:
    named = (f"{repository.root}/stats.py::mean", "stats.spread", "tests")
    task = await located(GenerateTask(repository=str(repository.root / "tests"), targets=named))
    assert task.targets == ("stats.py::mean", "stats.spread", "tests")
    assert task.started_in == "tests"
    assert (await located(GenerateTask(repository=str(repository.root), since="HEAD"))).started_in == ""


async def test_a_target_elsewhere_is_refused_by_its_name(repository: Repository, tmp_path: Path) -> None:
    outside = tmp_path / "other.py"
    with pytest.raises(UsageError, match=r"other\.py' lies outside the repository"):
        await located(GenerateTask(repository=str(repository.root), targets=(str(outside),)))


async def test_no_repository_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotARepository):
        await located(GenerateTask(repository=str(tmp_path), targets=("x",)))


async def test_nothing_named_is_refused_before_anything_is_done(repository: Repository) -> None:
    with pytest.raises(UsageError, match="nothing to test is named"):
        await located(GenerateTask(repository=str(repository.root)))
