"""The search: children try candidates in batches while this process keeps the order and the clock."""

from __future__ import annotations

import heapq
import selectors
from collections import deque
from dataclasses import dataclass, field
from itertools import chain
from time import monotonic
from typing import Callable, Deque, Dict, Iterator, List, Optional, Sequence, Set, Tuple, cast

from regoose_guest.forks import Child, Message, fork
from regoose_guest.repair.candidates import Candidate
from regoose_guest.repair.measure import Measured
from regoose_guest.repair.trial import FAILS, HANGS, PASSES, Trial

_WALL_FACTOR, _WALL_GRACE = 6.0, 8.0
"""A child that waits rather than computes gets this much of its CPU limit, plus seconds of grace."""
_SELECT_SECONDS = 0.05
_SECOND_CHANCE = 0.15
"""What a candidate that did not end counts for, of its own score: it is tried again when nothing better waits."""
_PATIENT_BATCH = 6
_LAST_VALIDATIONS = 3.0
"""Seconds granted after the end to candidates that turned the failing tests already."""


@dataclass
class Plausible:
    """A candidate that passes every test it was run on."""

    candidate: Candidate
    fixed: List[int]
    kept: List[int]
    found_at: float
    tried: int


@dataclass
class Partial:
    """A candidate that turns some failing tests, or makes one fail elsewhere: half of a pair, perhaps."""

    candidate: Candidate
    fixed: int
    validated: bool


@dataclass
class _Worker:
    child: Child
    batch: List[Candidate]
    validating: bool
    limit: float
    patient: bool = False
    current: Optional[Candidate] = None
    done: Set[int] = field(default_factory=set[int])
    since: float = field(default_factory=monotonic)
    cpu_before: float = 0.0

    def restart_clock(self) -> None:
        self.since = monotonic()
        self.cpu_before = self.child.cpu_seconds()

    def overdue(self) -> bool:
        waited = monotonic() - self.since
        if waited < self.limit + 0.5:
            return False
        if waited > self.limit * _WALL_FACTOR + _WALL_GRACE:
            return True
        return self.child.cpu_seconds() - self.cpu_before > self.limit * 1.5 + 0.3


@dataclass
class Outcome:
    """What a search found so far."""

    tried: int = 0
    plausible: List[Plausible] = field(default_factory=list[Plausible])
    partial: List[Partial] = field(default_factory=list[Partial])
    exhausted: bool = False
    settled: bool = False
    """Stopped because what is left is much less likely than what was found."""


Settled = Callable[[Outcome, float], bool]
"""Given what was found and the score of the next candidate: whether to stop."""


