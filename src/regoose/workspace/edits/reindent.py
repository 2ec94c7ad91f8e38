"""
How new lines are indented where the author's lines were indented otherwise than the file's.

The lines that author and file have in common tell how the author's indentation is to be read. Often they allow
several readings: lines shown at depth 2 that stand at depth 4 were shifted by two, or written in steps half as wide.
All readings are returned; an edit is made where they come to the same.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from regoose.workspace.edits.match import indent

_TABS = (4, 8, 2, 3)
"""How many columns a tab may stand for, the usual first."""
_SCALES = ((2, 1), (1, 2))
"""Steps of the file for steps of the author."""
_MOST_READINGS = 16
_USUAL = 0.3
"""A step counts as the file's own if so large a part of its steps is like it."""
_DEFAULT = " " * 4
"""The step of a file that shows none."""
_OPENERS = (":", "(", "[", "{")
_ITEM = re.compile(r"(?:[-*+]|\d{1,3}[.)]) +")
_OWN = re.compile(r"(?:async |def |class |@|import |from |if __name__|[-*+#] |\.\. |\d+\. )")


@dataclass(frozen=True, slots=True)
class Pair:
    """A line that author and file have in common: its row in the search text, and its indentation in both."""

    row: int
    mine: str
    theirs: str


@dataclass(frozen=True, slots=True)
class Rule:
    """Column in the file = (column as written - `start`) * `times` / `per` + `base`; unlike `AS_WRITTEN`."""

    start: int = 0
    base: int = 0
    times: int = 1
    per: int = 1
    tab: int = 0
    """The width of a tab; 0 where white space is taken as it is written."""
    tabs: bool = False
    """Whether the file indents by tabs."""
    first: str = ""
    """What a first line without indentation gets."""

    def of(self, written: str, *, first: bool) -> str | None:
        """Return the indentation in the file; None where it comes to no column."""
        if first and not written and self.first:
            return self.first
        if not self.tab:
            return written
        columns, rest = divmod((_columns(written, self.tab) - self.start) * self.times, self.per)
        columns += self.base
        if rest or columns < 0:
            return None
        return "\t" * (columns // self.tab) + " " * (columns % self.tab) if self.tabs else " " * columns


AS_WRITTEN = Rule()


@dataclass(frozen=True, slots=True)
class Readings:
    """Ways to read the indentation of an edit: for each of its changes a rule."""

    each: tuple[tuple[Rule, ...], ...]
    sure: bool
    """Whether the lines in common show how wide the author's steps are; else new lines must step as the file does."""


def readings(pairs: Sequence[Pair], spans: Sequence[tuple[int, int]], new: Sequence[str], *, fits: bool) -> Readings:
    """
    Return all readings that the lines in common allow; none where they follow no rule.

    `spans` are the changes, as rows of the search text; `new` are the lines of the replacement; `fits` tells whether
    the file has lines as deep as each new one is written.
    """
    distinct = list(dict.fromkeys((pair.mine, pair.theirs) for pair in pairs))
    if not distinct:
        return Readings(((AS_WRITTEN,) * len(spans),), sure=False)
    rules = _uniform(distinct)
    if stripped := _stripped(pairs, new):
        rules = [stripped] if len(pairs) > 1 else [*rules, stripped]
    found = [(rule,) * len(spans) for rule in rules]
    if all(rule.times != rule.per for rule in rules):
        found += _local(pairs, spans)
    elif fits and _beside(pairs, spans):
        found.append((AS_WRITTEN,) * len(spans))
    sure = len(distinct) > 1 or any(mine == theirs != "" for mine, theirs in distinct)
    return Readings(tuple(dict.fromkeys(found)), sure)


def _beside(pairs: Sequence[Pair], spans: Sequence[tuple[int, int]]) -> bool:
    """Whether what is shown is context of one side alone, which may be shifted without the new lines."""
    sides = {pair.row < start for pair in pairs for start, _ in spans}
    return len(sides) == 1 and not any(start <= pair.row < end for pair in pairs for start, end in spans)


def _uniform(distinct: Sequence[tuple[str, str]]) -> list[Rule]:
    """Find the rules that all pairs follow: one shift, or steps of another width."""
    if all(mine == theirs for mine, theirs in distinct):
        return [AS_WRITTEN]
    with_tabs = any("\t" in mine + theirs for mine, theirs in distinct)
    tabs = any("\t" in theirs for _, theirs in distinct)
    rules: list[Rule] = []
    for tab in _TABS if with_tabs else _TABS[:1]:
        depths = sorted({(_columns(mine, tab), _columns(theirs, tab)) for mine, theirs in distinct})
        if len({theirs - mine for mine, theirs in depths}) == 1:
            rules.append(Rule(*depths[0], tab=tab, tabs=tabs))
        rules += [
            Rule(times=times, per=per, tab=tab, tabs=tabs)
            for times, per in _SCALES
            if all(mine * times == theirs * per for mine, theirs in depths)
        ]
    unmoved = [rule for rule in rules if rule.start == rule.base and rule.times == rule.per]
    return unmoved[:1] or rules


def _stripped(pairs: Sequence[Pair], new: Sequence[str]) -> Rule | None:
    """Read a first line without indentation as one that was cut off, the others being as deep as in the file."""
    head, *rest = pairs
    if head.mine or not head.theirs:
        return None
    kept = all(pair.mine == pair.theirs for pair in rest) if rest else _may_be_kept(new, head.theirs)
    return Rule(first=head.theirs) if kept else None


def _may_be_kept(new: Sequence[str], theirs: str) -> bool:
    """Whether a replacement's lines behind its first may be as deep as written, the first alone having been cut."""
    lines = [line for line in new if line.strip()]
    if len(lines) > 1 and not indent(lines[0]) and all(len(indent(line)) >= len(theirs) for line in lines[1:]):
        opens = lines[0].rstrip().endswith(_OPENERS)
        return not opens or len(indent(lines[1])) > len(theirs)
    return any(
        _OWN.match(line) is not None or (indent(line) == "" != line.strip() and not before.strip())
        for before, line in itertools.pairwise(new)
    )


def _local(pairs: Sequence[Pair], spans: Sequence[tuple[int, int]]) -> Iterator[tuple[Rule, ...]]:
    """
    Read an edit of which one end, or both, were shifted and the rest is as deep as in the file.

    New lines beside shifted ones may be as deep as written, or shifted with them.
    """
    runs: list[list[Pair]] = []
    for pair in pairs:
        if runs and _shift(runs[-1][-1]) == _shift(pair):
            runs[-1].append(pair)
        else:
            runs.append([pair])
    unmoved = [at for at, run in enumerate(runs) if _shift(run[0]) == 0]
    if len(unmoved) != 1 or len(runs) - unmoved[0] > 2 or unmoved[0] > 1:  # noqa: PLR2004 - one run at either end
        return
    options = [list(dict.fromkeys([AS_WRITTEN, *(_shifted(pair) for pair in _near(pairs, span))])) for span in spans]
    yield from itertools.islice(itertools.product(*options), _MOST_READINGS + 1)


def _near(pairs: Sequence[Pair], span: tuple[int, int]) -> list[Pair]:
    """Return the pairs of a change, or those next to it on both sides."""
    own = [pair for pair in pairs if span[0] <= pair.row < span[1]]
    before = [pair for pair in pairs if pair.row < span[0]][-1:]
    after = [pair for pair in pairs if pair.row >= span[1]][:1]
    return own or before + after


def _shifted(pair: Pair) -> Rule:
    tab = _TABS[0]
    if pair.mine == pair.theirs:
        return AS_WRITTEN
    return Rule(0, _shift(pair), tab=tab, tabs="\t" in pair.theirs)


def _shift(pair: Pair) -> int:
    return _columns(pair.theirs, _TABS[0]) - _columns(pair.mine, _TABS[0])


def foreign_step(new: Sequence[tuple[str, str]], file: Sequence[str]) -> tuple[str, str] | None:
    """
    Return a step by which a new line is indented, and the file's are not, and that line; None where there is none.

    `new` are pairs of lines that follow each other in the result, the second one new.
    """
    deeper = [(step, line, above.rstrip().endswith(_OPENERS)) for above, line in new if (step := _step(above, line))]
    opened = any(opens for _, _, opens in deeper)
    seen = [(step, line) for step, line, opens in deeper if opens or not opened]
    if not seen:
        return None
    lines = [line for line in file if line.strip()]
    pairs = itertools.pairwise(lines)
    steps = Counter(
        step
        for above, line in pairs
        if (step := _step(above, line)) and (not opened or above.rstrip().endswith(_OPENERS))
    )
    usual = {step for step, count in steps.items() if count >= _USUAL * steps.total()} if steps else {_DEFAULT}
    return next(((step, line) for step, line in seen if step not in usual), None)


def _step(above: str, line: str) -> str:
    """Return by what a line is indented deeper than the one above, unless it hangs below the text of a list's item."""
    outer, inner = indent(above), indent(line)
    item = _ITEM.match(above.strip())
    hangs = item is not None and inner == outer + " " * len(item[0])
    return "" if hangs or not inner.startswith(outer) else inner.removeprefix(outer)


def _columns(written: str, tab: int) -> int:
    return sum(tab if character == "\t" else 1 for character in written)
