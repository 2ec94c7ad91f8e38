"""The workflow `test` with a model as its author, or as its second one: scripted, and everything else real."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from regoose.domain.evidence import Verdict
from regoose.domain.generation import DropReason, GenerateResult, GenerateTask
from regoose.domain.task import Engine, TaskLimits
from regoose.errors import NoModel
from regoose.testing.agents import FakeModels
from regoose.testing.generation import ScriptedAuthor
from regoose.testing.models import Answer, ScriptedProvider, call, fail
from regoose.testing.search import ScriptedSearch

if TYPE_CHECKING:
    from workflows.conftest import Machine, Repository

pytestmark = pytest.mark.slow

FEW = TaskLimits(repeats=2, search_seconds=5, suite_seconds=60, run_seconds=240)
MEAN = "from stats import mean\n\n\ndef test_mean_of_two():\n    assert mean([1, 5]) == 6.0\n"
SPREAD = "from stats import spread\n\n\ndef test_spread_of_two():\n    assert spread([3, 7]) == 7\n"
ALL = f"""\
from stats import mean, spread


{MEAN.partition("def ")[1]}{MEAN.partition("def ")[2]}

{SPREAD.partition("def ")[1]}{SPREAD.partition("def ")[2]}

def test_mean_as_wished():
    assert mean([1, 5]) == 3.0


def test_mean_once_more():
    assert mean([1, 5]) == 6.0
"""
FINISH = call("finish", summary="What stats does.")


def create(text: str, path: str = "tests/test_stats.py") -> Answer:
    return call("create", path=path, text=text)


@pytest.fixture
def untested(repository: Repository) -> Repository:
    """Give a repository whose tests are gone."""
    (repository.root / "tests" / "test_stats.py").unlink()
    repository.base = repository.commit()
    return repository


async def run(
    machine: Machine, repository: Repository, writer: ScriptedProvider, author: ScriptedAuthor, **more: object
) -> GenerateResult:
    task = GenerateTask(repository=str(repository.root), targets=("stats.py",), seconds=4.0, limits=FEW)
    models = FakeModels({"generator": writer})
    async with machine.service(machine.equip(ScriptedSearch([]), author), models) as service:
        run_id = await service.start(replace(task, **more))  # pyright: ignore[reportArgumentType] - fields by name
        result = await service.follow(run_id, machine.events.append)
        assert (await service.replay(run_id)).has_ended
    assert isinstance(result, GenerateResult)
    return result


async def test_a_model_writes_and_what_is_of_no_worth_goes(machine: Machine, untested: Repository) -> None:
    author = ScriptedAuthor({"stats": MEAN})
    writer = ScriptedProvider([create("x = 1\n", "stats.py"), create(ALL), call("run_tests"), FINISH])
    result = await run(machine, untested, writer, author, engine=Engine.MODEL)
    assert (result.status, result.engine, author.asked) == (Verdict.PROVEN, Engine.MODEL, [])
    assert (result.models, result.cost.calls) == ((("generator", "scripted:model"),), 4)
    (kept,) = result.modules
    assert len(kept.tests) == 2
    reasons = {one.test.rpartition("::")[2]: one.reason for one in kept.dropped}
    assert reasons["test_mean_as_wished"] is DropReason.FAILING
    assert DropReason.NO_GAIN in reasons.values()
    assert untested.git("show", f"{result.branch}:stats.py") == untested.read("stats.py")
    assert any("refused" in note and "nothing else may be written" in note for note in result.notes)


async def test_what_the_search_leaves_is_asked_of_the_model(machine: Machine, untested: Repository) -> None:
    writer = ScriptedProvider([create(SPREAD), FINISH])
    result = await run(machine, untested, writer, ScriptedAuthor({"stats": MEAN}))
    assert (result.status, result.engine) == (Verdict.PROVEN, Engine.AUTO)
    assert "`spread` is entered by no test" in writer.requests[0].text
    (kept,) = result.modules
    assert kept.file is not None
    assert kept.tests == ("tests/test_stats.py::test_mean_of_two", "tests/test_stats.py::test_spread_of_two")
    assert kept.untested == ()


async def test_no_model_is_asked_where_the_search_leaves_nothing(machine: Machine, untested: Repository) -> None:
    writer = ScriptedProvider([create(SPREAD), FINISH])
    both = f"{MEAN}\n\ndef test_spread():\n    assert spread([3, 7]) == 7\n".replace("mean\n\n", "mean, spread\n\n", 1)
    result = await run(machine, untested, writer, ScriptedAuthor({"stats": both}))
    assert (result.status, result.engine, writer.requests) == (Verdict.PROVEN, Engine.SEARCH, [])
    assert (result.models, result.cost.calls) == ((), 0)


async def test_useless_tests_go_back_once_and_leave_what_the_search_kept(
    machine: Machine, untested: Repository
) -> None:
    wrong = SPREAD.replace("== 7", "== 4")
    writer = ScriptedProvider([create(wrong), FINISH, FINISH])
    result = await run(machine, untested, writer, ScriptedAuthor({"stats": MEAN}))
    (kept,) = result.modules
    assert kept.tests == ("tests/test_stats.py::test_mean_of_two",)
    assert kept.untested == ("spread",)
    assert "A model was asked, and nothing that it wrote was worth keeping." in kept.notes
    assert "nothing of them was worth keeping" in writer.requests[2].last


async def test_a_model_that_fails_leaves_what_the_search_kept(machine: Machine, untested: Repository) -> None:
    result = await run(machine, untested, ScriptedProvider([fail("overloaded")]), ScriptedAuthor({"stats": MEAN}))
    assert (result.status, len(untested.branches())) == (Verdict.PROVEN, 1)
    assert any(note.startswith("stats.py was left to the search: not reached: ") for note in result.notes)


async def test_without_a_model_nothing_begins(machine: Machine, untested: Repository) -> None:
    task = GenerateTask(repository=str(untested.root), targets=("stats.py",), engine=Engine.MODEL)
    async with machine.service(machine.equip(ScriptedSearch([]), ScriptedAuthor({}))) as service:
        run_id = await service.start(task)
        with pytest.raises(NoModel):
            await service.follow(run_id, machine.events.append)
    assert [event.step for event in machine.events if event.kind == "finished"] == []
