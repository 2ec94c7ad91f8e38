"""A run met again, by replay, by resuming or by forking: what was recorded is neither done again nor mistaken."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import pytest

from regoose.domain.approval import Approval
from regoose.domain.event import Event
from regoose.domain.json import Json
from regoose.domain.run import Replayed, RunState
from regoose.durable.engine import Engine
from regoose.durable.journal import Journal
from regoose.durable.replay import replay
from regoose.durable.run import Run, Workflow
from regoose.errors import ApprovalNeeded, NothingToFix, PolicyRefused, RegooseError, ReplayMiss, TimeLimit, UsageError
from regoose.testing.runs import Talk

RUN = "fix-1"
YES = Approval(granted=True, by="ada")
STEPS = ["coder 1", "coder 1.1 read", "coder 2", "coder 2.1 read", "coder 3", "coder 3.1 read"]
WHOLE = [*STEPS, "approval plan", "deliver"]


def nothing(_what: object) -> None:
    """Hear nothing."""


def forbidden(name: str) -> None:
    raise AssertionError(f"{name} was done")


async def carry_out(state: Path, workflow: Workflow, *, resume: bool = False, run_id: str = RUN) -> Json:
    async with Engine(state, {"fix": workflow}) as engine:
        await (engine.resume(run_id) if resume else engine.start("fix", run_id, {"repository": "/r"}))
        return await engine.result(run_id)


async def met_again(state: Path, workflow: Workflow, run_id: str = RUN) -> Replayed:
    return await replay(Journal(state), run_id, {"fix": workflow}, nothing)


async def until_it_waits(state: Path, workflow: Workflow) -> None:
    with pytest.raises(ApprovalNeeded, match="Shall it be delivered"):
        await carry_out(state, workflow)


async def ended(state: Path) -> Json:
    """Leave a run of a talk in the journal that has ended; return its result."""
    await until_it_waits(state, Talk(nothing))
    await Journal(state).answer(RUN, YES)
    return await carry_out(state, Talk(nothing), resume=True)


async def test_a_run_waits_for_an_answer_and_goes_on_with_it(tmp_path: Path) -> None:
    done: list[str] = []
    await until_it_waits(tmp_path, Talk(done.append))
    journal = Journal(tmp_path)
    (summary,) = await journal.list()
    assert summary.state is RunState.WAITING
    assert summary.question is not None
    assert (summary.question.gate, summary.question.text) == ("plan", "Shall it be delivered?")
    _, steps = await journal.show(RUN)
    assert [step.name for step in steps] == [*STEPS, "waiting"]

    assert (await journal.answer(RUN, YES)).gate == "plan"
    assert (await journal.list())[0].state is RunState.INTERRUPTED
    result = await carry_out(tmp_path, Talk(done.append), resume=True)
    assert isinstance(result, dict)
    assert result["delivered"] == "what deliver gave"
    assert done == [*STEPS, "deliver"]
    assert [step.name for step in (await journal.show(RUN))[1]] == WHOLE


async def test_a_no_is_told_with_its_reason(tmp_path: Path) -> None:
    await until_it_waits(tmp_path, Talk(nothing))
    await Journal(tmp_path).answer(RUN, Approval(granted=False, comment="too large", by="ada"))
    with pytest.raises(PolicyRefused, match="too large"):
        await carry_out(tmp_path, Talk(nothing), resume=True)
    replayed = await met_again(tmp_path, Talk(forbidden))
    assert (replayed.error, replayed.has_ended) == ("refused: too large", True)


async def test_an_answer_stays_what_it_was(tmp_path: Path) -> None:
    await until_it_waits(tmp_path, Talk(nothing))
    no = Approval(granted=False, comment="never", by="bob")
    both = await asyncio.gather(*(Journal(tmp_path).answer(RUN, given) for given in (YES, no)), return_exceptions=True)
    (refused,) = [one for one in both if isinstance(one, BaseException)]
    assert isinstance(refused, UsageError)
    assert "'plan' was answered with " in refused.message
    with pytest.raises(UsageError, match="'plan' was answered with"):
        await Journal(tmp_path).answer(RUN, no)


async def test_what_waits_for_nothing_takes_no_answer(tmp_path: Path) -> None:
    await ended(tmp_path)
    with pytest.raises(UsageError, match="does not wait"):
        await Journal(tmp_path).answer(RUN, YES)


async def test_two_gates_are_told_apart(tmp_path: Path) -> None:
    async def asking(run: Run, _task: Json) -> Json:
        first = await run.gate("first", "First?")
        second = await run.gate("second", "Second?")
        return {"said": [first.granted, second.comment]}

    journal = Journal(tmp_path)
    for gate, given in (("first", YES), ("second", Approval(granted=False, comment="no"))):
        with pytest.raises(ApprovalNeeded):
            await carry_out(tmp_path, asking, resume=gate == "second")
        assert (await journal.answer(RUN, given)).gate == gate
    assert await carry_out(tmp_path, asking, resume=True) == {"said": [True, "no"]}


async def test_a_run_is_replayed_byte_for_byte_and_nothing_is_done(tmp_path: Path) -> None:
    await ended(tmp_path)
    (before,) = {path.stat().st_mtime_ns for path in tmp_path.glob("regoose.db")}
    events: list[Event] = []
    replayed = await replay(Journal(tmp_path), RUN, {"fix": Talk(forbidden)}, events.append)
    assert replayed == Replayed(run_id=RUN, steps=len(WHOLE), calls=3, has_ended=True)
    assert [(event.step, event.kind) for event in events] == [(name, "replayed") for name in WHOLE]
    assert {path.stat().st_mtime_ns for path in tmp_path.glob("regoose.db")} == {before}


async def test_a_run_that_waits_is_replayed_as_far_as_it_is_recorded(tmp_path: Path) -> None:
    await until_it_waits(tmp_path, Talk(nothing))
    replayed = await met_again(tmp_path, Talk(forbidden))
    assert (replayed.steps, replayed.has_ended, replayed.next_step) == (len(STEPS), False, "approval plan")


async def test_steps_at_once_of_an_interrupted_run_are_all_replayed(tmp_path: Path) -> None:
    second_done = asyncio.Event()

    async def at_once(run: Run, _task: Json) -> Json:
        async def first() -> str:
            await second_done.wait()
            raise TimeLimit("too late")

        async def second() -> str:
            return "done"

        async def follow() -> None:
            await run.step("second", str, second)
            second_done.set()

        await asyncio.gather(run.step("first", str, first), follow())
        return {}

    with pytest.raises(TimeLimit):
        await carry_out(tmp_path, at_once)
    replayed = await met_again(tmp_path, at_once)
    assert (replayed.steps, replayed.next_step) == (1, "first")


async def test_a_failed_run_is_replayed_to_its_error(tmp_path: Path) -> None:
    async def failing(run: Run, _task: Json) -> Json:
        async def fail() -> str:
            raise NothingToFix("all pass", hint="name one")

        await run.step("search", str, fail, request=[{"question": "what is red?"}])
        return {}

    with pytest.raises(NothingToFix):
        await carry_out(tmp_path, failing)
    replayed = await met_again(tmp_path, failing)
    assert (replayed.steps, replayed.error) == (1, "all pass")
    (step,) = (await Journal(tmp_path).show(RUN))[1]
    assert (step.error, step.value, step.request) == ("all pass", None, ({"question": "what is red?"},))


CHANGES: Mapping[str, tuple[Workflow, str]] = {
    "a prompt": (
        Talk(forbidden, prompt="You are a careless programmer."),
        (
            r"step 1 \(coder 1\) was asked something else: part 2 \(system message\) differs at text; recorded: "
            r'"You are a careful programmer."; now: "You are a careless programmer."'
        ),
    ),
    "a turn more": (Talk(forbidden, turns=4), "step 7 is recorded as 'approval plan', and now it is 'coder 4'"),
    "a turn less": (Talk(forbidden, turns=2), "step 5 is recorded as 'coder 3', and now it is 'approval plan'"),
}


@pytest.mark.parametrize("change", CHANGES)
async def test_what_is_not_as_recorded_is_named(tmp_path: Path, change: str) -> None:
    workflow, message = CHANGES[change]
    await ended(tmp_path)
    with pytest.raises(ReplayMiss, match=message):
        await met_again(tmp_path, workflow)


def around(before: Callable[[Run], Awaitable[object]] | None = None, result: Json = None) -> Workflow:
    """Return a workflow that is a talk, then something more, or with another result."""

    async def changed(run: Run, task: Json) -> Json:
        given = await Talk(forbidden)(run, task)
        if before is not None:
            await before(run)
        return given if result is None else result

    return changed


async def test_a_step_too_many_or_too_few_and_another_result_are_named(tmp_path: Path) -> None:
    await ended(tmp_path)

    async def nothing_more() -> str:
        return ""

    with pytest.raises(ReplayMiss, match=r"step 9 \(more\) is not in the journal"):
        await met_again(tmp_path, around(lambda run: run.step("more", str, nothing_more)))
    with pytest.raises(ReplayMiss, match=r"ends otherwise at status; recorded: \"proven\"; now: \"unproven\""):
        await met_again(tmp_path, around(result={"status": "unproven"}))

    async def early(_run: Run, _task: Json) -> Json:
        return {}

    with pytest.raises(ReplayMiss, match=r"step 1 \(coder 1\) is recorded, and now it is not wanted"):
        await met_again(tmp_path, early)


async def test_a_changed_prompt_leaves_a_resumed_run_where_it_was(tmp_path: Path) -> None:
    await until_it_waits(tmp_path, Talk(nothing))
    await Journal(tmp_path).answer(RUN, YES)
    with pytest.raises(ReplayMiss, match=r"step 1 \(coder 1\)"):
        await carry_out(tmp_path, Talk(forbidden, prompt="Another one."), resume=True)
    assert (await Journal(tmp_path).list())[0].state is RunState.INTERRUPTED
    done: list[str] = []
    await carry_out(tmp_path, Talk(done.append), resume=True)
    assert done == ["deliver"]


async def test_nothing_in_a_workflow_can_swallow_a_miss(tmp_path: Path) -> None:
    await ended(tmp_path)

    async def tolerant(run: Run, task: Json) -> Json:
        try:
            return await Talk(forbidden, prompt="Another one.")(run, task)
        except Exception:  # noqa: BLE001 - what it shows
            return {}

    with pytest.raises(ReplayMiss):
        await met_again(tmp_path, tolerant)


async def test_a_fork_has_the_steps_before_and_does_the_others(tmp_path: Path) -> None:
    first = await ended(tmp_path)
    done: list[str] = []
    journal = Journal(tmp_path)
    await journal.fork(RUN, "fix-2", 3, {"branch": "other"})
    with pytest.raises(ApprovalNeeded):  # the parent's answer is to the parent's question
        await carry_out(tmp_path, Talk(done.append), resume=True, run_id="fix-2")
    assert done == STEPS[2:]
    assert (await journal.show("fix-2"))[0].forked_from == RUN
    assert await journal.overrides("fix-2") == {"branch": "other"}
    await journal.answer("fix-2", YES)
    assert await carry_out(tmp_path, Talk(done.append), resume=True, run_id="fix-2") == first
    assert (await met_again(tmp_path, Talk(forbidden), "fix-2")).steps == len(WHOLE)
    assert (await met_again(tmp_path, Talk(forbidden))).steps == len(WHOLE)


async def test_a_fork_meets_what_it_took_over_with_the_same_requests(tmp_path: Path) -> None:
    await ended(tmp_path)
    await Journal(tmp_path).fork(RUN, "fix-2", 3, {})
    with pytest.raises(ReplayMiss, match=r"step 1 \(coder 1\)"):
        await carry_out(tmp_path, Talk(nothing, prompt="Another one."), resume=True, run_id="fix-2")
    await Journal(tmp_path).fork(RUN, "fix-3", 1, {})
    with pytest.raises(ApprovalNeeded):
        await carry_out(tmp_path, Talk(nothing, prompt="Another one."), resume=True, run_id="fix-3")


async def test_changes_of_the_task_are_seen_by_the_run_and_by_its_replay(tmp_path: Path) -> None:
    async def spending(run: Run, _task: Json) -> Json:
        async def spend() -> str:
            if not run.overrides:
                raise TimeLimit("no more")
            return "spent"

        return {"said": await run.step("spend", str, spend), "with": dict(run.overrides)}

    with pytest.raises(TimeLimit):
        await carry_out(tmp_path, spending)
    async with Engine(tmp_path, {"fix": spending}) as engine:
        await engine.resume(RUN, {"budget": {"usd": 3.0}})
        assert await engine.result(RUN) == {"said": "spent", "with": {"budget": {"usd": 3.0}}}
    assert (await met_again(tmp_path, spending)).steps == 1


async def test_runs_of_another_version_are_neither_replayed_nor_forked(tmp_path: Path) -> None:
    await ended(tmp_path)
    with sqlite3.connect(tmp_path / "regoose.db") as database:
        database.execute("UPDATE workflow_status SET application_version = '0'")
    database.close()
    with pytest.raises(UsageError, match=r"another version of Regoose \(fix, 0\)"):
        await met_again(tmp_path, Talk(forbidden))


async def test_a_conversation_takes_the_space_of_its_messages(tmp_path: Path) -> None:
    sizes: dict[int, int] = {}
    for turns in (10, 40):
        state = tmp_path / str(turns)
        await until_it_waits(state, Talk(nothing, turns=turns))
        with sqlite3.connect(state / "regoose.db") as database:
            (sizes[turns],) = database.execute("SELECT SUM(LENGTH(output)) FROM operation_outputs").fetchone()
        database.close()
    assert sizes[40] < 4.5 * sizes[10]


@pytest.mark.parametrize("lost", [1, 40, 4096, 30_000])
async def test_a_torn_write_loses_the_last_steps_and_no_more(tmp_path: Path, lost: int) -> None:
    kept = tmp_path / "kept"

    class Torn(RegooseError):
        resumable = True

    def tear(name: str) -> None:
        if name == "coder 3":
            shutil.copytree(tmp_path / "state", kept)
            raise Torn("power is gone")

    with pytest.raises(Torn):
        await carry_out(tmp_path / "state", Talk(tear))
    log = kept / "regoose.db-wal"
    log.write_bytes(log.read_bytes()[:-lost])
    (summary,) = await Journal(kept).list()
    assert summary.state is RunState.INTERRUPTED
    recorded = [step.name for step in (await Journal(kept).show(RUN))[1]]
    assert recorded == STEPS[: len(recorded)]
    done: list[str] = []
    with pytest.raises(ApprovalNeeded):
        await carry_out(kept, Talk(done.append), resume=True)
    assert done == STEPS[len(recorded) :]
