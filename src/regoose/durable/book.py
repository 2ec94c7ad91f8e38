"""
The ledger's tables, and what is done to them; see `regoose.durable.ledger`. Each method is one transaction.

Two tables. `regoose_ledger` has a row for each attempt at a model: entered at the most that it can cost, then settled
with what it did cost and its answer, or released. A row that is neither counts in full. `regoose_ledger_runs` has a
row for each run, which whoever reserves holds: SQLite has one writer at a time anyway, other databases lock that row,
so that the sum that is compared with the budget cannot change underneath. Money is kept in billionths of a dollar,
which add up exactly.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy import event, exc
from sqlalchemy.schema import CreateIndex, CreateTable

from regoose.domain.budget import Budget, Reservation, excess
from regoose.domain.conversation import LLMResponse
from regoose.domain.run import Cost
from regoose.durable import database
from regoose.durable.codec import dumps, from_json, loads, to_json
from regoose.errors import BudgetExceeded

_NANO = 1_000_000_000
TABLES = sa.MetaData()
RUNS = sa.Table("regoose_ledger_runs", TABLES, sa.Column("run_id", sa.Text, primary_key=True))
_ENTRIES = sa.Table(
    "regoose_ledger",
    TABLES,
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
_ENTER_RUN = sa.text("INSERT INTO regoose_ledger_runs (run_id) VALUES (:run_id) ON CONFLICT DO NOTHING")


class _Connection(Protocol):
    isolation_level: str | None


class Book:
    """The tables behind an engine; `name` stands in messages. Raises `MachineError` where they cannot be used."""

    def __init__(self, engine: sa.Engine, name: Path) -> None:
        """Take an engine and make the tables where they are missing."""
        self._engine = engine
        self._name = name
        with self._transaction() as connection:
            for table in TABLES.sorted_tables:
                connection.execute(CreateTable(table, if_not_exists=True))
            connection.execute(CreateIndex(_BY_CALL, if_not_exists=True))

    @classmethod
    def beside_journal(cls, state_dir: Path) -> Book:
        """Open the journal's own database."""
        path = database.check(state_dir)
        engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": 30})
        event.listen(engine, "connect", _write_at_once)
        return cls(engine, path)

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def recall(self, run_id: str, key: str, digest: str) -> LLMResponse | None:
        """Return the settled answer of a call."""
        asked = sa.select(_ENTRIES.c.response).where(
            _ENTRIES.c.run_id == run_id,
            _ENTRIES.c.key == key,
            _ENTRIES.c.digest == digest,
            _ENTRIES.c.state == "settled",
        )
        with self._transaction() as connection:
            found: str | None = connection.execute(asked.order_by(_ENTRIES.c.ended_at)).scalars().first()
        return None if found is None else from_json(loads(found), LLMResponse)  # pyright: ignore[reportArgumentType] - JSON

    def reserve(self, made: Reservation, budget: Budget) -> str:
        """Enter an attempt and return the id of its entry; raises `BudgetExceeded`."""
        entry = uuid.uuid4().hex
        with self._transaction() as connection:
            connection.execute(_ENTER_RUN, {"run_id": made.run_id})  # SQLite takes the lock of the one writer here
            connection.execute(sa.select(RUNS).where(RUNS.c.run_id == made.run_id).with_for_update())
            if why := excess(budget, _spent(connection, made.run_id), made):
                raise BudgetExceeded(why)
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
            connection.execute(sa.insert(_ENTRIES).values(**values, **_columns(made.worst)))
        return entry

    def settle(self, entry: str, actual: Cost, response: LLMResponse) -> None:
        """Put what the attempt cost in place of what it could have, and keep its answer."""
        self._end(entry, "settled", actual, dumps(to_json(response, LLMResponse)))

    def release(self, entry: str) -> None:
        """Take back an attempt that certainly cost nothing."""
        self._end(entry, "released", Cost(), None)

    def spent(self, run_id: str) -> Cost:
        """Return what the run has spent, open entries in full."""
        with self._transaction() as connection:
            return _spent(connection, run_id)

    def _end(self, entry: str, state: str, cost: Cost, answer: str | None) -> None:
        change = sa.update(_ENTRIES).where(_ENTRIES.c.id == entry)
        values = {"state": state, "response": answer, "ended_at": time.time()}
        with self._transaction() as connection:
            connection.execute(change.values(**values, **_columns(cost)))

    @contextmanager
    def _transaction(self) -> Generator[sa.Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except exc.DatabaseError as error:
            raise database.unusable(self._name, error) from None


def _write_at_once(connection: _Connection, _record: object) -> None:
    """Have SQLite take the lock of the one writer where a transaction begins to write, not where it ends."""
    connection.isolation_level = "IMMEDIATE"


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
