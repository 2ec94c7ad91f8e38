"""Which cases notice which mutants; and a hunt for inputs that tell the survivors from the original."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from random import Random
from time import monotonic
from types import ModuleType
from typing import Any, DefaultDict, Dict, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple
from typing import Counter as CounterOf

from regoose_guest.testgen import crew
from regoose_guest.testgen.acts import FUNCTION, STATIC, Act, Candidate, key_of, source
from regoose_guest.testgen.corpus import Entry
from regoose_guest.testgen.covering import cover
from regoose_guest.testgen.differing import differs
from regoose_guest.testgen.exploring import Laboratory, Shared
from regoose_guest.testgen.importing import Imported
from regoose_guest.testgen.mutants import Mutants, statement_lines
from regoose_guest.testgen.observing import Eyes, SeenJson
from regoose_guest.testgen.running import Runner, namespace_of
from regoose_guest.testgen.subjects import Subject

CALL_SECONDS = 0.3
_ENOUGH = 3
"""Kills of a mutant after which no more cases are tried on it."""
_WORDS = re.compile(r"[a-z]{3,}")
_TRIED = 160
"""Cases that are tried on a mutant."""
_TRIED_AT_LARGE = 300
"""The same for what runs on import, whose users are not known."""
_ROUNDS = (15, 60, 300)
"""Cases that are tried on each mutant, before more are on those that are left."""
_SUBJECTS = 6
_MUTANT_SECONDS = 1.0
_AT_ONCE = 8
"""Mutants that an input is tried on before it is known to tell one."""
_NONE: Tuple[str, List[Act]] = ("", [])
_CALLED = frozenset((FUNCTION, STATIC))
_BASES = 60
"""Cases that come by a surviving mutant, of which variations are tried on it."""
_DIRECTED, _TWICE = 0.6, 0.4
"""Share of variations of such cases, and of those that are varied twice."""
_PATIENCE, _MORE_PATIENCE = 500, 60
"""Tries without finding anything after which the hunt ends, and how many more for each mutant that is left."""
_WORDED = 0.3
"""Share of tries that are calls with a word of the module, as long as there are any."""
_LIKELY = 1.0
"""Weight from which on a kind is a likely one."""
_KNOWN = 0.02
"""What part of a try it counts for to come upon an input that was tried before, or none."""
_USUAL = 3.0
"""Seconds of hunting for which these hold; of more time, more tries."""
_LONGER = 0.7
"""Share of the time for hunting that trying cases may take where mutants are left that were not tried at all."""
_MORE_TURNS = 6
"""Mutants of a function for one of a statement that runs on import."""
_LONG = 400
"""Characters of a case beyond which it counts as long."""
_LIVE = 400
"""Mutants that are kept as modules; memory."""


class Tried(NamedTuple):
    """A case as it was observed, with its place in the driver's list."""

    number: int
    candidate: Candidate
    seen: SeenJson
    cost: float


