"""The finished steps of a run, as whoever meets them again needs them."""

from __future__ import annotations

from collections.abc import Sequence

from regoose.domain.json import Json
from regoose.durable.record import Record
from regoose.durable.requests import Requests
from regoose.durable.run import Suspended
from regoose.errors import ReplayMiss


class Recorded:
    """Steps by number, and what they were asked. `requests` grows with the steps that are recorded later."""

    def __init__(self, records: Sequence[Record]) -> None:
        self._records = {record.number: record for record in records}
        self.requests = Requests()
        for record in sorted(records, key=lambda one: one.number):
            if record.asked is not None:
                self.requests.learn(record.number, record.asked)

    def of(self, numbers: Sequence[int]) -> tuple[Record, ...]:
        """Return the records of some steps."""
        return tuple(self._records[number] for number in numbers)

    def check(self, number: int, name: str, request: Sequence[Json] | None) -> Record | None:
        """
        Return the record of a step, None where there is none.

        Where it has another name or was asked something else, the run is suspended by a `ReplayMiss`, which nothing in
        a workflow can take for an error of its own.
        """
        record = self._records.get(number)
        if record is not None:
            if record.name != name:
                miss = ReplayMiss(f"step {number} is recorded as {record.name!r}, and now it is {name!r}")
                raise Suspended(miss)
            difference = self.requests.difference(number, request)
            if difference is not None:
                raise Suspended(ReplayMiss(f"step {number} ({name}) was asked something else: {difference}"))
        return record
