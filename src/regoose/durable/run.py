"""What a workflow holds while it runs: its identity, its steps, its questions to a person and its voice."""

from __future__ import annotations

import errno
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

from regoose.domain.approval import Approval, Question, unanswered
from regoose.domain.event import Event, EventData
from regoose.domain.json import Json
from regoose.durable.codec import from_json, to_json
from regoose.errors import ApprovalNeeded, RegooseError, SizeLimit

T = TypeVar("T")

Workflow = Callable[["Run", Json], Awaitable[Json]]
"""Takes the run's handle and its task, returns its result. Deterministic outside of its steps."""
Answers = Callable[[Question], Awaitable[Approval | None]]
"""Keeps what is asked and returns the answer, None where nobody has given one."""


class Suspended(BaseException):
    """
    A run stopped where it was, and `cause` says why.

    Not an `Exception`, so that neither a step nor the run records it: whoever resumes meets the same step again.
    """

    def __init__(self, cause: RegooseError) -> None:
        super().__init__(cause.message)
        self.cause = cause


class Steps(Protocol):
    """Where the steps of a run come from: from being done, or from the journal alone."""

    async def meet(self, name: str, request: Sequence[Json] | None, do: Callable[[], Awaitable[Json]]) -> Json:
        """
        Return the value of the next step: the recorded one, else what `do` returns, once that is recorded.

        The next step is that of the call whose first instruction runs next. Raises the error that is recorded or that
        `do` raises. Where the recorded step has another name or was asked something else, `ReplayMiss` suspends the
        run.
        """
        ...


async def _nobody(_question: Question) -> None:
    """Have no answer."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run, seen from inside its workflow."""

    run_id: str
    folder: Path
    """For the report and other files."""
    tell_event: Callable[[Event], None]
    steps: Steps
    answers: Answers = _nobody
    overrides: Mapping[str, Json] = field(default_factory=dict[str, Json])
    """What was changed about the task since the run began, by the names of its fields."""

    async def step(
        self,
        name: str,
        kind: type[T],
        function: Callable[[], Awaitable[T]],
        say: Callable[[T], str] = str,
        request: Sequence[Json] | None = None,
    ) -> T:
        """
        Run `function` once in the life of the run, whatever happens to the process, and return what it returned.

        Its value must be a `kind` that turns into JSON and back. `say` makes the sentence that observers are told.
        A final error is recorded too and raised again on replay; a resumable one suspends the run.

        `request` is everything that the value depends on, in parts; it is kept with the value. A part that is a message
        has a key `speaker`; any other is an object of one key that names it, such as `tools`. Whenever the recorded
        step is met again and the request is not the recorded one, `ReplayMiss` suspends the run and says where the two
        first differ.
        """
        called = False

        async def do() -> Json:
            nonlocal called
            called = True
            self.tell(name, "started", name)
            try:
                return to_json(await function(), kind)
            except Exception as error:
                known = _known(error)
                ending = "waiting" if isinstance(known, ApprovalNeeded) else "failed"
                self.tell(name, ending, known.message if known else f"{type(error).__name__}: {error}")
                if known and known.resumable:
                    raise Suspended(known) from error
                raise

        value = from_json(await self.steps.meet(name, request, do), kind)
        self.tell(name, "finished" if called else "replayed", say(value))
        return value

    async def gate(self, name: str, question: str, details: str = "") -> Approval:
        """
        Ask a person for yes or no, and return the answer; `name` tells the gates of a run apart.

        Where nobody has answered yet, `ApprovalNeeded` suspends the run: nothing is held while a person thinks, and the
        run meets the gate again once it is resumed. The answer is recorded as a step.
        """
        asked = Question(gate=name, text=question, details=details)

        async def answered() -> Approval:
            approval = await self.answers(asked)
            if approval is None:
                raise unanswered(self.run_id, question)
            return approval

        return await self.step(f"approval {name}", Approval, answered, _say, [{"question": to_json(asked, Question)}])

    def progress(self, step: str, message: str, **data: str | float | bool | None) -> None:
        """Tell observers how far a step is."""
        self.tell(step, "progress", message, data)

    def tell(self, step: str, kind: str, message: str, data: EventData | None = None) -> None:
        """Tell observers that something happened."""
        self.tell_event(Event(self.run_id, step, kind, message, data or {}))


def _say(approval: Approval) -> str:
    by = f" by {approval.by}" if approval.by else ""
    comment = f": {approval.comment}" if approval.comment else ""
    return f"{'yes' if approval.granted else 'no'}{by}{comment}"


def _known(error: Exception) -> RegooseError | None:
    """Return the error of our tree that `error` is or amounts to, if any."""
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        where = error.filename or "the state or workspace directory"
        return SizeLimit(f"the disk is full: {where}", hint="Free some space, then run `regoose runs resume`.")
    return error if isinstance(error, RegooseError) else None
