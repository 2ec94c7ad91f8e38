"""What forked children do: run tests one after the other and tell how each ended."""

from __future__ import annotations

from typing import Any, Dict, List, Sequence

import pytest

from regoose_guest.forks import Outlet
from regoose_guest.items import FAILED, HUNG, SKIPPED, ItemRunner
from regoose_guest.mutation.plain import PlainCall, is_direct, is_pytest_alone, plain_call
from regoose_guest.mutation.roles import Asked, Progress


class Bench:
    """The collected tests by their numbers."""

    def __init__(self, ids: Sequence[str], items: Sequence[pytest.Item], broken: Sequence[str] = ()) -> None:
        numbers = {name: number for number, name in enumerate(ids)}
        self._runner = ItemRunner([])
        self._at: Dict[int, int] = {}
        self._plain: Dict[int, PlainCall] = {}
        is_alone = bool(items) and is_pytest_alone(items[0].config)
        seen: Dict[str, int] = {}
        for item in items:
            count = seen[item.nodeid] = seen.get(item.nodeid, 0) + 1
            number = numbers.get(item.nodeid if count == 1 else f"{item.nodeid} #{count}")
            if number is not None:
                self._at[number] = len(self._runner.items)
                self._runner.items.append(item)
                call = plain_call(item, is_alone=is_alone)
                if call is not None:
                    self._plain[number] = call
        self._broken = {number for number, name in enumerate(ids) if number not in self._at and _is_in(name, broken)}

    @property
    def found(self) -> List[int]:
        """Numbers of the tests that were collected."""
        return sorted(self._at)

    @property
    def sharing(self) -> List[int]:
        """Numbers of the tests whose fixtures may last beyond them: the first one that runs pays for all."""
        return sorted(number for number, index in self._at.items() if _has_lasting(self._runner.items[index]))

    def run(self, asked: Asked, outlet: Outlet, progress: Progress) -> None:
        """Run tests until enough failed or one did not end. Sends `ran`, number, outcome, CPU seconds."""
        failures = 0
        # What fixtures do ends before a test is called that asked for none.
        found = [number for number in asked.order if number in self._at]
        following = {one: after for one, after in zip(found, found[1:]) if after not in self._plain}
        for position, (number, limit) in enumerate(zip(asked.order, asked.limits)):
            progress.mark(asked.slot, position)
            if number not in self._at:
                outcome, seconds = (FAILED if number in self._broken else SKIPPED), 0.0
            elif number in self._plain:
                ran = self._plain[number].run(limit)
                outcome, seconds = ran.outcome, ran.seconds
            else:
                after = following.get(number)
                ran = self._runner.run(self._at[number], limit, None if after is None else self._at[after])
                outcome, seconds = ran.outcome, ran.seconds
            if not asked.killers or outcome in {FAILED, HUNG}:
                outlet.send("ran", number, outcome, seconds)
            failures += outcome == FAILED
            is_settled = number < asked.first and outcome == FAILED
            if outcome == HUNG or is_settled or failures >= asked.killers > 0:
                break


def _has_lasting(item: Any) -> bool:
    definitions = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
    return any(one.scope != "function" and not is_direct(one) for found in definitions.values() for one in found[-1:])


def _is_in(name: str, broken: Sequence[str]) -> bool:
    """Whether a test stands in a file, class or folder that could not be collected."""
    return any(not one or name == one or name.startswith((f"{one}::", f"{one}/")) for one in broken)
