"""What a workflow holds while it runs: its identity, its steps and its voice."""

from __future__ import annotations

import errno
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from dbos import DBOS, StepOptions

from regoose.domain.event import Event, EventData
from regoose.domain.json import Json
from regoose.durable.codec import from_json, to_json
from regoose.errors import RegooseError, SizeLimit

T = TypeVar("T")


class Suspended(BaseException):
    """
    A run stopped where it was, and `cause` says why.

    Not an `Exception`, so that neither a step nor the run records it: whoever resumes meets the same step again.
    """

    def __init__(self, cause: RegooseError) -> None:
        super().__init__(cause.message)
        self.cause = cause


class Run:
    """One run, seen from inside its workflow."""

    def __init__(self, run_id: str, folder: Path, tell: Callable[[Event], None]) -> None:
        self.run_id = run_id
        self.folder = folder
        self.tell_event = tell

    async def step(
        self, name: str, kind: type[T], function: Callable[[], Awaitable[T]], say: Callable[[T], str] = str
    ) -> T:
        """
        Run `function` once in the life of the run, whatever happens to the process, and return what it returned.

        Its value must be a `kind` that turns into JSON and back. `say` makes the sentence that observers are told.
        A final error is recorded too and raised again on replay; a resumable one suspends the run.
        """
        called = False

        async def call() -> Json:
            nonlocal called
            called = True
            self.tell(name, "started", name)
            try:
                return to_json(await function(), kind)
            except Exception as error:
                known = _known(error)
                self.tell(name, "failed", known.message if known else f"{type(error).__name__}: {error}")
                if known and known.resumable:
                    raise Suspended(known) from error
                raise

        value = from_json(await DBOS.run_step_async(StepOptions(name=name, preemptible=True), call), kind)
        self.tell(name, "finished" if called else "replayed", say(value))
        return value

    def progress(self, step: str, message: str, **data: str | float | bool | None) -> None:
        """Tell observers how far a step is."""
        self.tell(step, "progress", message, data)

    def tell(self, step: str, kind: str, message: str, data: EventData | None = None) -> None:
        """Tell observers that something happened."""
        self.tell_event(Event(self.run_id, step, kind, message, data or {}))


def _known(error: Exception) -> RegooseError | None:
    """Return the error of our tree that `error` is or amounts to, if any."""
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        where = error.filename or "the state or workspace directory"
        return SizeLimit(f"the disk is full: {where}", hint="Free some space, then run `regoose runs resume`.")
    return error if isinstance(error, RegooseError) else None
