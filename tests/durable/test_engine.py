"""The engine within one process: what is recorded, what is replayed, what is left to resume."""

from __future__ import annotations

import asyncio
import errno
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from regoose.domain.event import Event
from regoose.domain.evidence import Verdict
from regoose.domain.json import Json
from regoose.domain.run import RunState
from regoose.durable.engine import Engine, Workflow
from regoose.durable.journal import Journal
from regoose.durable.run import Run
from regoose.errors import (
    MachineError,
    NothingToFix,
    RegooseError,
    RunBusy,
    RunCancelled,
    SandboxDied,
    SizeLimit,
    TimeLimit,
    UnknownRun,
    UsageError,
)

TASK: Json = {"repository": "/r"}


@dataclass(frozen=True, slots=True)
class Found:
    name: str
    numbers: tuple[int, ...]


class Script:
    """A workflow of two steps whose second does what it is told; counts the calls."""

    def __init__(self, second: Callable[[], Awaitable[str]] | None = None) -> None:
        self.calls: list[str] = []
        self._second = second

    async def __call__(self, run: Run, task: Json) -> Json:
        first = await run.step("first", Found, self._first, say=lambda found: f"found {found.name}")
        run.progress("second", "half way", share=0.5)
        second = await run.step("second", str, self._do_second)
        return {"first": list(first.numbers), "second": second, "task": task, "evidence": {"verdict": "proven"}}

    async def _first(self) -> Found:
        self.calls.append("first")
        return Found("a", (1, 2))

    async def _do_second(self) -> str:
        self.calls.append("second")
        return await self._second() if self._second else "done"


async def run(
    state: Path, workflow: Workflow, run_id: str = "fix-1", *, resume: bool = False
) -> tuple[Json, list[Event]]:
    events: list[Event] = []
    async with Engine(state, {"fix": workflow}) as engine:
        await (engine.resume(run_id) if resume else engine.start("fix", run_id, TASK))
        engine.observe(run_id, events.append)
        return await engine.result(run_id), events


def failing(error: BaseException) -> Callable[[], Awaitable[str]]:
    async def fail() -> str:
        await asyncio.sleep(0)
        raise error

    return fail


async def test_a_run_gives_its_result_and_tells_what_happens(tmp_path: Path) -> None:
    result, events = await run(tmp_path, Script())
    assert result == {"first": [1, 2], "second": "done", "task": TASK, "evidence": {"verdict": "proven"}}
    assert [(event.step, event.kind, event.message) for event in events] == [
        ("first", "started", "first"),
        ("first", "finished", "found a"),
        ("second", "progress", "half way"),
        ("second", "started", "second"),
        ("second", "finished", "done"),
    ]


async def test_the_journal_lists_and_shows_it(tmp_path: Path) -> None:
    await run(tmp_path, Script())
    journal = Journal(tmp_path)
    (summary,) = await journal.list()
    assert (summary.run_id, summary.kind, summary.repository) == ("fix-1", "fix", "/r")
    assert (summary.state, summary.verdict) == (RunState.FINISHED, Verdict.PROVEN)
    assert summary.ended is not None
    assert summary.started <= summary.ended
    shown, steps = await journal.show("fix-1")
    assert shown == summary
    assert [(step.number, step.name, step.error) for step in steps] == [(1, "first", None), (2, "second", None)]


async def test_the_journal_holds_text_that_a_person_can_read(tmp_path: Path) -> None:
    await run(tmp_path, Script())
    with sqlite3.connect(tmp_path / "regoose.db") as database:
        rows = database.execute("SELECT output, serialization FROM operation_outputs ORDER BY function_id").fetchall()
    database.close()
    assert rows[0] == ('{"name":"a","numbers":[1,2]}', "regoose-json-1")


async def test_a_failing_observer_changes_nothing(tmp_path: Path) -> None:
    def broken(_event: Event) -> None:
        raise RuntimeError("no terminal")

    async with Engine(tmp_path, {"fix": Script()}) as engine:
        await engine.start("fix", "fix-1", TASK)
        engine.observe("fix-1", broken)
        assert isinstance(await engine.result("fix-1"), dict)


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (SandboxDied("gone"), SandboxDied),
        (MachineError("no tool"), MachineError),
        (OSError(errno.ENOSPC, "No space left on device", "/w"), SizeLimit),
    ],
)
async def test_a_cause_that_can_go_away_leaves_the_run_resumable(
    tmp_path: Path, raised: Exception, kind: type[RegooseError]
) -> None:
    with pytest.raises(kind):
        await run(tmp_path, Script(failing(raised)))
    (summary,) = await Journal(tmp_path).list()
    assert summary.state is RunState.INTERRUPTED
    _, steps = await Journal(tmp_path).show("fix-1")
    assert [step.name for step in steps] == ["first", "interrupted"]
    assert steps[-1].error

    script = Script()
    result, events = await run(tmp_path, script, resume=True)
    assert isinstance(result, dict)
    assert script.calls == ["second"]
    assert [(event.step, event.kind) for event in events if event.kind != "progress"] == [
        ("first", "replayed"),
        ("second", "started"),
        ("second", "finished"),
    ]
    (summary,) = await Journal(tmp_path).list()
    assert summary.state is RunState.FINISHED


