"""What a ledger promises, kept by the one in memory and by the durable one."""

from __future__ import annotations

import asyncio
import multiprocessing
import sqlite3
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from regoose.domain.budget import Budget, Reservation
from regoose.domain.conversation import LLMResponse, Stop, ToolCall, Usage
from regoose.domain.run import Cost
from regoose.durable import book
from regoose.durable.ledger import Ledger as DurableLedger
from regoose.errors import BudgetExceeded, MachineError
from regoose.providers.ledger import Ledger
from regoose.testing.ledger import MemoryLedger

WORST = Cost(usd=0.5, input_tokens=100, output_tokens=50, calls=1)
ANSWER = LLMResponse(
    text="done \udce4",
    calls=(ToolCall(id="1", name="read", arguments='{"a": '),),
    stop=Stop.TOOL_CALLS,
    usage=Usage(input_tokens=9, cached_tokens=3, output_tokens=2),
    model="openai:gpt-4",
    usd=0.25,
)


def reservation(key: str = "coder 1", *, run: str = "r", digest: str = "d", worst: Cost = WORST) -> Reservation:
    return Reservation(run_id=run, key=key, digest=digest, attempt=1, model="openai:gpt-4", worst=worst)


@pytest.fixture(params=["memory", "durable"])
async def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Ledger]:
    if request.param == "memory":
        yield MemoryLedger()
        return
    durable = DurableLedger.beside_journal(tmp_path)
    yield durable
    await durable.aclose()


async def test_nothing_is_spent_before_anything_is_entered(ledger: Ledger) -> None:
    assert await ledger.spent("r") == Cost()
    assert await ledger.recall("r", "coder 1", "d") is None


async def test_an_open_entry_counts_in_full(ledger: Ledger) -> None:
    await ledger.reserve(reservation(), Budget())
    assert await ledger.spent("r") == WORST
    assert await ledger.spent("another") == Cost()
    assert await ledger.recall("r", "coder 1", "d") is None


async def test_what_is_settled_counts_as_it_was_and_is_recalled(ledger: Ledger) -> None:
    entry = await ledger.reserve(reservation(), Budget())
    actual = Cost(usd=0.1, input_tokens=9, output_tokens=2, calls=1)
    await ledger.settle(entry, actual, ANSWER)
    assert await ledger.spent("r") == actual
    assert await ledger.recall("r", "coder 1", "d") == ANSWER
    assert await ledger.recall("r", "coder 1", "another request") is None
    assert await ledger.recall("r", "coder 2", "d") is None
    assert await ledger.recall("another run", "coder 1", "d") is None


async def test_what_is_released_was_never_spent(ledger: Ledger) -> None:
    entry = await ledger.reserve(reservation(), Budget())
    await ledger.release(entry)
    assert await ledger.spent("r") == Cost()


@pytest.mark.parametrize("budget", [Budget(usd=0.99), Budget(tokens=299), Budget(calls=1)])
async def test_an_entry_that_could_break_a_limit_is_refused_and_not_made(ledger: Ledger, budget: Budget) -> None:
    await ledger.reserve(reservation(), budget)
    with pytest.raises(BudgetExceeded, match=r"openai:gpt-4 \(coder 2\)"):
        await ledger.reserve(reservation("coder 2"), budget)
    assert await ledger.spent("r") == WORST
    await ledger.reserve(reservation("coder 2", run="another"), budget)


@pytest.mark.parametrize("budget", [Budget(usd=1.0), Budget(tokens=300), Budget(calls=2), Budget()])
async def test_a_limit_may_be_reached_exactly(ledger: Ledger, budget: Budget) -> None:
    await ledger.reserve(reservation(), budget)
    await ledger.reserve(reservation("coder 2"), budget)


async def test_reservations_at_once_stay_within_the_budget(ledger: Ledger) -> None:
    async def one(number: int) -> bool:
        try:
            await ledger.reserve(reservation(f"coder {number}"), Budget(usd=3.0))
        except BudgetExceeded:
            return False
        return True

    assert sum(await asyncio.gather(*[one(number) for number in range(20)])) == 6
    assert (await ledger.spent("r")).usd == 3.0


async def test_small_sums_add_up_exactly(ledger: Ledger) -> None:
    cent = Cost(usd=0.01, input_tokens=1, output_tokens=1, calls=1)
    for number in range(30):
        entry = await ledger.reserve(reservation(f"c {number}", worst=cent), Budget(usd=0.3))
        await ledger.settle(entry, cent, ANSWER)
    assert round((await ledger.spent("r")).usd, 9) == 0.3


async def test_what_was_settled_outlives_the_process(tmp_path: Path) -> None:
    first = DurableLedger.beside_journal(tmp_path)
    entry = await first.reserve(reservation(), Budget())
    await first.settle(entry, WORST, ANSWER)
    await first.reserve(reservation("coder 2"), Budget())
    await first.aclose()
    second = DurableLedger.beside_journal(tmp_path)
    assert await second.recall("r", "coder 1", "d") == ANSWER
    assert await second.spent("r") == WORST + WORST
    await second.aclose()


def _reserve_many(place: str, name: str) -> None:
    async def work() -> None:
        ledger = DurableLedger.beside_journal(Path(place))
        for number in range(10):
            try:
                await ledger.reserve(reservation(f"{name} {number}"), Budget(usd=5.0))
            except BudgetExceeded:
                break
        await ledger.aclose()

    asyncio.run(work())


async def test_processes_at_once_stay_within_the_budget(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_reserve_many, args=(str(tmp_path), f"p{number}")) for number in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    ledger = DurableLedger.beside_journal(tmp_path)
    assert (await ledger.spent("r")).usd == 5.0
    await ledger.aclose()


async def test_a_database_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "regoose.db").write_bytes(b"no database, and rather long for one" * 100)
    with pytest.raises(MachineError, match=r"regoose\.db cannot be read"):
        await DurableLedger.beside_journal(tmp_path).spent("r")


async def test_its_tables_stand_beside_those_of_the_journal(tmp_path: Path) -> None:
    ledger = DurableLedger.beside_journal(tmp_path)
    await ledger.spent("r")
    await ledger.aclose()
    connection = sqlite3.connect(tmp_path / "regoose.db")
    names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    connection.close()
    assert {"regoose_ledger", "regoose_ledger_runs"} <= names


def test_the_tables_can_be_made_on_postgres() -> None:
    dialect = postgresql.dialect()  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    made = [str(CreateTable(table).compile(dialect=dialect)) for table in book.TABLES.sorted_tables]
    assert "usd_nano BIGINT NOT NULL" in made[0]
    held = sa.select(book.RUNS).with_for_update().compile(dialect=dialect)
    assert "FOR UPDATE" in str(held)