class Hunt:
    """Runs candidates from an iterator until it ends, the clock ends, or enough is found."""

    def __init__(self, trial: Trial, jobs: int, batch: int, memory_bytes: int) -> None:
        self._trial = trial
        self._jobs = max(1, jobs)
        self._batch = batch
        self._memory = memory_bytes
        self._trying_first = sum(test.first_limit for test in trial.representatives)
        self._trying = sum(test.limit for test in trial.representatives)
        self._validating = sum(max(1.0, test.limit * 3) for test in trial.failing)
        self._validating += sum(test.seconds * 10 for test in trial.passing)
        self._known = {shape for test in trial.representatives for shape in original_shapes(test)}
        self._selector = selectors.DefaultSelector()
        self._workers: Dict[int, _Worker] = {}
        self._again: Deque[Candidate] = deque()
        self._to_validate: Deque[Candidate] = deque()
        self._hung: List[Tuple[float, int, Candidate]] = []
        """A heap of what did not end in its first limit, to be tried again with more patience."""
        self._again_patiently: Deque[Candidate] = deque()

    def run(
        self,
        candidates: Iterator[Candidate],
        outcome: Outcome,
        until: float,
        settled: Settled,
        tell: Callable[[Outcome], None],
    ) -> None:
        """Search, adding to `outcome`."""
        self._source = candidates
        self._next: Optional[Candidate] = next(candidates, None)
        self._outcome = outcome
        outcome.exhausted = outcome.settled = False
        try:
            while monotonic() < (until + _LAST_VALIDATIONS if self._validations() else until):
                waiting = self._next.score if self._next is not None else 0.0
                if settled(outcome, waiting):
                    outcome.settled = True
                    break
                self._start_workers(fresh=monotonic() < until)
                if not self._workers:
                    outcome.exhausted = True
                    break
                self._listen()
                tell(outcome)
        finally:
            for worker in list(self._workers.values()):
                self._retire(worker)

    def _validations(self) -> bool:
        return bool(self._to_validate) or any(worker.validating for worker in self._workers.values())

    def untried(self) -> Iterator[Candidate]:
        """Return what the last `run` took from its iterator and did not come to, then the rest of that iterator."""
        waiting = [*self._again, *self._again_patiently, *([self._next] if self._next is not None else [])]
        self._again.clear()
        self._again_patiently.clear()
        return chain(waiting, self._source)

    def _start_workers(self, *, fresh: bool) -> None:
        while len(self._workers) < self._jobs:
            if self._to_validate:
                candidate = self._to_validate.popleft()
                self._begin([candidate], validating=True)
                continue
            patient = fresh and self._is_patience_due()
            batch = [] if not fresh else self._take_hung() if patient else self._take_batch()
            if not batch:
                return
            self._begin(batch, validating=False, patient=patient)

    def _is_patience_due(self) -> bool:
        if self._again_patiently:
            return True
        waiting = self._next.score if self._next is not None else 0.0
        return bool(self._hung) and not self._again and -self._hung[0][0] >= waiting

    def _take_hung(self) -> List[Candidate]:
        batch: List[Candidate] = []
        while len(batch) < min(self._batch, _PATIENT_BATCH) and (self._again_patiently or self._hung):
            batch.append(self._again_patiently.popleft() if self._again_patiently else heapq.heappop(self._hung)[2])
            if not batch[-1].hot:
                break
        return batch

    def _take_batch(self) -> List[Candidate]:
        batch: List[Candidate] = []
        while len(batch) < self._batch:
            if self._again:
                candidate = self._again.popleft()
            elif self._next is not None:
                candidate, self._next = self._next, next(self._source, None)
            else:
                break
            batch.append(candidate)
            if not candidate.hot:
                break
        return batch

    def _begin(self, batch: List[Candidate], *, validating: bool, patient: bool = False) -> None:
        trial = self._trial
        if validating:
            child = fork(lambda outlet: trial.validate(batch[0], outlet), self._memory)
        else:
            child = fork(lambda outlet: trial.batch(batch, outlet, patient=patient), self._memory)
        limit = self._validating if validating else self._trying if patient else self._trying_first
        worker = _Worker(child, batch, validating, limit + 0.2, patient)
        self._workers[child.descriptor] = worker
        self._selector.register(child.descriptor, selectors.EVENT_READ)

    def _listen(self) -> None:
        for key, _ in self._selector.select(timeout=_SELECT_SECONDS):
            worker = self._workers.get(key.fd)
            if worker is None:
                continue
            for message in worker.child.read():
                self._hear(worker, message)
            if worker.child.ended:
                self._retire(worker)
        for worker in list(self._workers.values()):
            if worker.overdue():
                self._retire(worker)

    def _retire(self, worker: _Worker) -> None:
        """End a child; what it had not come to is tried again, what it died in is not."""
        self._selector.unregister(worker.child.descriptor)
        del self._workers[worker.child.descriptor]
        worker.child.end()
        if worker.validating:
            return
        rest = [one for one in worker.batch if one.number not in worker.done]
        if worker.current is not None:
            if worker.current.number not in worker.done:
                self._outcome.tried += 1
            rest = [one for one in rest if one is not worker.current]
        else:
            rest = rest[1:]  # it died before it said anything: drop one, so that the search goes on
        (self._again_patiently if worker.patient else self._again).extendleft(reversed(rest))

    def _hear(self, worker: _Worker, message: Message) -> None:
        if message[0] == "start":
            worker.current = next((one for one in worker.batch if one.number == message[1]), None)
            worker.restart_clock()
        elif message[0] == "result":
            self._result(worker, message)
        elif message[0] == "verdict":
            self._verdict(worker.batch[0], message)

    def _result(self, worker: _Worker, message: Message) -> None:
        _, number, code, fixed, shape = message
        candidate = next((one for one in worker.batch if one.number == number), None)
        if candidate is None:
            return
        worker.done.add(candidate.number)
        self._outcome.tried += 1
        if code == PASSES:
            self._to_validate.append(candidate)
        elif code == HANGS and not worker.patient:
            heapq.heappush(self._hung, (-candidate.score * _SECOND_CHANCE, candidate.number, candidate))
        elif cast("int", fixed) > 0 or (code == FAILS and shape not in self._known):
            self._outcome.partial.append(Partial(candidate, cast("int", fixed), validated=False))

    def _verdict(self, candidate: Candidate, message: Message) -> None:
        _, whole, found = message
        sorted_out = cast("Dict[str, List[int]]", found)
        if sorted_out["broken"]:
            return
        if whole and not sorted_out["unfixed"]:
            self._outcome.plausible.append(
                Plausible(candidate, sorted_out["fixed"], sorted_out["kept"], monotonic(), self._outcome.tried)
            )
        elif sorted_out["fixed"]:
            self._outcome.partial.append(Partial(candidate, len(sorted_out["fixed"]), validated=True))


def original_shapes(test: Measured) -> List[str]:
    """Return the shapes that the unpatched failure may show."""
    if not test.frames:
        return [test.outcome]
    path, line = test.frames[-1]
    base = path.rpartition("/")[2]
    return [f"{test.error}:{base}:{line}"]


def representatives(failing: Sequence[Measured], most: int = 4) -> List[Measured]:
    """Choose failing tests that fail in different ways, the quickest first and endless ones last."""
    groups: Dict[object, List[Measured]] = {}
    for test in sorted(failing, key=lambda one: (one.outcome == "hung", one.seconds)):
        groups.setdefault((test.error, test.frames[-1:]), []).append(test)
    chosen: List[Measured] = []
    while len(chosen) < most and any(groups.values()):
        for group in groups.values():
            if group and len(chosen) < most:
                chosen.append(group.pop(0))
    return sorted(chosen, key=lambda one: (one.outcome == "hung", one.seconds))
