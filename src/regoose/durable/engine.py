"""
The engine: runs a workflow step by step, so that each finished step survives whatever ends the process.

DBOS keeps the journal in SQLite. Several processes share one state directory: each has an executor id of its own, so
that none takes over another's work by starting up, and holds the lock of each run it works on, so that a run whose
lock is free has no living process. `resume` takes that lock and puts the run on a queue which only this process reads.

How a run ends decides what the journal says. A result or a final error is recorded. An error that is `resumable`, a
cancelled task (Ctrl-C) and a killed process record nothing: the run stays where it was.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from dbos import DBOS, DBOSConfig, SetWorkflowID, WorkflowHandleAsync
from dbos import error as dbos_error
from sqlalchemy import Engine as Database
from sqlalchemy import exc

from regoose.domain.event import Event, Observer
from regoose.domain.json import Json
from regoose.durable import database
from regoose.durable.client import FORKED, JsonSerializer, open_engine
from regoose.durable.database import APPLICATION, VERSION
from regoose.durable.journal import Journal
from regoose.durable.live import LiveSteps
from regoose.durable.lock import RunLock
from regoose.durable.overrides import merged
from regoose.durable.run import Run, Suspended, Workflow
from regoose.errors import MachineError, RegooseError, RunBusy, RunCancelled, UsageError

_Registered = Callable[[Json], Coroutine[None, None, Json]]
_ADOPTION_SECONDS = 30.0
_MAX_RECOVERY_ATTEMPTS = 5
_POLL = 0.05


@dataclass
class _Active:
    """A run that this process works on."""

    lock: RunLock
    ended: asyncio.Future[None]
    """Set when the workflow's own code is done; what it raised is `error`."""
    began: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None
    error: BaseException | None = None
    observers: list[Observer] = field(default_factory=list[Observer])
    told: list[Event] = field(default_factory=list[Event])


