"""Which of the observed cases the file is made of: none that looks odd, and what each of them is there for."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Counter as CounterOf
from typing import DefaultDict, Dict, Iterable, List, Sequence, Set, Tuple

from regoose_guest.testgen.case import Case
from regoose_guest.testgen.choosing import choose
from regoose_guest.testgen.covering import Goal
from regoose_guest.testgen.expecting import RARE
from regoose_guest.testgen.exploring import Shared
from regoose_guest.testgen.finishing import Finisher
from regoose_guest.testgen.observers import Watched
from regoose_guest.testgen.schema import OddityJson
from regoose_guest.testgen.simplifying import Chosen
from regoose_guest.testgen.writing import odd, worth_telling

_LOOKED = 12
"""Cases of a subject, the cheapest, that are looked at for what seems wrong although nothing else speaks for it."""
_ROUNDS = 6
"""Times that others are chosen in place of odd ones."""
_ODD = 60
"""Cases that look odd which are looked at again."""
_ACCIDENT = 12.0
"""What it costs a reader to be shown what follows from wrong arguments: worth it only for what nothing else reaches."""
_NOTICED = 2
"""How many of the chosen cases go on noticing a mutant when they are made simpler."""


class Selection:
    """
    The observed cases of a module, with what each costs its reader and which mutants it notices.

    Only cases that are chosen or suspicious are finished and looked at for oddities: there may be thousands.
    """

    def __init__(
        self,
        shared: Shared,
        watched: Sequence[Watched],
        costs: Sequence[float],
        kills: Dict[int, Set[int]],
        finisher: Finisher,
    ) -> None:
        self._shared = shared
        self._watched = watched
        self._kills = kills
        self._finisher = finisher
        self._cases: Dict[int, Case] = {}
        self._simple: Dict[int, Tuple[Watched, Case]] = {}
        self._odd: Dict[int, OddityJson] = {}
        self._goals = [_goals_of(one, shared.facts.raising_lines) for one in watched]
        asked = {number for number, one in enumerate(watched) if self._is_asked_for(one)}
        for mutant, numbers in kills.items():
            for number in numbers - asked:
                self._goals[number].add(f"mutant-{mutant}")
        self._costs = [price + _ACCIDENT * (number in asked) for number, price in enumerate(costs)]
        self._sift(self._suspicious())

    def _is_asked_for(self, one: Watched) -> bool:
        """Whether an accident of Python's own follows from arguments of another kind than text or examples ask for."""
        raised = one.seen["raised"]
        if raised is None or raised["is_explicit"]:
            return False
        return self._shared.expectations.misfit(one.candidate.acts) >= RARE

    @property
    def finished(self) -> int:
        """Return how many cases were finished and looked at."""
        return len(self._cases)

    @property
    def worth_telling(self) -> List[int]:
        """Return the odd cases to be looked at again."""
        return worth_telling(self._odd, _ODD)

    def watched(self, number: int) -> Watched:
        """Return a case as it was observed, in its simplest form."""
        return self._simple[number][0] if number in self._simple else self._watched[number]

    def case(self, number: int) -> Case:
        """Return a case as it is written, in its simplest form."""
        if number in self._simple:
            return self._simple[number][1]
        if number not in self._cases:
            self._cases[number] = self._finisher.case(*self._watched[number])
        return self._cases[number]

    def choose(self) -> List[int]:
        """Return the numbers of the cases to write, the best first."""
        chosen = choose(self._costs, self._goals)
        for _ in range(_ROUNDS):
            if not self._sift(number for number in chosen if number not in self._cases):
                break
            chosen = choose(self._costs, self._goals)
        return [number for number in chosen if self._goals[number]]

    def leave(self, number: int) -> None:
        """Give a simpler form of a case up, else the case: what it was made from may be steady."""
        if self._simple.pop(number, None) is None:
            self._goals[number] = set()

    def oddities(self, numbers: Sequence[int]) -> List[OddityJson]:
        """Return what is worth telling of odd cases."""
        sure = {number: self._odd[number] for number in numbers}
        return sorted(map(sure.__getitem__, worth_telling(sure)), key=lambda one: (one["line"], one["call"]))

    def needs(self, chosen: Sequence[int]) -> List[Chosen]:
        """Return the chosen cases with what each of them is there for, and odd ones, which are there to be told."""
        owned: Set[Goal] = set()
        noticed: CounterOf[int] = Counter()
        by_case: DefaultDict[int, List[int]] = defaultdict(list)
        for mutant in sorted(self._kills):
            for number in self._kills[mutant]:
                by_case[number].append(mutant)
        cases: List[Chosen] = []
        for number in chosen:
            one = self._watched[number]
            own = frozenset((a, b, c) for a, b, c in one.seen["goals"]) - owned
            owned |= own
            mutants = tuple(mutant for mutant in by_case[number] if noticed[mutant] < _NOTICED)
            noticed.update(mutants)
            cases.append(Chosen(number, one.candidate, one.seen, own, mutants))
        return cases + [Chosen(number, *self._watched[number], frozenset(), ()) for number in self.worth_telling]

    def simplify(self, simple: Dict[int, Watched]) -> None:
        """Take simpler cases in place of those that they were made from, where they look as odd, or not, as these."""
        made = [self._finisher.case(*one) for one in simple.values()]
        found = self._looked_odd(made, simple.values())
        for at, (number, one) in enumerate(simple.items()):
            if (at in found) == (number in self._odd):
                self._simple[number] = one, made[at]
                if at in found:
                    self._odd[number] = found[at]

    def _suspicious(self) -> List[int]:
        """Return accidents, documented calls, and a few cases of each subject."""
        found: List[int] = []
        looked: CounterOf[str] = Counter()
        for number in sorted(range(len(self._watched)), key=lambda one: self._costs[one]):
            one = self._watched[number]
            raised = one.seen["raised"]
            looked[one.candidate.subject] += 1
            is_accident = raised is not None and not raised["is_explicit"]
            if is_accident or one.candidate.is_example or looked[one.candidate.subject] <= _LOOKED:
                found.append(number)
        return found

    def _sift(self, numbers: Iterable[int]) -> bool:
        """Leave the odd ones among cases; return whether there are any."""
        looked = list(numbers)
        found = self._looked_odd(list(map(self.case, looked)), map(self._watched.__getitem__, looked))
        self._odd.update((looked[at], one) for at, one in found.items())
        for at in found:
            self._goals[looked[at]] = set()
        return bool(found)

    def _looked_odd(self, cases: Sequence[Case], watched: Iterable[Watched]) -> Dict[int, OddityJson]:
        expected = self._shared.expectations
        apt = [expected.is_apt(one.candidate.acts[: one.seen["ended"] + 1]) for one in watched]
        return odd(cases, self._shared.program.source, apt)


def _goals_of(one: Watched, raising: Set[int]) -> Set[str]:
    """Return what a case reaches: of an accident of Python's own, only the lines that raise on purpose."""
    raised = one.seen["raised"]
    reached = one.seen["goals"]
    if raised is not None and raised["is_misfit"]:
        reached = [goal for goal in reached if goal[2] == -1 and goal[1] in raising]
    return {"-".join(map(str, goal)) for goal in reached}
