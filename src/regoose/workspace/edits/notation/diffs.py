"""Unified diffs, with or without git's header, and patches in the `*** Begin Patch` envelope."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from regoose.workspace.edits.forms import Delete, Edit, Move, Write
from regoose.workspace.edits.notation.hunks import heading, hunks
from regoose.workspace.edits.notation.names import unquoted

_SECTION = re.compile(r"\*\*\* (Update|Add|Delete) File: ?(.+)")
_MOVE = re.compile(r"\*\*\* Move to: ?(.+)")
_GIT = re.compile(r"diff --git (\"?a/.+\"?) (\"?b/.+\"?)")
_NOWHERE = "/dev/null"


@dataclass(frozen=True, slots=True)
class Part:
    """The edits that some lines ask for, and the line after them."""

    edits: tuple[Edit, ...]
    end: int


def begins_diff(lines: Sequence[str], at: int) -> bool:
    """Whether a file's diff begins at a line."""
    if lines[at].startswith("diff --git "):
        return True
    return lines[at].startswith("--- ") and at + 1 < len(lines) and lines[at + 1].startswith("+++ ")


def begins_envelope(line: str) -> bool:
    """Whether a patch, or a section of one, begins with this line."""
    return line.startswith("*** Begin Patch") or _SECTION.match(line) is not None


def read_diff(lines: Sequence[str], at: int, *, fenced: bool) -> Part:
    """Read the diff of one file, which begins at this line."""
    header: list[str] = []
    start = at
    while start < len(lines) and not (lines[start].startswith("+++ ") or heading(lines[start]) is not None):
        if header and (begins_diff(lines, start) and lines[start].startswith("diff --git ")):
            break
        if header and not _is_header(lines[start]):
            break
        header.append(lines[start])
        start += 1
    if start < len(lines) and lines[start].startswith("+++ "):
        header.append(lines[start])
        start += 1
    end = _end(lines, start, fenced=fenced)
    return Part(tuple(_file_edits(header, lines[start:end])), end)


def read_hunks(lines: Sequence[str], at: int, path: str) -> Part:
    """Read hunks that no header precedes; the path is known from the text around them."""
    end = _end(lines, at, fenced=True)
    return Part(tuple(_body_edits(path, lines[at:end])), end)


def read_envelope(lines: Sequence[str], at: int) -> Part:
    """Read a patch in an envelope, up to its end or the end of its sections."""
    edits: list[Edit] = []
    row = at + 1 if lines[at].startswith("*** Begin Patch") else at
    while row < len(lines) and not lines[row].startswith("*** End Patch"):
        if not (found := _SECTION.match(lines[row])):
            if lines[row].strip():
                break
            row += 1
            continue
        end = row + 1
        while end < len(lines) and not _ends_section(lines[end]):
            end += 1
        edits += _section(found[1], found[2].strip(), lines[row + 1 : end])
        row = end
    return Part(tuple(edits), row + 1 if row < len(lines) and lines[row].startswith("*** End Patch") else row)


def _ends_section(line: str) -> bool:
    return line.startswith("*** End Patch") or _SECTION.match(line) is not None or _fence(line)


def _section(kind: str, path: str, body: Sequence[str]) -> list[Edit]:
    if kind == "Delete":
        return [Delete(path)]
    if kind == "Add":
        return [Write(path, "".join(line.removeprefix("+") + "\n" for line in body))]
    moved = _MOVE.match(body[0]) if body else None
    if moved:
        to = moved[1].strip()
        return [Move(path, to), *_body_edits(to, body[1:])]
    return list(_body_edits(path, body))


def _file_edits(header: Sequence[str], body: Sequence[str]) -> list[Edit]:
    """Say what a diff of one file asks for, by its header."""
    values = {key: line[len(key) :] for line in header for key in ("--- ", "+++ ", "rename from ", "rename to ")
              if line.startswith(key)}  # fmt: skip
    old, new = unquoted(values.get("--- ", "")), unquoted(values.get("+++ ", ""))
    git = _GIT.match(header[0]) if header else None
    if git and not new:
        old, new = unquoted(git[1]), unquoted(git[2])
    if old == _NOWHERE or any(line.startswith("new file mode") for line in header):
        added = [line for hunk in hunks(body) for line in hunk.added]
        return [Write(_bare(new, "b/"), "".join(line + "\n" for line in added))]
    if new == _NOWHERE or any(line.startswith("deleted file mode") for line in header):
        return [Delete(_bare(old, "a/"))]
    if "rename from " in values and "rename to " in values:
        to = unquoted(values["rename to "])
        return [Move(unquoted(values["rename from "]), to), *_body_edits(to, body)]
    both = old.startswith("a/") and new.startswith("b/")
    path = new[2:] if both else new
    before = old[2:] if both else old
    if git and before and before != path and both:
        return [Move(before, path), *_body_edits(path, body)]
    return list(_body_edits(path, body))


def _body_edits(path: str, body: Sequence[str]) -> list[Edit]:
    return [edit for hunk in hunks(body) if (edit := hunk.edit(path))]


def _bare(path: str, prefix: str) -> str:
    return path.removeprefix(prefix)


def _end(lines: Sequence[str], start: int, *, fenced: bool) -> int:
    """Find where a diff ends: at the next, at the fence, and outside a fence at a line that cannot be one of it."""
    row = start
    while row < len(lines):
        line = lines[row]
        if begins_diff(lines, row) or _fence(line) or begins_envelope(line):
            break
        if not fenced and line and line[0] not in " +-\\@\t":
            break
        row += 1
    return row


def _fence(line: str) -> bool:
    return line.startswith(("```", "~~~"))


def _is_header(line: str) -> bool:
    known = ("diff ", "index ", "--- ", "old mode", "new mode", "new file", "deleted file", "rename ", "similarity ")
    return line.startswith((*known, "dissimilarity ", "copy ", "Binary files"))
