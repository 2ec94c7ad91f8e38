"""Lines of a file as an author is shown them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

_WIDEST = 200


def numbered(lines: Sequence[str], start: int, end: int, marked: Collection[int] = ()) -> str:
    """Show lines `start` to `end` (from 0, the end not included), those in `marked` with a sign before them."""
    rows = range(max(0, start), min(len(lines), end))
    return "\n".join(f"{'>' if row in marked else ' '}{row + 1:>6} | {_cut(lines[row])}" for row in rows)


def _cut(line: str) -> str:
    return line if len(line) <= _WIDEST else f"{line[:_WIDEST]}… ({len(line)} characters)"
