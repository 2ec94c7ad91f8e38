"""The workflow `fix` with a model as its author, or as its second one: scripted, and everything else real."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from regoose.domain.evidence import Verdict
from regoose.domain.run import FixResult, RunState
from regoose.domain.task import Engine, FixTask, TaskLimits
from regoose.errors import AgentFailed, ModelUnavailable, NoModel, UsageError
from regoose.reports.unproven import by_hand
from regoose.testing.agents import FakeModels
from regoose.testing.models import Answer, ScriptedProvider, call, fail, say
from regoose.testing.search import Replacement, ScriptedSearch

if TYPE_CHECKING:
    from workflows.conftest import Machine, Repository

pytestmark = pytest.mark.slow

FEW = TaskLimits(repeats=2, search_seconds=5, suite_seconds=60, run_seconds=120)
RIGHT = Replacement("stats.py", "(len(values) - 1)", "len(values)")
USELESS = Replacement("stats.py", "sum(values)", "max(values)")
LINE = "    return sum(values) / (len(values) - 1)\n"
FINISH = call("finish", subject="Divide by the number of values", summary="The mean divided by one less.")


def edit(replacement: str) -> Answer:
    return call("edit", path="stats.py", search=LINE, replace=replacement)


def mends() -> list[Answer]:
    return [call("run_tests"), edit("    return sum(values) / len(values)\n"), FINISH]


async def run(
    machine: Machine, repository: Repository, coder: ScriptedProvider, search: ScriptedSearch, **more: object
) -> FixResult:
    task = replace(FixTask(repository=str(repository.root), limits=FEW), **more)  # pyright: ignore[reportArgumentType] - fields by name
    models = FakeModels({"coder": coder}, price=0.000_001)
    async with machine.service(machine.equip(search), models) as service:
        run_id = await service.start(task)
        result = await service.follow(run_id, machine.events.append)
        assert (await service.replay(run_id)).has_ended
    assert isinstance(result, FixResult)
    return result


def done(machine: Machine) -> list[str]:
    return [event.step for event in machine.events if event.kind == "finished"]


async def test_a_model_writes_and_is_proven(machine: Machine, repository: Repository) -> None:
    search = ScriptedSearch([RIGHT])
    coder = ScriptedProvider(mends())
    before = repository.state()
    result = await run(machine, repository, coder, search, engine=Engine.MODEL)
    assert (result.status, result.engine, search.asked) == (Verdict.PROVEN, Engine.MODEL, [])
    assert result.evidence.summary.startswith("Proven: 1 test red on base for an assertion, green 2 times")
    assert (result.models, result.cost.calls) == ((("coder", "scripted:model"),), 3)
    assert [one.description for one in result.alternatives] == ["Divide by the number of values"]
    assert repository.branches() == [result.branch]
    assert repository.state() == before
    assert repository.git("log", "-1", "--format=%s", str(result.branch)).strip() == "Divide by the number of values"
    asked = coder.requests[0].text
    assert "tests/test_stats.py::test_mean" in asked
    assert "AssertionError in call at tests/test_stats.py:5" in asked
    assert "search" not in asked.partition("<requirement>")[0]
    assert "stats.py" in asked.partition("<map>")[2]


async def test_nothing_is_asked_where_the_search_proves(machine: Machine, repository: Repository) -> None:
    coder = ScriptedProvider(mends())
    result = await run(machine, repository, coder, ScriptedSearch([RIGHT]))
    assert (result.status, result.engine) == (Verdict.PROVEN, Engine.SEARCH)
    assert (coder.requests, result.cost.calls, result.models) == ([], 0, ())
    note = result.notes[-1]
    assert note.startswith("The search proved this patch, so no model was asked: nothing was spent (reading the task")
    usd = float(note.partition("about $")[2].partition(" at scripted:model")[0])
    assert 0.001 < usd < 0.05, "a few thousand characters of prompt, test and map"
    assert done(machine) == ["prepare", "baseline", "search", "prove 1", "deliver", "report"]


async def test_nothing_is_said_to_be_saved_where_no_model_is_set(machine: Machine, repository: Repository) -> None:
    result = await machine.fix(repository, RIGHT)
    assert not any("model" in note for note in result.notes)
    failed = await machine.fix(repository, USELESS)
    assert (failed.status, failed.engine) == (Verdict.UNPROVEN, Engine.SEARCH)
    assert not any("model" in note for note in failed.notes)


async def test_where_the_search_proves_nothing_the_model_is_asked(machine: Machine, repository: Repository) -> None:
    coder = ScriptedProvider(mends())
    result = await run(machine, repository, coder, ScriptedSearch([USELESS]))
    assert (result.status, result.engine) == (Verdict.PROVEN, Engine.MODEL)
    asked = coder.requests[0].text
    assert "A search through many simple edits found none" in asked
    assert "stats.py:2 in `mean` (1.00 of 1)" in asked
    steps = [name for name in done(machine) if not name.startswith("coder")]
    assert steps == ["prepare", "baseline", "search", "prove 1", "models", "map", "prove 2", "deliver", "report"]


async def test_the_search_alone_asks_no_model(machine: Machine, repository: Repository) -> None:
    coder = ScriptedProvider(mends())
    result = await run(machine, repository, coder, ScriptedSearch([USELESS]), engine=Engine.SEARCH)
    assert (result.status, coder.requests) == (Verdict.UNPROVEN, [])


async def test_what_does_not_hold_goes_back_and_attempts_bound_it(machine: Machine, repository: Repository) -> None:
    wrong = edit("    return max(values)\n")
    body = "def mean(values):\n    return {}\n"
    mended = call(
        "edit",
        path="stats.py",
        search=body.format("max(values)"),
        replace=body.format("sum(values) / len(values)"),
    )
    coder = ScriptedProvider([wrong, FINISH, mended, FINISH])
    result = await run(machine, repository, coder, ScriptedSearch([]), engine=Engine.MODEL)
    assert result.status is Verdict.PROVEN
    assert "does not hold" in coder.requests[2].last

    coder = ScriptedProvider([wrong, FINISH, FINISH])
    limits = replace(FEW, attempts=2)
    result = await run(machine, repository, coder, ScriptedSearch([]), engine=Engine.MODEL, limits=limits)
    assert (result.status, result.engine, result.branch) == (Verdict.UNPROVEN, Engine.MODEL, None)
    assert result.evidence.summary.startswith("Not proven: ")
    repository.git(*shlex.split(by_hand(result))[3:])
    assert "return max(values)" in repository.read("stats.py").partition("def spread")[0]


async def test_a_model_that_reaches_for_the_tests_is_refused(machine: Machine, repository: Repository) -> None:
    bend = call("edit", path="tests/test_stats.py", search="== 2\n", replace="== 3\n")
    remove = call("delete", path="tests/test_stats.py")
    coder = ScriptedProvider([bend, remove, *mends()])
    result = await run(machine, repository, coder, ScriptedSearch([]), engine=Engine.MODEL)
    assert result.status is Verdict.PROVEN
    assert result.patch is not None
    assert [one.path for one in result.patch.edits] == ["stats.py"]
    refused = [one for one in result.evidence.findings if one.check == "policy"]
    assert [one.path for one in refused] == ["tests/test_stats.py"] * 2
    assert "the tests are fixed before the change is written" in refused[0].message


async def test_a_patch_that_asks_whether_it_is_tested_is_not_proven(machine: Machine, repository: Repository) -> None:
    bent = (
        "    import os\n\n    if 'PYTEST_CURRENT_TEST' in os.environ:\n"
        "        return 2\n    return sum(values) / (len(values) - 1)\n"
    )
    coder = ScriptedProvider([edit(bent), FINISH])
    limits = replace(FEW, attempts=1)
    result = await run(machine, repository, coder, ScriptedSearch([]), engine=Engine.MODEL, limits=limits)
    assert (result.status, repository.branches()) == (Verdict.UNPROVEN, [])
    assert "detects-tests" in {one.rule for one in result.evidence.findings}


async def test_without_a_model_nothing_begins(machine: Machine, repository: Repository) -> None:
    task = FixTask(repository=str(repository.root), limits=FEW, engine=Engine.MODEL)
    async with machine.service(machine.equip(ScriptedSearch([]))) as service:
        run_id = await service.start(task)
        with pytest.raises(NoModel):
            await service.follow(run_id, machine.events.append)
        assert done(machine) == []
        run_id = await service.start(replace(task, engine=Engine.AUTO, model="openai:gpt-4.1"))
        with pytest.raises(NoModel):
            await service.follow(run_id, machine.events.append)
    assert done(machine) == []


@pytest.mark.parametrize("answers", [[say("I think it is fine.")] * 4, [fail("overloaded")], [fail("quota")]])
async def test_a_model_that_fails_after_the_search_is_a_note(
    machine: Machine, repository: Repository, answers: list[Answer]
) -> None:
    result = await run(machine, repository, ScriptedProvider(answers), ScriptedSearch([USELESS]))
    assert (result.status, result.engine) == (Verdict.UNPROVEN, Engine.AUTO)
    assert result.notes[-1].startswith("The model has written nothing: ")
    assert [suspect.function for suspect in result.suspects] == ["mean"]


async def test_a_model_that_fails_alone_is_the_error(machine: Machine, repository: Repository) -> None:
    with pytest.raises(AgentFailed):
        await run(machine, repository, ScriptedProvider([say("Fine.")] * 4), ScriptedSearch([]), engine=Engine.MODEL)
    models = FakeModels({"coder": ScriptedProvider([fail("overloaded"), *mends()])})
    async with machine.service(machine.equip(ScriptedSearch([])), models) as service:
        run_id = await service.start(FixTask(repository=str(repository.root), limits=FEW, engine=Engine.MODEL))
        with pytest.raises(ModelUnavailable):
            await service.follow(run_id)
        summary, _ = await service.show(run_id)
        assert summary.state is RunState.INTERRUPTED
        result = await service.follow(await service.resume(run_id))
    assert isinstance(result, FixResult)
    assert result.status is Verdict.PROVEN


async def test_a_model_leaves_nothing_to_choose(machine: Machine, repository: Repository) -> None:
    coder = ScriptedProvider(mends())
    with pytest.raises(UsageError, match="no alternative to choose"):
        await run(machine, repository, coder, ScriptedSearch([]), engine=Engine.MODEL, choose=2)
    assert (await run(machine, repository, coder, ScriptedSearch([USELESS]), choose=2)).status is Verdict.UNPROVEN
    assert coder.requests == []
