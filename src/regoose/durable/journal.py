"""
The journal as seen from outside: runs and their steps, read without running anything.

Any process may read it at any time; whether a run lives is asked of its lock, not of the database.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Container, Mapping
from pathlib import Path

from regoose.domain.approval import Approval, Question
from regoose.domain.evidence import Verdict
from regoose.domain.json import Json
from regoose.domain.run import RunState, RunSummary, StepRecord
from regoose.durable import database, notes, tables
from regoose.durable.codec import from_json, loads, to_json
from regoose.durable.lock import is_held
from regoose.durable.overrides import merged
from regoose.durable.record import Record
from regoose.durable.recorded import Recorded
from regoose.durable.tables import Row
from regoose.errors import UnknownRun, UsageError

OVERRIDES, SUSPENDED, ASKED, ANSWERED = "overrides", "suspended", "asked", "answered"
"""Notes of a run: changed fields of its task, why it stopped without ending, and by gate a question and its answer."""
_LIVE = ("PENDING", "ENQUEUED", "DELAYED")
_STATES = {"SUCCESS": RunState.FINISHED, "CANCELLED": RunState.CANCELLED}


class Journal:
    """Reads the journal of a state directory, and keeps what is said about runs from outside of them."""

    def __init__(self, state_dir: Path) -> None:
        self._state = state_dir

    def folder(self, run_id: str) -> Path:
        """Directory of a run's lock, report and other files."""
        return self._state / "runs" / run_id

    def lock_path(self, run_id: str) -> Path:
        """File whose lock says that a process works on the run."""
        return self.folder(run_id) / "lock"

    async def list(self, limit: int = 50) -> tuple[RunSummary, ...]:
        """Return the newest runs first."""
        return await asyncio.to_thread(self._list, limit)

    async def show(self, run_id: str) -> tuple[RunSummary, tuple[StepRecord, ...]]:
        """Return one run with its steps in order, and why it stopped where it did; raises `UnknownRun`."""
        return await asyncio.to_thread(self._show, run_id)

    async def row(self, run_id: str) -> Row:
        """Return the database's row of a run; raises `UnknownRun`."""
        return await asyncio.to_thread(self._row, run_id)

    async def outcome(self, run_id: str) -> Json | Exception | None:
        """Return a run's result, the error that ended it, or None where it has not ended."""
        row = await self.row(run_id)
        ended: object = loads(row.error or row.output or "null")
        return ended if isinstance(ended, Exception) else json.loads(row.output or "null")

    async def records(self, run_id: str) -> tuple[Record, ...]:
        """Return the finished steps of a run as they were recorded, by number."""
        return await asyncio.to_thread(tables.records, self._path(), run_id)

    async def overrides(self, run_id: str) -> Mapping[str, Json]:
        """Return the fields of a run's task that were changed since it began."""
        found = (await asyncio.to_thread(notes.read, self._path(), run_id)).get(OVERRIDES)
        return found if isinstance(found, dict) else {}

    async def override(self, run_id: str, overrides: Json) -> None:
        """Change fields of a run's task from now on."""
        await asyncio.to_thread(notes.write, self._path(), run_id, OVERRIDES, overrides)

    async def note(self, run_id: str, why: str | None) -> None:
        """Keep why a run stopped without ending, or forget it."""
        await asyncio.to_thread(notes.write, self._path(), run_id, SUSPENDED, why)

    async def ask(self, run_id: str, question: Question) -> Approval | None:
        """Keep what a run asks, and return the answer where a person has given it."""
        return await asyncio.to_thread(self._ask, run_id, question)

    async def answer(self, run_id: str, approval: Approval) -> Question:
        """
        Keep a person's answer to what the run waits for, which is returned.

        Raises `UsageError` where it waits for none, with the last answer where there is one: an answer stays.
        """
        return await asyncio.to_thread(self._answer, run_id, approval)

    async def cancel(self, run_id: str) -> None:
        """Cancel a run wherever it is; its process stops within a second. Nothing happens to one that has ended."""
        await self.row(run_id)
        from regoose.durable import client  # noqa: PLC0415 - DBOS takes a second to import, which reading need not wait for

        await asyncio.to_thread(client.cancel, self._path(), run_id)

    async def fork(self, run_id: str, child: str, at: int, overrides: Mapping[str, Json]) -> None:
        """
        Make the run `child`: it has the steps of `run_id` before number `at`, and its task with the `overrides`.

        Nobody works on it until it is resumed.
        """
        from regoose.durable import client  # noqa: PLC0415 - see above

        await self.override(
            child, merged(dict(await self.overrides(run_id)), overrides)
        )  # first: a child is never without
        await asyncio.to_thread(client.fork, self._path(), run_id, child, at)

    def require_version(self, row: Row, kinds: Container[str]) -> None:
        """Raise `UsageError` where another version of the workflows recorded the run, or has its kind."""
        if row.version != database.VERSION or row.kind not in kinds:
            raise UsageError(
                f"run {row.run_id} was begun by another version of Regoose ({row.kind}, {row.version})",
                hint="Finish it with that version, or run the task again.",
            )

    def _path(self) -> Path:
        return database.check(self._state)

    def _list(self, limit: int) -> tuple[RunSummary, ...]:
        if not (self._state / database.FILE_NAME).exists():
            return ()
        return tuple(self._summary(row) for row in tables.runs(self._path(), limit))

    def _show(self, run_id: str) -> tuple[RunSummary, tuple[StepRecord, ...]]:
        row = self._row(run_id)
        summary, steps = self._summary(row), _steps(tables.records(self._path(), run_id))
        why = notes.read(self._path(), run_id).get(SUSPENDED, row.suspended)
        if why and row.status in _LIVE:
            last = max((step.number for step in steps), default=0)
            name = RunState.WAITING if summary.question else RunState.INTERRUPTED
            steps += (StepRecord(number=last + 1, name=name.value, started=None, ended=None, error=str(why)),)
        return summary, steps

    def _row(self, run_id: str) -> Row:
        row = tables.run(self._path(), run_id) if (self._state / database.FILE_NAME).exists() else None
        if row is None:
            raise UnknownRun(f"no run is called {run_id!r}")
        return row

    def _ask(self, run_id: str, question: Question) -> Approval | None:
        path = self._path()
        notes.write(path, run_id, f"{ASKED} {question.gate}", to_json(question, Question))
        found = notes.read(path, run_id).get(f"{ANSWERED} {question.gate}")
        return None if found is None else from_json(found, Approval)

    def _answer(self, run_id: str, approval: Approval) -> Question:
        row = self._row(run_id)
        question = self._question(row)
        gate = question.gate if question else ""
        if question is None or not notes.write_once(
            self._path(), run_id, f"{ANSWERED} {gate}", to_json(approval, Approval)
        ):
            raise UsageError(
                f"run {run_id} does not wait for an answer{self._last_answer(run_id)}",
                hint=f"regoose runs show {run_id}",
            )
        notes.write(self._path(), run_id, SUSPENDED, None)
        return question

    def _last_answer(self, run_id: str) -> str:
        given = {name: note for name, note in notes.read(self._path(), run_id).items() if name.startswith(ANSWERED)}
        if not given:
            return ""
        name, note = list(given.items())[-1]
        approval = from_json(note, Approval)
        said = f" ({approval.comment})" if approval.comment else ""
        by = f" by {approval.by}" if approval.by else ""
        gate = name.removeprefix(ANSWERED).strip()
        return f": {gate!r} was answered with {'yes' if approval.granted else 'no'}{by}{said}"

    def _question(self, row: Row) -> Question | None:
        """Return the first question of a run that nobody has answered, None where it waits for none."""
        if row.status not in _LIVE or is_held(self.lock_path(row.run_id)):
            return None
        found = notes.read(self._path(), row.run_id)
        for name, note in found.items():
            if name.startswith(ASKED) and f"{ANSWERED} {name.removeprefix(ASKED).strip()}" not in found:
                return from_json(note, Question)
        return None

    def _summary(self, row: Row) -> RunSummary:
        question = self._question(row)
        return RunSummary(
            run_id=row.run_id,
            kind=row.kind,
            repository=_text(row.task, "repository"),
            state=RunState.WAITING if question else self._state_of(row),
            verdict=_verdict(row),
            started=row.started / 1000,
            ended=row.ended / 1000 if row.ended else None,
            forked_from=row.forked_from,
            question=question,
        )

    def _state_of(self, row: Row) -> RunState:
        if row.status in _LIVE:
            return RunState.RUNNING if is_held(self.lock_path(row.run_id)) else RunState.INTERRUPTED
        return _STATES.get(row.status, RunState.FAILED)


def _steps(records: tuple[Record, ...]) -> tuple[StepRecord, ...]:
    requests = Recorded(records).requests
    return tuple(
        StepRecord(
            number=one.number,
            name=one.name,
            started=one.started,
            ended=one.ended,
            error=str(one.error) if one.error else None,
            value=one.value,
            request=requests.of(one.number),
        )
        for one in records
    )


def _text(value: Json, key: str) -> str:
    return str(value.get(key, "")) if isinstance(value, dict) else ""


def _verdict(row: Row) -> Verdict | None:
    output: Json = json.loads(row.output or "null")
    evidence = output.get("evidence") if isinstance(output, dict) else None
    with contextlib.suppress(ValueError):
        return Verdict(_text(evidence, "verdict") or _text(output, "status"))
    return None
