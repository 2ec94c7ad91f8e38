"""
The journal's database: SQLite in one file of the state directory, opened so that several processes can share it.

`PRAGMA user_version` holds the number of our journal format, so that an older Regoose refuses a file that a newer one
wrote instead of misreading it.
"""

from __future__ import annotations

import contextlib
import fcntl
import sqlite3
from collections.abc import Generator
from pathlib import Path

from regoose.durable import notes
from regoose.errors import MachineError

APPLICATION = "regoose"
VERSION = "1"
"""Version of the workflows' step sequences; a run goes on only under the version that began it."""
FORMAT = 2
"""
Number of the journal format; it rises when a file becomes unreadable for older versions.

1: steps hold plain values. 2: a step may keep what it was asked beside its value; notes.
"""
FILE_NAME = "regoose.db"


def check(state_dir: Path) -> Path:
    """
    Make the state directory and check the database in it; returns its path.

    Raises `MachineError` where the directory cannot be written, the file is no database or a newer version wrote it.
    """
    path = state_dir / FILE_NAME
    try:
        state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _alone(path), contextlib.closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            found: int = connection.execute("PRAGMA user_version").fetchone()[0]
            if found < FORMAT:
                connection.execute(notes.TABLE)
                connection.execute(f"PRAGMA user_version = {FORMAT}")
    except OSError as error:
        raise MachineError(
            f"the state directory {state_dir} cannot be used: {error.strerror}",
            hint="Set REGOOSE_STATE_DIR to a directory that you can write to.",
        ) from None
    except sqlite3.DatabaseError as error:
        raise unusable(path, error) from None
    if found > FORMAT:
        raise MachineError(
            f"{path} was written by a newer Regoose (journal format {found}, this one reads {FORMAT})",
            hint="Upgrade Regoose, or set REGOOSE_STATE_DIR to another directory.",
        )
    return path


@contextlib.contextmanager
def _alone(path: Path) -> Generator[None]:
    """Keep other processes from making the database meanwhile: SQLite does not wait where two change its mode."""
    with path.with_suffix(".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def unusable(path: Path, error: Exception) -> MachineError:
    """Say that the journal cannot be used, by what the database said."""
    said = str(getattr(error, "orig", error))
    if any(words in said for words in ("readonly", "unable to open", "disk is full", "disk I/O")):
        return MachineError(
            f"the journal {path} cannot be written: {said}",
            hint="Make room there, or set REGOOSE_STATE_DIR to a directory that you can write to.",
        )
    if "locked" in said:
        return MachineError(f"the journal {path} is held by another process: {said}", hint="Try again in a moment.")
    return MachineError(
        f"the journal {path} cannot be read: {said}",
        hint=f"Move it away to start afresh: mv {path} {path}.broken",
    )
