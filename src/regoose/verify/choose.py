"""Choose few tests that do all that many do: greedy set cover, then without those that the others make needless."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is kept or dropped as one, what it does, and what it costs a reader."""

    tests: tuple[str, ...]
    """Node ids."""
    goals: frozenset[Hashable]
    """What it adds to what there is: lines, branches, mutants killed."""
    cost: float = 1.0


def choose(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """
    Return few candidates, in the order given, that together have all goals of all.

    The one that adds most comes first, of equals the cheapest (Chvatal, 1979: within ln n of the fewest).
    """
    reached: set[Hashable] = set()
    chosen: list[int] = []
    queue = [(-len(one.goals), one.cost, index) for index, one in enumerate(candidates) if one.goals]
    heapq.heapify(queue)
    while queue:
        promised, cost, index = heapq.heappop(queue)
        adds = len(candidates[index].goals - reached)
        if adds == -promised:
            reached |= candidates[index].goals
            chosen.append(index)
        elif adds:  # what a candidate adds only shrinks, so the first one that keeps its promise is the best
            heapq.heappush(queue, (-adds, cost, index))
    kept = _needed(chosen, candidates)
    return tuple(candidates[index] for index in sorted(kept))


def _needed(chosen: Sequence[int], candidates: Sequence[Candidate]) -> frozenset[int]:
    """Leave out, the dearest first, whatever the others do without it."""
    counts = Counter(goal for index in chosen for goal in candidates[index].goals)
    kept = set(chosen)
    for index in sorted(chosen, key=lambda index: (-candidates[index].cost, -index)):
        if all(counts[goal] > 1 for goal in candidates[index].goals):
            kept.discard(index)
            counts.subtract(candidates[index].goals)
    return frozenset(kept)


def why_needless(candidate: Candidate, kept: Sequence[Candidate]) -> str:
    """Say why a candidate that was not chosen adds nothing."""
    if not candidate.goals:
        return "It reaches nothing that was not reached before and notices no change that was not noticed."
    alone = next((one for one in kept if candidate.goals <= one.goals), None)
    if alone is not None:
        return f"All that it reaches and notices, {alone.tests[0]} does."
    return "All that it reaches and notices, other kept tests do."
