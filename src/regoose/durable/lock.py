"""
One process works on a run: an advisory lock on a file in the run's directory.

The kernel frees the lock when its holder ends, however it ends, and keeps it while the holder is merely frozen. That
is the whole of liveness on one machine: no heartbeat, no clock, no guess.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from regoose.errors import RunBusy

_ATTEMPTS = 10
_PAUSE = 0.02


class RunLock:
    """The exclusive right to work on one run. The file stays: deleting a locked file would let two hold it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    def acquire(self) -> None:
        """Take the lock; raises `RunBusy` with the holder's process id where another process has it."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._lock(file)
            os.ftruncate(file, 0)
            os.pwrite(file, str(os.getpid()).encode(), 0)
        except BaseException:
            os.close(file)
            raise
        self._file = file

    def release(self) -> None:
        """Give the lock back. Idempotent."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _lock(self, file: int) -> None:
        """Try a few times: `is_held` takes the lock for an instant."""
        for attempt in range(_ATTEMPTS):
            if attempt:
                time.sleep(_PAUSE)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            return
        holder = os.pread(file, 20, 0).decode("ascii", "replace").strip() or "unknown"
        raise RunBusy(f"run {self._path.parent.name} is being worked on by process {holder}")


def is_held(path: Path) -> bool:
    """Whether a process holds the lock at `path` now."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False
