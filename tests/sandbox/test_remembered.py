"""What a probe found is used again only while it says something about this machine."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from regoose.sandbox.base import Guarantee, Probe
from regoose.sandbox.choice import choose
from regoose.sandbox.remembered import recall

HELD = Probe(backend="bubblewrap", available=True, version="1.0", enforced=frozenset(Guarantee))


class Prober:
    """Counts how often it was asked."""

    def __init__(self, answer: Probe) -> None:
        self.answer = answer
        self.asked = 0

    async def probe(self) -> Probe:
        self.asked += 1
        return self.answer


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "program"
    path.write_text("one")
    return path


async def test_what_held_is_remembered(program: Path, tmp_path: Path) -> None:
    prober = Prober(HELD)
    assert [await recall(program, tmp_path, prober.probe) for _ in range(3)] == [HELD] * 3
    assert prober.asked == 1


async def test_another_program_is_probed(program: Path, tmp_path: Path) -> None:
    prober = Prober(HELD)
    await recall(program, tmp_path, prober.probe)
    program.write_text("another")
    await recall(program, tmp_path, prober.probe)
    assert prober.asked == 2


@pytest.mark.parametrize(
    "answer",
    [replace(HELD, available=False), replace(HELD, enforced=frozenset(Guarantee) - {Guarantee.NO_NETWORK})],
    ids=["absent", "weak"],
)
async def test_nothing_less_is_remembered(program: Path, tmp_path: Path, answer: Probe) -> None:
    prober = Prober(answer)
    assert [await recall(program, tmp_path, prober.probe) for _ in range(2)] == [answer] * 2
    assert prober.asked == 2


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"backend": 1, "version": 2}'])
async def test_what_cannot_be_read_is_probed_again(program: Path, tmp_path: Path, content: str) -> None:
    prober = Prober(HELD)
    await recall(program, tmp_path, prober.probe)
    (kept,) = (tmp_path / "probes").iterdir()
    kept.write_text(content)
    assert await recall(program, tmp_path, prober.probe) == HELD
    assert prober.asked == 2


@pytest.mark.parametrize("seconds", [-90_000, 90_000])
async def test_yesterdays_answer_and_tomorrows_are_not_used(program: Path, tmp_path: Path, seconds: int) -> None:
    prober = Prober(HELD)
    await recall(program, tmp_path, prober.probe)
    (kept,) = (tmp_path / "probes").iterdir()
    then = kept.stat().st_mtime + seconds
    os.utime(kept, (then, then))
    await recall(program, tmp_path, prober.probe)
    assert prober.asked == 2


async def test_a_choice_is_probed_once_for_real(tmp_path: Path) -> None:
    first = await choose("bubblewrap", {}, tmp_path)
    assert first.probe.not_enforced == ()
    (kept,) = (tmp_path / "probes").iterdir()
    written = kept.stat().st_mtime_ns
    assert (await choose("auto", {}, tmp_path)).probe == first.probe
    assert kept.stat().st_mtime_ns == written
