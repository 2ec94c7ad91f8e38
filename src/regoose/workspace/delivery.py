"""How a proven patch reaches the user: as a branch made by plumbing, or in the working tree where asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Sequence
from contextlib import contextmanager

from regoose.domain.patch import FileEdit, Patch
from regoose.errors import DirtyTree, PolicyRefused, UsageError
from regoose.workspace.beneath import Beneath, encode
from regoose.workspace.git import CommitText, Git, Repository, TreeEntry, open_git

_REGULAR = {"100644", "100755"}


async def commit_patch(repository: Repository, base_commit: str, patch: Patch, branch: str, text: CommitText) -> str:
    """
    Make `branch` with one commit on top of `base_commit` that holds the edit and nothing else; return its id.

    The same arguments give the same commit, and a branch that is already there counts as done. Raises `UsageError`
    where the branch exists with another commit, where the base does not hold what the patch expects, or where the
    name cannot be a branch. Nothing in the working tree or the index changes.
    """
    async with open_git(repository) as git:
        existing = await git.branch_commit(branch)
        base = {entry.path: entry for entry in await git.files(base_commit, [edit.path for edit in patch.edits])}
        changes: dict[str, tuple[str, str] | None] = {}
        for edit in patch.edits:
            mode = _mode_on_base(edit, base.get(edit.path), repository)
            changes[edit.path] = None if edit.after is None else (mode, await git.write_blob(encode(edit.after)))
        tree = await git.write_tree(base_commit, changes)
        meant = {edit.path: changes[edit.path] for edit in patch.edits if edit.before != edit.after}
        if await git.changes(base_commit, tree) != meant:
            raise UsageError(
                "the patch does not fit the base commit: it puts a file where a directory is, or below a file"
            )
        commit = await git.write_commit(tree, base_commit, text)
        if existing is None:
            await git.create_branch(branch, commit)
        elif existing != commit:
            raise _taken(branch, existing)
        return commit


async def require_free(repository: Repository, branch: str) -> None:
    """Raise `UsageError` where the branch exists or its name cannot be one: better known before a run than after."""
    async with open_git(repository) as git:
        existing = await git.branch_commit(branch)
    if existing is not None:
        raise _taken(branch, existing)


def _taken(branch: str, commit: str) -> UsageError:
    return UsageError(
        f"the branch {branch!r} already exists, at {commit[:12]}",
        hint="Give another name with --branch, or delete it with `git branch -D`.",
    )


def _mode_on_base(edit: FileEdit, entry: TreeEntry | None, repository: Repository) -> str:
    """Return the file's mode; raises where the base does not hold what the patch was made from."""
    if edit.before is None and entry is None:
        return "100644"
    if edit.before is None or entry is None:
        raise UsageError(f"{edit.path!r} {'is not' if entry is None else 'is already'} in the base commit")
    if entry.mode not in _REGULAR:
        raise PolicyRefused(f"{edit.path!r} is a symbolic link or a submodule, which a patch does not change")
    if repository.blob_id(encode(edit.before)) != entry.id:
        raise UsageError(f"{edit.path!r} differs in the base commit from what the patch was made for")
    return entry.mode


async def apply_patch(repository: Repository, patch: Patch) -> None:
    """
    Write the patch into the user's working tree: every file at once or, where one does not fit, none.

    A file keeps its mode, its owner and, where the checkout has them throughout, its CRLF line endings. Raises
    `DirtyTree` where a file differs from HEAD or from what the patch was made for, `PolicyRefused` where a path leads
    through a symbolic link.
    """
    async with open_git(repository) as git:
        contents = await _planned(git, patch.edits)
    await asyncio.to_thread(_write_all, repository, contents)


async def _planned(git: Git, edits: Sequence[FileEdit]) -> dict[str, tuple[bytes | None, bytes | None]]:
    """Map each path to its bytes in the working tree now and then."""
    repository = git.repository
    head = {entry.path: entry for entry in await git.files(repository.head, [edit.path for edit in edits])}
    planned: dict[str, tuple[bytes | None, bytes | None]] = {}
    with Beneath(repository.root) as root:
        for edit in edits:
            now = root.read(edit.path)
            committed = head.get(edit.path)
            before = None if edit.before is None else encode(edit.before)
            after = None if edit.after is None else encode(edit.after)
            if now is not None and now != before and before is not None and now == _with_crlf(before):
                before, after = now, None if after is None else _with_crlf(after)
            plain = None if now is None else now.replace(b"\r\n", b"\n")
            ids = {repository.blob_id(content) for content in (now, plain) if content is not None}
            if now != before or (committed.id not in ids if committed else now is not None):
                raise DirtyTree(f"{edit.path!r} has uncommitted changes")
            planned[edit.path] = (now, after)
    return planned


def _with_crlf(content: bytes) -> bytes:
    return content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _write_all(repository: Repository, contents: dict[str, tuple[bytes | None, bytes | None]]) -> None:
    done: list[str] = []
    with Beneath(repository.root) as root, _undone_on_failure(root, contents, done):
        for path, (_, after) in contents.items():
            done.append(path)
            _write(root, path, after)


@contextmanager
def _undone_on_failure(
    root: Beneath, contents: dict[str, tuple[bytes | None, bytes | None]], done: list[str]
) -> Generator[None]:
    try:
        yield
    except BaseException:
        for path in done:
            before, after = contents[path]
            if root.read(path) == after:
                _write(root, path, before)
        raise


def _write(root: Beneath, path: str, content: bytes | None) -> None:
    if content is None:
        root.remove(path)
    else:
        root.replace(path, content)