class Sharpener:
    """One process's share of the mutants."""

    def __init__(self, shared: Shared, cases: Sequence[Tried], share: Tuple[int, int], answer: crew.Lines) -> None:
        self._laboratory = Laboratory(shared, 1000 + share[0], is_instrumented=False)
        self._shared = shared
        self._random = Random(share[0])  # noqa: S311 - a search, no secret
        self._cases = sorted(cases, key=lambda one: one.cost)
        self._answer = answer
        self._by_line: DefaultDict[int, List[int]] = defaultdict(list)
        self._subjects_of_line: DefaultDict[int, Set[str]] = defaultdict(set)
        for at, one in enumerate(self._cases):
            for _, line, mark in one.seen["goals"]:
                if mark == -1:
                    self._by_line[line].append(at)
                    self._subjects_of_line[line].add(one.candidate.subject)
        self._spans = statement_lines(shared.program.tree)
        self.mutants = Mutants(shared.program, self._laboratory.module, self._laboratory.guard)
        wanted = shared.scope.lines
        changes = enumerate(self.mutants.changes)
        numbers = [number for number, one in changes if wanted is None or one.line in wanted]
        Random(5).shuffle(numbers)  # noqa: S311 - a sample
        self._outside = Imported(shared.program.tree, shared.facts)
        self._share = self._by_turns(numbers)[share[0] :: share[1]]
        self.alive: Dict[int, List[str]] = {}
        self._live: Dict[int, Eyes] = {}
        self._reaching: Dict[int, List[int]] = {}
        self._begun: Dict[int, int] = {}
        self._killers: Dict[int, List[int]] = {}
        self._kills = [0] * len(self._cases)
        self._texts = [_text(one) for one in self._cases]
        self._source = shared.program.source.lower().splitlines()
        self._imported = self._run_on_import()

    def _run_on_import(self) -> Set[int]:
        """Return the lines of functions that run while the module is imported: by no case, and yet for all."""
        covering = cover(self._shared.program.code)
        covering.begin()
        try:
            self._shared.program.again(self._laboratory.module, self._shared.program.code)
        except Exception:  # noqa: BLE001 - a module that bears no second import
            return set()
        finally:
            covering.end()
            self.mutants.restore()
        return covering.lines

    def _by_turns(self, numbers: Sequence[int]) -> List[int]:
        """Return mutants so that each table gets its turn, and functions several: there may be no time for all."""
        turns: CounterOf[int] = Counter()
        order: Dict[int, float] = {}
        for number in numbers:
            change = self.mutants.changes[number]
            unit = -change.place.first if change.place is not None else self._outside.unit(change.line)
            turns[unit] += 1
            order[number] = turns[unit] / (_MORE_TURNS if change.place is not None else 1)
        return sorted(numbers, key=lambda number: order[number])

    def _tell(self, **said: Any) -> None:
        self._answer.add(said)

    def _eyes(self, module: ModuleType) -> Eyes:
        shared, laboratory = self._shared, self._laboratory
        compiled = laboratory.runner.compiled
        runner = Runner(namespace_of(module), laboratory.guard, laboratory.scratch, compiled)
        return Eyes(module, shared.program, shared.facts.raising_lines, runner, laboratory.guard)

    def try_all(self, end: float, latest: float) -> None:
        """
        Run the cases on each mutant until enough of them notice.

        In rounds: a few cases on every mutant first, for most are noticed soon, if need be until `latest`; then ever
        more on those that are left.
        """
        waiting = list(self._share)
        for number_of_cases, end_of_round in zip(_ROUNDS, (latest, end, end)):
            left: List[int] = []
            for number in waiting:
                if monotonic() > end_of_round:
                    break
                if self._try(number, number_of_cases):
                    left.append(number)
            waiting = left
        for number in self._reaching:
            if number in self._live and not self._killers.get(number):
                self.alive[number] = self._subjects(number)
            self._reaching[number] = self._reaching[number][:_BASES]

    def _try(self, number: int, most: int) -> bool:
        """Run so many cases on a mutant; return whether there are more to try."""
        eyes = self._live.get(number)
        if eyes is None:
            tried = self._candidates_for(number)
            module = self.mutants.load(number) if tried is not None else None
            if tried is None or module is None:
                return False
            eyes = self._eyes(module)
            self._reaching[number] = tried
            if len(self._live) < _LIVE:
                self._live[number] = eyes
        begin = self._begun.get(number, 0)
        killers = self._killers_among(eyes, self._reaching[number][begin : begin + most])
        self._begun[number] = begin + most
        if killers:
            self._killers[number] = killers
            self._tell(mutant=number, killers=[self._cases[at].number for at in killers])
            self._live.pop(number, None)
            return False
        return number in self._live and begin + most < len(self._reaching[number])

    def _candidates_for(self, number: int) -> Optional[List[int]]:
        """Return the cases to try, those first that noticed most so far; None where no case comes near."""
        line = self.mutants.changes[number].line
        reached = self._by_line.get(line)
        if not reached:
            first, last = self._spans.get(line, (line, line))
            reached = sorted({at for one in range(first, last + 1) for at in self._by_line.get(one, ())})
        if not reached:
            if self._is_inside(line) and line not in self._imported:
                return None
            return self._at_large(line)
        if len(reached) > _TRIED:
            reached = [*reached[: _TRIED // 2], *self._random.sample(reached[_TRIED // 2 :], _TRIED // 2)]
        return sorted(reached, key=lambda at: -self._kills[at])

    def _at_large(self, line: int) -> List[int]:
        """
        Return cases for a change to what is made on import.

        Those that run functions which use it, any where it is not known who does; first those that speak of the
        same words, that noticed much so far, and long ones, as they use more of it.
        """
        spans = self._outside.users(line)
        using = {at for first, last in spans for one in range(first, last + 1) for at in self._by_line.get(one, ())}
        lines = [one for one in self._outside.told_by(line) if one <= len(self._source)]
        words = {word for one in lines for word in _WORDS.findall(self._source[one - 1])}
        found = sorted(using) if using else list(range(len(self._cases)))
        self._random.shuffle(found)
        told = {at: sum(one in self._texts[at] for one in words) for at in found}
        found.sort(key=lambda at: (-told[at], -self._kills[at], -min(_LONG, len(self._texts[at]))))
        return found[:_TRIED_AT_LARGE]

    def _is_inside(self, line: int) -> bool:
        """Whether a line stands in the body of a function, and runs only when that is called."""
        return any(
            one.body[0].lineno <= line <= (one.end_lineno or 0) for one in self._shared.facts.definitions.values()
        )

    def _killers_among(self, eyes: Eyes, tried: Sequence[int]) -> List[int]:
        killers: List[int] = []
        end = monotonic() + _MUTANT_SECONDS
        self.mutants.use(eyes.module)
        try:
            for at in tried:
                if monotonic() > end:
                    break
                one = self._cases[at]
                seen = _look(eyes, one.candidate.acts)
                if differs(seen, one.seen):
                    killers.append(at)
                    self._kills[at] += 1
                    if seen is None or len(killers) >= _ENOUGH:
                        break
        finally:
            self.mutants.restore()
        return killers

    def _subjects(self, number: int) -> List[str]:
        line = self.mutants.changes[number].line
        first, last = self._spans.get(line, (line, line))
        found = sorted({one for at in range(first, last + 1) for one in self._subjects_of_line.get(at, ())})
        if not found:
            found = sorted({one.candidate.subject for one in self._cases})
        return self._random.sample(found, _SUBJECTS) if len(found) > _SUBJECTS else found

    def hunt(self, end: float, seconds: float) -> None:
        """
        Make inputs that come by surviving mutants until each is told apart, nothing new comes, or the time is up.

        `seconds` is how long the hunt was meant to be.
        """
        corpus = self._laboratory.proposals.corpus
        for one in self._cases:
            corpus[one.candidate.subject].append(Entry(one.candidate.acts, is_fine=one.seen["raised"] is None))
        subjects = {one.key: one for one in (*self._laboratory.found.subjects, *self._laboratory.found.private)}
        by_subject: DefaultDict[str, Set[int]] = defaultdict(set)
        for number, keys in self.alive.items():
            for key in keys:
                if key in subjects and number in self._live:
                    by_subject[key].add(number)
        original = self._eyes(self._laboratory.module)
        tries: DefaultDict[str, int] = defaultdict(int)
        known: Set[str] = {key_of(one.candidate.acts) for one in self._cases}
        factor = max(1.0, seconds / _USUAL)
        words = self._with_words(subjects, by_subject)
        waited = 0.0
        while True:
            open_ = [key for key, numbers in by_subject.items() if numbers]
            patience = factor * (_PATIENCE + _MORE_PATIENCE * len(self.alive))
            if not open_ or monotonic() > end or waited > patience:
                return
            waited += _KNOWN
            key, given = next(words, _NONE) if self._random.random() < _WORDED else _NONE
            if not key:
                key = self._random.choices(open_, [len(by_subject[one]) / (20 + tries[one]) for one in open_])[0]
                tries[key] += 1
                key, given = self._near(key, subjects, by_subject)
            acts = tuple(given)
            identity = key_of(acts) if acts else ""
            if not acts or identity in known:
                continue
            known.add(identity)
            waited += 1.0
            if self._hunt_one(key, acts, original, by_subject):
                waited = 0.0

    def _with_words(self, subjects: Dict[str, Subject], open_: Dict[str, Set[int]]) -> Iterator[Tuple[str, List[Act]]]:
        """Yield calls with the words of the module, written in several ways, where one argument is enough."""
        apt = [subjects[key] for key in open_ if subjects[key].kind in _CALLED and _takes_text(subjects[key])]
        for word in self._laboratory.words() if apt else ():
            for text in dict.fromkeys((word, word.lower(), word.upper(), word.capitalize(), f"{word}s")):
                for subject in apt:
                    if open_[subject.key]:
                        yield subject.key, [Act(subject.kind, "", subject.name, (repr(text),))]

    def _near(self, key: str, subjects: Dict[str, Subject], open_: Dict[str, Set[int]]) -> Tuple[str, List[Act]]:
        """Return a candidate for a subject: often a variation of a case that comes by one of its mutants."""
        random, proposals = self._random, self._laboratory.proposals
        if random.random() < _DIRECTED:
            number = random.choice(sorted(open_[key]))
            reaching = self._reaching.get(number)
            if reaching:
                one = self._cases[random.choice(reaching)]
                subject = subjects.get(one.candidate.subject)
                if subject is not None:
                    acts = proposals.variation(subject, one.candidate.acts)
                    if random.random() < _TWICE:
                        acts = proposals.variation(subject, acts)
                    open_[subject.key].add(number)
                    return subject.key, acts
        return key, proposals.propose(subjects[key])

    def _hunt_one(self, key: str, acts: Tuple[Act, ...], original: Eyes, open_: Dict[str, Set[int]]) -> bool:
        """Try a candidate on the mutants that are open for its subject; return whether it tells one."""
        seen = _look(original, acts)
        if seen is None or (seen["raised"] is not None and seen["raised"]["is_misfit"]):
            return False
        if seen["raised"] is None and not seen["rows"] and not seen["printed"]:
            return False
        if seen["raised"] is not None:
            acts = acts[: seen["ended"] + 1]
        numbers = sorted(open_[key])
        first = self._random.sample(numbers, _AT_ONCE) if len(numbers) > _AT_ONCE else numbers
        told = [number for number in first if self._tells(number, acts, seen)]
        if not told:
            return False
        if differs(_look(original, acts), seen):  # it is not the mutant, it is the weather
            return False
        told += [number for number in numbers if number not in first and self._tells(number, acts, seen)]
        self._tell(found=[key, acts], mutants=told)
        self._laboratory.proposals.corpus[key].append(Entry(acts, is_fine=seen["raised"] is None))
        for number in told:
            for one in open_.values():
                one.discard(number)
            self._live.pop(number, None)
            self.alive.pop(number, None)
        return True

    def _tells(self, number: int, acts: Sequence[Act], seen: SeenJson) -> bool:
        eyes = self._live[number]
        self.mutants.use(eyes.module)
        try:
            return differs(_look(eyes, acts), seen)
        finally:
            self.mutants.restore()


def _takes_text(subject: Subject) -> bool:
    """Whether a text is likely what a subject is called with."""
    needed = subject.needed
    if len(needed) != 1:
        return False
    kind = needed[0].kind
    if kind.name != "mix":
        return kind.name in {"str", "any"} or any(one.name == "str" for one in kind.of)
    return any(one.name == "str" and weight >= _LIKELY for one, weight in zip(kind.of, kind.weights))


def _text(one: Tried) -> str:
    """Return what a case says, for finding words in it."""
    given = [source(act) for act in one.candidate.acts]
    return " ".join([*given, *(wanted for _, _, wanted in one.seen["rows"])]).lower()


def _look(eyes: Eyes, acts: Sequence[Act]) -> Optional[SeenJson]:
    try:
        return eyes.look(acts, CALL_SECONDS)
    except Exception:  # noqa: BLE001 - what cannot be looked at
        return None


def sharpen(
    shared: Shared, cases: Sequence[Tried], share: Tuple[int, int], target: str, kills_end: float, hunt_end: float
) -> None:
    """Try the cases on a share of the mutants, then hunt; answers go to `target`, a line of JSON each."""
    answer = crew.Lines(target)
    sharpener = Sharpener(shared, cases, share, answer)
    answer.add({"mutants": len(sharpener.mutants.changes)})
    sharpener.try_all(kills_end, kills_end + _LONGER * (hunt_end - kills_end))
    sharpener.hunt(hunt_end, hunt_end - kills_end)
