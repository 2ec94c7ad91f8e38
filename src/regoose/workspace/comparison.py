"""What changed between two commits, as a patch."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from regoose.domain.patch import FileEdit, Patch
from regoose.errors import PolicyRefused
from regoose.workspace.git import Git, Repository, TreeEntry, open_git

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

    Raises `UsageError` for an unknown revision, `PolicyRefused` where a link or a submodule changes: a patch holds
    regular files only, and what it leaves out would not be part of what is proven.
    """
    async with open_git(repository) as git:
        base, head = await git.resolve(base), await git.resolve(head)
        old, new = await _files(git, base), await _files(git, head)
        paths = sorted(path for path in old.keys() | new.keys() if old.get(path) != new.get(path))
        edits = [FileEdit(path, await _text(git, old.get(path)), await _text(git, new.get(path))) for path in paths]
    return Change(base=base, head=head, patch=Patch(tuple(edits)))


async def changed_lines(repository: Repository, base: str, head: str) -> Mapping[str, tuple[int, ...]]:
    """
    Return the lines, 1-based, that `head` changed since it left the history of `base`, by the path of their file.

    A new file has all its lines; where lines were only taken out, the lines around the gap stand for them. Links and
    submodules are left out, and so are files that are gone. Raises `UsageError` for an unknown revision.
    """
    async with open_git(repository) as git:
        base, head = await git.resolve(base), await git.resolve(head)
        base = await git.merge_base(base, head) or base
        changed = [path for path, change in (await git.changes(base, head)).items() if change is not None]
        if not changed:
            return {}
        old = {entry.path: entry for entry in await git.files(base, changed)}
        new = {entry.path: entry for entry in await git.files(head, changed)}
        found: dict[str, tuple[int, ...]] = {}
        for path in sorted(path for path in changed if new[path].mode in _REGULAR):
            before = old.get(path)
            text = await _text(git, before) if before is not None and before.mode in _REGULAR else None
            found[path] = _differing(text or "", await _text(git, new[path]) or "")
    return found


def _differing(before: str, after: str) -> tuple[int, ...]:
    old, new = before.splitlines(), after.splitlines()
    lines: set[int] = set()
    for tag, _, _, first, last in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "delete":
            lines.update(line for line in (first, first + 1) if 1 <= line <= len(new))
        elif tag != "equal":
            lines.update(range(first + 1, last + 1))
    return tuple(sorted(lines))


async def _files(git: Git, commit: str) -> dict[str, TreeEntry]:
    return {entry.path: entry for entry in await git.files(commit)}


async def _text(git: Git, entry: TreeEntry | None) -> str | None:
    if entry is None:
        return None
    if entry.mode not in _REGULAR:
        raise PolicyRefused(f"{entry.path!r} is a symbolic link or a submodule, which a patch does not change")
    return (await git.read_blob(entry.id)).decode("utf-8", "surrogateescape")
