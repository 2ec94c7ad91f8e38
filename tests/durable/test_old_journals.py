"""Journals that earlier versions wrote: each format stays readable, replayable and resumable."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from regoose.domain.json import Json
from regoose.domain.run import RunState
from regoose.durable.engine import Engine
from regoose.durable.journal import Journal
from regoose.durable.replay import replay
from regoose.durable.run import Run
from regoose.errors import NothingToFix
from regoose.reports.steps import export, load
from regoose.testing.runs import Talk

DATA = Path(__file__).with_name("data")


def restored(tmp_path: Path, name: str) -> Journal:
    with contextlib.closing(sqlite3.connect(tmp_path / "regoose.db")) as database:
        database.executescript((DATA / name).read_text())
    return Journal(tmp_path)


def forbidden(name: str) -> None:
    raise AssertionError(f"{name} was done")


def nothing(_what: object) -> None:
    """Hear nothing."""


async def searching(run: Run, _task: Json) -> Json:
    async def prepare() -> str:
        return forbidden("prepare") or ""

    async def search() -> int:
        return 5

    await run.step("prepare", str, prepare, request=[{"asked": "what was not kept then"}])
    return {"found": await run.step("search", int, search), "evidence": {"verdict": "proven"}}


async def test_the_first_format_is_shown_replayed_and_gone_on_with(tmp_path: Path) -> None:
    journal = restored(tmp_path, "journal-1.sql")
    states = {run.run_id: run.state for run in await journal.list()}
    assert states == {"fix-1": RunState.FINISHED, "fix-2": RunState.FAILED, "fix-3": RunState.INTERRUPTED}
    _, steps = await journal.show("fix-3")
    assert [(step.name, step.value, step.error) for step in steps] == [
        ("prepare", "ready", None),
        ("interrupted", None, "the sandbox ended"),
    ]
    assert isinstance(await journal.outcome("fix-2"), NothingToFix)
    for run_id, met in (("fix-1", 2), ("fix-2", 2), ("fix-3", 1)):
        assert (await replay(journal, run_id, {"fix": searching}, nothing)).steps == met
    async with Engine(tmp_path, {"fix": searching}) as engine:
        await engine.resume("fix-3")
        assert await engine.result("fix-3") == {"found": 5, "evidence": {"verdict": "proven"}}


async def test_the_second_format_too_with_what_was_asked(tmp_path: Path) -> None:
    journal = restored(tmp_path, "journal-2.sql")
    assert {run.run_id: run.state for run in await journal.list()} == {
        "fix-1": RunState.FINISHED,
        "fix-2": RunState.WAITING,
    }
    assert "".join(export((await journal.show("fix-1"))[1])) == (DATA / "run.jsonl").read_text()
    assert await journal.overrides("fix-1") == {"budget": {"usd": 2.0}}
    replayed = await replay(journal, "fix-1", {"fix": Talk(forbidden, turns=2)}, nothing)
    assert (replayed.steps, replayed.calls, replayed.has_ended) == (6, 2, True)


def test_an_export_is_read_back() -> None:
    lines = (DATA / "run.jsonl").read_text().splitlines(keepends=True)
    assert list(export(load(lines))) == lines
