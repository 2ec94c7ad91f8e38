"""Make the chosen cases simpler, so long as they still reach and notice what they were chosen for."""

from __future__ import annotations

from functools import partial
from time import monotonic
from types import ModuleType
from typing import Dict, FrozenSet, NamedTuple, Optional, Sequence, Set, Tuple

from regoose_guest.testgen import crew
from regoose_guest.testgen.acts import Act, Candidate
from regoose_guest.testgen.covering import Goal, cover
from regoose_guest.testgen.differing import differs
from regoose_guest.testgen.exploring import Laboratory, Shared
from regoose_guest.testgen.mutants import Mutants
from regoose_guest.testgen.observing import Eyes, SeenJson, seen_in
from regoose_guest.testgen.running import Runner, namespace_of
from regoose_guest.testgen.simpler import Slot, load, simpler_acts

_CALL_SECONDS = 0.3
_STRANGE = 2.0
"""How much odder a value of another kind is than a longer one of the right kind."""
_UNTELLING = 4.0
_EMPTY = frozenset(("None", "''", "b''", "[]", "{}", "()", "set()", "0"))


class Chosen(NamedTuple):
    """A case of the file, with what it must go on doing."""

    number: int
    candidate: Candidate
    seen: SeenJson
    goals: FrozenSet[Goal]
    mutants: Tuple[int, ...]


class Simplifier:
    """One process's share of the cases."""

    def __init__(self, shared: Shared, seed: int, answer: crew.Lines) -> None:
        self._laboratory = Laboratory(shared, seed, is_instrumented=False)
        self._shared = shared
        self._answer = answer
        self._cover = cover(self._laboratory.code)
        self._cover.begin()
        self._mutants = Mutants(shared.program, self._laboratory.module, self._laboratory.guard)
        self._original = self._eyes(self._laboratory.module)
        self._changed: Dict[int, Optional[Eyes]] = {}
        self._untold = 0.0
        """How little the result of the case in hand shows."""

    def _eyes(self, module: ModuleType) -> Eyes:
        shared, laboratory = self._shared, self._laboratory
        runner = Runner(namespace_of(module), laboratory.guard, laboratory.scratch, laboratory.runner.compiled)
        return Eyes(module, shared.program, shared.facts.raising_lines, runner, laboratory.guard)

    def simplify(self, case: Chosen, end: float) -> None:
        """Tell a simpler candidate for a case, if there is one."""
        acts: Tuple[Act, ...] = case.candidate.acts
        self._untold = _untelling(acts, case.seen)
        found = False
        tried: Set[Tuple[Act, ...]] = set()
        while True:
            better = self._better(acts, case, tried, end)
            if better is None:
                break
            acts, found = better, True
        if found:
            self._tell(case, case.candidate._replace(acts=acts))

    def _tell(self, case: Chosen, simple: Candidate) -> None:
        """Write down a simpler case as it is seen afresh."""
        seen = seen_in(self._original, simple, self._cover)
        self._cover.pause()
        if seen is not None:
            self._answer.add({"number": case.number, "candidate": simple, "seen": seen})

    def _better(
        self, acts: Tuple[Act, ...], case: Chosen, tried: Set[Tuple[Act, ...]], end: float
    ) -> Optional[Tuple[Act, ...]]:
        limit = self._oddness(acts)
        for other in simpler_acts(acts, partial(self._plain, acts)):
            if other in tried or self._oddness(other) >= limit + _UNTELLING:
                continue
            if monotonic() > end:
                return None
            tried.add(other)
            seen = self._does(other, case)
            if seen is not None and self._oddness(other) + _untelling(other, seen) < limit + self._untold:
                self._untold = _untelling(other, seen)
                return other
        return None

    def _oddness(self, acts: Tuple[Act, ...]) -> float:
        return load(acts) + _STRANGE * self._shared.expectations.misfit(acts)

    def _plain(self, acts: Tuple[Act, ...], at: int, slot: Slot) -> Sequence[str]:
        return self._shared.expectations.plain(acts, at, slot)

    def _does(self, acts: Sequence[Act], case: Chosen) -> Optional[SeenJson]:
        """Return what is seen in acts that do what a case is there for; None for those that do not."""
        self._cover.start_case()
        seen = _look(self._original, acts)
        self._cover.pause()
        if seen is None or not is_like(seen, case.seen) or not case.goals <= (self._cover.case or set()):
            return None
        return seen if all(self._tells(number, acts, seen) for number in case.mutants) else None

    def _tells(self, number: int, acts: Sequence[Act], seen: SeenJson) -> bool:
        if number not in self._changed:
            module = self._mutants.load(number)
            self._changed[number] = self._eyes(module) if module is not None else None
        eyes = self._changed[number]
        if eyes is None:
            return True
        self._mutants.use(eyes.module)
        try:
            return differs(_look(eyes, acts), seen)
        finally:
            self._mutants.restore()


def _untelling(acts: Sequence[Act], seen: SeenJson) -> float:
    """Return how little a result shows: an empty one, or one that is an argument as it was given."""
    given = {text for act in acts for text in (*act.positional, *(value for _, value in act.keywords))}
    wanted = [expected for _, _, expected in seen["rows"]]
    return _UNTELLING if wanted and all(one in _EMPTY or one in given for one in wanted) else 0.0


def is_like(seen: SeenJson, expected: SeenJson) -> bool:
    """Whether what was seen shows as much: the same exception from the same line, or a result where there was one."""
    mine, other = expected["raised"], seen["raised"]
    if mine is not None and other is not None:
        return all(mine[key] == other[key] for key in ("type", "line", "is_explicit"))
    if mine is not None or other is not None:
        return False
    return bool(seen["rows"]) >= bool(expected["rows"]) and seen["ended"] == expected["ended"]


def _look(eyes: Eyes, acts: Sequence[Act]) -> Optional[SeenJson]:
    try:
        return eyes.look(acts, _CALL_SECONDS)
    except Exception:  # noqa: BLE001 - what cannot be looked at
        return None


def simplify(shared: Shared, cases: Sequence[Chosen], share: Tuple[int, int], target: str, end: float) -> None:
    """Simplify a share of the cases; answers go to `target`, a line of JSON each: a number and a candidate."""
    mine = sorted(cases[share[0] :: share[1]], key=lambda one: -load(one.candidate.acts))
    answer = crew.Lines(target)
    simplifier = Simplifier(shared, 7000 + share[0], answer)
    for number, case in enumerate(mine):
        left = end - monotonic()
        if left <= 0:
            return
        simplifier.simplify(case, monotonic() + min(left, 3 * left / (len(mine) - number)))
