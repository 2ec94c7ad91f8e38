"""
DBOS on the journal's database: how it opens it, how it writes, and what it does to a run from outside.

Its commits do not wait for the disk: they survive any end of the process, and where the power fails the last steps may
have to be done again. The ledger's do wait, in the same file, and what waits takes all before it along: so whatever was
paid for is known, and no step is lost that came before a later call of a model.

It asks SQLite for `unixepoch('subsec')`, which came with 3.42; older libraries (Debian 12 has 3.40) are given the
function here.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Generator
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa
from dbos import DBOSClient, Serializer, SetWorkflowID
from sqlalchemy import event, exc

from regoose.durable import database
from regoose.durable.codec import dumps, loads
from regoose.durable.database import APPLICATION, VERSION

FORKED = f"{APPLICATION}-forked"
"""A queue that nobody reads: whoever resumes a run takes it out."""


class JsonSerializer(Serializer):
    """Makes DBOS keep JSON instead of pickles."""

    def serialize(self, data: object) -> str:
        """Encode."""
        return dumps(data)

    def deserialize(self, serialized_data: str) -> object:
        """Decode."""
        return loads(serialized_data)

    def name(self) -> str:
        """Name kept beside each entry."""
        return "regoose-json-1"


class _Connection(Protocol):
    isolation_level: str | None

    def execute(self, statement: str, /) -> object: ...

    def create_function(self, name: str, narg: int, func: object, /) -> None: ...


def open_engine(path: Path) -> sa.Engine:
    """Open the database for DBOS: immediate transactions, a patient wait for locks, and the missing function."""
    engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": 30})
    event.listen(engine, "connect", _prepare)
    return engine


def cancel(path: Path, run_id: str) -> None:
    """Cancel a run wherever it is."""
    with _client(path) as client:
        client.cancel_workflow(run_id)


def fork(path: Path, run_id: str, child: str, at: int) -> None:
    """Make the run `child`, which has the steps of `run_id` before number `at` and works on nothing yet."""
    with _client(path) as client, SetWorkflowID(child):
        client.fork_workflow(run_id, at, application_version=VERSION, queue_name=FORKED)


@contextlib.contextmanager
def _client(path: Path) -> Generator[DBOSClient, None, None]:
    engine = open_engine(path)
    try:
        client = DBOSClient(system_database_engine=engine, serializer=JsonSerializer(), application_name=APPLICATION)
        try:
            yield client
        finally:
            client.destroy()
    except exc.DatabaseError as error:
        raise database.unusable(path, error) from None
    finally:
        engine.dispose()


def _prepare(connection: _Connection, _record: object) -> None:
    connection.isolation_level = "IMMEDIATE"
    connection.execute("PRAGMA busy_timeout = 30000")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = NORMAL")  # see above
    if sqlite3.sqlite_version_info < (3, 42):
        connection.create_function("unixepoch", -1, _unixepoch)


def _unixepoch(*modifiers: str) -> float | int:
    now = time.time()
    return now if "subsec" in modifiers else int(now)
