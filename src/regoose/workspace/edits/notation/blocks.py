"""Search/replace blocks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from regoose.workspace.edits.forms import Reading, Replace
from regoose.workspace.edits.notation.names import is_path
from regoose.workspace.edits.outcome import Malformed

_OPEN = re.compile(r"\s*<{5,9} ?(?:SEARCH|ORIGINAL|OLD)\b(.*)", re.IGNORECASE)
_DIVIDER = re.compile(r"\s*={5,9}\s*")
_CLOSE = re.compile(r"\s*>{5,9}(?: ?(?:REPLACE|UPDATED|NEW)\b.*)?\s*", re.IGNORECASE)
_POSITION = re.compile(r":(?:start|end)_line:\s*\d+\s*|-{5,9}\s*")


@dataclass(frozen=True, slots=True)
class Block:
    """One block, and the line after it."""

    edit: Replace | Malformed
    end: int


def begins_block(line: str) -> bool:
    """Whether a block begins with this line."""
    return _OPEN.match(line) is not None


def read_block(lines: Sequence[str], at: int, path: str) -> Block:
    """Read the block that begins at this line; a path on its first line counts before the one given."""
    opened = _OPEN.match(lines[at])
    own = opened[1].strip() if opened else ""
    path = own if is_path(own) else path
    end = at + 1
    while end < len(lines) and not _CLOSE.fullmatch(lines[end]):
        if begins_block(lines[end]):
            return Block(_broken(path, "another block begins before this one ends"), end)
        end += 1
    if end == len(lines):
        return Block(_broken(path, "it is never closed by `>>>>>>> REPLACE`"), end)
    start = at + 1
    while start < end and _POSITION.fullmatch(lines[start]):
        start += 1
    readings = [
        Reading(_joined(lines[start:row]), _joined(lines[row + 1 : end]))
        for row in range(start, end)
        if _DIVIDER.fullmatch(lines[row])
    ]
    if not readings:
        return Block(_broken(path, "no line `=======` divides it"), end + 1)
    if not path:
        return Block(_broken(path, "it names no file"), end + 1)
    first, *others = readings
    edit = Replace(path, first.search, first.replace, whole_lines=True, others=tuple(others))
    return Block(edit, end + 1)


def _broken(path: str, why: str) -> Malformed:
    hint = "Write the path on a line, then <<<<<<< SEARCH, the lines, =======, the new lines, >>>>>>> REPLACE."
    return Malformed(path or "(no path)", f"a search/replace block cannot be read: {why}", hint)


def _joined(lines: Sequence[str]) -> str:
    return "".join(line + "\n" for line in lines)