class Engine:
    """
    Runs workflows durably; an async context manager. One per process: DBOS is a singleton.

    `workflows` maps each kind of run to its function. Leaving the context stops what still runs, resumable.
    """

    def __init__(self, state_dir: Path, workflows: Mapping[str, Workflow]) -> None:
        self.journal = Journal(state_dir)
        self._state = state_dir
        self._workflows = workflows
        self._executor = f"{APPLICATION}-{uuid.uuid4().hex}"
        self._registered: dict[str, _Registered] = {}
        self._active: dict[str, _Active] = {}
        self._database: Database | None = None
        self._reads_queue = False

    async def __aenter__(self) -> Self:
        """Open the database and start DBOS; raises `MachineError` where the state directory cannot be used."""
        path = await asyncio.to_thread(database.check, self._state)
        _silence()
        self._database = open_engine(path)
        DBOS(config=self._config())
        DBOS.listen_queues([self._executor])
        for kind, workflow in self._workflows.items():
            self._registered[kind] = self._register(kind, workflow)
        try:
            DBOS.launch()
        except exc.DatabaseError as error:
            await self._shut()
            raise database.unusable(path, error) from None
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop what still runs, leaving it resumable, and shut down."""
        for run_id in tuple(self._active):
            await self.interrupt(run_id)
        if self._reads_queue:
            await DBOS.delete_queue_async(self._executor)
        await self._shut()

    async def start(self, kind: str, run_id: str, task: Json) -> None:
        """Begin a run; raises `RunBusy` where the id is taken."""
        if self.journal.folder(run_id).exists():
            raise RunBusy(f"a run called {run_id} exists already", hint=f"regoose runs resume {run_id}")
        active = self._take(run_id)
        try:
            with SetWorkflowID(run_id):
                await DBOS.start_workflow_async(self._registered[kind], task)
        except BaseException:
            self._drop(run_id, active)
            raise

    async def resume(self, run_id: str, overrides: Mapping[str, Json] | None = None) -> None:
        """
        Go on with a run whose process is gone, or that was suspended or cancelled.

        `overrides` change fields of its task from now on.

        Raises `UnknownRun`, `RunBusy` where a process works on it, `UsageError` where it has ended or began under
        another version of its workflow.
        """
        row = await self.journal.row(run_id)
        if row.status in {"SUCCESS", "ERROR"}:
            raise UsageError(f"run {run_id} has ended; it cannot be resumed", hint=f"regoose runs show {run_id}")
        self.journal.require_version(row, self._workflows)
        active = self._take(run_id)
        try:
            if overrides:
                await self.journal.override(run_id, merged(dict(await self.journal.overrides(run_id)), overrides))
            await self._enqueue(run_id, row.queue)
            await asyncio.wait_for(active.began.wait(), _ADOPTION_SECONDS)
        except BaseException as error:
            self._drop(run_id, active)
            if isinstance(error, TimeoutError):
                raise RunBusy(f"run {run_id} did not begin within {_ADOPTION_SECONDS:.0f} s") from None
            raise
        await self.journal.note(run_id, None)

    def observe(self, run_id: str, observer: Observer) -> None:
        """Tell `observer` what has happened in a run of this process, and what happens from now on."""
        active = self._active[run_id]
        for event in active.told:
            _tell(observer, event)
        active.observers.append(observer)

    def works_on(self, run_id: str) -> bool:
        """Whether this process works on the run."""
        return run_id in self._active

    async def result(self, run_id: str) -> Json:
        """
        Wait for a run of this process and return its result.

        Raises the error that ended or suspended it, `RunCancelled`, or `CancelledError` after `interrupt`. Cancelling
        the wait does not stop the run.
        """
        active = self._active[run_id]
        await asyncio.shield(active.ended)
        try:
            return await self._outcome(run_id, active.error)
        finally:
            self._drop(run_id, active)

    async def interrupt(self, run_id: str) -> None:
        """Stop a run of this process where it is; its running step is thrown away and it can be resumed."""
        active = self._active.get(run_id)
        if active is None:
            return
        if active.task is not None and not active.ended.done():
            active.task.cancel()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(active.ended), _ADOPTION_SECONDS)
        self._drop(run_id, active)

    async def _outcome(self, run_id: str, error: BaseException | None) -> Json:
        """Turn how the workflow's code ended into the run's outcome, once the journal has it."""
        if isinstance(error, Suspended):
            await self.journal.note(run_id, error.cause.message)
            raise error.cause
        if isinstance(error, asyncio.CancelledError):
            raise error
        if isinstance(error, dbos_error.DBOSWorkflowConflictIDError):
            raise RunBusy(f"another process has taken over run {run_id}")
        if isinstance(error, exc.SQLAlchemyError):
            raise MachineError(
                f"the journal in {self._state} could not be written: {error}",
                hint="Make sure that its disk has room, then run `regoose runs resume`.",
            )
        handle: WorkflowHandleAsync[Json] = await DBOS.retrieve_workflow_async(run_id)
        try:
            return await handle.get_result(polling_interval_sec=_POLL)
        except dbos_error.DBOSAwaitedWorkflowCancelledError:
            raise RunCancelled(f"run {run_id} was cancelled") from None
        except RegooseError as recorded:
            raise error if isinstance(error, Exception) else recorded from None  # with its trace, where it is ours

    def _register(self, kind: str, workflow: Workflow) -> _Registered:
        async def body(task: Json) -> Json:
            run_id = str(DBOS.workflow_id)
            active = self._active[run_id]
            active.task = asyncio.current_task()
            active.began.set()
            try:
                return await _suspending(workflow(await self._run(run_id, active), task))
            except BaseException as error:
                active.error = error
                raise
            finally:
                if not active.ended.done():
                    active.ended.set_result(None)

        return DBOS.workflow(name=kind, max_recovery_attempts=_MAX_RECOVERY_ATTEMPTS)(body)

    async def _run(self, run_id: str, active: _Active) -> Run:
        """Make the workflow's view of a run: what is recorded of it is met again, the rest is done."""
        return Run(
            run_id,
            self.journal.folder(run_id),
            self._teller(active),
            LiveSteps(await self.journal.records(run_id)),
            partial(self.journal.ask, run_id),
            await self.journal.overrides(run_id),
        )

    def _teller(self, active: _Active) -> Callable[[Event], None]:
        def tell(event: Event) -> None:
            if event.kind != "progress":
                active.told.append(event)
            for observer in active.observers:
                _tell(observer, event)

        return tell

    async def _enqueue(self, run_id: str, old_queue: str | None) -> None:
        """Put the run on this process's own queue; a dead process's queue is deleted."""
        if not self._reads_queue:
            await DBOS.register_queue_async(self._executor, polling_interval_sec=_POLL)
            self._reads_queue = True
        await DBOS.resume_workflow_async(run_id, queue_name=self._executor)
        if old_queue and old_queue not in {self._executor, FORKED} and old_queue.startswith(APPLICATION):
            await DBOS.delete_queue_async(old_queue)

    def _take(self, run_id: str) -> _Active:
        if run_id in self._active:
            raise RunBusy(f"this process is already working on run {run_id}")
        lock = RunLock(self.journal.lock_path(run_id))
        lock.acquire()
        active = _Active(lock, asyncio.get_running_loop().create_future())
        self._active[run_id] = active
        return active

    def _drop(self, run_id: str, active: _Active) -> None:
        self._active.pop(run_id, None)
        active.lock.release()

    def _config(self) -> DBOSConfig:
        return DBOSConfig(
            name=APPLICATION,
            system_database_engine=self._database,
            application_version=VERSION,
            executor_id=self._executor,
            serializer=JsonSerializer(),
            log_level="CRITICAL",
            notification_listener_polling_interval_sec=_POLL,
            enable_otlp=False,
        )

    async def _shut(self) -> None:
        await asyncio.to_thread(DBOS.destroy, destroy_registry=True)
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())  # DBOS put its own there, now closed
        if self._database is not None:
            self._database.dispose()


async def _suspending(work: Awaitable[Json]) -> Json:
    """Await a workflow; an error between its steps that can go away suspends it, as one inside a step does."""
    try:
        return await work
    except RegooseError as error:
        if error.resumable:
            raise Suspended(error) from error
        raise


def _tell(observer: Observer, event: Event) -> None:
    """Tell one observer. What it does with it is its own matter: the journal does not depend on it."""
    try:
        observer(event)
    except Exception:
        logging.getLogger(__name__).exception("an observer failed on %s", event)


def _silence() -> None:
    """Keep DBOS's log records and its banner away from the terminal; what matters reaches the user as our errors."""
    logger = logging.getLogger("dbos")
    logger.propagate = False
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
