"""
The journal's tables, read without DBOS: importing it takes longer than reading a run.

The names are those of DBOS's schema; a row that it has not written yet is one that is not there.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from regoose.durable import record
from regoose.durable.record import Record

_STEPS = """
SELECT function_id, function_name, output, error, started_at_epoch_ms, completed_at_epoch_ms
FROM operation_outputs WHERE workflow_uuid = ? ORDER BY function_id"""


def records(path: Path, run_id: str) -> tuple[Record, ...]:
    """Return the finished steps of a run by their numbers."""
    with contextlib.closing(sqlite3.connect(path, timeout=30)) as connection:
        return tuple(
            record.read(number, name, output, error, (started, ended))
            for number, name, output, error, started, ended in connection.execute(_STEPS, (run_id,))
        )
