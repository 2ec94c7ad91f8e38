"""The search in one process: candidates for one subject after another, kept where they reach something new."""

from __future__ import annotations

import builtins
import json
import os
import random as random_module
import re
import sys
from bisect import bisect_left, bisect_right
from itertools import accumulate, zip_longest
from random import Random
from time import monotonic
from types import CodeType
from typing import Dict, List, NamedTuple, Optional, Sequence, Set, Tuple

from regoose_guest.testgen.acts import FUNCTION, Act, Candidate, key_of, size_of
from regoose_guest.testgen.analyse import Facts
from regoose_guest.testgen.compared import NAME, OPERATION, Instrument, Seen
from regoose_guest.testgen.corpus import Entry
from regoose_guest.testgen.covering import Cover, code_lines, cover
from regoose_guest.testgen.expecting import Expectations
from regoose_guest.testgen.frames import innermost, is_accident
from regoose_guest.testgen.guard import Guard, Hang
from regoose_guest.testgen.keeping import Holdings
from regoose_guest.testgen.loading import Program
from regoose_guest.testgen.proposing import Acts, Proposals
from regoose_guest.testgen.regexes import matching
from regoose_guest.testgen.running import Outcome, Runner, namespace_of
from regoose_guest.testgen.scope import Scope
from regoose_guest.testgen.subjects import Found, Subject
from regoose_guest.testgen.texts import Texts, tables_of
from regoose_guest.testgen.values import Values

CALL_SECONDS = 0.3
_IMPORT_SECONDS = 20.0
_POOL = 200
"""Behaviours of a subject that are kept, for telling mutants apart."""
_WORDINGS = 3
"""Cases that are kept of an exception raised at one line."""
_CORPUS = 400
_CANDIDATES = 3000
_LEAST = 3
"""Behaviours of each subject that are observed, however many subjects there are."""
_HANGS, _WORDS = 6, 80
_WORD = re.compile(r"[A-Za-z][A-Za-z _-]{1,24}")
_LASTING = 160
"""Runs of a subject during which each call with a word of the module is kept that behaves in a new way."""
_ADDRESS = re.compile(r"0x[0-9a-f]+")
_ACCIDENTS = (TypeError, AttributeError, NameError, LookupError, RecursionError, ZeroDivisionError)
_MOST_ACCIDENTS = 150
_HALF, _WAIT = 0.6, 0.7
"""Share of the time, and of the patience, after which private functions are called of which something is hidden."""
_ROUND = 200
"""Executions between two looks at how it goes."""


class Shared(NamedTuple):
    """What every process of the engine works with."""

    program: Program
    facts: Facts
    scope: Scope
    expectations: Expectations
    scratch: str
    memory_bytes: int


class Laboratory:
    """The module in this process with everything that candidates are made and run with."""

    def __init__(self, shared: Shared, seed: int, *, is_instrumented: bool) -> None:
        self.random = Random(seed)  # noqa: S311 - a search, no secret
        random_module.seed(seed)
        self.seen = Seen()
        self.shared = shared
        builtins.__dict__.update({NAME: self.seen.compare, OPERATION: self.seen.operate})
        self.code: CodeType = shared.program.compiled(Instrument().visit if is_instrumented else None)
        self.scratch = scratch = os.path.join(shared.scratch, f"try-{os.getpid()}")
        os.makedirs(scratch, exist_ok=True)
        self.guard = Guard(scratch)
        self.guard.begin(shared.memory_bytes)
        self.guard.arm(_IMPORT_SECONDS)
        self.guard.is_armed = False  # the alarm alone: what an import opens or starts is the module's business
        try:
            self.module = shared.program.load(self.code)
        finally:
            self.guard.disarm()
        self.guard.narrow()
        self.found = Found(self.module, shared.facts, shared.scope)
        self.namespace = namespace_of(self.module)
        self.runner = Runner(self.namespace, self.guard, scratch)
        self.tables = tables_of(vars(self.module), self.found.classes, shared.facts.constants)
        texts = Texts(self.random, self.seen, shared.facts.constants, self.tables)
        self.values = Values(self.random, self.seen, shared.facts.constants, texts)
        self.values.has_today = shared.facts.reads_clock
        self.proposals = Proposals(self.found, self.values)

    def words(self) -> List[str]:
        """Return words that the module holds, and strings that its regular expressions match."""
        words = [one for one in self.shared.facts.constants.texts if _WORD.fullmatch(one)][:_WORDS]
        words += self.tables.words[:_WORDS]
        for pattern, flags in self.tables.patterns[:_WORDS]:
            words += [text for text in (matching(self.random, pattern, flags) for _ in range(2)) if text]
        return list(dict.fromkeys(words))


