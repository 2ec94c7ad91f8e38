"""Runs replayed, forked and gone on with through the service; whatever is recorded needs nothing but the journal."""

from __future__ import annotations

import shutil
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest

from regoose.domain.budget import Budget
from regoose.domain.run import FixResult, RunState
from regoose.domain.task import FixTask
from regoose.durable.run import Run
from regoose.errors import NothingToFix, TimeLimit, UnknownRun, UsageError
from regoose.sandbox.choice import Choice
from regoose.testing import samples
from regoose.testing.generation import ScriptedAuthor
from regoose.testing.search import Replacement, ScriptedSearch
from regoose.workflows.service import Kind, RunService

if TYPE_CHECKING:
    from workflows.conftest import Machine, Repository

MEAN = Replacement("stats.py", "(len(values) - 1)", "len(values)")
TESTS = "from stats import spread\n\n\ndef test_spread_of_one():\n    assert spread([3]) == 3\n"


async def no_sandbox(_setting: str) -> Choice:
    raise AssertionError("a replay needs no sandbox")


def offline(machine: Machine) -> RunService:
    """Return a service that can do nothing: its search finds nothing, and there is no sandbox."""
    return machine.service(replace(machine.equip(ScriptedSearch([])), choose=no_sandbox))


async def test_a_fix_is_forked_and_replayed_though_its_repository_is_gone(
    machine: Machine, repository: Repository
) -> None:
    result = await machine.fix(repository, MEAN)
    async with machine.service(machine.equip(ScriptedSearch([]))) as service:  # its search would find nothing now
        (run,) = await service.list()
        child = await service.follow(await service.fork(run.run_id, "deliver"))
    assert isinstance(child, FixResult)
    assert sorted(repository.branches()) == sorted([str(result.branch), str(child.branch)])

    shutil.rmtree(repository.root)
    async with offline(machine) as service:
        for of in (result, child):
            replayed = await service.replay(of.run_id)
            assert (replayed.has_ended, replayed.error) == (True, None)
            assert replayed.steps == len((await service.show(of.run_id))[1])
            assert await service.result(of.run_id) == of


async def test_so_are_written_tests(machine: Machine, repository: Repository) -> None:
    await machine.test(repository, ScriptedAuthor({"stats": TESTS}), "stats.py")
    shutil.rmtree(repository.root)
    async with offline(machine) as service:
        (run,) = await service.list()
        assert (await service.replay(run.run_id)).steps == len((await service.show(run.run_id))[1])


async def test_a_failed_fix_is_replayed_to_its_error(machine: Machine, repository: Repository) -> None:
    repository.write("tests/test_stats.py", "def test_nothing():\n    pass\n")
    repository.commit()
    with pytest.raises(NothingToFix) as caught:
        await machine.fix(repository)
    async with offline(machine) as service:
        (run,) = await service.list()
        assert (await service.replay(run.run_id)).error == caught.value.message


class Spender:
    """A workflow that stops where its task has no budget, and tells what its task was."""

    def __init__(self) -> None:
        self.done: list[str] = []

    async def __call__(self, run: Run, task: FixTask) -> FixResult:
        for name in ("first", "second"):
            await run.step(name, str, partial(self._do, name))
        if task.budget.usd is None:
            raise TimeLimit("no budget")
        return replace(samples.proven(), run_id=run.run_id, notes=(f"{task.model}, {task.budget}",))

    async def _do(self, name: str) -> str:
        self.done.append(name)
        return name

    def service(self, machine: Machine) -> RunService:
        return RunService(machine.home / "state", [Kind("fix", FixTask, FixResult, self)])


async def test_a_task_is_changed_on_the_way(machine: Machine, repository: Repository) -> None:
    spender = Spender()
    async with spender.service(machine) as service:
        run_id = await service.start(FixTask(repository=str(repository.root), budget=Budget(calls=7)))
        with pytest.raises(TimeLimit):
            await service.follow(run_id)
        assert await service.resume(run_id, {"budget": {"usd": 2.0}}) == run_id
        result = await service.follow(run_id)
        assert isinstance(result, FixResult)
        assert result.notes == ("None, Budget(usd=2.0, tokens=None, calls=7)",)
        assert (await service.replay(run_id)).has_ended
        child = await service.fork(run_id, "second", {"model": "ollama:qwen"})
        result = await service.follow(child)
        assert isinstance(result, FixResult)
        assert (result.run_id, result.notes) == (child, ("ollama:qwen, Budget(usd=2.0, tokens=None, calls=7)",))
        assert spender.done == ["first", "second", "second"]
        summary, steps = await service.show(child)
        assert (summary.forked_from, [step.name for step in steps]) == (run_id, ["first", "second"])


async def test_what_cannot_be_changed_or_forked_is_named(machine: Machine, repository: Repository) -> None:
    spender = Spender()
    async with spender.service(machine) as service:
        run_id = await service.start(FixTask(repository=str(repository.root)))
        with pytest.raises(TimeLimit):
            await service.follow(run_id)
        with pytest.raises(UsageError, match=r"no 'budget\.pounds' to change"):
            await service.resume(run_id, {"budget": {"pounds": 2.0}})
        with pytest.raises(UsageError, match="cannot take"):
            await service.fork(run_id, "1", {"budget": {"usd": "much"}})
        for at in ("third", "0", "4", "-1"):
            with pytest.raises(UsageError, match=f"has no step '{at}': its steps are 1 to 2"):
                await service.fork(run_id, at)
        with pytest.raises(UnknownRun):
            await service.fork("nobody", "1")
        assert [(run.run_id, run.state) for run in await service.list()] == [(run_id, RunState.INTERRUPTED)]
