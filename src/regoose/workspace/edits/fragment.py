"""A search text that is part of a line, as tools that replace strings allow."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from regoose.workspace.edits.match import MOST_PLACES, Match
from regoose.workspace.edits.outcome import Rung


@dataclass(frozen=True, slots=True)
class Fragment:
    """One place of a search text, widened to whole lines."""

    match: Match
    search: tuple[str, ...]
    replace: tuple[str, ...]


def fragments(search: str, replace: str, lines: Sequence[str], most: int = MOST_PLACES) -> list[Fragment]:
    """Find where a text stands, also within lines, but not within a word."""
    text = "\n".join(lines)
    if not search.strip():
        return []
    starts = [0, *accumulate(len(line) + 1 for line in lines)]
    found: list[Fragment] = []
    at = text.find(search)
    while at != -1 and len(found) < most:
        end = at + len(search)
        if not _within_word(text, at) and not _within_word(text, end):
            found.append(_widened(text, starts, (at, end), replace))
        at = text.find(search, end)
    return found


def _widened(text: str, starts: Sequence[int], span: tuple[int, int], replace: str) -> Fragment:
    first, last = bisect_right(starts, span[0]) - 1, bisect_right(starts, span[1] - 1) - 1
    begin, end = starts[first], min(len(text), starts[last + 1] - 1)
    end = max(end, span[1])  # where the text searched for ends with the line, so does what replaces it
    old, new = text[begin:end], text[begin : span[0]] + replace + text[span[1] : end]
    rows = range(first, last + 1)
    return Fragment(Match(Rung.EXACT, tuple(rows)), tuple(_split(old)), tuple(_split(new)))


def _split(text: str) -> list[str]:
    lines = text.split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def _within_word(text: str, at: int) -> bool:
    return 0 < at < len(text) and _word(text[at - 1]) and _word(text[at])


def _word(character: str) -> bool:
    return character.isalnum() or character == "_"
