"""A run met again from its journal alone: nothing is done, nothing is asked of anybody."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence

from regoose.domain.event import Event
from regoose.domain.json import Json
from regoose.domain.run import Replayed
from regoose.durable.codec import as_response, dumps
from regoose.durable.difference import first_difference
from regoose.durable.journal import Journal
from regoose.durable.record import Record
from regoose.durable.recorded import Recorded
from regoose.durable.run import Run, Suspended, Workflow
from regoose.durable.tables import Row
from regoose.errors import RegooseError, ReplayMiss

_GRACE = 1.0
"""Seconds that the first step which is not recorded leaves to those that were under way beside it."""


class _EndOfRecord(BaseException):
    """A run that has not ended was met as far as it is recorded."""


class ReplayedSteps:
    """The steps of a run from its records; `has_ended` says that there is none beyond them."""

    def __init__(self, records: Sequence[Record], *, has_ended: bool) -> None:
        self._recorded = Recorded(records)
        self._left = [record.number for record in records]
        self._has_ended = has_ended
        self._all_met = asyncio.Event()
        self._number = 0
        self.met: list[Record] = []
        self.next = ""
        """Name of the first step that was wanted and is not recorded."""

    async def meet(self, name: str, request: Sequence[Json] | None, do: Callable[[], Awaitable[Json]]) -> Json:
        """See `regoose.durable.run.Steps`; `do` is never called."""
        del do
        self._number += 1
        record = self._recorded.check(self._number, name, request)
        if record is None:
            raise await self._beyond(self._number, name)
        self.met.append(record)
        self._left.remove(record.number)
        if not self._left:
            self._all_met.set()
        await asyncio.sleep(0)  # what stands beside it is begun before what comes after it
        if record.error is not None:
            raise record.error
        return record.value

    def require_all_met(self) -> None:
        """Raise `ReplayMiss` where a recorded step was not wanted."""
        for record in self._recorded.of(self._left):
            raise ReplayMiss(f"step {record.number} ({record.name}) is recorded, and now it is not wanted")

    async def _beyond(self, number: int, name: str) -> BaseException:
        """Return what ends the run at a step that is not recorded."""
        if self._has_ended:
            return Suspended(ReplayMiss(f"step {number} ({name}) is not in the journal, and the run had ended"))
        self.next = self.next or name
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._all_met.wait(), _GRACE)
        return _EndOfRecord()


async def replay(
    journal: Journal, run_id: str, workflows: Mapping[str, Workflow], tell: Callable[[Event], None]
) -> Replayed:
    """
    Carry a run out again with every step answered by the journal, and compare its end with the recorded one.

    A run that has not ended is met as far as it is recorded. Raises `UnknownRun`, `UsageError` where another version
    recorded the run, and `ReplayMiss` with the first step, or the first place of the result, that is another one now.
    """
    row = await journal.row(run_id)
    journal.require_version(row, workflows)
    has_ended = row.status in {"SUCCESS", "ERROR"}
    steps = ReplayedSteps(await journal.records(run_id), has_ended=has_ended)
    overrides = await journal.overrides(run_id)
    run = Run(run_id, journal.folder(run_id), tell, steps, overrides=overrides)
    end = await _end(workflows[row.kind](run, row.task), has_ended=has_ended)
    steps.require_all_met()
    if has_ended:
        _compare(row, end)
    return Replayed(
        run_id=run_id,
        steps=len(steps.met),
        calls=sum(as_response(record.value) is not None for record in steps.met),
        has_ended=has_ended,
        next_step=steps.next,
        error=_message(row),
    )


async def _end(work: Awaitable[Json], *, has_ended: bool) -> str:
    """Return how a workflow ends, as the journal would keep it."""
    try:
        return dumps(await work)
    except Suspended as suspended:
        raise suspended.cause from None
    except _EndOfRecord:
        return ""
    except Exception as error:
        if not has_ended and not isinstance(error, RegooseError):
            raise
        return dumps(error)


def _compare(row: Row, end: str) -> None:
    recorded = row.error if row.error is not None else row.output
    if recorded != end:
        place, was, now = first_difference(json.loads(recorded or "null"), json.loads(end))
        raise ReplayMiss(
            f"run {row.run_id} ends otherwise{f' at {place}' if place else ''}; recorded: {was}; now: {now}"
        )


def _message(row: Row) -> str | None:
    """Return the sentence of the error that ended the run, if one did."""
    return None if row.error is None else str(json.loads(row.error)["message"])
