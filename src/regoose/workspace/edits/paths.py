"""Which file a path means, as an author wrote it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection
from dataclasses import dataclass

from regoose.workspace.edits.outcome import NoSuchFile, OutsideRepository, Refusal

_MOST_COMPARED = 5_000
_MOST_NAMED = 4
_LONGEST_NAME = 255
"""Bytes of one part of a path, on every usual file system."""
_LONGEST = 1_000
"""Characters of a whole path."""


@dataclass(frozen=True, slots=True)
class Found:
    """The path that is meant, and what to say where it is not the one that was written."""

    path: str
    note: str = ""


def clean(path: str) -> str | OutsideRepository:
    """Return a path relative to the root, with forward slashes; refuses one that leads outside or into git's files."""
    wanted = path.strip().replace("\\", "/")
    parts = [part for part in wanted.split("/") if part not in {"", "."}]
    if wanted.startswith(("/", "~")) or (len(wanted) > 1 and wanted[1] == ":"):
        why = "an absolute path is not taken"
    elif ".." in parts:
        why = "`..` leads out of the repository"
    elif any(part.lower() == ".git" for part in parts):
        why = "git's own files are not edited"
    elif any(len(part.encode("utf-8", "replace")) > _LONGEST_NAME for part in parts) or len(wanted) > _LONGEST:
        why = "the path is longer than a path can be"
    elif not parts or any(not character.isprintable() for character in wanted) or wanted.endswith("/"):
        why = f"{path[:200]!r} names no file"
    else:
        return "/".join(parts)
    return OutsideRepository(path[:200] or "(no path)", why, "Name files relative to the repository's root.")


def existing(path: str, exists: Callable[[str], bool], known: Collection[str], *, partial: bool) -> Found | Refusal:
    """
    Find the file to change: by its path, else the only one that differs in case or in the folders before it.

    With `partial`, folders may also be missing at the beginning: for edits that must fit the file's text as well.
    """
    cleaned = clean(path)
    if isinstance(cleaned, Refusal):
        return cleaned
    if exists(cleaned):
        return Found(cleaned)
    for candidates in _candidates(cleaned, known, partial=partial):
        if len(candidates) == 1 and exists(candidates[0]):
            return Found(candidates[0], f"there is no {cleaned!r}; {candidates[0]!r} was taken")
        if candidates:
            return NoSuchFile(cleaned, f"there is no such file, and several could be meant: {_listed(candidates)}")
    near = _near(cleaned, known)
    return NoSuchFile(
        cleaned, "there is no such file", f"Similar: {_listed(near)}." if near else "List the files first."
    )


def _candidates(path: str, known: Collection[str], *, partial: bool) -> list[list[str]]:
    """Return candidates from the most to the least alike, each list to be taken only where it has one element."""
    folded: dict[str, list[str]] = {}
    for one in known:
        folded.setdefault(one.casefold(), []).append(one)
    wanted = path.casefold()
    found = [folded.get(wanted, [])]
    parts = wanted.split("/")
    found += [folded.get("/".join(parts[start:]), []) for start in range(1, len(parts))]
    if partial:
        found.append([one for fold, same in folded.items() if fold.endswith("/" + wanted) for one in same])
    return found


def _near(path: str, known: Collection[str]) -> list[str]:
    name = path.rpartition("/")[2].casefold()
    same = sorted(one for one in known if one.rpartition("/")[2].casefold() == name)
    if same:
        return same
    some = sorted(known, key=lambda one: abs(len(one) - len(path)))[:_MOST_COMPARED]
    return difflib.get_close_matches(path, some, n=_MOST_NAMED)


def _listed(paths: Collection[str]) -> str:
    named = ", ".join(repr(path) for path in sorted(paths)[:_MOST_NAMED])
    return named + (f" and {len(paths) - _MOST_NAMED} more" if len(paths) > _MOST_NAMED else "")