async def test_such_a_cause_between_steps_leaves_it_resumable_too(tmp_path: Path) -> None:
    script = Script()

    async def late(run: Run, task: Json) -> Json:
        await script(run, task)
        raise TimeLimit("too late")

    with pytest.raises(TimeLimit):
        await run(tmp_path, late)
    assert (await Journal(tmp_path).list())[0].state is RunState.INTERRUPTED
    await run(tmp_path, script, resume=True)
    assert script.calls == ["first", "second"]


async def test_a_final_error_ends_the_run_and_stays_what_it_was(tmp_path: Path) -> None:
    with pytest.raises(NothingToFix, match="all pass") as caught:
        await run(tmp_path, Script(failing(NothingToFix("all pass", hint="name one"))))
    assert caught.value.hint == "name one"
    (summary,) = await Journal(tmp_path).list()
    assert summary.state is RunState.FAILED
    ended = await Journal(tmp_path).outcome("fix-1")
    assert isinstance(ended, NothingToFix)
    assert (ended.message, ended.hint) == ("all pass", "name one")
    with pytest.raises(UsageError, match="has ended"):
        await run(tmp_path, Script(), resume=True)


async def test_a_defect_ends_the_run_and_is_told_as_one(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        await run(tmp_path, Script(failing(ZeroDivisionError("by zero"))))
    ended = await Journal(tmp_path).outcome("fix-1")
    assert isinstance(ended, RegooseError)
    assert ended.message == "unexpected ZeroDivisionError: by zero"
    assert "report it" in ended.hint


async def test_interrupting_throws_the_running_step_away_and_cleans_up(tmp_path: Path) -> None:
    reached = asyncio.Event()
    cleaned: list[str] = []

    async def endless() -> str:
        reached.set()
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.append("step")
        return ""

    async with Engine(tmp_path, {"fix": Script(endless)}) as engine:
        await engine.start("fix", "fix-1", TASK)
        await reached.wait()
    assert cleaned == ["step"]
    assert (await Journal(tmp_path).list())[0].state is RunState.INTERRUPTED
    script = Script()
    await run(tmp_path, script, resume=True)
    assert script.calls == ["second"]


async def test_cancelling_from_outside_stops_the_running_step(tmp_path: Path) -> None:
    reached = asyncio.Event()

    async def endless() -> str:
        reached.set()
        await asyncio.Event().wait()
        return ""

    async with Engine(tmp_path, {"fix": Script(endless)}) as engine:
        await engine.start("fix", "fix-1", TASK)
        await reached.wait()
        await Journal(tmp_path).cancel("fix-1")
        with pytest.raises(RunCancelled, match="fix-1"):
            await engine.result("fix-1")
    assert (await Journal(tmp_path).list())[0].state is RunState.CANCELLED


async def test_a_run_cannot_be_begun_or_resumed_twice(tmp_path: Path) -> None:
    reached = asyncio.Event()

    async def endless() -> str:
        reached.set()
        await asyncio.Event().wait()
        return ""

    async with Engine(tmp_path, {"fix": Script(endless)}) as engine:
        await engine.start("fix", "fix-1", TASK)
        await reached.wait()
        with pytest.raises(RunBusy):
            await engine.start("fix", "fix-1", TASK)
        with pytest.raises(RunBusy):
            await engine.resume("fix-1")
        assert (await engine.journal.list())[0].state is RunState.RUNNING


async def test_an_unknown_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownRun, match="'nope'"):
        await run(tmp_path, Script(), "nope", resume=True)
    with pytest.raises(UnknownRun, match="'nope'"):
        await Journal(tmp_path).show("nope")


async def test_reading_makes_no_database(tmp_path: Path) -> None:
    assert await Journal(tmp_path).list() == ()
    assert list(tmp_path.iterdir()) == []


async def test_a_run_of_another_version_is_refused_with_its_version(tmp_path: Path) -> None:
    with pytest.raises(SandboxDied):
        await run(tmp_path, Script(failing(SandboxDied("gone"))))
    with sqlite3.connect(tmp_path / "regoose.db") as database:
        database.execute("UPDATE workflow_status SET application_version = '0'")
    database.close()
    with pytest.raises(UsageError, match=r"another version of Regoose \(fix, 0\)"):
        await run(tmp_path, Script(), resume=True)


async def test_a_journal_that_is_no_database_says_how_to_go_on(tmp_path: Path) -> None:
    (tmp_path / "regoose.db").write_bytes(b"not a database, not at all" * 100)
    with pytest.raises(MachineError, match="cannot be read") as caught:
        await run(tmp_path, Script())
    assert f"mv {tmp_path}/regoose.db" in caught.value.hint
    with pytest.raises(MachineError, match="cannot be read"):
        await Journal(tmp_path).list()


async def test_a_journal_damaged_in_its_pages_says_so(tmp_path: Path) -> None:
    await run(tmp_path, Script())
    path = tmp_path / "regoose.db"
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(MachineError, match="cannot be read"):
        await Journal(tmp_path).list()
    with pytest.raises(MachineError, match="cannot be read"):
        await run(tmp_path, Script(), "fix-2")


async def test_a_journal_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "regoose.db") as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(MachineError, match="written by a newer Regoose"):
        await run(tmp_path, Script())


async def test_a_state_directory_that_cannot_be_written_is_named() -> None:
    with pytest.raises(MachineError, match="/proc/regoose") as caught:
        await run(Path("/proc/regoose"), Script())
    assert "REGOOSE_STATE_DIR" in caught.value.hint


async def test_the_loop_is_usable_afterwards(tmp_path: Path) -> None:
    await run(tmp_path, Script())
    assert await asyncio.to_thread(lambda: 1) == 1
