"""Aligning a search text with part of a file, line by line, where some of its lines are not the file's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_GAP_IN_SEARCH = 0.45
"""What a line costs that the file does not have."""
_GAP_IN_FILE = 0.25
"""What a line of the file costs that the search text does not have."""
_STALE = 0.4
"""What a pair of lines costs that differ: less than both gaps, so that such lines are paired."""

NOTHING = -1


@dataclass(frozen=True, slots=True)
class Alignment:
    """For each line of the search text the line of the file: the same one, one in its place, or `NOTHING`."""

    score: float
    same: tuple[int, ...]
    """The line with the same key."""
    stale: tuple[int, ...]
    """The line that stands where the search text has another."""


def align(
    search: Sequence[str],
    file: Sequence[str],
    weights: Sequence[float],
    barred: tuple[int, int] | None = None,
) -> Alignment:
    """
    Align all of `search` with some run of `file`, by the keys of their lines, for the greatest total weight.

    Needleman and Wunsch's dynamic programme, with no price for what stands before and after the run. `barred` is a pair
    that must not be matched: what is best without it tells how sure it was. Takes time and space of the product of
    both lengths.
    """
    width = len(file) + 1
    above = [0.0] * width
    moves: list[bytearray] = []
    for row, key in enumerate(search):
        here = [above[0] - _GAP_IN_SEARCH] + [0.0] * (width - 1)
        move = bytearray(width)
        last = row == len(search) - 1
        for column in range(1, width):
            same = file[column - 1] == key and barred != (row, column - 1)
            best, step = above[column - 1] + (weights[row] if same else -_STALE), 1 if same else 2
            if above[column] - _GAP_IN_SEARCH > best:
                best, step = above[column] - _GAP_IN_SEARCH, 0
            if here[column - 1] - (0 if last else _GAP_IN_FILE) > best:
                best, step = here[column - 1] - (0 if last else _GAP_IN_FILE), 3
            here[column], move[column] = best, step
        moves.append(move)
        above = here
    return _walk(moves, len(search), width - 1, above[-1])


def _walk(moves: Sequence[bytearray], rows: int, column: int, score: float) -> Alignment:
    """Follow the moves back from the end: 0 up, 1 and 2 across, 3 left."""
    same, stale = [NOTHING] * rows, [NOTHING] * rows
    row = rows - 1
    while row >= 0:
        step = moves[row][column]
        if step == 3:  # noqa: PLR2004 - see above
            column -= 1
            continue
        if step:
            column -= 1
            (same if step == 1 else stale)[row] = column
        row -= 1
    return Alignment(score, tuple(same), tuple(stale))
