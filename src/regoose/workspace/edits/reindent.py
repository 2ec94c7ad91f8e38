"""How new lines are indented where the author's lines were indented otherwise than the file's."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from regoose.workspace.edits.match import indent

_TABS = (4, 8, 2, 3)
"""How many columns a tab may stand for, the usual first."""
_SHALLOW = 3
_UNIT = 4
"""How deep a block is usually indented."""
_OWN = re.compile(r"(?:async |def |class |@|import |from |if __name__|[-*+#] |\.\. |\d+\. )")

Pair = tuple[str, str]
"""The indentation of one line, as its author wrote it and as the file has it."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Column in the file = (column as written - `start`) * `times` / `per` + `base`."""

    start: int
    base: int
    times: int = 1
    per: int = 1
    tab: int = 4
    tabs: bool = False
    """Whether the file indents by tabs."""

    def of(self, written: str) -> str | None:
        """Return the indentation in the file; None where it comes to no column."""
        columns, rest = divmod((_columns(written, self.tab) - self.start) * self.times, self.per)
        columns += self.base
        if rest or columns < 0:
            return None
        return "\t" * (columns // self.tab) + " " * (columns % self.tab) if self.tabs else " " * columns


@dataclass(frozen=True, slots=True)
class Reindent:
    """What a new line's indentation becomes; made from the lines that author and file have in common."""

    first: Pair | None
    """The first line's own pair, where the author cut its indentation off and kept that of the others."""
    known: tuple[Pair, ...]
    rule: Rule | None
    local: bool = True
    """Whether a new line is taken as written where no rule holds throughout, but the lines around it are the file's."""

    def line(self, line: str, *, is_first: bool, near: Sequence[Pair] = ()) -> str | None:
        """
        Return a new line as it is to stand in the file; None where its indentation cannot be derived.

        `near` are the pairs of the lines around it, which count where no rule holds throughout.
        """
        if not line.strip():
            return line
        written = indent(line)
        if is_first and self.first and written == self.first[0]:
            found: str | None = self.first[1]
        else:
            found = self._indent(written, near)
        return None if found is None else found + line[len(written) :]

    def _indent(self, written: str, near: Sequence[Pair]) -> str | None:
        if self.rule and all(mine == theirs for mine, theirs in self.known):
            return written
        if self.rule:
            return self.rule.of(written)
        as_written = self.local and bool(near) and all(mine == theirs for mine, theirs in near)
        return written if as_written else None


def derive(pairs: Sequence[tuple[str, str]], new: Sequence[str]) -> Reindent:
    """
    Derive the rule from pairs of lines, as the author wrote them and as the file has them.

    `new` are the lines of the replacement, which tell how the author understood a first line without indentation.
    """
    known = [(indent(mine), indent(theirs)) for mine, theirs in pairs]
    if known and not known[0][0] and known[0][1]:
        rest = tuple(dict.fromkeys(known[1:]))
        kept = _as_in_file(new, known[0][1]) if not rest else all(mine == theirs for mine, theirs in rest)
        if kept:
            return Reindent(known[0], rest, Rule(0, 0))
        if not rest and _begins_anew(new):
            return Reindent(None, (), None, local=False)
    distinct = tuple(dict.fromkeys(known))
    step = _step(new)
    if 0 < step <= _SHALLOW and any(mine != theirs for mine, theirs in distinct) and _by_fours(distinct):
        fits = all(len(mine) * _UNIT == len(theirs) * step for mine, theirs in distinct)
        return Reindent(None, distinct, Rule(0, 0, _UNIT, step) if fits else None, local=False)
    return Reindent(None, distinct, _rule(distinct))


def _step(new: Sequence[str]) -> int:
    """Return by how much the author indents a block; 0 where the lines show none."""
    lines = [line.rstrip() for line in new if line.strip()]
    steps = [
        len(indent(line)) - len(indent(above))
        for above, line in itertools.pairwise(lines)
        if above.endswith((":", "(", "[", "{")) and "\t" not in indent(line)
    ]
    return min((step for step in steps if step > 0), default=0)


def _by_fours(distinct: Sequence[Pair]) -> bool:
    """Whether the lines of the file are indented by fours, as far as is seen."""
    return not any("\t" in theirs or len(theirs) % _UNIT for _, theirs in distinct)


def _as_in_file(new: Sequence[str], theirs: str) -> bool:
    """Whether a replacement's lines behind its first are as deep as the file's, so that the first alone was cut."""
    lines = [line for line in new if line.strip()]
    if len(lines) < 2 or indent(lines[0]):  # noqa: PLR2004 - a first one and others
        return False
    opens = lines[0].rstrip().endswith((":", "(", "[", "{"))
    return all(len(indent(line)) >= len(theirs) for line in lines[1:]) and (
        not opens or len(indent(lines[1])) > len(theirs)
    )


def _begins_anew(new: Sequence[str]) -> bool:
    """Whether a line without indentation begins something of its own, so that it may stand as deep as it is written."""
    return any(
        _OWN.match(line) is not None or (indent(line) == "" != line.strip() and not before.strip())
        for before, line in itertools.pairwise(new)
    )


def _rule(distinct: Sequence[Pair]) -> Rule | None:
    """Find a rule that all pairs follow: the same shift, else the same proportion."""
    if not distinct:
        return Rule(0, 0)
    with_tabs = any("\t" in mine + theirs for mine, theirs in distinct)
    tabs = any("\t" in theirs for _, theirs in distinct)
    shifted: list[Rule] = []
    for tab in _TABS if with_tabs else _TABS[:1]:
        depths = sorted({(_columns(mine, tab), _columns(theirs, tab)) for mine, theirs in distinct})
        if len({theirs - mine for mine, theirs in depths}) == 1:
            shifted.append(Rule(*depths[0], tab=tab, tabs=tabs))
    if shifted:
        best = min(shifted, key=lambda rule: abs(rule.base - rule.start))
        return None if len(distinct) == 1 and not with_tabs and _unsure(*distinct[0]) else best
    return _proportion(sorted({(_columns(mine, 4), _columns(theirs, 4)) for mine, theirs in distinct}), tabs=tabs)


def _unsure(mine: str, theirs: str) -> bool:
    """Whether a single pair may speak of another width of indentation as well as of another depth."""
    low, high = sorted((len(mine), len(theirs)))
    return 0 < low <= _SHALLOW and high == 2 * low


def _proportion(depths: Sequence[tuple[int, int]], *, tabs: bool) -> Rule | None:
    """Find that one indents twice as deep as the other, from enough lines to tell it from blocks that were shifted."""
    shallow = any(1 < min(pair) <= _SHALLOW for pair in depths)
    if len(depths) < (2 if shallow else 3):
        return None
    for times, per in ((2, 1), (1, 2)):
        if all(mine * times == theirs * per for mine, theirs in depths):
            return Rule(0, 0, times, per, tabs=tabs)
    return None


def _columns(written: str, tab: int) -> int:
    return sum(tab if character == "\t" else 1 for character in written)