class Explorer:
    """Runs the loop until nothing new comes or the time is up."""

    def __init__(self, laboratory: Laboratory, target: str) -> None:
        self._laboratory = laboratory
        self._random = laboratory.random
        self._target = target
        self._subjects = list(laboratory.found.subjects)
        self._private = list(laboratory.found.private)
        self._private_keys = {one.key for one in self._private}
        self._file = laboratory.shared.program.real_path
        wanted = laboratory.shared.scope.lines
        self.cover: Cover = cover(laboratory.code, wanted)
        self._lines = code_lines(laboratory.code) if wanted is None else code_lines(laboratory.code) & wanted
        self._pools: Dict[str, Dict[str, Tuple[int, Candidate]]] = {one.key: {} for one in self._subjects}
        self._new: Dict[str, Candidate] = {}
        self.executions = 0
        self._tried: Set[str] = set()
        self._is_full = False
        self._is_lasting = False
        self._lasting: Dict[str, Candidate] = {}
        """By identity: documented calls, and calls with words of the module."""
        self._accidents: Dict[Tuple[str, str, int], Candidate] = {}
        """By subject, exception and line: the shortest call with arguments as expected that ends in an accident."""
        self._energies = list(accumulate(one.energy for one in self._subjects))
        """Running totals, for drawing one by its weight."""

    def run(self, end: float, patience: int) -> None:
        """Search until `end`, or until nothing new came in `patience` turns: these are the same on any machine."""
        if not self._subjects:
            self._write()
            return
        self._laboratory.seen.is_on = True
        self.cover.begin()
        self._import_again()
        self._begin(end)
        written = monotonic()
        half = written + _HALF * (end - written)
        turn = last_news = 0
        while True:
            turn += 1
            if turn % 20 == 0:
                now = monotonic()
                waited = turn - last_news
                if self._private and (now > half or waited > _WAIT * patience):
                    self._turn_to_private()
                    last_news = turn
                if now > end or (waited > self._patience(patience) and turn > 600):  # noqa: PLR2004 - a chance for each subject
                    break
                if now - written > 1:
                    self._write()
                    written = now
                if turn % _ROUND == 0:
                    self._weigh()
            subject = self._pick(turn)
            if subject.hangs > _HANGS and self._random.random() < 0.95:  # noqa: PLR2004 - rarely, it hangs
                continue
            acts = self._proposed(subject)
            if acts and self._try(subject, acts):
                last_news = turn
        self._write()

    def _proposed(self, subject: Subject) -> Optional[Acts]:
        try:
            return self._laboratory.proposals.propose(subject)
        except Exception:  # noqa: BLE001 - classes of the program are asked, and their hooks do as they like
            return None

    def _import_again(self) -> None:
        """See which lines and branches the import takes: they are reached in every test."""
        laboratory = self._laboratory
        program = laboratory.shared.program
        laboratory.guard.arm(_IMPORT_SECONDS)
        laboratory.guard.is_armed = False
        try:
            program.again(laboratory.module, laboratory.code)
        except BaseException:  # noqa: BLE001 - a module that bears no second import
            return
        finally:
            laboratory.guard.disarm()
            sys.modules[program.name] = laboratory.module

    def _patience(self, patience: int) -> int:
        """Return how long to wait for news: longer where lines or branches are left."""
        return patience if self._is_full else 4 * patience

    def _pick(self, turn: int) -> Subject:
        subjects = self._subjects
        if turn < 12 * len(subjects) or turn % 7 == 0:
            return subjects[turn % len(subjects)]
        return self._random.choices(subjects, cum_weights=self._energies)[0]

    def _begin(self, end: float) -> None:
        """Try documented calls first, and the module's own words where one argument is enough."""
        words = self._laboratory.words()
        for subject in self._subjects:
            for acts in self._laboratory.proposals.examples(subject):
                self._try(subject, acts, is_example=True)
            for act in self._laboratory.shared.expectations.plain_calls(
                Act(subject.kind, "", subject.name), len(subject.needed)
            ):
                self._try(subject, [act])
            if subject.kind == FUNCTION and len(subject.needed) == 1:
                for word in words:
                    if monotonic() > end:
                        return
                    self._is_lasting = True
                    self._try(subject, [Act(FUNCTION, "", subject.name, (repr(word),))])
                    self._is_lasting = False

    def _turn_to_private(self) -> None:
        """From now on call private functions as well of which the public ones leave lines or branches."""
        halves = sorted(self.cover.halves())
        hidden = sorted(self._lines - self.cover.lines)
        for one in self._private:
            first, last = one.lines
            if _within(hidden, first + 1, last) or _within(halves, first, last):
                self._subjects.append(one)
                self._pools[one.key] = {}
        self._private = []
        self._weigh()

    def _weigh(self) -> None:
        """Give energy to subjects by the lines and branches that they still hide."""
        halves = sorted(self.cover.halves())
        hidden = sorted(self._lines - self.cover.lines)
        self._is_full = not halves and not hidden
        for one in self._subjects:
            first, last = one.lines
            energy = min(4.0, _within(hidden, first + 1, last) * 0.5) + min(3.0, _within(halves, first, last) * 0.4)
            one.energy = 0.15 + energy
            if one.runs > 600 and not one.news:  # noqa: PLR2004 - a fair chance without result
                one.energy *= 0.5
        self._energies = list(accumulate(one.energy for one in self._subjects))

    def _try(self, subject: Subject, acts: Acts, *, is_example: bool = False) -> bool:
        chosen = list(self._laboratory.values.chosen)
        identity = key_of(acts)
        if identity in self._tried:
            return False
        self._tried.add(identity)
        self.cover.new = []
        before = self._laboratory.seen.news
        self.executions += 1
        subject.runs += 1
        outcome = self._run(subject, acts)
        if outcome is None:
            return False
        is_new = bool(self.cover.new) or self._laboratory.seen.news > before
        is_fine = outcome.error is None
        is_misfit = is_accident(outcome.error, self._file, self._laboratory.shared.facts.raising_lines)
        self._laboratory.values.reward(chosen, is_new=is_new, is_misfit=is_misfit, is_fine=is_fine)
        kept = acts[: len(outcome.values) + 1] if not is_fine else acts
        candidate = Candidate(subject.key, tuple(kept), is_example)
        if is_fine:
            self._learn(subject, acts, outcome)
        if is_new:
            self._keep(subject, candidate, is_fine=is_fine)
        if is_example:
            self._lasting[key_of(candidate.acts)] = candidate
        if not is_misfit:
            self._pool(subject, candidate, outcome)
        if isinstance(outcome.error, _ACCIDENTS):
            self._note(subject, candidate, outcome.error)
        return is_new

    def _run(self, subject: Subject, acts: Acts) -> Optional[Outcome]:
        """Run a candidate; None where nothing is to be learned from it."""
        is_private = subject.key in self._private_keys
        found = self._laboratory.found
        holdings = Holdings(found.module, found.classes.values()) if is_private else None
        try:
            outcome = self._laboratory.runner.run(acts, CALL_SECONDS)
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            return None
        if holdings is not None and holdings.are_changed():
            self._drop(subject)
            return None
        if isinstance(outcome.error, Hang) and not outcome.was_blocked:
            subject.hangs += 1
            return None
        return None if outcome.was_blocked else outcome

    def _drop(self, subject: Subject) -> None:
        """Call a private function no more: it changed what the module holds."""
        self._subjects = [one for one in self._subjects if one is not subject]
        self._pools[subject.key] = {}
        self._new = {key: one for key, one in self._new.items() if one.subject != subject.key}
        self._weigh()

    def _note(self, subject: Subject, candidate: Candidate, error: BaseException) -> None:
        """Remember an accident: it may look odd to a reader although it reaches nothing new."""
        if subject.key in self._private_keys:
            return  # it may rely on what its callers made sure of
        key = subject.key, type(error).__name__, innermost(error, self._file)[0]
        there = self._accidents.get(key)
        if there is not None and size_of(there) <= size_of(candidate):
            return
        if self._laboratory.shared.expectations.is_apt(candidate.acts):
            self._accidents[key] = candidate

    def _learn(self, subject: Subject, acts: Acts, outcome: Outcome) -> None:
        value = outcome.values[-1]
        self._laboratory.seen.add(value)
        if len(acts) == 1:
            name = type(value).__name__
            if self._laboratory.found.classes.get(name) is type(value):
                subject.returns[name] += 1
            if callable(value) and not isinstance(value, type):
                subject.returns["callable"] += 1

    def _keep(self, subject: Subject, candidate: Candidate, *, is_fine: bool) -> None:
        subject.news += 1
        corpus = self._laboratory.proposals.corpus[subject.key]
        corpus.append(Entry(candidate.acts, is_fine=is_fine))
        if len(corpus) > _CORPUS:
            del corpus[0]
        self._new[key_of(candidate.acts)] = candidate

    def _pool(self, subject: Subject, candidate: Candidate, outcome: Outcome) -> None:
        """Keep the shortest candidate for each behaviour."""
        behaviour = self._behaviour(candidate, outcome)
        if behaviour is None:
            return
        if self._is_lasting and behaviour not in self._pools[subject.key] and subject.runs < _LASTING:
            self._lasting[key_of(candidate.acts)] = candidate
        size = size_of(candidate)
        pool = self._pools[subject.key]
        there = pool.get(behaviour)
        if there is None:
            if len(pool) >= _POOL:
                if self._random.random() > 0.05:  # noqa: PLR2004 - a full pool changes slowly
                    return
                del pool[self._random.choice(list(pool))]
            pool[behaviour] = (size, candidate)
        elif size < there[0]:
            pool[behaviour] = (size, candidate)

    def _behaviour(self, candidate: Candidate, outcome: Outcome) -> Optional[str]:
        """Return what happened, in brief: results differ by their text, exceptions hardly by their words."""
        last = candidate.acts[-1].name if len(candidate.acts) > 1 else ""
        try:
            if outcome.error is None:
                return f"{_ADDRESS.sub('', repr(outcome.values[-1])[:200])}{last}"
            words = sum(map(ord, str(outcome.error)[:60])) % _WORDINGS
        except Exception:  # noqa: BLE001 - `repr` is the program's own
            return None
        line = innermost(outcome.error, self._file)[0]
        return f"{type(outcome.error).__name__}{line}{words}{last}"

    def candidates(self) -> List[Candidate]:
        """Return what is worth observing: what reached something, then behaviours of one subject after another."""
        found = {**self._new, **self._lasting}
        found.update((key_of(one.acts), one) for one in list(self._accidents.values())[:_MOST_ACCIDENTS])
        share = max(_LEAST, min(_POOL, _CANDIDATES // max(1, len(self._subjects))))
        samples: List[List[Candidate]] = []
        for pool in self._pools.values():
            entries = sorted(pool.values(), key=lambda entry: entry[0])
            Random(3).shuffle(entries)  # noqa: S311 - a sample
            samples.append([candidate for _, candidate in entries[:share]])
        for row in zip_longest(*samples):
            found.update((key_of(one.acts), one) for one in row if one is not None and key_of(one.acts) not in found)
        return list(found.values())

    def _write(self) -> None:
        """Write what was found, so that nothing is lost where the module ends this process."""
        halves = self.cover.halves()
        answer = {
            "candidates": self.candidates(),
            "news": len({**self._new, **self._lasting}),
            "executions": self.executions,
            "branches": len([goal for goal in self.cover.seen if goal[2] >= 0]),
            "branches_total": len([goal for goal in self.cover.seen if goal[2] >= 0]) + len(halves),
            "lines": len(self.cover.lines),
            "hidden": sorted(self._lines - self.cover.lines),
            "hangs": [one.key for one in self._subjects if one.hangs > _HANGS],
            "order": [one.key for one in self._subjects],
        }
        with open(f"{self._target}.part", "w", encoding="utf-8", errors="surrogatepass") as file:
            file.write(json.dumps(answer))  # `json.dump` is many times slower
        os.replace(f"{self._target}.part", self._target)


def _within(lines: Sequence[int], first: int, last: int) -> int:
    """Return how many of sorted lines are in a range, both its ends included."""
    return max(0, bisect_right(lines, last) - bisect_left(lines, first))


def explore(shared: Shared, seed: int, target: str, end: float, patience: int) -> None:
    """Import the module instrumented and search it; the answer is written to `target` every second."""
    laboratory = Laboratory(shared, seed, is_instrumented=True)
    Explorer(laboratory, target).run(end, patience)
