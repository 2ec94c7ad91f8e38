"""Steps that are done: each is recorded by DBOS before the workflow goes on, and never done again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from dbos import DBOS, StepOptions

from regoose.domain.json import Json
from regoose.durable.codec import Failed
from regoose.durable.record import Record, pack_request, pack_value, unpack_value
from regoose.durable.recorded import Recorded
from regoose.durable.requests import Packed


class LiveSteps:
    """The steps of a run that this process works on; `records` are those that the journal has already."""

    def __init__(self, records: Sequence[Record]) -> None:
        self._recorded = Recorded(records)
        self._number = 0

    async def meet(self, name: str, request: Sequence[Json] | None, do: Callable[[], Awaitable[Json]]) -> Json:
        """See `regoose.durable.run.Steps`. Nothing is awaited before DBOS has given the step its number, the same."""
        self._number += 1
        number = self._number
        self._recorded.check(number, name, request)
        asked: Packed | None = None

        async def call() -> Json:
            nonlocal asked
            try:
                value = await do()
            except Exception as error:
                asked = self._pack(number, request)
                if asked is None:
                    raise
                raise Failed(error, pack_request(asked)) from error
            asked = self._pack(number, request)
            return pack_value(value, asked)

        try:
            stored = await DBOS.run_step_async(StepOptions(name=name, preemptible=True), call)
        except Failed as failed:
            raise failed.cause from failed.cause.__cause__
        finally:
            if asked is not None:
                self._recorded.requests.learn(number, asked)
        return unpack_value(stored)

    def _pack(self, number: int, request: Sequence[Json] | None) -> Packed | None:
        return None if request is None else self._recorded.requests.pack(number, request)
