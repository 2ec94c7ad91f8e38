"""The port to the ledger: every attempt at a model is entered before it is made, and settled after."""

from __future__ import annotations

from typing import Protocol

from regoose.domain.budget import Budget, Reservation
from regoose.domain.conversation import LLMResponse
from regoose.domain.run import Cost


class Ledger(Protocol):
    """
    One book for everything that runs spend: retries, fallbacks and lost answers included.

    An entry that is neither settled nor released counts in full: nobody knows how its attempt ended, be it a time-out
    or a killed process. Each method has taken effect for good when it returns.
    """

    async def recall(self, run_id: str, key: str, digest: str) -> LLMResponse | None:
        """Return the answer that was paid for already, if there is one."""
        ...

    async def reserve(self, reservation: Reservation, budget: Budget) -> str:
        """
        Enter an attempt and return the id of its entry.

        Atomic: whatever else reserves at the same time, all entries of the run together stay within the budget.
        Raises `BudgetExceeded` otherwise, and enters nothing.
        """
        ...

    async def settle(self, entry: str, actual: Cost, response: LLMResponse) -> None:
        """Put what the attempt cost in place of what it could have, and keep its answer."""
        ...

    async def release(self, entry: str) -> None:
        """Take back an attempt that certainly cost nothing."""
        ...

    async def spent(self, run_id: str) -> Cost:
        """Return what the run has spent, open entries in full."""
        ...
