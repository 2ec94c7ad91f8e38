"""Which lines two versions of a file have in common, found in good time for long files with many equal lines, too."""

from __future__ import annotations

import bisect
import difflib
from collections import Counter
from collections.abc import Iterator, Sequence

SMALL = 40_000
"""Lines of one side times lines of the other, up to which every line is compared with every other."""


class Lines(difflib.SequenceMatcher[str]):
    """
    A matcher of lines.

    `difflib` compares equal lines with equal lines, which takes minutes for ten thousand lines a quarter of which are
    empty. Here a long stretch is first divided at lines that both sides have exactly once (Bram Cohen's patience
    diff); one without such a line counts as replaced.
    """

    def __init__(self, old: Sequence[str], new: Sequence[str]) -> None:
        super().__init__(None, old, new, autojunk=False)
        self._old = old
        self._new = new

    def get_matching_blocks(self) -> list[difflib.Match]:
        """Return what is equal as `difflib` does: in order, no block next to another, an empty one at the end."""
        merged: list[difflib.Match] = []
        for at, there, size in self._blocks(range(len(self._old)), range(len(self._new))):
            last = merged[-1] if merged else difflib.Match(0, 0, 0)
            if merged and (last.a + last.size, last.b + last.size) == (at, there):
                merged[-1] = difflib.Match(last.a, last.b, last.size + size)
            else:
                merged.append(difflib.Match(at, there, size))
        return [*merged, difflib.Match(len(self._old), len(self._new), 0)]

    def _blocks(self, old: range, new: range) -> Iterator[tuple[int, int, int]]:
        most = min(len(old), len(new))
        head = next((at for at in range(most) if self._old[old[at]] != self._new[new[at]]), most)
        most -= head
        tail = next((at for at in range(most) if self._old[old[-1 - at]] != self._new[new[-1 - at]]), most)
        if head:
            yield old.start, new.start, head
        yield from self._inner(range(old.start + head, old.stop - tail), range(new.start + head, new.stop - tail))
        if tail:
            yield old.stop - tail, new.stop - tail, tail

    def _inner(self, old: range, new: range) -> Iterator[tuple[int, int, int]]:
        if len(old) * len(new) <= SMALL:
            matcher = difflib.SequenceMatcher(
                None, self._old[old.start : old.stop], self._new[new.start : new.stop], autojunk=False
            )
            for block in matcher.get_matching_blocks()[:-1]:
                yield old.start + block.a, new.start + block.b, block.size
            return
        anchors = self._anchors(old, new)
        at, there = old.start, new.start
        for one, other in anchors:
            yield from self._blocks(range(at, one), range(there, other))
            yield one, other, 1
            at, there = one + 1, other + 1
        if anchors:
            yield from self._blocks(range(at, old.stop), range(there, new.stop))

    def _anchors(self, old: range, new: range) -> list[tuple[int, int]]:
        """Return the longest run of pairs of lines that each side has once, in order on both sides."""
        ours, theirs = Counter(self._old[at] for at in old), Counter(self._new[at] for at in new)
        place = {self._new[at]: at for at in new}
        pairs = [
            (at, place[self._old[at]]) for at in old if ours[self._old[at]] == 1 and theirs.get(self._old[at]) == 1
        ]
        return _increasing(pairs)


def _increasing(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the longest subsequence whose second members rise."""
    ends: list[int] = []  # the second members of the best ends, by length
    numbers: list[int] = []
    before: list[int] = []
    for number, (_, there) in enumerate(pairs):
        length = bisect.bisect_left(ends, there)
        before.append(numbers[length - 1] if length else -1)
        ends[length : length + 1] = [there]
        numbers[length : length + 1] = [number]
    chain: list[tuple[int, int]] = []
    at = numbers[-1] if numbers else -1
    while at >= 0:
        chain.append(pairs[at])
        at = before[at]
    return chain[::-1]
