"""
A private tree per run: the base commit's files, written from git's objects outside the user's checkout.

Nothing named `.git` is inside, links stay links, and no filter or hook had a part in it. Uncommitted work counts: it
becomes a commit of its own (see `snapshot`), and the run's base is that commit.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from regoose.errors import GitFailed, SizeLimit
from regoose.sandbox.base import MIB
from regoose.workspace.beneath import Beneath
from regoose.workspace.git import Git, Repository, TreeEntry, find_repository, open_git, sweep_private
from regoose.workspace.snapshot import snapshot

_LOCK = "lock.json"
_UNLOCKED_GRACE = 3600.0
"""Seconds after which a directory without a lock counts as left behind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceLimits:
    """Bounds of a private tree, in bytes."""

    total_bytes: int = 1024 * MIB
    file_bytes: int = 100 * MIB
    """Larger files are left out of the tree and named in the notes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """The checked-out tree of one run. Close it when the run is over, or use it as an async context manager."""

    repository: Repository
    tree: Path
    """The private tree; give it to a sandbox as `Spec.tree`."""
    base_commit: str
    """What the tree holds: HEAD, the commit asked for, or the commit that holds the uncommitted work."""
    notes: tuple[str, ...]
    """Sentences for the report: uncommitted work that counts, files left out."""

    def read(self, path: str) -> str | None:
        """Return a file's text as `FileEdit` keeps it, None where there is no such file."""
        with Beneath(self.tree) as tree:
            content = tree.read(path)
        return None if content is None else content.decode("utf-8", "surrogateescape")

    async def close(self) -> None:
        """Remove the tree. Idempotent; the repository is not touched."""
        await asyncio.to_thread(shutil.rmtree, self.tree.parent, ignore_errors=True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class Workspaces:
    """Makes and sweeps private trees under one directory."""

    def __init__(self, base: Path, limits: WorkspaceLimits | None = None) -> None:
        self._base = base
        self._limits = limits or WorkspaceLimits()

    async def create(
        self, path: Path, run_id: str, *, when: int, commit: str | None = None, committed_only: bool = False
    ) -> Workspace:
        """
        Make the private tree of a run from the checkout that `path` lies in.

        The base is `commit` where given (a resumed run gives its `base_commit`), else HEAD with the uncommitted work
        on top unless `committed_only`. `when` (seconds since the epoch) dates the commit of the uncommitted work.
        Raises `NotARepository`, `UsageError` for an unknown commit, `DirtyTree` during a merge, `SizeLimit`.
        """
        repository = await find_repository(path)
        notes: list[str] = []
        async with open_git(repository) as git:
            if commit is not None:
                base = await git.resolve(commit)
            elif committed_only:
                base = repository.head
            else:
                taken = await snapshot(git, when)
                base = taken.commit
                notes += taken.notes
            directory = self._claim(run_id)
            try:
                notes += await _materialise(git, base, directory / "tree", self._limits)
            except BaseException:
                await asyncio.to_thread(shutil.rmtree, directory, ignore_errors=True)
                raise
        return Workspace(repository=repository, tree=directory / "tree", base_commit=base, notes=tuple(notes))

    async def sweep(self) -> int:
        """Remove what runs of ended processes left behind; return how many trees that were."""
        return await asyncio.to_thread(self._sweep)

    def _claim(self, run_id: str) -> Path:
        self._base.mkdir(parents=True, exist_ok=True, mode=0o700)
        slug = re.sub(r"[^A-Za-z0-9._-]", "-", run_id)[:60]
        directory = self._base / f"run-{slug}-{secrets.token_hex(4)}"
        directory.mkdir()
        lock = {"pid": os.getpid(), "started": _process_start(os.getpid())}
        (directory / _LOCK).write_text(json.dumps(lock), encoding="utf-8")
        (directory / "tree").mkdir()
        return directory

    def _sweep(self) -> int:
        stale = [path for path in self._base.glob("run-*") if _is_stale(path)] if self._base.is_dir() else []
        for path in stale:
            shutil.rmtree(path, ignore_errors=True)
        sweep_private()
        return len(stale)


def _is_stale(directory: Path) -> bool:
    try:
        lock = json.loads((directory / _LOCK).read_text(encoding="utf-8"))
        pid, started = int(lock["pid"]), str(lock["started"])
    except (OSError, ValueError, KeyError, TypeError):
        try:
            return time.time() - directory.stat().st_mtime > _UNLOCKED_GRACE
        except FileNotFoundError:
            return False
    return _process_start(pid) != started


def _process_start(pid: int) -> str:
    """Identify a process beyond its number: its start in ticks since the boot, and the boot; empty where it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else f"{fields[19]}@{boot}"


async def _materialise(git: Git, commit: str, tree: Path, limits: WorkspaceLimits) -> list[str]:
    entries = await git.files(commit)
    large = [entry for entry in entries if (entry.size or 0) > limits.file_bytes]
    wanted = [entry for entry in entries if entry.size is not None and entry not in large]
    modules = [entry for entry in entries if entry.size is None]
    total = sum(entry.size or 0 for entry in wanted)
    if total > limits.total_bytes:
        biggest = ", ".join(f"{e.path} ({(e.size or 0) / MIB:.0f} MiB)" for e in sorted(wanted, key=_size)[:-4:-1])
        raise SizeLimit(
            f"the files of {commit[:12]} take {total / MIB:.0f} MiB, more than MAX_WORKSPACE_SIZE "
            f"({limits.total_bytes / MIB:.0f} MiB); the largest: {biggest}"
        )
    with Beneath(tree) as beneath:
        for entry in modules:
            beneath.make_directory(entry.path)
        await git.stream_blobs([entry.id for entry in wanted], _Writer(beneath, wanted).take)
    notes = [f"{entry.path} ({(entry.size or 0) / MIB:.0f} MiB) is left out of the workspace." for entry in large]
    return notes + [f"The submodule {entry.path} is left empty." for entry in modules]


def _size(entry: TreeEntry) -> int:
    return entry.size or 0


class _Writer:
    """Takes the output of `git cat-file --batch` in any pieces and writes each object as its file."""

    def __init__(self, tree: Beneath, entries: Sequence[TreeEntry]) -> None:
        self._tree = tree
        self._buffer = bytearray()
        self._need = 0
        self._steps = self._parse(entries)
        next(self._steps, None)

    def take(self, chunk: bytes) -> None:
        self._buffer += chunk
        if len(self._buffer) >= self._need:
            next(self._steps, None)

    def _parse(self, entries: Sequence[TreeEntry]) -> Generator[None]:
        for entry in entries:
            while (end := self._buffer.find(b"\n")) < 0:
                yield
            header = self._buffer[:end].decode(errors="replace")
            if not header.startswith(f"{entry.id} blob "):
                raise GitFailed(f"git gave {header!r} for the content of {entry.path!r}", hint="Run `git fsck`.")
            size = int(header.rpartition(" ")[2])
            self._need = end + 1 + size + 1
            while len(self._buffer) < self._need:
                yield
            self._put(entry, bytes(self._buffer[end + 1 : end + 1 + size]))
            del self._buffer[: self._need]
            self._need = 0

    def _put(self, entry: TreeEntry, content: bytes) -> None:
        if entry.mode == "120000":
            self._tree.make_link(entry.path, content)
        else:
            self._tree.create(entry.path, content, 0o755 if entry.mode == "100755" else 0o644)
