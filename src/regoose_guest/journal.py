"""
The results file: one JSON record a line, each line signed with a key that is never in a file while tests run.

Every line starts with a keyed BLAKE2b of the line before it and of its own text (a hash chain), so a reader that has
the key notices a line that was changed, inserted, dropped or reordered. A file that simply stops was cut by a crash.
This keeps honest what code under test prints or writes. It cannot stop code that searches this process's memory
for the key: tests and their runner share one process.
"""

from __future__ import annotations

import json
import os
from hashlib import blake2b

SIGNATURE = 16
"""Bytes of a signature; twice as many hexadecimal digits in the file."""


def sign(key: bytes, previous: bytes, body: bytes) -> bytes:
    """Return the signature of `body` as the line that follows the one signed `previous`."""
    return blake2b(previous + body, key=key, digest_size=SIGNATURE).digest()


class Journal:
    """
    Appends records as they happen, so that a crash leaves all that came before it.

    What it needs is bound at construction: replacing `os.write` or `json.dumps` in a test does not reach it.
    """

    def __init__(self, path: str, key: bytes) -> None:
        self._path = path
        self._key = key
        self._previous = b""
        self._kept: list[bytes] = []
        self._size = 0
        self._owner = os.getpid()
        self._encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True).encode
        self._write, self._getpid, self._open = os.write, os.getpid, os.open
        self._replace, self._makedirs, self._sign, self._leave = os.replace, os.makedirs, sign, os._exit
        self._stat, self._fstat, self._folder = os.stat, os.fstat, os.path.dirname(path)
        self._makedirs(self._folder, exist_ok=True)
        self._fd = self._open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)

    def record(self, kind: str, fields: dict[str, object]) -> None:
        """Append one record. A forked child of the test process writes nothing."""
        if self._getpid() != self._owner:
            return
        body = self._encode({"k": kind, **fields}).encode("ascii")
        self._previous = self._sign(self._key, self._previous, body)
        line = self._previous.hex().encode("ascii") + b" " + body + b"\n"
        self._kept.append(line)
        try:
            if self._in_place():
                self._write_all(self._fd, line)
            else:
                self._place_whole()
        except OSError:  # the disk is full; the next record tries the whole again
            return

    def end_fork(self) -> None:
        """End a forked child that came back from its test into the run: the parent goes on alone."""
        if self._getpid() != self._owner:
            self._leave(1)

    def finish(self) -> None:
        """Put the whole file in place at once, whatever became of the one that grew."""
        if self._getpid() != self._owner:
            return
        self._place_whole()

    def _in_place(self) -> bool:
        """Whether our descriptor still is the file at our path and holds every earlier line."""
        try:
            mine, there = self._fstat(self._fd), self._stat(self._path)
        except OSError:
            return False
        return mine.st_ino == there.st_ino and mine.st_dev == there.st_dev and mine.st_size == self._size

    def _place_whole(self) -> None:
        self._makedirs(self._folder, exist_ok=True)
        draft = self._path + ".whole"
        fd = self._open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        self._size = 0
        self._write_all(fd, b"".join(self._kept))
        self._replace(draft, self._path)
        self._fd = fd

    def _write_all(self, fd: int, data: bytes) -> None:
        view = memoryview(data)
        while view:
            written = self._write(fd, view)
            self._size += written
            view = view[written:]
