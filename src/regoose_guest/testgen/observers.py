"""The driver's side of observing: two fresh interpreters look at the same candidates, and what they agree on holds."""

from __future__ import annotations

import json
import os
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

from regoose_guest.testgen import children, crew
from regoose_guest.testgen.acts import Candidate
from regoose_guest.testgen.observing import ObserveJson, SeenJson, agreed
from regoose_guest.testgen.schema import OptionsJson


class Watched(NamedTuple):
    """An observed case."""

    candidate: Candidate
    seen: SeenJson


class Observers:
    """Starts the interpreters. `unsteady` counts the candidates on which they disagreed."""

    def __init__(self, options: OptionsJson, scratch: str, deadline: crew.Deadline, raising: Sequence[int]) -> None:
        self._options = options
        self._scratch = scratch
        self._deadline = deadline
        self._raising = list(raising)
        self._count = 0
        self.unsteady = 0

    def watch(self, candidates: Sequence[Candidate], seconds: float) -> List[Watched]:
        """Return those of the candidates of which something can be asserted, as far as the time goes."""
        self._count += 1
        place = os.path.join(self._scratch, f"candidates-{self._count}.json")
        with open(place, "w", encoding="utf-8", errors="surrogatepass") as file:
            file.write(json.dumps(candidates))
        answers = [f"{place}.{number}" for number in range(2)]
        running = [self._start(place, answer, seconds, is_second=bool(number)) for number, answer in enumerate(answers)]
        children.wait(running, self._deadline.patience_for(seconds))
        one, other = (_seen(answer) for answer in answers)
        watched: List[Watched] = []
        for number, candidate in enumerate(candidates):
            if one.get(number) is None or number not in other:
                continue
            seen = agreed(one[number], other[number])
            if seen is None:
                self.unsteady += 1
            elif seen["rows"] or seen["raised"] or seen["printed"] or seen["goals"]:
                watched.append(Watched(candidate, seen))
        return watched

    def _start(self, place: str, answer: str, seconds: float, *, is_second: bool) -> children.Child:
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
            "is_second": is_second,
            "raising": self._raising,
        }
        with open(f"{answer}.options", "w", encoding="utf-8") as file:
            json.dump(given, file)
        arguments = ["-W", "ignore", "-m", "regoose_guest.testgen", "--observe", f"{answer}.options"]
        return children.fresh(arguments, "77" if is_second else "1", folder)


def _seen(answer: str) -> Dict[int, Optional[SeenJson]]:
    found: Dict[int, Optional[SeenJson]] = {}
    for said in crew.lines([answer]):
        pair: Tuple[int, Optional[SeenJson]] = tuple(said)
        found[int(pair[0])] = pair[1]
    return found
