"""
Placeholders: `...` or `# ... existing code ...` in place of lines that the author did not write out.

A placeholder in both texts stands for the same lines, which stay. One in the replacement alone would delete lines that
nobody has looked at, so it is refused.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from regoose.workspace.edits.match import MOST_PLACES, Match, indent, occurrences, paired, squeezed
from regoose.workspace.edits.outcome import Rung

_MARKER = re.compile(r"(?:#+|//+|/\*+|<!--|--|;+)? ?(.{2,80}?) ?(?:\*/|-->)?")
_SIGNS = ("...", "…", "(")
_DOTS = re.compile(r"\.{3,4}|…")
_WORDS = re.compile(
    r"\b(?:existing|rest of|remaining|remains?|unchanged|omitted|elided|previous|same as|as before|other|keep|more)\b",
    re.IGNORECASE,
)
_LONGEST_RUN = 1_000


def is_marker(line: str) -> bool:
    """Whether a line is a placeholder: dots, alone or in a comment, or a comment that says so."""
    if not any(sign in line for sign in _SIGNS):
        return False
    text = line.strip()
    found = _MARKER.fullmatch(text) if len(text) < 100 else None  # noqa: PLR2004 - nobody writes a longer one
    if not found:
        return False
    body = found[1].strip()
    comment = found.start(1) > 0
    if _DOTS.fullmatch(body):
        return True
    dotted = body.startswith(("...", "…")) or body.endswith(("...", "…"))
    said = _WORDS.search(body) is not None
    return (comment and dotted and (said or body.startswith(("...", "…")))) or (
        comment and said and body.startswith("(") and body.endswith(")")
    )


def is_said(line: str) -> bool:
    """Whether a line is a placeholder that can be nothing else: Python has a use for bare dots."""
    return is_marker(line) and not _DOTS.fullmatch(line.strip())


def only_in(replace: Sequence[str], search: Sequence[str]) -> str | None:
    """Return the first placeholder of a replacement that its search text does not have."""
    theirs = [squeezed(line) for line in search]
    for line in replace:
        if is_said(line):
            if squeezed(line) not in theirs:
                return line.strip()
            theirs.remove(squeezed(line))
    return None


@dataclass(frozen=True, slots=True)
class _Part:
    """Lines between placeholders, from this row of the search text on, and the depth of the placeholder before."""

    start: int
    lines: tuple[str, ...]
    marker: str = ""


def find(search: Sequence[str], lines: Sequence[str]) -> list[Match]:
    """Find the places of a search text with placeholders: its parts in order, and nothing shallower left out."""
    parts = _parts(search)
    if len(parts) < 2 or not any(squeezed(line) for part in parts for line in part.lines):  # noqa: PLR2004 - around one
        return []
    kept = [(row, key) for row, line in enumerate(lines) if (key := squeezed(line))]
    rows, keys = [row for row, _ in kept], [key for _, key in kept]
    found: list[dict[int, int]] = _starts(parts[0], rows, keys) if parts[0].lines else [{}]
    for part in parts[1:]:
        if part.lines:
            found = [known | more for known in found for more in _next(part, known, lines, (rows, keys))]
        if not found or len(found) > MOST_PLACES:
            break
    return [
        Match(Rung.FUZZY, paired(search, lines, known).pairs, _markers(search))
        for known in found[:MOST_PLACES]
        if known
    ]


def _markers(search: Sequence[str]) -> frozenset[int]:
    return frozenset(row for row, line in enumerate(search) if is_marker(line))


def _parts(search: Sequence[str]) -> list[_Part]:
    parts: list[_Part] = []
    start, marker = 0, ""
    for row, line in enumerate([*search, "..."]):
        if row == len(search) or is_marker(line):
            part = tuple(search[start:row])
            parts.append(_Part(start, part if any(one.strip() for one in part) else (), marker))
            start, marker = row + 1, line
    return parts


def _starts(part: _Part, rows: Sequence[int], keys: Sequence[str]) -> list[dict[int, int]]:
    mine = [row for row, line in enumerate(part.lines, part.start) if squeezed(line)]
    wanted = [squeezed(line) for line in part.lines if squeezed(line)]
    found = occurrences(wanted, keys)
    return [dict(zip(mine, rows[at : at + len(wanted)], strict=True)) for at in found]


def _next(
    part: _Part, known: dict[int, int], lines: Sequence[str], page: tuple[Sequence[int], Sequence[str]]
) -> list[dict[int, int]]:
    """Return the places of a part behind those before it: within their block, or else wherever it stands."""
    rows, keys = page
    first = bisect_right(rows, max(known.values(), default=-1))
    size = sum(1 for line in part.lines if squeezed(line))
    floor, end = _floor(part, known, lines), first
    while end < len(rows) and end - first < _LONGEST_RUN and len(indent(lines[rows[end]])) >= floor:
        end += 1
    near = _starts(part, rows[first : end + size], keys[first : end + size])
    far = first + _LONGEST_RUN
    return near or _starts(part, rows[first:far], keys[first:far])


def _floor(part: _Part, known: dict[int, int], lines: Sequence[str]) -> int:
    """Return how deep the lines are at least that a placeholder may stand for."""
    if not known:
        return 0
    last = max(known)
    before = len(indent(lines[known[last]]))
    opens = lines[known[last]].rstrip().endswith(":")
    return before + 1 if opens else min(before, len(indent(part.marker)) or before)
