"""
The ledger of what runs spend on models, in the journal's database.

Two tables. `regoose_ledger` has a row for each attempt at a model: entered at the most that it can cost, then settled
with what it did cost and its answer, or released. A row that is neither counts in full. `regoose_ledger_runs` has a
row for each run, which whoever reserves holds: SQLite has one writer at a time anyway, other databases lock that row,
so that the sum that is compared with the budget cannot change underneath. Money is kept in billionths of a dollar,
which add up exactly.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Self, TypeVar

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.schema import CreateIndex, CreateTable

from regoose.domain.budget import Budget, Reservation, excess
from regoose.domain.conversation import LLMResponse
from regoose.domain.run import Cost
from regoose.durable import database
from regoose.durable.codec import dumps, from_json, loads, to_json
from regoose.errors import BudgetExceeded

T = TypeVar("T")

_NANO = 1_000_000_000
_TABLES = sa.MetaData()
_RUNS = sa.Table("regoose_ledger_runs", _TABLES, sa.Column("run_id", sa.Text, primary_key=True))
_ENTRIES = sa.Table(
    "regoose_ledger",
    _TABLES,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("run_id", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("usd_nano", sa.BigInteger, nullable=False),
    sa.Column("input_tokens", sa.BigInteger, nullable=False),
    sa.Column("output_tokens", sa.BigInteger, nullable=False),
    sa.Column("calls", sa.Integer, nullable=False),
    sa.Column("response", sa.Text),
    sa.Column("reserved_at", sa.Float, nullable=False),
    sa.Column("ended_at", sa.Float),
)
_BY_CALL = sa.Index("regoose_ledger_by_call", _ENTRIES.c.run_id, _ENTRIES.c.key)
_COST = (_ENTRIES.c.usd_nano, _ENTRIES.c.input_tokens, _ENTRIES.c.output_tokens, _ENTRIES.c.calls)


class Ledger:
    """
    The book of every run; several processes may share it. What a method did is committed when it returns.

    It is opened at the first use. Raises `MachineError` where its database cannot be used.
    """

    def __init__(self, open_database: Callable[[], sa.Engine], name: Path) -> None:
        """Take what opens the database; `name` stands in messages."""
        self._open = open_database
        self._name = name
        self._engine: sa.Engine | None = None
        self._opening = asyncio.Lock()

    @classmethod
    def beside_journal(cls, state_dir: Path) -> Self:
        """Return the ledger in the journal's own database."""
        return cls(lambda: database.open_engine(database.check(state_dir)), state_dir / database.FILE_NAME)

    async def aclose(self) -> None:
        """Close its connections."""
        engine, self._engine = self._engine, None
        if engine is not None:
            await asyncio.to_thread(engine.dispose)

    async def recall(self, run_id: str, key: str, digest: str) -> LLMResponse | None:
        """Return the answer that was paid for already, if there is one."""

        def read(connection: sa.Connection) -> str | None:
            asked = sa.select(_ENTRIES.c.response).where(
                _ENTRIES.c.run_id == run_id,
                _ENTRIES.c.key == key,
                _ENTRIES.c.digest == digest,
                _ENTRIES.c.state == "settled",
            )
            return connection.execute(asked.order_by(_ENTRIES.c.ended_at)).scalars().first()

        found = await self._do(read)
        return None if found is None else from_json(loads(found), LLMResponse)  # pyright: ignore[reportArgumentType] - JSON

    async def reserve(self, reservation: Reservation, budget: Budget) -> str:
        """Enter an attempt and return the id of its entry; raises `BudgetExceeded`."""
        entry, made, worst = uuid.uuid4().hex, reservation, reservation.worst

        def write(connection: sa.Connection) -> str | None:
            self._hold(connection, made.run_id)
            why = excess(budget, _spent(connection, made.run_id), made)
            if why is None:
                values = {
                    "id": entry,
                    "run_id": made.run_id,
                    "key": made.key,
                    "digest": made.digest,
                    "attempt": made.attempt,
                    "model": made.model,
                    "state": "reserved",
                    "reserved_at": time.time(),
                }
                connection.execute(sa.insert(_ENTRIES).values(**values, **_columns(worst)))
            return why

        if why := await self._do(write):
            raise BudgetExceeded(why)
        return entry

    async def settle(self, entry: str, actual: Cost, response: LLMResponse) -> None:
        """Put what the attempt cost in place of what it could have, and keep its answer."""
        answer = dumps(to_json(response, LLMResponse))
        await self._end(entry, "settled", actual, answer)

    async def release(self, entry: str) -> None:
        """Take back an attempt that certainly cost nothing."""
        await self._end(entry, "released", Cost(), None)

    async def spent(self, run_id: str) -> Cost:
        """Return what the run has spent, open entries in full."""
        return await self._do(lambda connection: _spent(connection, run_id))

    async def _end(self, entry: str, state: str, cost: Cost, answer: str | None) -> None:
        change = sa.update(_ENTRIES).where(_ENTRIES.c.id == entry)
        values = {"state": state, "response": answer, "ended_at": time.time()}
        await self._do(lambda connection: connection.execute(change.values(**values, **_columns(cost))).rowcount)

    async def _do(self, work: Callable[[sa.Connection], T]) -> T:
        """Do some work in a transaction of its own, on another thread; it is finished even if nobody waits for it."""
        async with self._opening:
            if self._engine is None:
                self._engine = await asyncio.to_thread(self._opened)
        engine = self._engine

        def transact() -> T:
            with engine.begin() as connection:
                return work(connection)

        try:
            return await asyncio.to_thread(transact)
        except exc.DatabaseError as error:
            raise database.unusable(self._name, error) from None

    def _opened(self) -> sa.Engine:
        engine = self._open()
        try:
            with engine.begin() as connection:
                for table in _TABLES.sorted_tables:
                    connection.execute(CreateTable(table, if_not_exists=True))
                connection.execute(CreateIndex(_BY_CALL, if_not_exists=True))
        except exc.DatabaseError as error:
            engine.dispose()
            raise database.unusable(self._name, error) from None
        return engine

    def _hold(self, connection: sa.Connection, run_id: str) -> None:
        """Keep others from reserving for the run until the transaction ends."""
        row = _RUNS.c.run_id == run_id
        enter = sa.text(f"INSERT INTO {_RUNS.name} (run_id) VALUES (:run_id) ON CONFLICT DO NOTHING")  # noqa: S608 - a constant
        connection.execute(enter, {"run_id": run_id})
        connection.execute(sa.select(_RUNS.c.run_id).where(row).with_for_update())


def _spent(connection: sa.Connection, run_id: str) -> Cost:
    sums = [sa.func.coalesce(sa.func.sum(column), 0) for column in _COST]
    row = connection.execute(sa.select(*sums).where(_ENTRIES.c.run_id == run_id)).one()
    nano, before, after, calls = (int(value) for value in row)
    return Cost(usd=nano / _NANO, input_tokens=before, output_tokens=after, calls=calls)


def _columns(cost: Cost) -> dict[str, int]:
    return {
        "usd_nano": round(cost.usd * _NANO),
        "input_tokens": cost.input_tokens,
        "output_tokens": cost.output_tokens,
        "calls": cost.calls,
    }
