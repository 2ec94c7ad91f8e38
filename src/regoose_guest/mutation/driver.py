"""The driving process: which mutant meets which tests, in which child, and for how long."""

from __future__ import annotations

import math
import re
import select
import socket
from collections import defaultdict, deque
from time import monotonic
from typing import Callable, DefaultDict, Deque, Dict, FrozenSet, List, Optional, Sequence, Set, Tuple, cast

from regoose_guest.forks import Child, Outlet, branch
from regoose_guest.items import FAILED, HUNG, PASSED
from regoose_guest.mutation.imports import Imports
from regoose_guest.mutation.reach import Reach
from regoose_guest.mutation.roles import Asked, Become, Collector, Importer, Progress, Role, Server
from regoose_guest.mutation.schema import (
    KILLED,
    NOT_RUN,
    SURVIVED,
    TIMEOUT,
    UNCOVERED,
    CollectedJson,
    MutantJson,
    OptionsJson,
    ResultJson,
    TestJson,
)
from regoose_guest.mutation.subject import Subject

_BASELINE_SHARE = 0.4
"""Of the time: until when tests are run on the module as it is."""
_BASELINE_LIMIT = 3.0
_LEAST_LIMIT, _TIMES_SLOWER = 0.2, 10.0
"""CPU seconds that a test gets on a mutant: so many, and so often what it took."""
_LEAST_IMPORT, _TIMES_IMPORT = 1.0, 5.0
"""The same for an import, by what the import and the collection took."""
_ASK_SECONDS = 5.0
_POLL = 0.05
_LONG_WORD = re.compile(r"[^\W_]{3,}")


class Running:
    """A child that runs tests, and how far it is."""

    def __init__(self, child: Child, asked: Asked, patience: float, progress: Progress) -> None:
        self.child = child
        self.asked = asked
        self.ran: List[Tuple[int, str, float]] = []
        """Number of the test, outcome, CPU seconds; on a mutant of those alone that noticed."""
        self.own: List[str] = []
        """Files of the repository that it had imported in the end, where it says so."""
        self.is_refused = False
        self.is_done = False
        self._progress = progress
        self._at = 0
        """Where it was when last looked at, since when, and the CPU seconds used when it was first found late there."""
        self._since = monotonic()
        self._late: Optional[float] = None
        self._patience = patience
        """CPU seconds beyond those of a test until it has finished the first."""

    def read(self) -> None:
        """Take what it said. A child that ended in the middle of a test failed it."""
        for message in self.child.read():
            if message[0] == "ran":
                _, number, outcome, seconds = message
                self.ran.append((cast("int", number), cast("str", outcome), cast("float", seconds)))
            elif message[0] == "own":
                self.own = cast("List[str]", message[1])
            self.is_refused |= message[0] == "refused"
            self.is_done |= message[0] in {"refused", "end"}
        if self.child.ended and not self.is_done:
            self._give_up(FAILED)

    def check(self) -> None:
        """End it where it hangs in a way that it cannot notice itself."""
        at = self._progress.at(self.asked.slot)
        if at != self._at:
            self._at, self._since, self._late, self._patience = at, monotonic(), None, 0.0
        limit = self._patience + self.asked.limits[at]
        waited = monotonic() - self._since
        if waited < 1.5 * limit + 0.5:
            return
        used = self.child.cpu_seconds()
        if self._late is None:
            self._late = used
        if waited > 5 * limit + 4 or used - self._late > limit:
            self._give_up(HUNG)

    def _give_up(self, outcome: str) -> None:
        self.ran.append((self.asked.order[self._progress.at(self.asked.slot)], outcome, 0.0))
        self.is_done = True


