"""True edits from the histories of real repositories: one hunk of a commit, and the file before it."""

from __future__ import annotations

import ast
import difflib
import hashlib
import re
import subprocess
import tomllib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CORPUS = Path(__file__).parent / "corpora" / "edits.toml"
_HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", re.MULTILINE)
_SUFFIXES = (".py", ".pyi", ".md", ".rst", ".toml", ".cfg", ".txt", ".yml", ".yaml")
_LARGEST = 200_000
_LONGEST_HUNK = 40
_VERSIONS_BACK = 12


@dataclass(frozen=True, slots=True)
class TrueEdit:
    """Lines `start` to `end` of a file become `new`. Lines are without their endings, which are line feeds."""

    name: str
    path: str
    before: tuple[str, ...]
    start: int
    end: int
    new: tuple[str, ...]
    older: tuple[str, ...]
    """The same file some versions earlier; empty where there is none."""
    paths: tuple[str, ...]
    """All files of the repository at this commit."""

    @property
    def after(self) -> tuple[str, ...]:
        """The file with the edit."""
        return self.before[: self.start] + self.new + self.before[self.end :]


def repositories(half: str) -> dict[str, str]:
    """Return the repositories of `design`, `measure` or the `second` set to measure, each with its newest commit."""
    listed = tomllib.loads(CORPUS.read_text(encoding="utf-8"))
    second: dict[str, str] = listed.pop("second")
    return second if half == "second" else {name: head for name, head in listed.items() if _half(name) == half}


def _half(name: str) -> str:
    return "design" if hashlib.sha256(name.encode()).digest()[0] % 2 else "measure"


def true_edits(mirror: Path, name: str, head: str, most: int) -> Iterator[TrueEdit]:
    """Yield edits of one repository, commits in the order of the hash of their ids, one edit a commit."""
    commits = _git(mirror, "rev-list", "--no-merges", head).split()
    found = 0
    for commit in sorted(commits, key=lambda one: hashlib.sha256(one.encode()).digest()):
        if found == most:
            return
        if edit := _edit_of(mirror, name, commit):
            found += 1
            yield edit


def _edit_of(mirror: Path, name: str, commit: str) -> TrueEdit | None:
    """Take one hunk of a commit, chosen by its id."""
    listing = _git(mirror, "diff-tree", "-r", "--no-commit-id", "--diff-filter=M", "--name-only", commit).splitlines()
    files = [path for path in listing if path.endswith(_SUFFIXES)]
    if not files:
        return None
    choice = int(commit[:8], 16)
    path = files[choice % len(files)]
    before, after = (_lines(mirror, f"{one}:{path}") for one in (f"{commit}^", commit))
    if before is None or after is None:
        return None
    diff = _git(mirror, "diff-tree", "-r", "-p", "-U0", "--no-commit-id", commit, "--", path)
    hunks = [hunk for hunk in _HUNK.finditer(diff) if int(hunk[2] or 1) + int(hunk[4] or 1) <= _LONGEST_HUNK]
    if not hunks:
        return None
    start, end = _range(hunks[choice % len(hunks)], 1)
    new_start, new_end = _range(hunks[choice % len(hunks)], 3)
    new = after[new_start:new_end]
    if not any(line.strip() for line in (*before[start:end], *new)):
        return None
    if path.endswith(".py") and _parses(before) and not _parses(before[:start] + new + before[end:]):
        return None  # one hunk of several that only make sense together
    paths = tuple(_git(mirror, "ls-tree", "-r", "--name-only", commit).splitlines())
    older = _older(mirror, commit, path)
    return TrueEdit(f"{name}@{commit[:9]}:{path}:{start}", path, before, start, end, new, older, paths)


def _parses(lines: tuple[str, ...]) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse("\n".join(lines))
    except (SyntaxError, ValueError):
        return False
    return True


def _range(hunk: re.Match[str], group: int) -> tuple[int, int]:
    count = 1 if hunk[group + 1] is None else int(hunk[group + 1])
    first = int(hunk[group]) - (1 if count else 0)
    return first, first + count


def _older(mirror: Path, commit: str, path: str) -> tuple[str, ...]:
    versions = _git(mirror, "rev-list", "-n", str(_VERSIONS_BACK), f"{commit}^", "--", path).split()
    return (_lines(mirror, f"{versions[-1]}:{path}") or ()) if len(versions) > 1 else ()


def older_context(edit: TrueEdit, start: int, end: int) -> list[tuple[int, str]]:
    """Return lines outside the edit, between `start` and `end`, that were another line before: row and old text."""
    window = slice(max(0, start - 150), end + 150)
    matcher = difflib.SequenceMatcher(None, edit.older, edit.before[window], autojunk=False)
    found: list[tuple[int, str]] = []
    for tag, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        if tag == "replace" and old_end - old_start == new_end - new_start:
            rows = range(new_start + window.start, new_end + window.start)
            found += zip(rows, edit.older[old_start:old_end], strict=True)
    inside = range(edit.start, edit.end)
    return [(row, text) for row, text in found if start <= row < end and row not in inside]


def _lines(mirror: Path, blob: str) -> tuple[str, ...] | None:
    done = subprocess.run(["git", "cat-file", "blob", blob], cwd=mirror, capture_output=True, check=False)
    if done.returncode or len(done.stdout) > _LARGEST or b"\r" in done.stdout or not done.stdout.endswith(b"\n"):
        return None
    try:
        return tuple(done.stdout.decode().split("\n")[:-1])
    except UnicodeDecodeError:
        return None


def _git(mirror: Path, *arguments: str) -> str:
    command = ["git", "-c", "core.quotePath=false", *arguments]
    return subprocess.run(command, cwd=mirror, capture_output=True, check=True).stdout.decode("utf-8", "replace")
