"""
What is known of a run beside its steps: what a person is asked and answers, what was changed about its task.

One table of ours in the journal's database. A note that is written once stays what it is, whoever writes at the same
time; any other is replaced.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from collections.abc import Mapping
from pathlib import Path

from regoose.domain.json import Json

TABLE = """
CREATE TABLE IF NOT EXISTS regoose_notes (
    run_id TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, written_ms INTEGER NOT NULL,
    PRIMARY KEY (run_id, name)
)"""
_INSERT = "INSERT INTO regoose_notes (run_id, name, value, written_ms) VALUES (?, ?, ?, ?)"


def write(path: Path, run_id: str, name: str, value: Json) -> None:
    """Keep a note, in the place of an earlier one."""
    _write(path, f"{_INSERT} ON CONFLICT (run_id, name) DO UPDATE SET value = excluded.value", run_id, name, value)


def write_once(path: Path, run_id: str, name: str, value: Json) -> bool:
    """Keep a note; returns False where there is one of this name, which stays."""
    return _write(path, f"{_INSERT} ON CONFLICT (run_id, name) DO NOTHING", run_id, name, value)


def read(path: Path, run_id: str) -> Mapping[str, Json]:
    """Return a run's notes by name, in the order in which they were first written."""
    with contextlib.closing(sqlite3.connect(path, timeout=30)) as connection:
        rows = connection.execute(
            "SELECT name, value FROM regoose_notes WHERE run_id = ? ORDER BY written_ms, rowid", (run_id,)
        )
        return {name: json.loads(value) for name, value in rows}


def _write(path: Path, statement: str, run_id: str, name: str, value: Json) -> bool:
    row = (run_id, name, json.dumps(value, separators=(",", ":")), int(time.time() * 1000))
    with contextlib.closing(sqlite3.connect(path, timeout=30)) as connection, connection:
        return connection.execute(statement, row).rowcount > 0
