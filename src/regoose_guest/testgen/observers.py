"""The driver's side of observing: fresh interpreters look at the same candidates, and what they agree on holds."""

from __future__ import annotations

import json
import os
from typing import Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

from regoose_guest.testgen import children, crew
from regoose_guest.testgen.acts import Candidate
from regoose_guest.testgen.differing import differs
from regoose_guest.testgen.doubting import MORE_SEEDS, SEEDS, is_doubtful
from regoose_guest.testgen.observing import ObserveJson, SeenJson, agreed
from regoose_guest.testgen.schema import OptionsJson

_AT_ONCE = 2
"""Interpreters side by side."""


_DAYS = 1009
"""The clocks of different interpreters are put forward by different times."""


class Watched(NamedTuple):
    """An observed case."""

    candidate: Candidate
    seen: SeenJson


class Observers:
    """Starts the interpreters. `unsteady` counts the candidates on which they disagreed."""

    def __init__(
        self,
        options: OptionsJson,
        scratch: str,
        deadline: crew.Deadline,
        raising: Iterable[int],
        wanted: Optional[Iterable[int]],
    ) -> None:
        self._options = options
        self._scratch = scratch
        self._deadline = deadline
        self._raising = sorted(raising)
        self._wanted = None if wanted is None else sorted(wanted)
        self._count = 0
        self._doubted: Set[str] = set()
        self.unsteady = 0

    def watch(self, candidates: Sequence[Candidate], seconds: float) -> List[Watched]:
        """Return those of the candidates of which something can be asserted, as far as the time goes."""
        one, other = self._looks(self._stored(candidates), ("1", "77"), seconds)
        watched: List[Watched] = []
        for number, candidate in enumerate(candidates):
            if one.get(number) is None or number not in other:
                continue
            seen = agreed(one[number], other[number])
            if seen is None:
                self.unsteady += 1
                if not is_doubtful(candidate.acts):  # else the reason is known, and other cases of the subject are fine
                    self._doubted.add(candidate.subject)
            elif seen["rows"] or seen["raised"] or seen["printed"] or seen["goals"]:
                watched.append(Watched(candidate, seen))
        return watched

    def doubts(self, one: Watched) -> bool:
        """Whether a case may hang on chance, although two interpreters agree."""
        return one.seen["is_drawn"] or one.candidate.subject in self._doubted or is_doubtful(one.candidate.acts)

    def unlike(self, cases: Mapping[int, Watched], seconds: float) -> Set[int]:
        """Look twice more at all cases, and often at those in doubt; return the numbers of those that differ."""
        doubtful = {number: one for number, one in cases.items() if self.doubts(one)}
        found: Set[int] = set()
        for some, seeds in ((cases, SEEDS), (doubtful, MORE_SEEDS)):
            place = self._stored([one.candidate for one in some.values()]) if some else ""
            for at in range(0, len(seeds) if some else 0, _AT_ONCE):
                for looked in self._looks(place, seeds[at : at + _AT_ONCE], seconds):
                    ordered = enumerate(some.items())
                    found.update(number for at_, (number, one) in ordered if differs(looked.get(at_), one.seen))
        self.unsteady += len(found)
        return found

    def _stored(self, candidates: Sequence[Candidate]) -> str:
        self._count += 1
        place = os.path.join(self._scratch, f"candidates-{self._count}.json")
        with open(place, "w", encoding="utf-8", errors="surrogatepass") as file:
            file.write(json.dumps(candidates))
        return place

    def _looks(self, place: str, seeds: Sequence[str], seconds: float) -> List[Dict[int, Optional[SeenJson]]]:
        """Return what interpreters with these hash seeds see in the candidates of a file, by their number."""
        answers = [f"{place}.{seed}" for seed in seeds]
        running = [self._start(place, answer, seconds, seed) for answer, seed in zip(answers, seeds)]
        children.wait(running, self._deadline.patience_for(seconds))
        return [_seen(answer) for answer in answers]

    def _start(self, place: str, answer: str, seconds: float, seed: str) -> children.Child:
        folder = f"{answer}.folder"
        os.makedirs(folder, exist_ok=True)
        given: ObserveJson = {
            "root": self._options["root"],
            "path": self._options["path"],
            "module": self._options["module"],
            "candidates": place,
            "result": answer,
            "scratch": folder,
            "memory_bytes": self._options["memory_bytes"],
            "seconds": seconds,
            "is_second": seed != "1",
            "days": 0 if seed == "1" else 417 + int(seed) % _DAYS,
            "raising": self._raising,
            "wanted": self._wanted,
        }
        with open(f"{answer}.options", "w", encoding="utf-8") as file:
            json.dump(given, file)
        arguments = ["-W", "ignore", "-m", "regoose_guest.testgen", "--observe", f"{answer}.options"]
        return children.fresh(arguments, seed, folder)


def _seen(answer: str) -> Dict[int, Optional[SeenJson]]:
    found: Dict[int, Optional[SeenJson]] = {}
    for said in crew.lines([answer]):
        pair: Tuple[int, Optional[SeenJson]] = tuple(said)
        found[int(pair[0])] = pair[1]
    return found
