"""Runs as callers see them: start one, follow it, cancel it, go on with it, look at the others."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Generic, Self, TypeVar

from regoose.domain.approval import Approval, Question, unanswered
from regoose.domain.ask import AskResult, AskTask
from regoose.domain.event import Event, Observer
from regoose.domain.generation import GenerateResult, GenerateTask
from regoose.domain.json import Json
from regoose.domain.kinds import Result, Task
from regoose.domain.run import FixResult, Replayed, RunState, RunSummary, StepRecord
from regoose.domain.solve import SolveResult, SolveTask
from regoose.domain.task import FixTask
from regoose.durable.codec import from_json, to_json
from regoose.durable.journal import Journal
from regoose.durable.overrides import merged, require_fields
from regoose.durable.record import Record
from regoose.durable.replay import replay
from regoose.durable.run import Run, Workflow
from regoose.errors import RunCancelled, UnknownRun, UsageError
from regoose.workflows.located import located

if TYPE_CHECKING:  # the engine takes a second to import, and what asks for no run need not wait for it
    from regoose.durable.engine import Engine

T = TypeVar("T", bound=Task)
R = TypeVar("R", bound=Result)


@dataclass(frozen=True, slots=True)
class Kind(Generic[T, R]):
    """One kind of run: its name in the journal, what it is asked for and gives back, and what carries it out."""

    name: str
    task: type[T]
    result: type[R]
    workflow: Callable[[Run, T], Awaitable[R]]

    async def run(self, run: Run, task: Json) -> Json:
        """Carry a run out, from and to what the journal keeps."""
        asked = from_json(merged(task, run.overrides), self.task)
        return to_json(await self.workflow(run, asked), self.result)

    def asked(self, task: Task) -> Json | None:
        """Return a task as the journal keeps it, None where it is of another kind."""
        return to_json(task, self.task) if isinstance(task, self.task) else None

    def require_fields(self, task: Json, changes: Mapping[str, Json]) -> None:
        """Raise `UsageError` where a task of this kind cannot be changed so."""
        require_fields(task, self.task, changes, self.name)

    def answer(self, value: Json) -> R:
        """Read a result that the journal kept."""
        return from_json(value, self.result)


AnyKind = (
    Kind[FixTask, FixResult]
    | Kind[GenerateTask, GenerateResult]
    | Kind[SolveTask, SolveResult]
    | Kind[AskTask, AskResult]
)

_POLL_SECONDS = 0.5


class RunService:
    """
    Starts and follows runs; an async context manager. Leaving it stops the runs of this process, resumable.

    Listing, showing and cancelling read the journal alone; the engine starts with the first run.
    """

    def __init__(self, state_dir: Path, kinds: Sequence[AnyKind]) -> None:
        self._state = state_dir
        self._journal = Journal(state_dir)
        self._kinds = {kind.name: kind for kind in kinds}
        self._running: Engine | None = None

    async def __aenter__(self) -> Self:
        """Give the service; nothing is opened yet."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop what this process runs, leaving it resumable."""
        if self._running is not None:
            await self._running.__aexit__(kind, error, trace)
            self._running = None

    async def start(self, task: Task) -> str:
        """Begin a run and return its id; raises `NotARepository` and, for what the task names, `UsageError`."""
        task = await located(task)
        run_id = f"{_slug(Path(task.repository).name)}-{secrets.token_hex(4)}"
        engine = await self._engine()
        name, asked = next(
            (kind.name, asked) for kind in self._kinds.values() if (asked := kind.asked(task)) is not None
        )
        await engine.start(name, run_id, asked)
        return run_id

    async def follow(self, run_id: str, observer: Observer | None = None) -> Result:
        """
        Wait for a run, telling `observer` what happens in it, and return its result.

        A run of another process is followed through the journal. Raises the error that ended or suspended it.
        """
        if self._running is None or not self._running.works_on(run_id):
            return await self._follow_elsewhere(run_id, observer)
        if observer is not None:
            self._running.observe(run_id, observer)
        return await self._answer(run_id, await self._running.result(run_id))

    async def result(self, run_id: str) -> Result:
        """Return the result of a run that has ended; raises what ended it, `UsageError` where it has not."""
        summary, _ = await self._journal.show(run_id)
        if summary.question is not None:
            raise unanswered(run_id, summary.question.text)
        if summary.state is RunState.CANCELLED:
            raise RunCancelled(f"run {run_id} was cancelled")
        outcome = await self._journal.outcome(run_id)
        if isinstance(outcome, Exception):
            raise outcome
        if outcome is None:
            raise UsageError(f"run {run_id} has not ended: it is {summary.state.value}", hint=_go_on(summary))
        return await self._answer(run_id, outcome)

    async def resume(self, run_id: str | None = None, overrides: Mapping[str, Json] | None = None) -> str:
        """
        Go on with a run, the newest interrupted one where none is named, and return its id.

        `overrides` change fields of its task from now on; the journal keeps them.

        Raises `UnknownRun` where there is none, `RunBusy` where a living process works on it.
        """
        if run_id is None:
            waiting = [run.run_id for run in await self.list() if run.state is RunState.INTERRUPTED]
            if not waiting:
                raise UnknownRun("no run is interrupted, so there is nothing to resume")
            run_id = waiting[0]
        await self._require_fields(run_id, overrides or {})
        engine = await self._engine()
        await engine.resume(run_id, overrides)
        return run_id

    async def approve(self, run_id: str, approval: Approval) -> Question:
        """
        Keep a person's answer to what a run waits for, and return the question; `resume` goes on.

        Raises `UnknownRun`, `UsageError` where it waits for none: an answer stays what it was.
        """
        return await self._journal.answer(run_id, approval)

    async def replay(self, run_id: str, observer: Observer | None = None) -> Replayed:
        """
        Carry a run out again from its journal alone, and compare; raises `ReplayMiss` where something differs.

        Nothing is done, asked or written: no engine, no sandbox, no model.
        """
        return await replay(self._journal, run_id, self._workflows(), observer or _hear_nothing)

    async def fork(self, run_id: str, at: str, overrides: Mapping[str, Json] | None = None) -> str:
        """
        Begin a run with the steps of another one before step `at` (its number or name), and return its id.

        What was recorded is neither done nor paid for again; from there on the run goes its own way, with the
        `overrides` of its task. Raises `UnknownRun`, `UsageError` where there is no such step or field.
        """
        await self._require_fields(run_id, overrides or {})
        number = _number(run_id, at, await self._journal.records(run_id))
        child = f"{run_id.rsplit('-', 1)[0]}-{secrets.token_hex(4)}"
        await self._journal.fork(run_id, child, number, overrides or {})
        engine = await self._engine()
        await engine.resume(child)
        return child

    async def cancel(self, run_id: str) -> None:
        """Cancel a run, in whatever process it is; raises `UnknownRun`."""
        await self._journal.cancel(run_id)

    async def list(self, limit: int = 50) -> tuple[RunSummary, ...]:
        """Return the newest runs first."""
        return await self._journal.list(limit)

    async def show(self, run_id: str) -> tuple[RunSummary, tuple[StepRecord, ...]]:
        """Return a run and its steps; raises `UnknownRun`."""
        return await self._journal.show(run_id)

    async def _engine(self) -> Engine:
        if self._running is None:
            from regoose.durable.engine import Engine  # noqa: PLC0415 - see above

            self._running = await Engine(self._state, self._workflows()).__aenter__()
        return self._running

    async def _answer(self, run_id: str, value: Json) -> Result:
        row = await self._journal.row(run_id)
        return self._kinds[row.kind].answer(value)

    def _workflows(self) -> dict[str, Workflow]:
        return {kind.name: kind.run for kind in self._kinds.values()}

    async def _require_fields(self, run_id: str, changes: Mapping[str, Json]) -> None:
        """Raise `UsageError` where the task of a run cannot be changed so."""
        row = await self._journal.row(run_id)
        self._journal.require_version(row, self._kinds)
        self._kinds[row.kind].require_fields(row.task, changes)

    async def _follow_elsewhere(self, run_id: str, observer: Observer | None) -> Result:
        told = 0
        while True:
            summary, steps = await self._journal.show(run_id)
            recorded = [step for step in steps if step.ended is not None]
            for step in recorded[told:]:
                if observer is not None:
                    observer(Event(run_id, step.name, "failed" if step.error else "finished", step.error or step.name))
            told = len(recorded)
            if summary.state is not RunState.RUNNING:
                return await self.result(run_id)
            await asyncio.sleep(_POLL_SECONDS)


def _number(run_id: str, at: str, records: Sequence[Record]) -> int:
    """Return the number of a step that is recorded, or that comes next."""
    numbers = {record.name: record.number for record in reversed(records)}
    last = max((record.number for record in records), default=0)
    number = numbers.get(at) or (int(at) if at.isdecimal() else 0)
    if not 1 <= number <= last + 1:
        raise UsageError(
            f"run {run_id} has no step {at!r}: its steps are 1 to {last}", hint=f"regoose runs show {run_id}"
        )
    return number


def _hear_nothing(_event: Event) -> None:
    """Tell nobody."""


def _go_on(summary: RunSummary) -> str:
    verb = "watch" if summary.state is RunState.RUNNING else "resume"
    return f"regoose runs {verb} {summary.run_id}"


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:24] or "run"
