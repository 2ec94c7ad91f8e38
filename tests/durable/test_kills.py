"""Processes that die, freeze or meet: what they leave behind and who may go on with it."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import sys
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from regoose.domain.run import RunState
from regoose.durable.journal import Journal
from tests.forks import Ended, forking

pytestmark = pytest.mark.slow

DRIVER = Path(__file__).with_name("driver.py")
STEPS = ("prepare", "search", "deliver")
RESULT = "{'steps': ['prepare of fix-1', 'search of fix-1', 'deliver of fix-1'], 'evidence': {'verdict': 'proven'}}\n"
BEFORE, INSIDE, AFTER = range(3)


Drive = Callable[..., Awaitable[Ended]]
"""Arguments of the driver → how the process ended."""


async def begin(*argv: object) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, str(DRIVER), *map(str, argv), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )


@pytest.fixture(scope="module")
def drive() -> Iterator[Drive]:
    with forking(DRIVER) as fork:
        yield partial(asyncio.to_thread, fork)


@asynccontextmanager
async def waiting(tmp_path: Path, run_id: str = "fix-1") -> AsyncGenerator[asyncio.subprocess.Process, None]:
    """Give a living process that has finished its first step and waits inside its second."""
    process = await begin("start", tmp_path / "state", run_id, tmp_path / "side", -1)
    assert process.stdout is not None
    await process.stdout.readline()
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def effects(tmp_path: Path) -> Counter[str]:
    side = tmp_path / "side"
    return Counter(side.read_text().split()) if side.exists() else Counter()


@pytest.mark.parametrize("place", [BEFORE, INSIDE, AFTER], ids=["before", "inside", "after"])
@pytest.mark.parametrize("step", range(len(STEPS)), ids=STEPS)
async def test_killed_anywhere_it_goes_on_where_it_was(tmp_path: Path, drive: Drive, step: int, place: int) -> None:
    state, side = tmp_path / "state", tmp_path / "side"
    code, out, err = await drive("start", state, "fix-1", side, 3 * step + place + 1)
    assert (code, out, err) == (-signal.SIGKILL, "", "")
    summary, recorded = await Journal(state).show("fix-1")
    assert summary.state is RunState.INTERRUPTED
    assert [record.name for record in recorded] == list(STEPS[: step + (place == AFTER)])

    assert await drive("resume", state, "fix-1", side, 0) == (0, RESULT, "")
    seen = effects(tmp_path)
    assert all(seen[record.name] == 1 for record in recorded)
    assert seen == Counter(STEPS) + Counter([STEPS[step]] if place == INSIDE else [])
    summary, recorded = await Journal(state).show("fix-1")
    assert summary.state is RunState.FINISHED
    assert [record.name for record in recorded] == list(STEPS)


async def test_killed_after_the_end_there_is_nothing_to_resume(tmp_path: Path, drive: Drive) -> None:
    state, side = tmp_path / "state", tmp_path / "side"
    code, _, _ = await drive("start", state, "fix-1", side, 3 * len(STEPS) + 1)
    assert code == -signal.SIGKILL
    assert (await Journal(state).list())[0].state is RunState.FINISHED
    code, _, err = await drive("resume", state, "fix-1", side, 0)
    assert code == 1
    assert "has ended" in err
    assert effects(tmp_path) == Counter(STEPS)


async def test_killed_again_and_again_it_still_ends_once(tmp_path: Path, drive: Drive) -> None:
    state, side = tmp_path / "state", tmp_path / "side"
    await drive("start", state, "fix-1", side, 2)
    for _ in range(7):
        code, _, _ = await drive("resume", state, "fix-1", side, 2)
        assert code == -signal.SIGKILL
        if len((await Journal(state).show("fix-1"))[1]) == len(STEPS):
            break
    code, out, err = await drive("resume", state, "fix-1", side, 0)
    assert (code, out, err) == (0, RESULT, "")


async def test_a_living_run_is_neither_stolen_nor_disturbed(tmp_path: Path, drive: Drive) -> None:
    async with waiting(tmp_path) as process:
        state = tmp_path / "state"
        assert (await Journal(state).list())[0].state is RunState.RUNNING
        code, _, err = await drive("resume", state, "fix-1", tmp_path / "side", 0)
        assert code == 1
        assert f"run fix-1 is being worked on by process {process.pid}" in err
        process.send_signal(signal.SIGUSR1)
        out, err = await process.communicate()
        assert (process.returncode, out.decode(), err) == (0, RESULT, b"")
    assert effects(tmp_path) == Counter(STEPS)


async def test_a_frozen_process_keeps_its_run_and_a_killed_one_gives_it_up(tmp_path: Path, drive: Drive) -> None:
    state, side = tmp_path / "state", tmp_path / "side"
    async with waiting(tmp_path) as process:
        process.send_signal(signal.SIGSTOP)
        code, _, err = await drive("resume", state, "fix-1", side, 0)
        assert code == 1
        assert "is being worked on by process" in err
        process.kill()
        await process.communicate()
        assert await drive("resume", state, "fix-1", side, 0) == (0, RESULT, "")


async def test_many_processes_share_one_directory(tmp_path: Path, drive: Drive) -> None:
    state = tmp_path / "state"
    done = await asyncio.gather(*(drive("start", state, f"fix-{n}", tmp_path / f"side{n}", 0) for n in range(4)))
    assert [code for code, _, _ in done] == [0] * 4
    for n in range(4):
        assert Counter((tmp_path / f"side{n}").read_text().split()) == Counter(STEPS)


async def test_two_who_resume_at_once_are_one_who_does(tmp_path: Path, drive: Drive) -> None:
    state, side = tmp_path / "state", tmp_path / "side"
    await drive("start", state, "fix-1", side, 5)
    done = await asyncio.gather(*(drive("resume", state, "fix-1", side, 0) for _ in range(3)))
    assert sorted(code for code, _, _ in done) == [0, 1, 1]
    assert all(out == RESULT for code, out, _ in done if code == 0)
    assert effects(tmp_path)["prepare"] == 1
    assert effects(tmp_path)["deliver"] == 1


async def test_a_starting_process_leaves_the_dead_ones_alone(tmp_path: Path, drive: Drive) -> None:
    state = tmp_path / "state"
    await drive("start", state, "fix-1", tmp_path / "side", 5)
    assert (await drive("start", state, "fix-2", tmp_path / "side2", 0))[0] == 0
    states = {summary.run_id: summary.state for summary in await Journal(state).list()}
    assert states == {"fix-1": RunState.INTERRUPTED, "fix-2": RunState.FINISHED}


async def test_a_database_of_the_first_schema_is_brought_forward(tmp_path: Path, drive: Drive) -> None:
    state = tmp_path / "state"
    state.mkdir()
    old = sqlite3.connect(state / "regoose.db")
    old.execute("CREATE TABLE dbos_migrations (version INTEGER NOT NULL PRIMARY KEY)")
    old.commit()
    old.close()
    assert (await drive("start", state, "fix-1", tmp_path / "side", 0))[:2] == (0, RESULT)


async def test_two_who_make_the_database_at_once_both_get_it(tmp_path: Path, drive: Drive) -> None:
    state = tmp_path / "new" / "state"
    done = await asyncio.gather(*(drive("start", state, f"fix-{n}", tmp_path / f"side{n}", 0) for n in range(2)))
    assert [(code, err) for code, _, err in done] == [(0, "")] * 2
