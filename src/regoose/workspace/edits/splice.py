"""
Writing an edit into the lines where it was placed.

What counts of an edit is the difference between its two texts. A line that both have is context: it says where, and
stays in the file byte for byte, however the author wrote it. Only what differs is deleted and inserted.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from regoose.workspace.edits.match import UNPAIRED, Match, indent, squeezed
from regoose.workspace.edits.outcome import Rung
from regoose.workspace.edits.reindent import Reindent, derive
from regoose.workspace.edits.source import Source

_LARGEST_COMPARISON = 1_000_000
"""Lines times lines; beyond it the differing middle counts as replaced as a whole."""


class Unfit(Exception):
    """The lines are found, and what they should become is not certain; says why."""


@dataclass(frozen=True, slots=True)
class Change:
    """Lines `start` to `end` of the search text become lines `new_start` to `new_end` of the replacement."""

    start: int
    end: int
    new_start: int
    new_end: int


def changes(search: Sequence[str], replace: Sequence[str], *, literal: bool) -> list[Change]:
    """Compare the two texts of an edit; where they are not to be taken literally, blanks at line ends aside."""
    mine, new = ([line if literal else line.rstrip() for line in text] for text in (search, replace))
    head = _common(mine, new)
    tail = _common(mine[head:][::-1], new[head:][::-1])
    middle, new_middle = mine[head : len(mine) - tail], new[head : len(new) - tail]
    if len(middle) * len(new_middle) > _LARGEST_COMPARISON:
        return [Change(head, head + len(middle), head, head + len(new_middle))]
    opcodes = difflib.SequenceMatcher(None, middle, new_middle, autojunk=False).get_opcodes()
    return [
        Change(head + start, head + end, head + new_start, head + new_end)
        for tag, start, end, new_start, new_end in opcodes
        if tag != "equal"
    ]


def splice(source: Source, match: Match, search: Sequence[str], replace: Sequence[str]) -> Source:
    """Return the file with the edit made at its place; raises `Unfit` where that is not certain."""
    writer = _Writer.of(source, match, search, replace)
    lines, endings = list(source.lines), list(source.endings)
    for change in reversed(changes(search, replace, literal=match.rung is Rung.EXACT)):
        if match.rung is not Rung.EXACT and _respaces(source.lines, search, replace, match.pairs, change):
            raise Unfit("the edit changes white space alone, and that of the file is not as the search text shows it")
        start, end = _extent(source.lines, search, match.pairs, change)
        new = [writer.line(change, row) for row in range(change.new_start, change.new_end)]
        ending = endings[start] if start < len(endings) else ""
        if start and (start == end or not ending):
            ending = endings[start - 1]
        lines[start:end] = new
        endings[start:end] = [ending] * len(new)
    return source.with_lines(lines, endings)


def _respaces(
    lines: Sequence[str], search: Sequence[str], replace: Sequence[str], pairs: Sequence[int], change: Change
) -> bool:
    """Whether a change is of white space within lines alone, and shows other white space than the file has."""
    old = "".join(map(squeezed, search[change.start : change.end]))
    touched = [row for row in range(change.start, change.end) if pairs[row] != UNPAIRED]
    return old == "".join(map(squeezed, replace[change.new_start : change.new_end])) and any(
        search[row].strip() != lines[pairs[row]].strip() for row in touched
    )


def _common(mine: Sequence[str], other: Sequence[str]) -> int:
    """Count the lines that both begin with."""
    count = 0
    for left, right in zip(mine, other, strict=False):
        if left != right:
            break
        count += 1
    return count


def _extent(lines: Sequence[str], search: Sequence[str], pairs: Sequence[int], change: Change) -> tuple[int, int]:
    """Return the lines of the file that a change deletes, or where it inserts (`start == end`)."""
    touched = [pairs[row] for row in range(change.start, change.end) if pairs[row] != UNPAIRED]
    if not touched:
        at = _insertion(lines, search, pairs, change)
        return at, at
    start, end = min(touched), max(touched) + 1
    unseen = [row for row in range(start, end) if row not in touched and lines[row].strip()]
    if unseen:
        raise Unfit(f"line {unseen[0] + 1} stands between the lines to replace, and the search text does not show it")
    return start, end


def _insertion(lines: Sequence[str], search: Sequence[str], pairs: Sequence[int], change: Change) -> int:
    """
    Insert after the last line before that was found, or before the first one after.

    Where the file has more lines between the two, the new ones go to the one that they follow or precede at once.
    """
    before = next((row for row in reversed(range(change.start)) if _found(search, pairs, row)), None)
    after = next((row for row in range(change.end, len(search)) if _found(search, pairs, row)), None)
    low = list(range(change.start if before is None else before, change.start))
    high = list(range(change.end, change.end if after is None else after + 1))
    follows, precedes = (len([row for row in rows if search[row].strip()]) == 1 for rows in (low, high))
    if before is not None and after is not None:
        unseen = any(lines[at].strip() for at in range(pairs[before] + 1, pairs[after]))
        if follows and precedes and unseen:
            follows, precedes = len(low) == 1, len(high) == 1
            follows, precedes = follows and not precedes, precedes and not follows
        elif not unseen:
            follows = True
    if follows:
        return max(pairs[row] for row in low) + 1
    if precedes:
        return min(pairs[row] for row in high if pairs[row] != UNPAIRED)
    raise Unfit("new lines are to stand where the file has lines that the search text does not show")


def _found(search: Sequence[str], pairs: Sequence[int], row: int) -> bool:
    return pairs[row] != UNPAIRED and search[row].strip() != ""


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes new lines in the file's manner."""

    replace: Sequence[str]
    reindent: Reindent
    pairs: Sequence[tuple[int, str, str]]
    """Row of the search text, indentation as written, indentation in the file."""
    strip: bool
    """Whether blanks at the ends of new lines are cut, as those of the others had to be forgiven."""
    first: int
    """The first line of the replacement that is not blank."""

    @classmethod
    def of(cls, source: Source, match: Match, search: Sequence[str], replace: Sequence[str]) -> _Writer:
        paired = [one for one in _paired(source.lines, match.pairs, search) if one[0] not in match.stale]
        reindent = derive([(mine, theirs) for _, mine, theirs in paired], replace)
        strip = any(mine != mine.rstrip() and theirs == theirs.rstrip() for _, mine, theirs in paired)
        indents = [(row, indent(mine), indent(theirs)) for row, mine, theirs in paired]
        first = next((row for row, line in enumerate(replace) if line.strip()), 0)
        return cls(replace, reindent, indents, strip, first)

    def line(self, change: Change, row: int) -> str:
        """Return a line of the replacement as it is to stand in the file."""
        text = self.replace[row]
        if (line := self.reindent.line(text, is_first=row == self.first, near=self._near(change))) is None:
            raise Unfit(f"the lines are indented unlike the file's, by no one rule: how deep is {text.strip()!r}?")
        return line.rstrip() if self.strip else line

    def _near(self, change: Change) -> list[tuple[str, str]]:
        own = [(mine, theirs) for row, mine, theirs in self.pairs if change.start <= row < change.end]
        before = [(mine, theirs) for row, mine, theirs in self.pairs if row < change.start][-1:]
        after = [(mine, theirs) for row, mine, theirs in self.pairs if row >= change.end][:1]
        return own or before + after


def _paired(lines: Sequence[str], pairs: Sequence[int], search: Sequence[str]) -> Iterator[tuple[int, str, str]]:
    for row, at in enumerate(pairs):
        if at != UNPAIRED and search[row].strip():
            yield row, search[row], lines[at]
