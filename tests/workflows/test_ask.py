"""The workflow `ask`: a role of the user's own, its model scripted, everything else real."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import BaseModel

from regoose.agents.prompt import parse_prompt
from regoose.agents.role import Role
from regoose.agents.toolbox import CHANGING, LOOKING, RUNNING
from regoose.domain.ask import AskResult, AskTask
from regoose.domain.run import RunState
from regoose.errors import AgentFailed, ModelUnavailable, UsageError
from regoose.testing.agents import FakeModels
from regoose.testing.models import Answer, ScriptedProvider, call, fail, say
from regoose.testing.search import ScriptedSearch
from regoose.workflows.ask import Asking, asked
from regoose.workflows.service import Kind, RunService

if TYPE_CHECKING:
    from workflows.conftest import Machine, Repository


class Count(BaseModel):
    functions: int


PROMPT = '+++\nrole = "counter"\nversion = 1\nvariables = ["what"]\n+++\n# System\nCount.\n# Task\nCount {{ what }}.\n'
COUNTER = Role(
    name="counter",
    prompt=parse_prompt(PROMPT, "counter.md"),
    output=Count,
    tools=(*LOOKING, *CHANGING, *RUNNING),
)
LOOK = call("shell", command="grep -c def stats.py")
WRITE = call("create", path="count.md", text="2\n")
FINISH = call("finish", functions=2)


class Bench:
    """Runs of the counter, in one service or in several one after another."""

    def __init__(self, machine: Machine, repository: Repository) -> None:
        self.machine = machine
        self.task = AskTask(repository=str(repository.root), role="counter", variables={"what": "the functions"})

    def service(self, *answers: Answer, knows: bool = True) -> RunService:
        models = FakeModels({"counter": ScriptedProvider(answers)})
        asking = Asking(self.machine.equip(ScriptedSearch([])), self.machine.authors(models))
        if knows:
            asking.learn(COUNTER)
        return RunService(self.machine.home / "state", [Kind("ask", AskTask, AskResult, asking.carry_out)])


@pytest.fixture
def bench(machine: Machine, repository: Repository) -> Bench:
    return Bench(machine, repository)


async def test_it_is_a_run_that_leaves_the_checkout_alone_and_replays(bench: Bench, repository: Repository) -> None:
    before = repository.state()
    repository.write("uncommitted.py", "def more(): ...\n")
    async with bench.service(call("read", path="uncommitted.py"), LOOK, WRITE, FINISH) as service:
        run_id = await service.start(bench.task)
        result = await service.follow(run_id)
        assert isinstance(result, AskResult)
        replayed = await service.replay(run_id)
        summary, steps = await service.show(run_id)
    given = asked(COUNTER, result)
    assert (given.output, given.run_id, given.cost.calls) == (Count(functions=2), run_id, 4)
    assert [edit.path for edit in given.patch.edits] == ["count.md"]
    assert "def more()" in str(next(step.value for step in steps if step.name == "counter 1.1 read"))
    assert (summary.kind, summary.state) == ("ask", RunState.FINISHED)
    assert (replayed.has_ended, replayed.calls) == (True, 4)
    (repository.root / "uncommitted.py").unlink()
    assert repository.state() == before
    assert bench.machine.leftovers() == []


async def test_it_goes_on_where_it_was_in_a_program_that_has_the_role(bench: Bench) -> None:
    async with bench.service(LOOK, fail("unavailable")) as service:
        run_id = await service.start(bench.task)
        with pytest.raises(ModelUnavailable):
            await service.follow(run_id)
    async with bench.service(knows=False) as service:
        await service.resume(run_id)
        with pytest.raises(UsageError, match="the role 'counter', which this program does not have"):
            await service.follow(run_id)
        with pytest.raises(UsageError, match="does not have"):
            await service.replay(run_id)
        assert (await service.show(run_id))[0].state is RunState.INTERRUPTED
    async with bench.service(FINISH) as service:
        await service.resume(run_id)
        result = await service.follow(run_id)
    assert isinstance(result, AskResult)
    assert asked(COUNTER, result).output == Count(functions=2)


async def test_what_the_role_does_not_do_ends_the_run_by_its_name(bench: Bench) -> None:
    async with bench.service(*[say("I would rather not.")] * 4) as service:
        run_id = await service.start(bench.task)
        with pytest.raises(AgentFailed, match="the counter"):
            await service.follow(run_id)
        assert (await service.show(run_id))[0].state is RunState.FAILED
