"""What changed between two commits, as a patch."""

from __future__ import annotations

from dataclasses import dataclass

from regoose.domain.patch import FileEdit, Patch
from regoose.workspace.git import Git, Repository, open_git

_REGULAR = {"100644", "100755"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Two commits, by their ids, and the patch that leads from one to the other."""

    base: str
    head: str
    patch: Patch


async def compare(repository: Repository, base: str, head: str) -> Change:
    """
    Return the change from `base` to `head`, two revisions of the repository.

    Regular files only: links and submodules are left out. Raises `UsageError` for an unknown revision.
    """
    async with open_git(repository) as git:
        base, head = await git.resolve(base), await git.resolve(head)
        old, new = await _regular_files(git, base), await _regular_files(git, head)
        changed = sorted(path for path in old.keys() | new.keys() if old.get(path) != new.get(path))
        edits = [FileEdit(path, await _text(git, old.get(path)), await _text(git, new.get(path))) for path in changed]
    return Change(base=base, head=head, patch=Patch(tuple(edits)))


async def _regular_files(git: Git, commit: str) -> dict[str, str]:
    """Map each regular file's path to its object id."""
    return {entry.path: entry.id for entry in await git.files(commit) if entry.mode in _REGULAR}


async def _text(git: Git, name: str | None) -> str | None:
    return None if name is None else (await git.read_blob(name)).decode("utf-8", "surrogateescape")
