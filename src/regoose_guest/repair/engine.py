"""One search from collection to result: measure, localise, hunt, compare, rank."""

from __future__ import annotations

import ast
import contextlib
import gc
from time import monotonic
from typing import FrozenSet, Iterator, List, Optional, Sequence, Set, Tuple

import pytest

from regoose_guest.forks import Outlet, ask
from regoose_guest.items import HUNG, PASSED, ItemRunner
from regoose_guest.repair.behaviour import Comparer, Comparison
from regoose_guest.repair.candidates import Candidate, Generator
from regoose_guest.repair.clones import Clones
from regoose_guest.repair.describe import describe
from regoose_guest.repair.hunt import Hunt, Outcome, representatives
from regoose_guest.repair.install import Installer
from regoose_guest.repair.localise import clues, suspects, suspicion
from regoose_guest.repair.measure import Baseline, Measured, Measurement
from regoose_guest.repair.observing import observe
from regoose_guest.repair.outcome import Reporter
from regoose_guest.repair.pairs import pairs
from regoose_guest.repair.program import Program
from regoose_guest.repair.rank import Ranked, constants_of, likelihood, rank
from regoose_guest.repair.schema import BUDGET, EXHAUSTED, PROVEN_ENOUGH, OptionsJson, ResultJson
from regoose_guest.repair.telling import Telling
from regoose_guest.repair.trial import Trial, relevant

_MEASURING_SHARE = 0.3
_OTHER_FILES_SHARE = 0.12
"""Of the budget: the time by which tests in other files than the targets' must have been measured."""
_SINGLE_SHARE = 0.65
_COMPARING_SHARE = 0.15
_LONGEST_COMPARING = 6.0
_MOST_PLAUSIBLE = 40
_MUCH_LESS_LIKELY = 0.08
"""A candidate scoring less than this share of the best plausible one is not worth waiting for."""
_LESS_LIKELY = 0.7
"""The same, once the search has gone on for long enough after the first plausible patch."""
_EXPLORING_SHARE = 0.13
_EXPLORED = 1000
"""After the first plausible patch, this many more candidates are tried, for this share of the budget at most."""
_LEAST_EXTENDING = 2.0
"""Seconds that patches have to be tried in every copy of what they edit, even where the budget is spent."""
_BATCH = 32
_SLOW = 3.0
"""A passing test that takes more seconds says nothing about how long a failing one may take."""
_ROUNDS = 2
_LEAST_FIRST_LIMIT = 0.008
_LEAST_LIMIT, _MOST_LIMIT = 0.05, 2.0
"""CPU seconds for a test under a candidate."""
_KEPT_CANDIDATES = 200_000
_NO_CRASH = frozenset(("AssertionError", "Failed", "Hang", "Killed"))
"""Failures of the test rather than of the program."""


