"""A ledger in memory, which keeps the promises of the durable one for as long as it lives."""

from __future__ import annotations

from dataclasses import dataclass, field

from regoose.domain.budget import Budget, Reservation, excess
from regoose.domain.conversation import LLMResponse
from regoose.domain.run import Cost
from regoose.errors import BudgetExceeded


@dataclass(slots=True)
class Entry:
    """One attempt."""

    reservation: Reservation
    cost: Cost
    response: LLMResponse | None = None


@dataclass(slots=True)
class MemoryLedger:
    """Entries by their id, in the order of their reservation."""

    entries: dict[str, Entry] = field(default_factory=dict[str, Entry])
    made: int = 0

    async def recall(self, run_id: str, key: str, digest: str) -> LLMResponse | None:
        """Return the answer of the call, if it was settled."""
        for entry in self.entries.values():
            made = entry.reservation
            if (made.run_id, made.key, made.digest) == (run_id, key, digest) and entry.response is not None:
                return entry.response
        return None

    async def reserve(self, reservation: Reservation, budget: Budget) -> str:
        """Enter an attempt; raises `BudgetExceeded`."""
        if why := excess(budget, await self.spent(reservation.run_id), reservation):
            raise BudgetExceeded(why)
        self.made += 1
        self.entries[str(self.made)] = Entry(reservation, reservation.worst)
        return str(self.made)

    async def settle(self, entry: str, actual: Cost, response: LLMResponse) -> None:
        """Put the actual cost in place."""
        self.entries[entry].cost = actual
        self.entries[entry].response = response

    async def release(self, entry: str) -> None:
        """Take an attempt back."""
        del self.entries[entry]

    async def spent(self, run_id: str) -> Cost:
        """Return the sum of a run."""
        return sum((entry.cost for entry in self.entries.values() if entry.reservation.run_id == run_id), Cost())
