"""
The journal's tables, read without DBOS: importing it takes longer than reading a run.

The names are those of DBOS's schema. A run's inputs and outputs stand in tables of their own, and in older journals
beside its status.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from regoose.domain.json import Json
from regoose.durable import database, record
from regoose.durable.record import Record

_RUNS = """
SELECT s.workflow_uuid, s.name, s.status, s.application_version, s.queue_name, s.created_at, s.completed_at,
       s.forked_from, COALESCE(i.inputs, s.inputs), COALESCE(o.output, s.output), COALESCE(o.error, s.error),
       json_extract(s.attributes, '$.suspended')
FROM workflow_status s
LEFT JOIN workflow_input i USING (workflow_uuid) LEFT JOIN workflow_output o USING (workflow_uuid)
"""
_STEPS = """
SELECT function_id, function_name, output, error, started_at_epoch_ms, completed_at_epoch_ms
FROM operation_outputs WHERE workflow_uuid = ? ORDER BY function_id"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One run. Times are milliseconds since the epoch, UTC; results and errors are as they were written."""

    run_id: str
    kind: str
    status: str
    """`PENDING`, `ENQUEUED`, `DELAYED`, `SUCCESS`, `ERROR`, `CANCELLED` or `MAX_RECOVERY_ATTEMPTS_EXCEEDED`."""
    version: str
    queue: str | None
    started: int
    ended: int | None
    forked_from: str | None
    task: Json
    output: str | None
    error: str | None
    suspended: str | None
    """Why the run stopped, where the journal's first format kept it; a note holds it now."""


def runs(path: Path, limit: int) -> tuple[Row, ...]:
    """Return the newest runs first."""
    with _reading(path) as connection:
        if not _is_made(connection):
            return ()
        found = connection.execute(f"{_RUNS} ORDER BY s.created_at DESC, s.rowid DESC LIMIT ?", (limit,))
        return tuple(_row(*columns) for columns in found)


def run(path: Path, run_id: str) -> Row | None:
    """Return one run, None where there is none of this id."""
    with _reading(path) as connection:
        if not _is_made(connection):
            return None
        found = connection.execute(f"{_RUNS} WHERE s.workflow_uuid = ?", (run_id,)).fetchone()
        return None if found is None else _row(*found)


def records(path: Path, run_id: str) -> tuple[Record, ...]:
    """Return the finished steps of a run by their numbers."""
    with _reading(path) as connection:
        return tuple(
            record.read(number, name, output, error, (started, ended))
            for number, name, output, error, started, ended in connection.execute(_STEPS, (run_id,))
        )


def _is_made(connection: sqlite3.Connection) -> bool:
    """Whether DBOS has ever opened the database."""
    return connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'workflow_output'").fetchone() is not None


def _row(  # noqa: PLR0913, PLR0917 - one parameter for each column
    run_id: str,
    kind: str,
    status: str,
    version: str,
    queue: str | None,
    started: int,
    ended: int | None,
    forked_from: str | None,
    inputs: str | None,
    output: str | None,
    error: str | None,
    suspended: str | None,
) -> Row:
    return Row(
        run_id=run_id,
        kind=kind,
        status=status,
        version=version,
        queue=queue,
        started=started,
        ended=ended,
        forked_from=forked_from,
        task=json.loads(inputs)["args"][0] if inputs else None,
        output=output,
        error=error,
        suspended=suspended,
    )


@contextlib.contextmanager
def _reading(path: Path) -> Generator[sqlite3.Connection, None, None]:
    """Open the database; raises `MachineError` where it cannot be read."""
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=30)) as connection:
            yield connection
    except sqlite3.DatabaseError as error:
        raise database.unusable(path, error) from None
