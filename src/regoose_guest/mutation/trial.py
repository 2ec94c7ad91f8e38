"""What forked children do: run tests one after the other and tell how each ended."""

from __future__ import annotations

from typing import Dict, List, Sequence

import pytest

from regoose_guest.forks import Outlet
from regoose_guest.items import FAILED, HUNG, SKIPPED, ItemRunner
from regoose_guest.mutation.roles import Asked


class Bench:
    """The collected tests by their numbers."""

    def __init__(self, ids: Sequence[str], items: Sequence[pytest.Item], broken: Sequence[str] = ()) -> None:
        numbers = {name: number for number, name in enumerate(ids)}
        self._runner = ItemRunner([])
        self._at: Dict[int, int] = {}
        seen: Dict[str, int] = {}
        for item in items:
            count = seen[item.nodeid] = seen.get(item.nodeid, 0) + 1
            number = numbers.get(item.nodeid if count == 1 else f"{item.nodeid} #{count}")
            if number is not None:
                self._at[number] = len(self._runner.items)
                self._runner.items.append(item)
        self._broken = {number for number, name in enumerate(ids) if number not in self._at and _is_in(name, broken)}

    @property
    def found(self) -> List[int]:
        """Numbers of the tests that were collected."""
        return sorted(self._at)

    def run(self, asked: Asked, outlet: Outlet) -> None:
        """Run tests until enough failed or one did not end. Sends `ran`, number, outcome, CPU seconds; then `end`."""
        failures = 0
        known = [number for number in asked.order if number in self._at]
        following = dict(zip(known, known[1:]))
        for number, limit in zip(asked.order, asked.limits):
            if number not in self._at:
                outcome, seconds = (FAILED if number in self._broken else SKIPPED), 0.0
            else:
                after = following.get(number)
                ran = self._runner.run(self._at[number], limit, None if after is None else self._at[after])
                outcome, seconds = ran.outcome, ran.seconds
            outlet.send("ran", number, outcome, seconds)
            failures += outcome == FAILED
            is_settled = number < asked.first and outcome == FAILED
            if outcome == HUNG or is_settled or failures >= asked.killers > 0:
                break
        outlet.send("end")


def _is_in(name: str, broken: Sequence[str]) -> bool:
    """Whether a test stands in a file, class or folder that could not be collected."""
    return any(not one or name == one or name.startswith((f"{one}::", f"{one}/")) for one in broken)
