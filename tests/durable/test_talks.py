"""`kill -9` at every point of a talk with a model that waits for a person: no answer is paid for twice."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from regoose.domain.approval import Approval
from regoose.domain.run import RunState
from regoose.durable.journal import Journal
from regoose.durable.replay import replay
from regoose.testing.runs import Talk
from tests.forks import Ended, forking

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

DRIVER = Path(__file__).with_name("talking.py")
WAITS = 3
TURNS = ["coder 1", "coder 1.1 read", "coder 2", "coder 2.1 read"]
KILLED = -signal.SIGKILL

Drive = Callable[..., Awaitable[int]]
"""`(verb, kill_at=0, run_id="fix-1", at="1")` → how the process ended."""


@pytest.fixture(scope="module")
def fork() -> Iterator[Callable[..., Ended]]:
    with forking(DRIVER) as fork:
        yield fork


@pytest.fixture
def drive(tmp_path: Path, fork: Callable[..., Ended]) -> Drive:
    async def drive(verb: str, kill_at: int = 0, *, run_id: str = "fix-1", at: str = "1") -> int:
        state, side = tmp_path / "state", tmp_path / "side"
        code, _, err = await asyncio.to_thread(fork, verb, state, run_id, side, kill_at, at)
        assert code in {0, WAITS, KILLED, 1}, err
        return code

    return drive


def effects(tmp_path: Path) -> Counter[str]:
    return Counter((tmp_path / "side").read_text().splitlines())


async def recorded(tmp_path: Path, run_id: str = "fix-1") -> list[str]:
    return [step.name for step in (await Journal(tmp_path / "state").show(run_id))[1] if step.ended is not None]


def forbidden(name: str) -> None:
    raise AssertionError(f"{name} was done")


async def test_killed_at_every_point_it_pays_for_nothing_twice(tmp_path: Path, drive: Drive) -> None:
    journal = Journal(tmp_path / "state")
    verb = "start"
    for name in TURNS:
        assert await drive(verb, 2) == KILLED  # inside the step, after its effect
        verb = "resume"
        assert await recorded(tmp_path) == TURNS[: TURNS.index(name)]
        assert effects(tmp_path)[name] == 1
        assert await drive(verb, 3) == KILLED  # recorded, and the next one begun
        assert await recorded(tmp_path) == TURNS[: TURNS.index(name) + 1]
    assert await drive("resume") == WAITS
    assert (await journal.list())[0].state is RunState.WAITING
    assert effects(tmp_path) == Counter(dict.fromkeys(TURNS, 2)), "once lost before it was recorded, never again after"

    await journal.answer("fix-1", Approval(granted=True))
    assert await drive("resume", 1) == KILLED  # before the gate is recorded: the answer stays
    assert await drive("resume", 2) == KILLED  # before the delivery
    assert await drive("resume", 2) == KILLED  # inside it
    assert await drive("resume") == 0
    replayed = await replay(journal, "fix-1", {"fix": Talk(forbidden, turns=2)}, lambda _event: None)
    assert (replayed.calls, replayed.has_ended) == (2, True)


async def test_a_fork_killed_on_its_way_pays_for_nothing_twice(tmp_path: Path, drive: Drive) -> None:
    assert await drive("start") == WAITS
    assert await drive("fork", 3, at="3") == KILLED
    assert await recorded(tmp_path, "fix-1-child") == TURNS[:3]
    assert await drive("resume", run_id="fix-1-child") == WAITS
    assert effects(tmp_path) == Counter(TURNS) + Counter(TURNS[2:])
    assert await recorded(tmp_path) == TURNS


async def test_two_who_go_on_with_an_approved_run_are_one_who_does(tmp_path: Path, drive: Drive) -> None:
    assert await drive("start") == WAITS
    await Journal(tmp_path / "state").answer("fix-1", Approval(granted=True))
    done = await asyncio.gather(*(drive("resume") for _ in range(2)))
    assert sorted(done) == [0, 1]
    assert effects(tmp_path) == Counter([*TURNS, "deliver"])
