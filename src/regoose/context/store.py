"""
What was read of files, kept by their content in one SQLite file that all runs and repositories share.

An entry never changes: its key is a hash of the content and of how it was read. So any number of processes may read
and write at once, and what is lost is only read again. A damaged file is begun anew.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

FORMAT = 1
"""Counts up with every change of what is stored or of how it is gained."""
_DAY = 86_400
_ABANDONED = 7 * _DAY
"""Seconds after which the file of another format is removed."""
_AT_ONCE = 500
_BUSY = 30.0
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR})
"""Error codes of a file that is no database, or holds other tables. Locked, full or read-only files may be sound."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS file (
    key BLOB PRIMARY KEY, used INTEGER NOT NULL, size INTEGER NOT NULL,
    words TEXT NOT NULL, counts BLOB NOT NULL, definitions INTEGER NOT NULL, documentation INTEGER NOT NULL,
    body INTEGER NOT NULL, symbols TEXT NOT NULL, defines TEXT NOT NULL, uses TEXT NOT NULL, times BLOB NOT NULL,
    imports TEXT NOT NULL, parsed INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS file_by_use ON file (used, key, size);
CREATE TABLE IF NOT EXISTS vector (
    key BLOB PRIMARY KEY, used INTEGER NOT NULL, size INTEGER NOT NULL, numbers BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS vector_by_use ON vector (used, key, size);
"""

_TOTALS = ("SELECT total(size) FROM file", "SELECT total(size) FROM vector")
_LONGEST_UNUSED = (
    ("SELECT key, size FROM vector ORDER BY used, key", "DELETE FROM vector WHERE key = ?"),
    ("SELECT key, size FROM file ORDER BY used, key", "DELETE FROM file WHERE key = ?"),
)

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRecord:
    """What one file's content gave, packed: lists of names as one text, counts as bytes (255 stands for more, too)."""

    words: str
    counts: bytes
    """Three a word: in names that are defined, in docstrings, anywhere."""
    definitions: int = 0
    """Words in names that are defined."""
    documentation: int = 0
    """Words in docstrings."""
    body: int = 0
    """Words altogether."""
    symbols: str = "[]"
    """JSON: `[[name, kind, start, end, signature, summary], …]`."""
    defines: str = ""
    uses: str = ""
    times: bytes = b""
    """How often each name of `uses` is used."""
    imports: str = ""
    parsed: bool = True

    @property
    def size(self) -> int:
        """Bytes that it takes, about."""
        texts = (self.words, self.symbols, self.defines, self.uses, self.imports)
        return 200 + len(self.counts) + len(self.times) + sum(map(len, texts))


def key_of(content: bytes, kind: str) -> bytes:
    """Return the key of content that is read as a kind of file; what Python can parse depends on its version."""
    python = f"{kind} {sys.version_info[0]}.{sys.version_info[1]}"
    return hashlib.blake2b(content, digest_size=16, person=python.encode()[:16]).digest()


class Store:
    """
    The entries under one directory. Methods block; each opens the database anew, so threads may share a store.

    A store that cannot be used (no space, no right to write) holds nothing, and `trouble` says why.
    """

    def __init__(self, directory: Path, *, limit_bytes: int = 1 << 29) -> None:
        self._path = directory / f"index-{FORMAT}.sqlite3"
        self._limit = limit_bytes
        self.trouble = ""
        self.parsing = threading.Lock()
        """Held by a thread that parses: it gains nothing beside another, and silences warnings for the process."""

    def load(self, keys: Collection[bytes]) -> dict[bytes, FileRecord]:
        """Return the entries that there are for these keys, and note that they are of use."""
        return self._do(lambda connection: _load(connection, sorted(set(keys))), {})

    def save(self, records: Mapping[bytes, FileRecord]) -> None:
        """Keep entries; those unused for longest go where they are too many."""

        def act(connection: sqlite3.Connection) -> None:
            _save(connection, records)
            self._prune(connection)

        self._do(act, None)

    def load_vectors(self, keys: Collection[bytes]) -> dict[bytes, bytes]:
        """Return the vectors that there are for these keys."""
        return self._do(lambda connection: _load_vectors(connection, sorted(set(keys))), {})

    def save_vectors(self, vectors: Mapping[bytes, bytes]) -> None:
        """Keep vectors."""
        rows = [(key, _today(), len(numbers) + 50, numbers) for key, numbers in sorted(vectors.items())]

        def act(connection: sqlite3.Connection) -> None:
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany("INSERT OR IGNORE INTO vector VALUES (?, ?, ?, ?)", rows)
            self._prune(connection)

        self._do(act, None)

    def _do(self, act: Callable[[sqlite3.Connection], _Result], otherwise: _Result) -> _Result:
        for _ in range(2):
            identity = _identity(self._path)
            try:
                with closing(self._open()) as connection:
                    result = act(connection)
            except sqlite3.DatabaseError as error:
                self.trouble = str(error)
                if error.sqlite_errorcode not in _DAMAGED:
                    return otherwise
                self._begin_anew(identity)
            except OSError as error:
                self.trouble = str(error)
                return otherwise
            else:
                self.trouble = ""
                return result
        return otherwise

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = not self._path.exists()
        connection = sqlite3.connect(self._path, timeout=_BUSY, isolation_level=None)
        try:
            if fresh:
                self._sweep()
                connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.executescript(_SCHEMA)
        except BaseException:
            connection.close()
            raise
        return connection

    def _begin_anew(self, identity: tuple[int, int] | None) -> None:
        """Remove the damaged file, unless another process has done so already."""
        with contextlib.suppress(OSError), self._path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if _identity(self._path) == identity:
                for suffix in ("-wal", "-shm", ""):
                    Path(f"{self._path}{suffix}").unlink(missing_ok=True)

    def _sweep(self) -> None:
        for other in self._path.parent.glob("index-*.sqlite3*"):
            with contextlib.suppress(OSError):
                if not other.name.startswith(self._path.name) and time.time() - other.stat().st_mtime > _ABANDONED:
                    other.unlink()

    def _prune(self, connection: sqlite3.Connection) -> None:
        """Bring what is kept down to three quarters of the limit where it is above it."""
        total = sum(connection.execute(sql).fetchone()[0] for sql in _TOTALS)
        if total <= self._limit:
            return
        excess = total - self._limit * 3 / 4
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            for select, delete in _LONGEST_UNUSED:
                doomed: list[tuple[bytes]] = []
                for key, size in connection.execute(select):
                    if excess <= 0:
                        break
                    doomed.append((key,))
                    excess -= size
                connection.executemany(delete, doomed)
        connection.execute("PRAGMA incremental_vacuum").fetchall()


def _load(connection: sqlite3.Connection, keys: Sequence[bytes]) -> dict[bytes, FileRecord]:
    found: dict[bytes, FileRecord] = {}
    stale: list[tuple[int, bytes]] = []
    today = _today()
    for start in range(0, len(keys), _AT_ONCE):
        part = keys[start : start + _AT_ONCE]
        query = f"SELECT * FROM file WHERE key IN ({','.join('?' * len(part))})"  # noqa: S608 (question marks only)
        for row in connection.execute(query, part):
            found[row[0]] = _record(row)
            if row[1] < today:
                stale.append((today, row[0]))
    _note_use(connection, "file", stale)
    return found


def _load_vectors(connection: sqlite3.Connection, keys: Sequence[bytes]) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    stale: list[tuple[int, bytes]] = []
    today = _today()
    for start in range(0, len(keys), _AT_ONCE):
        part = keys[start : start + _AT_ONCE]
        query = f"SELECT key, used, numbers FROM vector WHERE key IN ({','.join('?' * len(part))})"  # noqa: S608 (same)
        for key, used, numbers in connection.execute(query, part):
            found[key] = numbers
            if used < today:
                stale.append((today, key))
    _note_use(connection, "vector", stale)
    return found


def _note_use(connection: sqlite3.Connection, table: str, stale: Sequence[tuple[int, bytes]]) -> None:
    if stale:
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(f"UPDATE {table} SET used = ? WHERE key = ?", stale)  # noqa: S608 (one of two names)


def _save(connection: sqlite3.Connection, records: Mapping[bytes, FileRecord]) -> None:
    rows = [
        (
            *(key, _today(), one.size, one.words, one.counts, one.definitions, one.documentation, one.body),
            *(one.symbols, one.defines, one.uses, one.times, one.imports, int(one.parsed)),
        )
        for key, one in sorted(records.items())
    ]
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(f"INSERT OR IGNORE INTO file VALUES ({','.join('?' * 14)})", rows)  # noqa: S608 (same)


def _record(row: tuple[bytes, int, int, str, bytes, int, int, int, str, str, str, bytes, str, int]) -> FileRecord:
    _, _, _, words, counts, definitions, documentation, body, symbols, defines, uses, times, imports, parsed = row
    return FileRecord(
        words=words,
        counts=counts,
        definitions=definitions,
        documentation=documentation,
        body=body,
        symbols=symbols,
        defines=defines,
        uses=uses,
        times=times,
        imports=imports,
        parsed=bool(parsed),
    )


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _today() -> int:
    return int(time.time()) // _DAY
