"""
The user's uncommitted work as a commit, made without touching the checkout.

What counts: every change to a tracked file, and untracked files that git does not ignore and that are Python or
belong to the tests or their configuration. git itself never reads the working tree here (comparing a file by `git
status` or `git diff` may run its clean filter): files are read and hashed in this process, links not followed.
"""

from __future__ import annotations

import asyncio
import stat
from dataclasses import dataclass
from pathlib import PurePosixPath

from regoose.errors import DirtyTree, PolicyRefused
from regoose.sandbox.base import MIB
from regoose.workspace.beneath import Beneath
from regoose.workspace.git import CommitText, Git, Identity, Repository, TreeEntry

_UNTRACKED_BYTES = 1 * MIB
_TEST_DIRECTORIES = {"test", "tests", "testing"}
_TEST_FILES = {"pytest.ini", "tox.ini", "setup.cfg", "pyproject.toml"}
_SECRET_SUFFIXES = {".pem", ".key", ".p12", ".pfx", ".kdbx"}
_FILTERED = (b"version https://git-lfs.github.com/spec/", b"\0GITCRYPT\0")
"""How stored content begins that a filter turns into something else in the working tree."""
_NAMED = 5
_SUBJECT = "Uncommitted changes of the working tree"
_AUTHOR = Identity("Regoose", "regoose@localhost")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The commit a run starts from, and what to tell the user about it."""

    commit: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Change:
    """How one path of the working tree differs from HEAD; None content means it is gone."""

    path: str
    mode: str
    content: bytes | None


async def snapshot(git: Git, when: int) -> Snapshot:
    """
    Return HEAD where the working tree has nothing that counts, else a commit on top of HEAD that holds it.

    The commit is reachable from no branch until a run delivers one. Raises `DirtyTree` where files are unmerged.
    """
    repository = git.repository
    entries, listed = await asyncio.gather(git.files(repository.head), git.working_files())
    if unmerged := sorted({path for tag, path in listed if tag == "M"}):
        raise DirtyTree(f"{unmerged[0]!r} has merge conflicts", hint="Finish or abort the merge, then run again.")
    changes = await asyncio.to_thread(_changes, repository, entries, listed)
    committed = {entry.path: entry for entry in entries}
    changes = [change for change in changes if not await _is_filtered(git, change, committed.get(change.path))]
    if not changes:
        return Snapshot(repository.head)
    edits = {
        change.path: None if change.content is None else (change.mode, await git.write_blob(change.content))
        for change in changes
    }
    tree = await git.write_tree(repository.head, edits)
    text = CommitText(message=_SUBJECT + "\n", author=_AUTHOR, when=when)
    commit = await git.write_commit(tree, repository.head, text)
    return Snapshot(commit, (_note(sorted(edits)),))


def _note(paths: list[str]) -> str:
    named = ", ".join(paths[:_NAMED]) + (f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else "")
    count = "1 uncommitted file is" if len(paths) == 1 else f"{len(paths)} uncommitted files are"
    return f"{count} part of the base: {named}. A delivered branch carries them in a commit of their own."


async def _is_filtered(git: Git, change: _Change, entry: TreeEntry | None) -> bool:
    """Whether HEAD stores a stand-in for the file (Git LFS, git-crypt), so that a difference means nothing."""
    if entry is None or change.content is None or (entry.size or 0) > _UNTRACKED_BYTES or not entry.size:
        return False
    return (await git.read_blob(entry.id)).startswith(_FILTERED)


def _changes(
    repository: Repository, entries: tuple[TreeEntry, ...], listed: tuple[tuple[str, str], ...]
) -> list[_Change]:
    committed = {entry.path: entry for entry in entries if entry.size is not None}
    modules = {entry.path for entry in entries if entry.size is None}
    tracked = {path for tag, path in listed if tag == "H"} - modules
    sparse = {path for tag, path in listed if tag == "S"}
    untracked = {path for tag, path in listed if tag == "?" and _counts(path)}
    found: list[_Change] = []
    with Beneath(repository.root) as root:
        for path in sorted(tracked | untracked | (committed.keys() - sparse)):
            change = _change(root, path, committed.get(path), repository)
            if change is not None and not (path in untracked and len(change.content or b"") > _UNTRACKED_BYTES):
                found.append(change)
    return found


def _counts(path: str) -> bool:
    name = PurePosixPath(path)
    if path.endswith("/") or name.suffix in _SECRET_SUFFIXES or name.name.startswith(".env"):
        return False
    return name.suffix in {".py", ".pyi"} or name.name in _TEST_FILES or bool(_TEST_DIRECTORIES & set(name.parts[:-1]))


def _change(root: Beneath, path: str, entry: TreeEntry | None, repository: Repository) -> _Change | None:
    try:
        status = root.kind(path)
    except (OSError, PolicyRefused):  # a directory above it became something else
        status = None
    if status is None:
        return None if entry is None else _Change(path, entry.mode, None)
    if stat.S_ISLNK(status.st_mode):
        mode, content = "120000", root.link_target(path)
    elif stat.S_ISREG(status.st_mode):
        mode, content = "100755" if status.st_mode & stat.S_IXUSR else "100644", root.read(path) or b""
    else:
        return None if entry is None else _Change(path, entry.mode, None)
    if entry is None:
        return _Change(path, mode, content)
    if mode != "120000" and entry.size != len(content) and b"\r\n" in content:
        content = _as_committed(content, entry, repository)
    if "120000" not in {mode, entry.mode}:
        mode = entry.mode  # an executable bit alone means nothing on file systems that have none
    same = mode == entry.mode and repository.blob_id(content) == entry.id
    return None if same else _Change(path, mode, content)


def _as_committed(content: bytes, entry: TreeEntry, repository: Repository) -> bytes:
    """Undo `core.autocrlf`: where line feeds alone give what is committed, the file did not change."""
    plain = content.replace(b"\r\n", b"\n")
    return plain if repository.blob_id(plain) == entry.id else content