class Engine:
    """Runs inside a pytest session that has collected and will run nothing itself."""

    def __init__(self, session: pytest.Session, options: OptionsJson, telling: Telling, started: float) -> None:
        self._items = list(session.items)
        self._options = options
        self._telling = telling
        self._started = started
        self._end = started + options["seconds"]
        self._memory = options["memory_bytes"]
        # Whatever its name: a file that tests were collected from is never edited.
        self._program = Program(options["root"], {str(item.fspath) for item in self._items})
        self._runner = ItemRunner(self._items)
        self._installer = Installer(self._program)
        self._clones = Clones(self._program)
        self._outcome = Outcome()
        self._first_found: Optional[Tuple[float, int]] = None
        self._likelihoods: List[float] = []
        """Of the plausible patches, in the order found."""
        self._seen: List[Candidate] = []
        self._told = (-1, "")
        """Number of plausible patches when the best one was last described, and its description."""

    def run(self) -> ResultJson:
        """Search and report; never raises for what the code under test does."""
        report = Reporter(self._program, self._items, self._options, self._started)
        if not self._items:
            return report.unsupported("pytest collected no test.")
        self._program.load()
        self._telling.say("measure", 0, 0, "")
        tests = self._measure()
        failing, passing = self._split(tests)
        report.measured(failing, {test.index for test in tests})
        problem = self._problem(tests, failing)
        if problem:
            return report.unsupported(problem)
        scores = suspicion(self._program, failing, passing)
        report.suspects = suspects(self._program, scores)
        self._set_limits(failing, passing)
        chosen = representatives(failing)
        for test in chosen:
            self._runner.keep_parameters(test.index)
        types = observe(
            self._program, self._runner, [t for t in chosen if t.outcome != HUNG] + passing[:10], self._memory
        )
        generator = Generator(self._program, scores, clues(failing), types)
        if not generator.statements:
            return report.unsupported("No failing test runs a line of the repository's own source files.")
        for path in {path for path, _ in scores}:
            source = self._program.source(path)
            if source is not None:
                self._installer.prepare(source)
        gc.collect()
        gc.freeze()
        trial = Trial(self._runner, self._installer, chosen, failing, passing)
        self._hunt(trial, generator)
        ranked, comparison = self._compare(failing, passing)
        return report.result(ranked, comparison, self._outcome.tried, self._stopped(), self._note(ranked))

    # measuring

    def _measure(self) -> List[Measured]:
        until = self._started + max(_MEASURING_SHARE * self._options["seconds"], 5.0)
        measurement = Measurement(self._program, self._runner, self._memory)
        first, others = self._order()
        baseline = measurement.run(first, min(until, self._end))
        if others:
            until = max(self._started + _OTHER_FILES_SHARE * self._options["seconds"], monotonic() + 1.0)
            further = measurement.run(others, min(until, self._end))
            baseline = Baseline(
                [*baseline.tests, *further.tests], sorted({*baseline.late_modules, *further.late_modules})
            )
        if baseline.late_modules:
            self._program.load(baseline.late_modules)
        return baseline.tests

    def _order(self) -> Tuple[List[int], List[int]]:
        """Split off the files of the targets, the targets first: what does not fit in time stays unmeasured."""
        targets = self._options["targets"]
        indices = range(len(self._items))
        if not targets:
            return list(indices), []
        wanted = {target.partition("::")[0] for target in targets}
        first = [index for index in indices if self._items[index].nodeid.partition("::")[0] in wanted]
        first.sort(key=lambda index: not self._is_named(self._items[index].nodeid))
        chosen = set(first)
        return first, [index for index in indices if index not in chosen]

    def _is_named(self, name: str) -> bool:
        targets = self._options["targets"]
        return name in targets or name.partition("[")[0] in targets

    def _is_target(self, test: Measured) -> bool:
        return not self._options["targets"] or self._is_named(self._items[test.index].nodeid)

    def _split(self, tests: Sequence[Measured]) -> Tuple[List[Measured], List[Measured]]:
        failing = [test for test in tests if test.red and self._is_target(test)]
        return failing, [test for test in tests if test.outcome == PASSED]

    def _problem(self, tests: Sequence[Measured], failing: Sequence[Measured]) -> str:
        if not any(self._is_target(test) for test in tests):
            return f"None of the targets was collected: {', '.join(self._options['targets'])}."
        if not failing:
            missing = len(tests) < len(self._items)
            return "The time ran out before every test was run." if missing else "Every target passes already."
        if all(test.is_import for test in failing):
            return f"The targets fail at an import: {failing[0].message}"
        return ""

    @staticmethod
    def _set_limits(failing: Sequence[Measured], passing: Sequence[Measured]) -> None:
        """CPU seconds each failing test gets under a candidate, measured against what tests take."""
        finished = sorted(test.seconds for test in (*passing, *failing) if test.outcome != HUNG)
        ordinary = finished[len(finished) // 2] if finished else 0.0
        longest = max((test.seconds for test in passing if test.seconds < _SLOW), default=0.01)
        for test in failing:
            hung = test.outcome == HUNG
            test.limit = max(_LEAST_LIMIT, min(_MOST_LIMIT, 10 * longest) if hung else 8 * test.seconds)
            own = ordinary if hung else test.seconds
            test.first_limit = min(test.limit, max(_LEAST_FIRST_LIMIT, 4 * own))

    # searching

    def _hunt(self, trial: Trial, generator: Generator) -> None:
        reserve = min(_LONGEST_COMPARING, _COMPARING_SHARE * self._options["seconds"])
        until = self._end - reserve
        single_until = self._started + (until - self._started) * _SINGLE_SHARE
        batch = _BATCH if self._repeatable(trial) else 1
        hunt = Hunt(trial, self._options["jobs"], batch, self._memory)

        def search(candidates: Iterator[Candidate], end: float, phase: str) -> None:
            hunt.run(candidates, self._outcome, end, self._settled, lambda _: self._tell(phase))

        search(self._remembered(generator), single_until, "search")
        singles, untried = self._outcome.exhausted, hunt.untried()
        if not self._outcome.plausible and monotonic() < until:
            search(pairs(self._seen, self._outcome.partial), until, "pairs")
        if not self._outcome.plausible and not singles and monotonic() < until:
            search(untried, until, "search")
        self._outcome.exhausted = self._outcome.exhausted and (singles or monotonic() < until)
        self._extend(Hunt(trial, self._options["jobs"], batch, self._memory), until)

    def _extend(self, hunt: Hunt, until: float) -> None:
        """Try what passes in every copy of the statement that it edits."""
        outcome = self._outcome
        found = sorted((one.candidate for one in outcome.plausible), key=lambda one: -one.score)
        extensions = list(self._clones.extensions(found, 1 + max((one.number for one in found), default=0)))
        if extensions:
            stopped = outcome.exhausted, outcome.settled
            end = max(until, monotonic() + _LEAST_EXTENDING)
            hunt.run(iter(extensions), outcome, end, lambda _, __: False, lambda _: self._tell("search"))
            outcome.exhausted, outcome.settled = stopped

    def _remembered(self, generator: Generator) -> Iterator[Candidate]:
        for candidate in generator:
            if len(self._seen) < _KEPT_CANDIDATES:
                self._seen.append(candidate)
            yield candidate

    def _repeatable(self, trial: Trial) -> bool:
        """Whether the failing tests fail alike when run again in one process: else each candidate needs its own."""

        def work(outlet: Outlet) -> None:
            tests = [test for test in trial.representatives if test.outcome != HUNG]
            for _ in range(_ROUNDS):
                runs = [self._runner.run(test.index, test.limit) for test in tests]
                outlet.send("round", [[ran.outcome, type(ran.error).__name__, str(ran.error)[:200]] for ran in runs])

        rounds = ask(work, self._memory, 2 + 4 * sum(test.limit for test in trial.representatives))
        return len(rounds) == _ROUNDS and rounds[0] == rounds[1]

    def _settled(self, outcome: Outcome, waiting: float) -> bool:
        if not outcome.plausible:
            return False
        if self._first_found is None:
            self._first_found = (monotonic(), outcome.tried)
        while len(self._likelihoods) < len(outcome.plausible):
            found = outcome.plausible[len(self._likelihoods)].candidate
            self._likelihoods.append(likelihood(found, frozenset()))
        best = max(self._likelihoods)
        since, tried = self._first_found
        explored = max(
            (monotonic() - since) / (_EXPLORING_SHARE * self._options["seconds"]), (outcome.tried - tried) / _EXPLORED
        )
        share = _MUCH_LESS_LIKELY + (_LESS_LIKELY - _MUCH_LESS_LIKELY) * explored
        return waiting < best * share or explored > 1.0 or len(outcome.plausible) >= _MOST_PLAUSIBLE

    def _tell(self, phase: str) -> None:
        found = self._outcome.plausible
        if self._told[0] != len(found):
            best = max(found, key=lambda one: one.candidate.score) if found else None
            self._told = (len(found), describe(best.candidate) if best else "")
        self._telling.say(phase, self._outcome.tried, len(found), self._told[1])

    def _stopped(self) -> str:
        if self._outcome.settled:
            return PROVEN_ENOUGH
        return EXHAUSTED if self._outcome.exhausted else BUDGET

    # ranking

    def _compare(self, failing: List[Measured], passing: List[Measured]) -> Tuple[List[Ranked], Comparison]:
        found = sorted(self._outcome.plausible, key=lambda one: -one.candidate.score)
        comparison = Comparison()
        if len(found) > 1:
            self._telling.say("compare", self._outcome.tried, len(found), describe(found[0].candidate))
            touching = {test.index: test for one in found for test in relevant(one.candidate, passing)}
            comparer = Comparer(self._program, self._runner, self._installer, self._memory, self._options["seed"])
            seconds = max(2.0, min(_LONGEST_COMPARING, self._end - monotonic() - 0.5))
            quick = sorted(touching.values(), key=lambda test: test.seconds)
            comparison = comparer.compare([one.candidate for one in found], failing, quick, seconds)
        errors = frozenset(test.error for test in failing)
        crashes = frozenset[str]() if errors & _NO_CRASH else errors
        wider = self._clones.wider([one.candidate for one in found])
        return rank(found, comparison, self._literals(failing), crashes=crashes, wider=wider), comparison

    def _literals(self, failing: Sequence[Measured]) -> FrozenSet[str]:
        found: Set[str] = set()
        for path in {str(self._items[test.index].path) for test in failing if hasattr(self._items[test.index], "path")}:
            with contextlib.suppress(OSError, SyntaxError, ValueError), open(path, encoding="utf-8") as file:
                found |= constants_of(ast.parse(file.read()))
        for test in failing:
            callspec = getattr(self._items[test.index], "callspec", None)
            found |= {repr(value) for value in getattr(callspec, "params", {}).values()}
        return frozenset(found)

    def _note(self, ranked: Sequence[Ranked]) -> str:
        if ranked:
            return ""
        reason = "every likely edit was tried" if self._outcome.exhausted else "the time ran out"
        return f"No edit passes the targets without breaking another test; {reason}."
