"""The plan of a run of `test`: modules, places, what changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from regoose.domain.generation import GenerateTask
from regoose.errors import UsageError
from regoose.workflows.planning import Plan, plan_targets
from regoose.workspace.checkout import Workspaces

if TYPE_CHECKING:
    from workflows.conftest import Repository


async def plan(repository: Repository, home: Path, **more: object) -> Plan:
    task = GenerateTask(repository=str(repository.root), **more)  # pyright: ignore[reportArgumentType] - fields by name
    async with await Workspaces(home).create(repository.root, "r-1", when=0) as workspace:
        return await plan_targets(workspace, task)


async def test_a_module_gets_a_free_place_and_the_tests_that_speak_of_it(
    repository: Repository, tmp_path: Path
) -> None:
    repository.write("tests/test_other.py", "def test_other(): pass\n")
    (one,) = (await plan(repository, tmp_path, targets=("stats.py::mean",))).modules
    assert (one.target.path, one.target.module, one.target.only) == ("stats.py", "stats", ("mean",))
    assert one.test_path == "tests/test_stats_generated.py"
    assert one.existing == ("tests/test_stats.py",)


async def test_what_a_branch_changed_is_narrowed_to_its_lines(repository: Repository, tmp_path: Path) -> None:
    repository.git("branch", "start")
    repository.write("stats.py", repository.read("stats.py") + "\n\ndef width(values):\n    return 1\n")
    repository.write("fresh.py", "def one():\n    return 1\n")
    repository.write("tests/test_more.py", "def test_more(): pass\n")
    repository.commit()
    repository.write("stats.py", repository.read("stats.py").replace("return 1", "return 2"))  # not committed
    found = {one.target.path: one.target.lines for one in (await plan(repository, tmp_path, since="start")).modules}
    assert found == {"fresh.py": (1, 2), "stats.py": (7, 8, 9, 10)}
    named = await plan(repository, tmp_path, since="start", targets=("fresh.py",))
    assert [one.target.path for one in named.modules] == ["fresh.py"]


async def test_what_the_other_branch_changed_since_is_not_ours(repository: Repository, tmp_path: Path) -> None:
    repository.git("checkout", "-q", "-b", "ours")
    repository.write("ours.py", "def ours():\n    return 1\n")
    repository.commit()
    repository.git("checkout", "-q", "main")
    repository.write("stats.py", "def mean(values):\n    return 0\n")
    repository.commit()
    repository.git("checkout", "-q", "ours")
    assert [one.target.path for one in (await plan(repository, tmp_path, since="main")).modules] == ["ours.py"]


async def test_nothing_changed_is_nothing_to_do(repository: Repository, tmp_path: Path) -> None:
    empty = await plan(repository, tmp_path, since="HEAD")
    assert empty.modules == ()
    assert empty.notes == ("No module that is meant has changed since HEAD: there is nothing to do.",)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"since": "no-such-branch"}, "names no commit"),
        ({"targets": ("stats.py",), "output": "../elsewhere"}, "outside the repository"),
        ({"targets": ("statz",)}, "no file, directory, module or function"),
    ],
)
async def test_what_means_nothing_is_refused(
    repository: Repository, tmp_path: Path, more: dict[str, object], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        await plan(repository, tmp_path, **more)