class Driver:
    """Drives one analysis. Forked children leave it by `Become`, so nothing in it may clean up on its way out."""

    def __init__(self, options: OptionsJson, subject: Subject, started: float) -> None:
        self._options = options
        self._subject = subject
        self._started = started
        self._end = started + options["seconds"]
        self._tests = Tests(options["tests"], options["first"])
        self._sample, self._possible = subject.sample(options["lines"], options["most"], options["seed"])
        self._mutants: Dict[int, Tuple[str, List[int]]] = {}
        """Status and killers of those that were tried."""
        self._dropped: Set[int] = set()
        self._doubtful: Set[int] = set()
        """Those that a test reaches for whose run on the module as it is there was no time."""
        self._running: List[Running] = []
        self._imports = Imports(options["root"])
        self.progress = Progress()
        self._server: Optional[Server] = None
        self._reach: Optional[Reach] = None

    def begin(self) -> bool:
        """Fork the collector. Whether the module is still to be imported where it begins to collect."""
        mine, its = socket.socketpair()
        child = self._branch(lambda outlet: Collector(outlet, its), 2 * self._options["memory_bytes"])
        its.close()
        mine.settimeout(_ASK_SECONDS)
        self._server = Server(child, mine)
        for message in child.messages(lambda: self._end - monotonic()):
            if message[0] == "ready":
                return bool(message[1])
        return False

    def run(self) -> ResultJson:
        """Run the tests on the module as it is, then on the mutants; raises `Become` in children."""
        server = self._server
        if server is None or not self._has_collected(server):
            return self.result("The tests could not be collected.")
        self._measure(server)
        self._imports.prepare(self._tests.own, self._tests.others)
        words = [words for path, words in self._imports.words.items() if path != self._subject.real]
        self._reach = self._subject.reach(self._tests.import_lines, frozenset[str]().union(*words))
        self._try_all(server)
        for one in self._running:
            one.child.end()
        server.child.end()
        return self.result("")

    def _has_collected(self, server: Server) -> bool:
        for message in server.child.messages(lambda: self._end - monotonic()):
            if message[0] == "collected":
                self._tests.collected(cast("CollectedJson", message[1]))
                return True
        server.child.end()
        return False

    def result(self, note: str) -> ResultJson:
        """Return what is known by now."""
        changes, wording = self._subject.changes, self._subject.wording
        mutants: List[MutantJson] = []
        for number in sorted(self._sample):
            if number in self._dropped:
                continue
            status, killers = self._mutants.get(number, (NOT_RUN, []))
            before, after = wording.of(changes[number])
            mutants.append(
                {
                    "line": changes[number].line,
                    "operator": changes[number].operator,
                    "before": before,
                    "after": after,
                    "status": status,
                    "killers": [self._tests.ids[one] for one in killers],
                    "likely_equivalent": wording.is_idle(changes[number]),
                }
            )
        missing, red = self._tests.unused()
        return {
            "mutants": mutants,
            "possible": self._possible - len(self._dropped),
            "missing": missing,
            "red": red,
            "note": note,
            "seconds": monotonic() - self._started,
        }

    def _branch(self, role: Callable[[Outlet], Role], memory: int) -> Child:
        made = branch(memory)
        if isinstance(made, Outlet):
            raise Become(role(made))
        return made

    def _measure(self, server: Server) -> None:
        """Run the tests in order and the other way round: one that fails either way judges nothing."""
        until = monotonic() + _BASELINE_SHARE * (self._end - monotonic())
        orders: Deque[List[int]] = deque([self._tests.found, self._tests.found[::-1]])
        while (orders or self._running) and monotonic() < until:
            while orders and len(self._running) < self._options["jobs"]:
                order = orders.popleft()
                asked = Asked(-1, order, [_BASELINE_LIMIT] * len(order), 0, self._slot(), 0)
                self._running.append(Running(server.ask(asked), asked, 1.0, self.progress))
            for one in self._wait():
                self._tests.measured(one.ran)
                self._tests.own = one.own or self._tests.own
                rest = one.asked.order[len(one.ran) :]
                if rest:
                    orders.append(rest)
        for one in self._running:
            one.child.end()
            self._tests.measured(one.ran)
        self._running = []

    def _try_all(self, server: Server) -> None:
        queue: Deque[Tuple[int, bool]] = deque((number, False) for number in self._sample)
        while (queue or self._running) and monotonic() < self._end:
            while queue and len(self._running) < self._options["jobs"]:
                number, is_refused = queue.popleft()
                started = self._start(number, server, is_refused=is_refused)
                if started is not None:
                    self._running.append(started)
            for one in self._wait():
                if one.is_refused:
                    queue.appendleft((one.asked.mutant, True))
                else:
                    self._settle(one)

    def _start(self, number: int, server: Server, *, is_refused: bool) -> Optional[Running]:
        """Begin with a mutant; None where that is not worth it."""
        lines = self._subject.lines_of(number)
        is_outside = self._subject.place_of(number) is None
        by_import = is_refused or is_outside or not lines.isdisjoint(self._tests.import_lines)
        reach = self._reach.of(self._subject.changes[number]) if self._reach is not None and is_outside else None
        words = _long_words(self._subject.text_of(number)) if is_outside else frozenset[str]()
        chosen = self._tests.reaching(lines, words, reach, is_outside=is_outside)
        if not chosen:
            self._mutants[number] = (UNCOVERED, [])
            return None
        known = self._tests.measured_of(chosen)
        if len(known) < len(chosen):
            self._doubtful.add(number)
        if not known:
            return None
        chosen = known
        code = self._subject.whole(number) if by_import else self._subject.alone(number)
        if code is None:
            self._dropped.add(number)
            return None
        options = self._options
        limits = self._tests.limits(chosen)
        asked = Asked(number, chosen, limits, options["killers"], self._slot(), options["first"])
        if not by_import:
            return Running(server.ask(asked), asked, 1.0, self.progress)
        limit = _LEAST_IMPORT + _TIMES_IMPORT * self._tests.collecting
        codes = {**self._imports.codes, self._subject.real: code}
        child = self._branch(lambda outlet: Importer(outlet, asked, limit, codes), self._options["memory_bytes"])
        return Running(child, asked, limit, self.progress)

    def _slot(self) -> int:
        """Return a place in the shared memory that no running child has."""
        taken = {one.asked.slot for one in self._running}
        slot = next(slot for slot in range(len(taken) + 1) if slot not in taken)
        self.progress.mark(slot, 0)
        return slot

    def _settle(self, one: Running) -> None:
        noticed = [(number, outcome) for number, outcome, _ in one.ran if outcome in {FAILED, HUNG}]
        status = SURVIVED
        if noticed:
            status = KILLED if noticed[0][1] == FAILED else TIMEOUT
        elif one.asked.mutant in self._doubtful:
            return
        killers = [number for number, _ in noticed]
        self._tests.killed(killers)
        self._mutants[one.asked.mutant] = (status, killers)

    def _wait(self) -> List[Running]:
        """Wait for something to happen; return those that are done, no longer among the running."""
        if not self._running:
            return []
        ready, _, _ = select.select([one.child.descriptor for one in self._running], [], [], _POLL)
        for one in self._running:
            if one.child.descriptor in ready:
                one.read()
            else:
                one.check()
        done = [one for one in self._running if one.is_done]
        self._running = [one for one in self._running if not one.is_done]
        for one in done:
            one.child.end()
        return done


