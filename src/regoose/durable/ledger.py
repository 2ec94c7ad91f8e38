"""
The ledger of what runs spend on models: durable, shared between processes, opened at its first use.

It keeps the promises of `regoose.providers.ledger.Ledger`; the tables are in `regoose.durable.book`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Self

from regoose.domain.budget import Budget, Reservation
from regoose.domain.conversation import LLMResponse
from regoose.domain.run import Cost

if TYPE_CHECKING:  # SQLAlchemy takes a second to import, and what calls no model need not wait for it
    from regoose.durable.book import Book


class Ledger:
    """
    The book of every run. What a method did is committed when it returns, and goes on even if nobody waits for it.

    Raises `MachineError` where its database cannot be used.
    """

    def __init__(self, open_book: Callable[[], Book]) -> None:
        self._open = open_book
        self._opened: Book | None = None
        self._opening = asyncio.Lock()

    @classmethod
    def beside_journal(cls, state_dir: Path) -> Self:
        """Return the ledger in the journal's own database."""

        def open_book() -> Book:
            from regoose.durable.book import Book  # noqa: PLC0415 - see above

            return Book.beside_journal(state_dir)

        return cls(open_book)

    async def aclose(self) -> None:
        """Close its connections."""
        book, self._opened = self._opened, None
        if book is not None:
            await asyncio.to_thread(book.close)

    async def recall(self, run_id: str, key: str, digest: str) -> LLMResponse | None:
        """Return the answer that was paid for already, if there is one."""
        return await asyncio.to_thread((await self._book()).recall, run_id, key, digest)

    async def reserve(self, reservation: Reservation, budget: Budget) -> str:
        """Enter an attempt and return the id of its entry; raises `BudgetExceeded`."""
        return await asyncio.to_thread((await self._book()).reserve, reservation, budget)

    async def settle(self, entry: str, actual: Cost, response: LLMResponse) -> None:
        """Put what the attempt cost in place of what it could have, and keep its answer."""
        await asyncio.to_thread((await self._book()).settle, entry, actual, response)

    async def release(self, entry: str) -> None:
        """Take back an attempt that certainly cost nothing."""
        await asyncio.to_thread((await self._book()).release, entry)

    async def spent(self, run_id: str) -> Cost:
        """Return what the run has spent, open entries in full."""
        return await asyncio.to_thread((await self._book()).spent, run_id)

    async def _book(self) -> Book:
        async with self._opening:
            if self._opened is None:
                self._opened = await asyncio.to_thread(self._open)
            return self._opened
