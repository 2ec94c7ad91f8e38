"""Runs as callers see them: start one, follow it, cancel it, go on with it, look at the others."""

from __future__ import annotations

import asyncio
import dataclasses
import re
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from regoose.domain.event import Event, Observer
from regoose.domain.run import FixResult, RunState, RunSummary, StepRecord
from regoose.domain.task import FixTask
from regoose.durable.codec import Json, from_json, to_json
from regoose.durable.engine import Engine
from regoose.durable.journal import Journal
from regoose.durable.run import Run
from regoose.errors import RunCancelled, UnknownRun, UsageError
from regoose.workspace.git import find_repository
from regoose.workspace.project import project_directory

FixWorkflow = Callable[[Run, FixTask], Awaitable[FixResult]]

_FIX = "fix"
_POLL_SECONDS = 0.5


class RunService:
    """
    Starts and follows runs; an async context manager. Leaving it stops the runs of this process, resumable.

    Listing, showing and cancelling read the journal alone; the engine starts with the first run.
    """

    def __init__(self, state_dir: Path, fix: FixWorkflow) -> None:
        self._state = state_dir
        self._journal = Journal(state_dir)
        self._fix = fix
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

    async def start(self, task: FixTask) -> str:
        """Begin a run and return its id; raises `NotARepository` before there is one."""
        repository = await find_repository(Path(task.repository))
        within = project_directory(repository.root, Path(task.repository))
        task = dataclasses.replace(task, repository=str(repository.root), within=within)
        run_id = f"{_slug(repository.root.name)}-{secrets.token_hex(4)}"
        engine = await self._engine()
        await engine.start(_FIX, run_id, to_json(task, FixTask))
        return run_id

    async def follow(self, run_id: str, observer: Observer | None = None) -> FixResult:
        """
        Wait for a run, telling `observer` what happens in it, and return its result.

        A run of another process is followed through the journal. Raises the error that ended or suspended it.
        """
        if self._running is None or not self._running.works_on(run_id):
            return await self._follow_elsewhere(run_id, observer)
        if observer is not None:
            self._running.observe(run_id, observer)
        return from_json(await self._running.result(run_id), FixResult)

    async def result(self, run_id: str) -> FixResult:
        """Return the result of a run that has ended; raises what ended it, `UsageError` where it has not."""
        summary, _ = await self._journal.show(run_id)
        if summary.state is RunState.CANCELLED:
            raise RunCancelled(f"run {run_id} was cancelled")
        outcome = await self._journal.outcome(run_id)
        if isinstance(outcome, Exception):
            raise outcome
        if outcome is None:
            raise UsageError(f"run {run_id} has not ended: it is {summary.state.value}", hint=_go_on(summary))
        return from_json(outcome, FixResult)

    async def resume(self, run_id: str | None = None) -> str:
        """
        Go on with a run, the newest interrupted one where none is named, and return its id.

        Raises `UnknownRun` where there is none, `RunBusy` where a living process works on it.
        """
        if run_id is None:
            waiting = [run.run_id for run in await self.list() if run.state is RunState.INTERRUPTED]
            if not waiting:
                raise UnknownRun("no run is interrupted, so there is nothing to resume")
            run_id = waiting[0]
        engine = await self._engine()
        await engine.resume(run_id)
        return run_id

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
            self._running = await Engine(self._state, {_FIX: self._run_fix}).__aenter__()
        return self._running

    async def _run_fix(self, run: Run, task: Json) -> Json:
        return to_json(await self._fix(run, from_json(task, FixTask)), FixResult)

    async def _follow_elsewhere(self, run_id: str, observer: Observer | None) -> FixResult:
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


def _go_on(summary: RunSummary) -> str:
    verb = "watch" if summary.state is RunState.RUNNING else "resume"
    return f"regoose runs {verb} {summary.run_id}"


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:24] or "run"
