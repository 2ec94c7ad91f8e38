"""Where a search text stands in a file, line for line: as written, or with blanks and indentation forgiven."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from regoose.workspace.edits.outcome import Rung

MOST_PLACES = 6
"""So many places are looked up at most: from two on, it only matters to name some."""
UNPAIRED = -1


@dataclass(frozen=True, slots=True)
class Match:
    """One place: for each line of the search text the line of the file that it stands for, or `UNPAIRED`."""

    rung: Rung
    pairs: tuple[int, ...]
    stale: frozenset[int] = frozenset()
    """Lines of the search text that only stand in the place of their pair, and say nothing of its indentation."""

    @property
    def first(self) -> int:
        """The first line of the file that is meant, counted from 0."""
        return min(line for line in self.pairs if line != UNPAIRED)


def occurrences(needle: Sequence[str], hay: Sequence[str], most: int = MOST_PLACES) -> list[int]:
    """
    Return where the lines stand in a row, in linear time for each place found.

    The lines hold no line feed, so that the search of one string in another, which is linear, does for lists.
    """
    if not needle or len(needle) > len(hay):
        return []
    joined = "\n" + "\n".join(hay) + "\n"
    wanted = "\n" + "\n".join(needle) + "\n"
    found: list[int] = []
    line, counted, at = 0, 0, joined.find(wanted)
    while at != -1 and len(found) < most:
        line += joined.count("\n", counted, at)
        counted = at
        found.append(line)
        at = joined.find(wanted, at + 1)
    return found


def exact(search: Sequence[str], lines: Sequence[str]) -> list[Match]:
    """Find the lines as they are."""
    return [_in_a_row(Rung.EXACT, at, len(search)) for at in occurrences(search, lines)]


def trailing(search: Sequence[str], lines: Sequence[str]) -> list[Match]:
    """Find the lines with blanks at their ends forgiven."""
    found = occurrences([line.rstrip() for line in search], [line.rstrip() for line in lines])
    return [_in_a_row(Rung.WHITESPACE, at, len(search)) for at in found]


def content(search: Sequence[str], lines: Sequence[str], key: Callable[[str], str]) -> list[Match]:
    """
    Find the lines with all white space forgiven: within a line, before it, and lines that are blank.

    A key says what of a line counts; it is empty for a blank line.
    """
    rows, keys = _keyed(lines, key)
    wanted_rows, wanted = _keyed(search, key)
    return [
        paired(search, lines, dict(zip(wanted_rows, rows[at : at + len(wanted)], strict=True)))
        for at in occurrences(wanted, keys)
    ]


def paired(search: Sequence[str], lines: Sequence[str], known: dict[int, int]) -> Match:
    """Pair the blank lines too, those between the same neighbours in their order, and name the rung."""
    pairs = [known.get(row, UNPAIRED) for row in range(len(search))]
    before = UNPAIRED  # the line of the file that the one before stands for, where it stands for any
    for row, line in enumerate(search):
        if pairs[row] == UNPAIRED and not line.strip() and before != UNPAIRED:
            at = before + 1
            pairs[row] = at if at < len(lines) and not lines[at].strip() else before
            before, pairs[row] = pairs[row], pairs[row] if pairs[row] == at else UNPAIRED
        else:
            before = pairs[row]
    return Match(_rung([(search[row], lines[at]) for row, at in known.items()]), tuple(pairs))


def squeezed(line: str) -> str:
    """Leave the white space of a line away."""
    return "".join(line.split())


def indent(line: str) -> str:
    """Return the white space before a line's first character."""
    return line[: len(line) - len(line.lstrip())]


def _in_a_row(rung: Rung, at: int, count: int) -> Match:
    return Match(rung, tuple(range(at, at + count)))


def _keyed(lines: Sequence[str], key: Callable[[str], str]) -> tuple[list[int], list[str]]:
    keyed = [(row, text) for row, line in enumerate(lines) if (text := key(line))]
    return [row for row, _ in keyed], [text for _, text in keyed]


def _rung(pairs: Sequence[tuple[str, str]]) -> Rung:
    """Blanks for tabs are white space; another depth is another indentation."""
    same = all(indent(mine) == indent(theirs) for mine, theirs in pairs)
    tabs = all(_depth(mine) == _depth(theirs) for mine, theirs in pairs)
    return Rung.WHITESPACE if same or tabs else Rung.INDENTATION


def _depth(line: str) -> int:
    return len(indent(line).replace("\t", "    "))
