"""
The journal as seen from outside: runs and their steps, read without running anything.

Any process may read it at any time; whether a run lives is asked of its lock, not of the database.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Generator, Mapping
from pathlib import Path

from dbos import DBOSClient, Serializer, StepInfo, WorkflowStatus
from sqlalchemy import exc

from regoose.domain.approval import Approval, Question
from regoose.domain.evidence import Verdict
from regoose.domain.json import Json
from regoose.domain.run import RunState, RunSummary, StepRecord
from regoose.durable import database, notes, tables
from regoose.durable.codec import dumps, from_json, loads, to_json
from regoose.durable.lock import is_held
from regoose.durable.record import Record
from regoose.errors import UnknownRun

APPLICATION = "regoose"
VERSION = "1"
"""Version of the workflows' step sequences; a run goes on only under the version that began it."""
SUSPENDED = "suspended"
"""Attribute that holds why a run stopped without ending."""
OVERRIDES, ASKED, ANSWERED = "overrides", "asked", "answered"
"""Notes of a run: fields of its task that were changed, and beside a gate's name its question and its answer."""
_LIVE = ("PENDING", "ENQUEUED", "DELAYED")
_STATES = {"SUCCESS": RunState.FINISHED, "CANCELLED": RunState.CANCELLED}


class JsonSerializer(Serializer):
    """Makes DBOS keep JSON instead of pickles."""

    def serialize(self, data: object) -> str:
        """Encode."""
        return dumps(data)

    def deserialize(self, serialized_data: str) -> object:
        """Decode."""
        return loads(serialized_data)

    def name(self) -> str:
        """Name kept beside each entry."""
        return "regoose-json-1"


class Journal:
    """Reads the journal of a state directory, and cancels runs in it."""

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
        """Return one run with its steps in order; raises `UnknownRun`."""
        return await asyncio.to_thread(self._show, run_id)

    async def task(self, run_id: str) -> tuple[str, Json]:
        """Return a run's kind and task."""
        status = await self.status(run_id)
        return status.name, _task(status)

    async def outcome(self, run_id: str) -> Json | Exception | None:
        """Return a run's result, the error that ended it, or None where it has not ended."""
        status = await self.status(run_id)
        return status.error or status.output

    async def status(self, run_id: str) -> WorkflowStatus:
        """Return the database's row of a run; raises `UnknownRun`."""
        return await asyncio.to_thread(self._status, run_id)

    async def note(self, run_id: str, why: str | None) -> None:
        """Keep why a run stopped without ending, or forget it."""
        await asyncio.to_thread(self._note, run_id, why)

    async def records(self, run_id: str) -> tuple[Record, ...]:
        """Return the finished steps of a run with their values and what they were asked, by number."""
        return await asyncio.to_thread(tables.records, database.check(self._state), run_id)

    async def ask(self, run_id: str, question: Question) -> Approval | None:
        """Keep what a run asks, and return the answer where a person has given it."""
        return await asyncio.to_thread(self._ask, run_id, question)

    async def overrides(self, run_id: str) -> Mapping[str, Json]:
        """Return what was changed about the task of a run since it began."""
        found = (await asyncio.to_thread(notes.read, database.check(self._state), run_id)).get(OVERRIDES)
        return found if isinstance(found, dict) else {}

    async def cancel(self, run_id: str) -> None:
        """Cancel a run wherever it is; its process stops within a second. Nothing happens to one that has ended."""
        await self.status(run_id)
        await asyncio.to_thread(self._cancel, run_id)

    def _ask(self, run_id: str, question: Question) -> Approval | None:
        path = database.check(self._state)
        notes.write_once(path, run_id, f"{ASKED} {question.gate}", to_json(question, Question))
        found = notes.read(path, run_id).get(f"{ANSWERED} {question.gate}")
        return None if found is None else from_json(found, Approval)

    def _list(self, limit: int) -> tuple[RunSummary, ...]:
        if not (self._state / database.FILE_NAME).exists():
            return ()
        with self._client() as client:
            rows = client.list_workflows(limit=limit, sort_desc=True)
        return tuple(self._summary(row) for row in rows)

    def _show(self, run_id: str) -> tuple[RunSummary, tuple[StepRecord, ...]]:
        status = self._status(run_id)
        with self._client() as client:
            steps = tuple(_record(step) for step in client.list_workflow_steps(run_id))
        why = (status.attributes or {}).get(SUSPENDED)
        if why and status.status in _LIVE:
            steps += (StepRecord(number=len(steps) + 1, name="interrupted", started=None, ended=None, error=why),)
        return self._summary(status), steps

    def _status(self, run_id: str) -> WorkflowStatus:
        rows: list[WorkflowStatus] = []
        if (self._state / database.FILE_NAME).exists():
            with self._client() as client:
                rows = client.list_workflows(workflow_ids=[run_id])
        if not rows:
            raise UnknownRun(f"no run is called {run_id!r}")
        return rows[0]

    def _note(self, run_id: str, why: str | None) -> None:
        with self._client() as client:
            client.update_workflow_attributes(run_id, {SUSPENDED: why}, merge=True)

    def _cancel(self, run_id: str) -> None:
        with self._client() as client:
            client.cancel_workflow(run_id)

    @contextlib.contextmanager
    def _client(self) -> Generator[DBOSClient, None, None]:
        path = database.check(self._state)
        engine = database.open_engine(path)
        try:
            client = DBOSClient(
                system_database_engine=engine, serializer=JsonSerializer(), application_name=APPLICATION
            )
            try:
                yield client
            finally:
                client.destroy()
        except exc.DatabaseError as error:
            raise database.unusable(path, error) from None
        finally:
            engine.dispose()

    def _summary(self, row: WorkflowStatus) -> RunSummary:
        return RunSummary(
            run_id=row.workflow_id,
            kind=row.name,
            repository=_text(_task(row), "repository"),
            state=self.state(row),
            verdict=_verdict(row),
            started=(row.created_at or 0) / 1000,
            ended=row.completed_at / 1000 if row.completed_at else None,
        )

    def state(self, row: WorkflowStatus) -> RunState:
        """Say where a run stands, by its row and its lock."""
        if row.status in _LIVE:
            return RunState.RUNNING if is_held(self.lock_path(row.workflow_id)) else RunState.INTERRUPTED
        return _STATES.get(row.status, RunState.FAILED)


def _record(step: StepInfo) -> StepRecord:
    started, ended, error = step["started_at_epoch_ms"], step["completed_at_epoch_ms"], step["error"]
    return StepRecord(
        number=step["function_id"],
        name=step["function_name"],
        started=started / 1000 if started else None,
        ended=ended / 1000 if ended else None,
        error=str(error) if error else None,
    )


def _task(row: WorkflowStatus) -> Json:
    return row.input["args"][0] if row.input else None


def _text(value: Json, key: str) -> str:
    return str(value.get(key, "")) if isinstance(value, dict) else ""


def _verdict(row: WorkflowStatus) -> Verdict | None:
    output: Json = row.output
    evidence = output.get("evidence") if isinstance(output, dict) else None
    with contextlib.suppress(ValueError):
        return Verdict(_text(evidence, "verdict") or _text(output, "status"))
    return None
