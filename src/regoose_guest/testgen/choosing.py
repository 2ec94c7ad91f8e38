"""Choose among observed cases: weighted greedy set cover over lines, branches and mutants."""

from __future__ import annotations

import heapq
from collections import Counter
from typing import Counter as CounterOf
from typing import Dict, List, Sequence, Set

from regoose_guest.testgen.acts import Candidate, source
from regoose_guest.testgen.observing import SeenJson

_PLAIN = frozenset(" _-.")
_DELETE = 127
_MISFIT = 0.12
_PRIVATE = 5.0
"""How many times dearer it is to call a private function than a public one that does as much."""


def cost(candidate: Candidate, seen: SeenJson, misfit: float = 0.0) -> float:
    """
    Return what a case costs its reader: long, odd and accidental ones are dear, documented ones cheap.

    `misfit` says how far its arguments are from what is expected, as `Expectations` has it.
    """
    text = "".join(source(act) for act in candidate.acts)
    found = 1 + len(text) / 60 + 0.6 * (len(candidate.acts) - 1)
    found += 0.1 * sum(not one.isalnum() and one not in _PLAIN for one in text) / 2
    found += 0.3 * sum(ord(one) >= _DELETE or ord(one) < ord(" ") for one in text)
    found += 0.5 * (text.count("\\x") + text.count("\\u"))
    if candidate.subject.startswith("_"):
        found *= _PRIVATE
    if candidate.is_example:
        found *= 0.4
    found += _MISFIT * misfit
    raised = seen["raised"]
    if raised is not None:
        found += 12 if raised["is_misfit"] else 0.3 if raised["is_explicit"] else 3
    elif not seen["rows"]:
        found += 6
    elif all(kind == "true" for kind, _, _ in seen["rows"]):
        found += 2  # that something can be called says little
    return found + sum(len(expected) for _, _, expected in seen["rows"]) / 400


def choose(costs: Sequence[float], goals: Sequence[Set[str]]) -> List[int]:
    """Return the numbers of cases that reach every goal together, at little cost."""
    covered: Set[str] = set()
    chosen: List[int] = []
    waiting = [(-len(one) / price, number) for number, (price, one) in enumerate(zip(costs, goals)) if one]
    heapq.heapify(waiting)
    while waiting:
        _, number = heapq.heappop(waiting)
        gain = len(goals[number] - covered)
        if not gain:
            continue
        worth = -gain / costs[number]
        if waiting and worth > waiting[0][0]:
            heapq.heappush(waiting, (worth, number))
            continue
        chosen.append(number)
        covered |= goals[number]
    return _without_spare(chosen, costs, goals)


def _without_spare(chosen: List[int], costs: Sequence[float], goals: Sequence[Set[str]]) -> List[int]:
    """Drop what the others reach together as well, the dearest first."""
    counts: CounterOf[str] = Counter(goal for number in chosen for goal in goals[number])
    kept: Dict[int, None] = dict.fromkeys(chosen)
    for number in sorted(chosen, key=lambda one: -costs[one]):
        if all(counts[goal] > 1 for goal in goals[number]):
            counts.subtract(goals[number])
            del kept[number]
    return list(kept)
