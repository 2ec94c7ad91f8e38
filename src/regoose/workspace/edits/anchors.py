"""
The fuzzy rung: finding a place by the lines that are right where others are stale, missing or invented.

Only context may be wrong. Every line to be replaced must stand in the file, up to white space, quotes and typography;
an insertion must lie beside a line that does. A place is taken only if any other would explain clearly less of the
search text, and none of what it would explain is left unexplained by this one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from regoose.workspace.edits.align import NOTHING, Alignment, align
from regoose.workspace.edits.match import Match, paired, squeezed
from regoose.workspace.edits.outcome import Rung
from regoose.workspace.edits.splice import Change, changes

_MOST_SEARCHED = 400
"""Lines of search text; a longer one must fit without guessing."""
_MOST_CELLS = 3_000_000
_SURE = 2
"""So many lines must stand once in the file where a line at the edge is stale: places alike differ there."""
_COMMON = 40
"""A line that stands more often than this leads nowhere."""
_FOLDED = str.maketrans("\u2018\u2019\u201c\u201d\u2013\u2014\u2212\u2011", '""""----')
_DASH = re.compile("(?<!-)--(?!-)")
_DEFINITION = re.compile(r"(?:async\s+)?(def|class)\s+(\w+)")


@dataclass(frozen=True, slots=True)
class Strictness:
    """What may be wrong in a search text for its place to count as found."""

    wrong: float
    """The share of its lines that the file does not have."""
    extra: float
    """Lines of the file between its own, as a share of them."""
    margin: float
    """How much weight any other place must fall short by."""


USUAL = Strictness(wrong=0.34, extra=0.3, margin=0.7)


def folded(line: str) -> str:
    """Leave away what does not tell lines apart: white space, the kind of quotes, typography."""
    key = squeezed(line)
    if not key.isascii():
        key = key.translate(_FOLDED)
    key = key.replace("'", '"').replace("`", '"')
    return _DASH.sub("-", key) if "--" in key else key


@dataclass(frozen=True, slots=True)
class _Page:
    """The lines that are not blank: their rows, keys and texts."""

    rows: tuple[int, ...]
    keys: tuple[str, ...]
    texts: tuple[str, ...]

    @classmethod
    def of(cls, lines: Sequence[str], start: int = 0) -> _Page:
        kept = [(row, key, line) for row, line in enumerate(lines, start) if (key := folded(line))]
        return cls(tuple(row for row, _, _ in kept), tuple(key for _, key, _ in kept), tuple(one for _, _, one in kept))


def find(search: Sequence[str], replace: Sequence[str], lines: Sequence[str]) -> Match | None:
    """Find the one place in the whole file."""
    return find_within(search, replace, lines, (0, len(lines)), USUAL)


def find_within(
    search: Sequence[str],
    replace: Sequence[str],
    lines: Sequence[str],
    region: tuple[int, int],
    strictness: Strictness,
) -> Match | None:
    """Find the one place between two lines of the file; None where there is none, or it is not sure."""
    mine, theirs = _Page.of(search), _Page.of(lines[region[0] : region[1]], region[0])
    if not mine.keys or not theirs.keys or len(mine.keys) > _MOST_SEARCHED:
        return None
    differing = changes(search, replace, literal=False)
    fresh = frozenset(folded(line) for one in differing for line in replace[one.new_start : one.new_end])
    if not differing:
        return None
    return _Finder.of(mine, theirs, [(one, *_bounds(search, one)) for one in differing], fresh, strictness).find(
        search, lines
    )


