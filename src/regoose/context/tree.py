"""
The files of a tree that may be read: nothing ignored, no link, nothing above the limits, unsaved edits on top.

The tree is untrusted. No link is followed, only regular files are opened, and what is left out is named with the
reason.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from regoose.errors import PolicyRefused
from regoose.workspace.beneath import Beneath
from regoose.workspace.edits.source import legible

IGNORED = frozenset(
    {".git", ".hg", ".svn", "__pycache__", "node_modules", ".venv", ".tox", ".nox", ".mypy_cache", ".ruff_cache"}
    | {".pytest_cache", ".hypothesis", ".eggs"}
)
"""Names of directories that hold nothing which an author edits."""
_TESTS = frozenset({"test", "tests", "testdata", "testing_data", "functional_tests", "integration_tests"})
_SUPPORT = frozenset(
    {"doc", "docs", "example", "examples", "tools", "scripts", "bench", "benchmark", "benchmarks", "asv_bench"}
    | {"admin", "bin", "extra", "release"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeLimits:
    """Bounds of what is read of a tree."""

    file_bytes: int = 1_000_000
    files: int = 50_000


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file or directory that was left out, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Listing:
    """The paths of a tree in order, and what was left out."""

    paths: tuple[str, ...]
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A directory and the edits that are not yet written into it: path → new text, None for a deleted file."""

    root: Path
    overlay: Mapping[str, str | None] = field(default_factory=dict[str, str | None])
    limits: TreeLimits = TreeLimits()

    def listing(self) -> Listing:
        """Walk the tree."""
        paths: set[str] = set()
        skipped: list[Skipped] = []
        for path, reason in _walk(self.root, self.limits):
            if reason:
                skipped.append(Skipped(path, reason))
            else:
                paths.add(path)
        for path, text in self.overlay.items():
            if text is None:
                paths.discard(path)
            else:
                paths.add(path)
        ordered = sorted(paths)
        if len(ordered) > self.limits.files:
            skipped += [
                Skipped(path, f"beyond the first {self.limits.files} files") for path in ordered[self.limits.files :]
            ]
            ordered = ordered[: self.limits.files]
        return Listing(tuple(ordered), tuple(sorted(skipped, key=lambda one: one.path)))

    def read(self, path: str) -> bytes | None:
        """Return one file's content, None where there is none that may be read."""
        with Beneath(self.root) as beneath:
            return self.read_from(beneath, path)

    def read_from(self, beneath: Beneath, path: str) -> bytes | None:
        """Return one file's content from the directory held open."""
        if path in self.overlay:
            text = self.overlay[path]
            return None if text is None else text.encode("utf-8", "surrogateescape")
        try:
            return beneath.read(path)
        except (OSError, PolicyRefused):
            return None

    def text(self, path: str) -> str | None:
        """Return one file's text; bytes that are not in its encoding become replacement characters. None for binary."""
        content = self.read(path)
        return None if content is None else legible(content, path)


def decode(content: bytes) -> str | None:
    """Return the text of a file's content, None where it is binary."""
    return None if b"\0" in content[:8192] else content.decode("utf-8", "replace")


def _walk(root: Path, limits: TreeLimits) -> Iterator[tuple[str, str]]:
    """Yield paths, each with the reason why it is left out, empty for one that is not."""
    pending = [""]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(root / folder) as entries:
                found = list(entries)
        except OSError as error:
            yield _shown(folder), error.strerror or type(error).__name__
            continue
        for entry in found:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in IGNORED:
                    pending.append(path)
            elif entry.is_file(follow_symlinks=False) and entry.name.lower() != ".git":
                yield _judge(path, entry, limits)


def _judge(path: str, entry: os.DirEntry[str], limits: TreeLimits) -> tuple[str, str]:
    if _shown(path) != path:
        return _shown(path), "its name cannot be shown"
    size = entry.stat(follow_symlinks=False).st_size
    if size > limits.file_bytes:
        return path, f"{size:,} bytes, more than {limits.file_bytes:,}"
    return path, ""


def _shown(path: str) -> str:
    """Return a path with backslashes for what is no UTF-8, no printable character, or would break a line."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in path)


def is_test(path: str) -> bool:
    """Whether a path holds tests or what serves them only."""
    where = PurePosixPath(path)
    stem = where.stem.lower()
    if stem == "conftest" or stem.startswith("test_") or stem.endswith(("_test", "_tests")) or stem == "tests":
        return True
    folders = [part.lower() for part in where.parts[:-1]]
    return folders[:1] == ["testing"] or bool(_TESTS.intersection(folders))


def is_support(path: str) -> bool:
    """Whether a Python file serves the project's making (set-up, documentation, examples, tools), not its users."""
    where = PurePosixPath(path)
    folders = {part.lower() for part in where.parts[:-1]}
    return bool(folders & _SUPPORT) or where.name in {"setup.py", "conf.py", "noxfile.py", "tasks.py"}


def is_python(path: str) -> bool:
    """Whether a path names Python source."""
    return path.endswith((".py", ".pyi", ".pyw"))
