"""
Writing an edit into the lines where it was placed.

What counts of an edit is the difference between its two texts. A line that both have is context: it says where, and
stays in the file byte for byte, however the author wrote it. Only what differs is deleted and inserted.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from regoose.workspace.edits.match import UNPAIRED, Match, indent, squeezed
from regoose.workspace.edits.outcome import Rung
from regoose.workspace.edits.reindent import Pair, Rule, foreign_step, readings
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


def splice(source: Source, match: Match, search: Sequence[str], replace: Sequence[str]) -> list[Source]:
    """
    Return the file with the edit made at its place, once for each reading of the edit's indentation.

    Raises `Unfit` where the lines to change are not certain, or no reading says how deep the new ones stand.
    """
    differing = changes(search, replace, literal=match.rung is Rung.EXACT)
    if match.rung is not Rung.EXACT and any(
        _respaces(source.lines, search, replace, match.pairs, change) for change in differing
    ):
        raise Unfit("the edit changes white space alone, and that of the file is not as the search text shows it")
    shown = [(row, search[row], source.lines[at]) for row, at in enumerate(match.pairs)
             if at != UNPAIRED and search[row].strip() and row not in match.stale]  # fmt: skip
    pairs = [Pair(row, indent(mine), indent(theirs)) for row, mine, theirs in shown]
    fresh = {indent(line) for one in differing for line in replace[one.new_start : one.new_end] if line.strip()}
    fits = fresh <= {indent(line) for line in source.lines}
    found = readings(pairs, [(change.start, change.end) for change in differing], replace, fits=fits)
    writer = _Writer(
        source,
        replace,
        [(change, *_extent(source.lines, search, match.pairs, change)) for change in differing],
        strip=any(mine != mine.rstrip() and theirs == theirs.rstrip() for _, mine, theirs in shown),
        steps=not found.sure,
    )
    made = [writer.write(rules) for rules in found.each]
    if results := [one for one in made if isinstance(one, Source)]:
        return results
    raise Unfit(next((one for one in made if isinstance(one, str)), "the lines are indented by no one rule"))


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

    source: Source
    replace: Sequence[str]
    places: Sequence[tuple[Change, int, int]]
    """Each change with the lines of the file that it deletes, or where it inserts (`start == end`)."""
    strip: bool
    """Whether blanks at the ends of new lines are cut, as those of the others had to be forgiven."""
    steps: bool
    """Whether new lines must be indented by steps that the file has."""

    def write(self, rules: Sequence[Rule]) -> Source | str:
        """Return the file in one reading, a rule for each change; or why that is none."""
        lines, endings = list[str](), list[str]()
        new: list[int] = []
        cursor = 0
        for (change, start, end), rule in zip(self.places, rules, strict=True):
            lines += self.source.lines[cursor:start]
            endings += self.source.endings[cursor:start]
            for row in range(change.new_start, change.new_end):
                if (line := self._line(row, rule)) is None:
                    return f"the lines are indented unlike the file's: how deep is {self.replace[row].strip()!r}?"
                new.append(len(lines))
                lines.append(line)
            endings += [self._ending(start, end)] * (change.new_end - change.new_start)
            cursor = end
        lines += self.source.lines[cursor:]
        endings += self.source.endings[cursor:]
        if self.steps and (found := foreign_step(_above(lines, new), self.source.lines)):
            return f"{found[1].strip()!r} is indented by a step ({found[0]!r}) that the file does not have"
        return self.source.with_lines(lines, endings)

    def _line(self, row: int, rule: Rule) -> str | None:
        text = self.replace[row]
        if not text.strip():
            return "" if self.strip else text
        written = indent(text)
        found = rule.of(written, first=not any(line.strip() for line in self.replace[:row]))
        if found is None:
            return None
        line = found + text[len(written) :]
        return line.rstrip() if self.strip else line

    def _ending(self, start: int, end: int) -> str:
        ending = self.source.endings[start] if start < len(self.source.endings) else ""
        return self.source.endings[start - 1] if start and (start == end or not ending) else ending


def _above(lines: Sequence[str], rows: Sequence[int]) -> list[tuple[str, str]]:
    """Pair each of these lines with the one above it; blank ones aside."""
    return [
        (next((lines[at] for at in reversed(range(row)) if lines[at].strip()), ""), lines[row])
        for row in rows
        if lines[row].strip()
    ]
