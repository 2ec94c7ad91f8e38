"""The workflow `test` on real repositories in a real sandbox, with an author that writes what it is told to write."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from regoose.domain.evidence import Verdict
from regoose.domain.generation import DropReason, GenerateResult, GenerateTask, Oddity
from regoose.domain.run import RunState
from regoose.errors import DirtyTree, UsageError
from regoose.testing.generation import ScriptedAuthor
from regoose.testing.search import ScriptedSearch
from regoose.workflows.located import located
from regoose.workflows.recall import recall

if TYPE_CHECKING:
    from workflows.conftest import Machine, Repository

pytestmark = pytest.mark.slow

STATS = '''\
"""Tests of stats."""

from stats import mean, spread


def test_mean_of_two():
    assert mean([1, 5]) == 6.0


def test_spread_of_none():
    assert spread([7]) == 7


def test_mean_is_wrong_here():
    assert mean([1, 5]) == 3.0
'''
RATES = """\
from rates import rate


def test_rate():
    assert rate(2) == 4
"""
AUTHOR = ScriptedAuthor({"stats": STATS, "rates": RATES})


@pytest.fixture
def untested(repository: Repository) -> Repository:
    """Give a repository whose tests are gone."""
    (repository.root / "tests" / "test_stats.py").unlink()
    repository.base = repository.commit()
    return repository


async def test_what_holds_is_kept_and_delivered_as_a_branch(machine: Machine, untested: Repository) -> None:
    before = untested.state()
    result = await machine.test(untested, AUTHOR, "stats.py")
    assert result.status is Verdict.PROVEN
    (kept,) = result.modules
    assert kept.file is not None
    assert kept.file.path == "tests/test_stats.py"
    assert kept.tests == ("tests/test_stats.py::test_mean_of_two", "tests/test_stats.py::test_spread_of_none")
    assert [(one.test, one.reason) for one in kept.dropped] == [
        ("tests/test_stats.py::test_mean_is_wrong_here", DropReason.FAILING)
    ]
    assert kept.repeats == 3
    assert kept.mutation.killed > 0

    assert untested.state() == before
    assert untested.branches() == [result.branch]
    assert result.branch == f"regoose/tests-stats-{result.run_id.rpartition('-')[2]}"
    assert untested.git("show", f"{result.branch}:tests/test_stats.py") == kept.file.text
    assert "test_mean_is_wrong_here" not in kept.file.text
    assert machine.leftovers() == []
    assert result.report is not None
    assert "test_mean_of_two" in Path(result.report).read_text()


async def test_the_command_to_reproduce_runs_the_tests(machine: Machine, untested: Repository, tmp_path: Path) -> None:
    result = await machine.test(untested, AUTHOR, "stats.py")
    clone = tmp_path / "clone"
    untested.git("clone", "-q", str(untested.root), str(clone))
    command = result.reproduce.replace("python ", f"{sys.executable} ", 1)
    done = subprocess.run(command, shell=True, cwd=clone, capture_output=True, text=True, check=False)
    assert "2 passed" in done.stdout, done.stdout + done.stderr


async def test_the_steps_are_told_and_journalled_and_the_run_is_listed(machine: Machine, untested: Repository) -> None:
    untested.write("rates.py", "def rate(number):\n    return number * 2\n")
    result = await machine.test(untested, AUTHOR, "stats", "rates")
    finished = [event.step for event in machine.events if event.kind == "finished"]
    assert finished[:3] == ["prepare", "recall", "plan"]
    assert set(finished[3:6]) == {"baseline", "write stats", "write rates"}
    assert set(finished[6:8]) == {"judge stats", "judge rates"}
    assert finished[8:] == ["together", "deliver", "report"]
    async with machine.service(machine.equip(ScriptedSearch([]))) as service:
        summary, steps = await service.show(result.run_id)
        assert (summary.kind, summary.state, summary.verdict) == ("test", RunState.FINISHED, Verdict.PROVEN)
        order = ["baseline", "write stats", "write rates", "judge stats", "judge rates"]
        assert [step.name for step in steps] == ["prepare", "recall", "plan", *order, "together", "deliver", "report"]
        assert await service.result(result.run_id) == result


async def test_a_module_nobody_can_test_is_named_and_the_others_get_theirs(
    machine: Machine, untested: Repository
) -> None:
    untested.write("broken.py", "def half(:\n")
    odd = Oddity(path="stats.py", line=2, subject="mean", call="mean([])", observed="-0.0", why="It is no mean.")
    result = await machine.test(untested, replace(AUTHOR, oddities=(odd,)), ".")
    by_path = {one.target.path: one for one in result.modules}
    assert sorted(by_path) == ["broken.py", "stats.py"]
    assert by_path["broken.py"].file is None
    assert by_path["broken.py"].notes == ("Nothing is scripted for broken.",)
    assert by_path["stats.py"].oddities == (odd,)
    assert result.status is Verdict.PROVEN


async def test_tests_that_do_not_bear_those_of_another_module_are_dropped(
    machine: Machine, untested: Repository
) -> None:
    untested.write("rates.py", "FACTOR = [2]\n\n\ndef rate(number):\n    return number * FACTOR[0]\n")
    untested.write("dials.py", "import rates\n\n\ndef dial(number):\n    rates.FACTOR[0] = number\n    return number\n")
    dials = "from dials import dial\n\n\ndef test_dial():\n    assert dial(3) == 3\n"
    author = ScriptedAuthor({"stats": STATS, "rates": RATES, "dials": dials})
    result = await machine.test(untested, author, "stats", "rates", "dials")
    files = {one.target.module: one.file for one in result.modules}
    assert files["rates"] is None
    assert files["stats"] is not None
    assert files["dials"] is not None
    (rates,) = (one for one in result.modules if one.target.module == "rates")
    assert [(one.test, one.reason) for one in rates.dropped] == [("tests/test_rates.py::test_rate", DropReason.FLAKY)]
    assert "Beside the tests of other modules" in rates.notes[0]
    assert (rates.tests, rates.after) == ((), rates.before)
    assert untested.git("ls-tree", "--name-only", f"{result.branch}:tests").split() == [
        "test_dials.py",
        "test_stats.py",
    ]


async def test_nothing_kept_is_not_proven_and_leaves_no_branch(machine: Machine, untested: Repository) -> None:
    result = await machine.test(untested, ScriptedAuthor({}), "stats.py")
    assert (result.status, result.branch, result.reproduce) == (Verdict.UNPROVEN, None, "")
    assert untested.branches() == []


async def test_nothing_changed_is_nothing_to_do(machine: Machine, untested: Repository) -> None:
    result = await machine.test(untested, AUTHOR, since="HEAD")
    assert (result.status, result.modules, result.branch) == (Verdict.PROVEN, (), None)


async def test_existing_tests_count_and_their_file_stays(machine: Machine, repository: Repository) -> None:
    result = await machine.test(repository, AUTHOR, "stats.py")
    (kept,) = result.modules
    assert kept.file is not None
    assert kept.file.path == "tests/test_stats_generated.py"
    assert repository.git("show", f"{result.branch}:tests/test_stats.py") == repository.read("tests/test_stats.py")


async def test_tests_are_added_to_the_file_that_is_there_where_asked_for(
    machine: Machine, repository: Repository
) -> None:
    result = await machine.test(repository, AUTHOR, "stats.py", append=True)
    (kept,) = result.modules
    assert kept.file is not None
    assert kept.file.path == "tests/test_stats.py"
    assert kept.file.text.startswith(repository.read("tests/test_stats.py"))
    assert kept.tests == ("tests/test_stats.py::test_mean_of_two",), "spread is tested there already"


async def test_apply_writes_the_file_and_loses_nothing(machine: Machine, untested: Repository) -> None:
    result = await machine.test(untested, AUTHOR, "stats.py", apply=True)
    assert result.applied
    assert untested.git("status", "--porcelain") == "?? tests/\n"


async def test_apply_over_a_file_that_git_ignores_is_refused(machine: Machine, untested: Repository) -> None:
    untested.write(".gitignore", "tests/\n")
    untested.write("tests/test_stats.py", "mine\n")
    untested.commit()
    with pytest.raises(DirtyTree):
        await machine.test(untested, AUTHOR, "stats.py", apply=True)
    assert untested.read("tests/test_stats.py") == "mine\n"


async def test_a_branch_that_exists_is_told_before_anything_is_searched(machine: Machine, untested: Repository) -> None:
    with pytest.raises(UsageError, match="'main' already exists"):
        await machine.test(untested, AUTHOR, "stats.py", branch="main")


async def test_the_same_question_on_the_same_code_is_answered_from_what_is_known(
    machine: Machine, untested: Repository
) -> None:
    first = await machine.test(untested, AUTHOR, "stats.py")
    equipment = machine.equip(ScriptedSearch([]), ScriptedAuthor({}))
    asked = GenerateTask(repository=str(untested.root), targets=("stats.py",), seconds=4.0)
    task = await located(replace(asked, limits=replace(asked.limits, repeats=3)))
    known = await recall(equipment, machine.authors(), task)
    assert known is not None
    assert (known.run_id, known.modules, known.cached) == (first.run_id, first.modules, 1)
    assert await recall(equipment, machine.authors(), replace(task, fresh=True)) is None
    assert await recall(equipment, machine.authors(), replace(task, targets=("stats.py::mean",))) is None

    applied = await machine.test(untested, ScriptedAuthor({}), "stats.py", apply=True)
    assert (applied.modules, applied.cached, applied.applied) == (first.modules, 1, True)
    assert applied.branch != first.branch

    assert await recall(equipment, machine.authors(), task) is None, "the applied file is part of the code now"
    (untested.root / "tests" / "test_stats.py").unlink()
    again = await recall(equipment, machine.authors(), task)
    assert again is not None
    untested.git("branch", "-D", str(again.branch))
    assert await recall(equipment, machine.authors(), task) is None, "its branch is gone"
    untested.write("stats.py", untested.read("stats.py") + "# more\n")
    assert await recall(equipment, machine.authors(), task) is None, "the code changed"


async def test_an_interrupted_run_goes_on_where_it_was(machine: Machine, untested: Repository) -> None:
    async def endless(*_: object, **__: object) -> object:
        await asyncio.Event().wait()
        raise AssertionError

    task = GenerateTask(repository=str(untested.root), targets=("stats.py",), seconds=4.0)
    async with machine.service(machine.equip(ScriptedSearch([]), endless)) as service:  # pyright: ignore[reportArgumentType] - it never answers
        run_id = await service.start(task)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(service.follow(run_id), 6)
    async with machine.service(machine.equip(ScriptedSearch([]), AUTHOR)) as service:
        assert [run.state for run in await service.list()] == [RunState.INTERRUPTED]
        assert await service.resume() == run_id
        result = await service.follow(run_id)
    assert isinstance(result, GenerateResult)
    assert result.status is Verdict.PROVEN
    assert len(untested.branches()) == 1