class Tests:
    """The tests by their numbers: which are of use, what they run, take and notice."""

    __test__ = False  # pytest would collect it by its name

    def __init__(self, tests: Sequence[TestJson], first: int) -> None:
        self._first = first
        self.ids = [test["id"] for test in tests]
        self.found: List[int] = []
        self.import_lines: FrozenSet[int] = frozenset()
        self.collecting = 0.0
        """CPU seconds."""
        self.own: List[str] = []
        """Files of the repository that the tests import, and modules from elsewhere."""
        self.others: List[str] = []
        self._sharing: FrozenSet[int] = frozenset()
        self._is_imported = True
        self._lines = [frozenset(test["lines"]) for test in tests]
        self._red: Set[int] = set()
        self._seconds: Dict[int, float] = {}
        self._kills = [0] * len(tests)
        self._words = [_long_words(name) for name in self.ids]
        self._by_line: DefaultDict[int, List[int]] = defaultdict(list)
        for number, lines in enumerate(self._lines):
            for line in lines:
                self._by_line[line].append(number)

    def collected(self, facts: CollectedJson) -> None:
        """Take what the collector found."""
        self.found, self._sharing = facts["found"], frozenset(facts["sharing"])
        self.import_lines = frozenset(facts["lines"])
        self._is_imported = facts["is_imported"]
        self.collecting = facts["seconds"]
        self.own, self.others = facts["own"], facts["others"]

    def measured(self, ran: Sequence[Tuple[int, str, float]]) -> None:
        """Take how tests ended on the module as it is."""
        for number, outcome, seconds in ran:
            if outcome != PASSED:
                self._red.add(number)
            self._seconds[number] = max(seconds, self._seconds.get(number, 0.0))

    def unused(self) -> Tuple[List[str], List[str]]:
        """Return the ids of the tests that were not found, and of those that do not pass."""
        found = set(self.found)
        missing = [name for number, name in enumerate(self.ids) if number not in found]
        return missing, [self.ids[number] for number in sorted(self._red)]

    def reaching(
        self, lines: FrozenSet[int], words: FrozenSet[str], reach: Optional[FrozenSet[int]], *, is_outside: bool
    ) -> List[int]:
        """
        Return the usable tests that a change on one of the lines matters to.

        Of each part, those with `words` of the change in their names come first, then the best killers, then the
        quickest. `reach`: where the lines run on import, those of which a test that it matters to runs one. One test
        is tried in any case: the import itself may fail.
        """
        usable = set(self.found) - self._red
        if is_outside and not self._is_imported:
            chosen = {number for number in usable if self._lines[number]}
        elif lines.isdisjoint(self.import_lines):
            chosen = usable.intersection(number for line in lines for number in self._by_line.get(line, ()))
        elif reach is None:
            chosen = usable
        else:
            chosen = usable.intersection(number for line in reach for number in self._by_line.get(line, ()))
            chosen = chosen or set(sorted(usable, key=self._cost)[:1])
        return sorted(chosen, key=lambda number: self._rank(number, words))

    def _rank(self, number: int, words: FrozenSet[str]) -> Tuple[bool, int, int, float, int]:
        is_later = number >= self._first
        return is_later, -len(words & self._words[number]), -self._kills[number], self._cost(number), number

    def _cost(self, number: int) -> float:
        return self._seconds.get(number, math.inf)

    def measured_of(self, numbers: Sequence[int]) -> List[int]:
        """Return those of the tests that have been run on the module as it is."""
        return [number for number in numbers if number in self._seconds]

    def limits(self, order: Sequence[int]) -> List[float]:
        """Return the CPU seconds that tests get on a mutant."""
        shared = max((self._seconds.get(number, 0.0) for number in self._sharing), default=0.0)
        return [
            _LEAST_LIMIT + _TIMES_SLOWER * max(self._seconds[number], shared if number in self._sharing else 0.0)
            for number in order
        ]

    def killed(self, killers: Sequence[int]) -> None:
        """Remember which tests notice."""
        for number in killers:
            self._kills[number] += 1


def _long_words(text: str) -> FrozenSet[str]:
    return frozenset(_LONG_WORD.findall(text.lower()))
