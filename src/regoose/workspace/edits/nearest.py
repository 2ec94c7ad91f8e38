"""The part of a file that is most like a search text that was not found."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

from regoose.workspace.edits import shown
from regoose.workspace.edits.anchors import folded

_MOST_LINES = 50_000
_MOST_SEARCHED = 400
_MOST_SHOWN = 24
_COMMON = 40


def nearest(search: Sequence[str], lines: Sequence[str]) -> str:
    """Show these lines numbered, those marked that the search text has otherwise; empty where nothing is alike."""
    search = search[:_MOST_SEARCHED]
    keys = [folded(line) for line in search]
    start = _by_lines(keys, lines)
    if start is None:
        start = _by_words(search, lines)
    if start is None:
        return ""
    end = min(len(lines), start + min(len(search), _MOST_SHOWN))
    start = max(0, start)
    wanted = set(keys)
    differing = {row for row in range(start, end) if folded(lines[row]) not in wanted}
    return "Nearest lines (> marks those that the search text does not have):\n" + shown.numbered(
        lines, start, end, differing
    )


def _by_lines(keys: Sequence[str], lines: Sequence[str]) -> int | None:
    """Let each line that is found vote for where the whole would begin."""
    where: defaultdict[str, list[int]] = defaultdict(list)
    wanted = {key for key in keys if key}
    for row, line in enumerate(lines):
        if (key := folded(line)) in wanted and len(where[key]) <= _COMMON:
            where[key].append(row)
    votes = Counter(row - at for at, key in enumerate(keys) if len(where[key]) <= _COMMON for row in where[key])
    return votes.most_common(1)[0][0] if votes else None


def _by_words(search: Sequence[str], lines: Sequence[str]) -> int | None:
    """Find the line with most words of the longest line searched for."""
    at, longest = max(enumerate(search), key=lambda pair: len(pair[1].strip()), default=(0, ""))
    words = set(re.findall(r"\w+", longest[:500]))
    best, found = 0.5, None
    for row, line in enumerate(lines[:_MOST_LINES]):
        others = set(re.findall(r"\w+", line[:500]))
        share = len(words & others) / max(1, len(words | others))
        if share > best:
            best, found = share, row
    return None if found is None else found - at