@dataclass(frozen=True, slots=True)
class _Finder:
    mine: _Page
    theirs: _Page
    touched: frozenset[int]
    """Lines of the search text (of its page) that are replaced."""
    gaps: tuple[int, ...]
    """Where lines are only inserted: before these lines of the page."""
    fresh: frozenset[str]
    """The keys of new lines."""
    weights: tuple[float, ...]
    strictness: Strictness

    @classmethod
    def of(
        cls,
        mine: _Page,
        theirs: _Page,
        differing: Sequence[tuple[Change, int, int]],
        fresh: frozenset[str],
        strictness: Strictness,
    ) -> _Finder:
        touched = [at for at, row in enumerate(mine.rows) if any(start <= row < end for _, start, end in differing)]
        gaps = [sum(row < one.start for row in mine.rows) for one, _, _ in differing
                if not any(one.start <= row < one.end for row in mine.rows)]  # fmt: skip
        counts = Counter(theirs.keys)
        weights = tuple(_weight(counts[key]) for key in mine.keys)
        return cls(mine, theirs, frozenset(touched), tuple(gaps), fresh, weights, strictness)

    def find(self, search: Sequence[str], lines: Sequence[str]) -> Match | None:
        found = [(self._aligned(window), window) for window in self._windows()]
        fitting = [(one, window) for one, window in found if self._holds(one)]
        if not fitting:
            return None
        best, window = max(fitting, key=lambda pair: pair[0].score)
        if not self._acceptable(best) or not self._alone(best, window, [one for one, _ in found]):
            return None
        known = {self.mine.rows[at]: self.theirs.rows[row] for at, row in enumerate(best.same) if row != NOTHING}
        stale = {self.mine.rows[at]: self.theirs.rows[row] for at, row in enumerate(best.stale) if row != NOTHING}
        match = paired(search, lines, known | stale)
        return Match(Rung.FUZZY, match.pairs, frozenset(stale))

    def _windows(self) -> Iterator[tuple[int, int]]:
        """Yield the parts of the file in which lines of the search text stand that lead somewhere."""
        counts = Counter(self.theirs.keys)
        leads = [at for at, key in enumerate(self.mine.keys) if 0 < counts[key] <= _COMMON]
        where: dict[str, list[int]] = {self.mine.keys[at]: [] for at in leads}
        for row, key in enumerate(self.theirs.keys):
            if key in where:
                where[key].append(row)
        size, slack = len(self.mine.keys), 3 + len(self.mine.keys) // 3
        merged: list[list[int]] = []
        for start in sorted({row - at for at in leads for row in where[self.mine.keys[at]]}):
            if merged and start - merged[-1][0] <= slack:
                merged[-1][1] = start
            else:
                merged.append([start, start])
        if len(merged) * size * (size + 3 * slack) > _MOST_CELLS:
            return
        for first, last in merged:
            yield max(0, first - slack), min(len(self.theirs.keys), last + size + slack)

    def _aligned(self, window: tuple[int, int], barred: tuple[int, int] | None = None) -> Alignment:
        """Align within a window."""
        start, end = window
        bar = None if barred is None else (barred[0], barred[1] - start)
        found = align(self.mine.keys, self.theirs.keys[start:end], self.weights, bar)
        same, stale = (
            tuple(row if row == NOTHING else row + start for row in rows) for rows in (found.same, found.stale)
        )
        return Alignment(found.score, same, stale)

    def _holds(self, found: Alignment) -> bool:
        """Whether every line to be replaced stands there."""
        return any(row != NOTHING for row in found.same) and all(
            found.same[at] != NOTHING and _quoted(self.mine.texts[at]) == _quoted(self.theirs.texts[found.same[at]])
            for at in self.touched
        )

    def _alone(self, best: Alignment, window: tuple[int, int], everywhere: Sequence[Alignment]) -> bool:
        """Whether any other place is clearly worse, and explains nothing that this one does not."""
        again = [self._aligned(window, (at, best.same[at])) for at in self._bearing() if best.same[at] != NOTHING]
        place = self._place(best)
        return not any(self._rivals(best, other) for other in (*everywhere, *again) if self._place(other) != place)

    def _rivals(self, best: Alignment, other: Alignment) -> bool:
        explained = any(mine == NOTHING != theirs for mine, theirs in zip(best.same, other.same, strict=True))
        return other.score > best.score - self.strictness.margin or (
            explained and other.score > best.score - 2 * self.strictness.margin
        )

    def _bearing(self) -> set[int]:
        """Return the lines on which the place hangs: those replaced, and those beside an insertion."""
        beside = {at for gap in self.gaps for at in (gap - 1, gap) if 0 <= at < len(self.mine.keys)}
        return set(self.touched) | beside

    def _place(self, found: Alignment) -> tuple[int, ...]:
        """Return what tells places apart: where the lines go that are replaced, and where others are inserted."""
        inserted = [self._inserted(found, gap) for gap in self.gaps]
        return (*(found.same[at] for at in sorted(self.touched)), *inserted)

    def _inserted(self, found: Alignment, gap: int) -> int:
        before = [row for row in (found.same[gap - 1], found.stale[gap - 1]) if row != NOTHING] if gap else []
        after = [row for row in (found.same[gap], found.stale[gap]) if row != NOTHING] if gap < len(found.same) else []
        return before[0] + 1 if before else after[0] if after else NOTHING

    def _acceptable(self, found: Alignment) -> bool:
        right = [at for at, row in enumerate(found.same) if row != NOTHING]
        size = len(self.mine.keys)
        wrong = size - len(right)
        if wrong > max(1, self.strictness.wrong * size) or sum(_telling(self.mine.keys[at]) for at in right) < 1:
            return False
        if not any(self.weights[at] >= 1 and _telling(self.mine.keys[at]) for at in right):
            return False
        return self._extra_fits(found, right) and all(
            self._stale_fits(found, at, right) for at in range(size) if found.same[at] == NOTHING
        ) and all(self._gap_fits(found, gap) for gap in self.gaps)  # fmt: skip

    def _extra_fits(self, found: Alignment, right: Sequence[int]) -> bool:
        """
        Whether the file's own lines in between are few, and none begins a definition.

        If one is a new line, the edit may be applied already.
        """
        used = {row for row in (*found.same, *found.stale) if row != NOTHING}
        rows = range(found.same[right[0]], found.same[right[-1]] + 1)
        extra = [row for row in rows if row not in used]
        if len(extra) > max(1, self.strictness.extra * len(self.mine.keys)):
            return False
        stale = [row for row in found.stale if row != NOTHING]
        if any(self.theirs.keys[row] in self.fresh for row in (*extra, *stale)):
            return False
        return not any(_DEFINITION.match(self.theirs.texts[row].strip()) for row in extra)

    def _stale_fits(self, found: Alignment, at: int, right: Sequence[int]) -> bool:
        """
        Whether a line that the file does not have may be a stale one.

        At an edge a copy of a place differs: there, one word may be stale, one that stands nowhere else in the file.
        What stands in quotes is the likeliest to tell a copy apart. Between right lines, only a name that stands
        elsewhere tells.
        """
        mine = self.mine.texts[at].strip()
        between = right[0] < at < right[-1]
        row = found.stale[at]
        theirs = "" if row == NOTHING else self.theirs.texts[row].strip()
        if mine.startswith("#") and not theirs.startswith("#"):
            return between or self._sure(right)
        if row == NOTHING:
            return between and not _DEFINITION.match(mine)
        here, there = _DEFINITION.match(mine), _DEFINITION.match(theirs)
        if here or there:
            return here is not None and there is not None and here.groups() == there.groups()
        words, others = (Counter(re.findall(r"\w+", text[:500])) for text in (mine, theirs))
        gone, come = words - others, others - words
        if between:
            names = [word for word in gone if word != word.lower()]
            is_comment = mine.startswith("#") and theirs.startswith("#")
            return is_comment or (self._sure(right) and not self._anywhere(names, r"\b{}\b"))
        return (
            self._sure(right)
            and max(gone.total(), come.total()) <= 1
            and _quoted(mine) == _quoted(theirs)
            and (mine.startswith("#") or not self._anywhere(gone, r"\b{}\b"))
        )

    def _sure(self, right: Sequence[int]) -> bool:
        """Whether two lines, and one of those on which the place hangs, stand nowhere else in the file."""
        single = {at for at in right if self.weights[at] >= 1 and _telling(self.mine.keys[at])}
        return len(single) >= _SURE and not single.isdisjoint(self._bearing())

    def _anywhere(self, words: Iterable[str], pattern: str) -> bool:
        """Whether one of the words stands in the file in such a way: then it may name another place."""
        return any(re.search(pattern.format(word), text) for word in words for text in self.theirs.texts)

    def _gap_fits(self, found: Alignment, gap: int) -> bool:
        """Whether an insertion lies beside a right line; whether it lies there at once is seen when it is made."""
        beside = [at for at in (gap - 1, gap) if 0 <= at < len(self.mine.keys)]
        right = [at for at in beside if found.same[at] != NOTHING]
        return bool(right) and (len(right) == len(beside) or self._joined(found, gap))

    def _joined(self, found: Alignment, gap: int) -> bool:
        """Whether the nearest lines on both sides that have a place in the file are neighbours there."""
        rows = [max(pair) for pair in zip(found.same, found.stale, strict=True)]
        before = next((row for row in reversed(rows[:gap]) if row != NOTHING), None)
        after = next((row for row in rows[gap:] if row != NOTHING), None)
        return before is None or after is None or before + 1 == after


def _common(mine: Sequence[str], other: Sequence[str]) -> int:
    """Count what both begin with."""
    return next(
        (at for at, pair in enumerate(zip(mine, other, strict=False)) if pair[0] != pair[1]), min(len(mine), len(other))
    )


def _bounds(search: Sequence[str], change: Change) -> tuple[int, int]:
    """Return all lines that a deletion may mean: after `a b a b`, it is not said which `a b` has gone."""
    start, end = change.start, change.end
    if change.new_start == change.new_end:
        start -= _common(search[:start][::-1], search[start:end][::-1])
        end += _common(search[change.start : change.end], search[end:])
    return start, end


def _weight(count: int) -> float:
    """Weigh a line by how often it stands: the oftener, the less it says of where."""
    return 1.0 if count <= 1 else 0.7 if count <= 4 else 0.4  # noqa: PLR2004 - this is their definition


def _telling(key: str) -> bool:
    """Whether a line says something: not a bracket, not `else:`."""
    return sum(character.isalnum() for character in key) > 5  # noqa: PLR2004 - this is its definition


def _quoted(line: str) -> list[str]:
    """Return what stands in quotes, where white space has a meaning."""
    return re.findall(r'"[^"]*"', line.translate(_FOLDED).replace("'", '"'))
