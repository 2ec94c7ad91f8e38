"""
How candidates behave on inputs that no test has: who agrees with whom, and where they part.

Passing the tests is not being right (Smith, Barr, Le Goues, Brun: Is the cure worse than the disease?, FSE 2015).
What passed before should stay as it was, and what failed should change, on inputs near those tests too (after Xiong
et al.: Identifying patch correctness in test-based program repair, ICSE 2018).
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from hashlib import blake2b
from random import Random
from time import monotonic, process_time
from typing import Dict, List, Optional, Sequence, Set, Tuple, cast

from regoose_guest.forks import Outlet, fork
from regoose_guest.items import Hang, ItemRunner, arm, disarm
from regoose_guest.repair.candidates import Candidate
from regoose_guest.repair.inputs import Mutator
from regoose_guest.repair.install import Installer
from regoose_guest.repair.measure import Measured
from regoose_guest.repair.program import LiveKey, Program
from regoose_guest.repair.recording import Call, Recorder, function_of, is_inside
from regoose_guest.repair.showing import canonical, shorten
from regoose_guest.repair.source import first_line

_INPUTS = 2000
"""Calls generated at most; as many of them are used as there is time for."""
_GENERATING_SHARE = 0.15
_MARGIN, _SLOWER = 3, 4
"""The unpatched program gets a third of its equal share of the time, each candidate up to four thirds of it."""
_PASSING_TESTS = 25
_FAILING_TESTS = 8
_CPU_PER_CALL = 0.04
_CPU_PER_CANDIDATE = 1.5
_TEXT, _PLAIN_TEXT = 2000, 64

RETURNED, RAISED, ENDLESS, UNKNOWN = "o", "e", "h", "u"
Answer = Tuple[str, str, str]
"""Kind of ending, canonical text to compare by, short text to show."""
_UNKNOWN: Answer = UNKNOWN, "", ""


@dataclass
class Comparison:
    """Answers of the unpatched program and of each candidate to the same calls."""

    texts: List[str] = field(default_factory=list[str])
    """The calls, to show."""
    near_red: List[bool] = field(default_factory=list[bool])
    generated: List[bool] = field(default_factory=list[bool])
    before: List[Answer] = field(default_factory=list[Answer])
    answers: Dict[int, List[Answer]] = field(default_factory=dict[int, List[Answer]])
    """By candidate number."""


class Comparer:
    """Records calls in the tests, then lets candidates answer them and their variations."""

    def __init__(
        self, program: Program, runner: ItemRunner, installer: Installer, memory_bytes: int, seed: int
    ) -> None:
        self._program = program
        self._runner = runner
        self._installer = installer
        self._memory = memory_bytes
        self._seed = seed

    def compare(
        self, candidates: Sequence[Candidate], failing: Sequence[Measured], passing: Sequence[Measured], seconds: float
    ) -> Comparison:
        """Compare within about `seconds`; candidates that found no time are absent from the answers."""
        comparison = Comparison()
        end = monotonic() + seconds
        child = fork(lambda outlet: self._work(candidates, failing, passing, seconds, outlet), self._memory)
        try:
            for message in child.messages(lambda: end + 2 - monotonic()):
                if message[0] == "calls":
                    comparison.texts = cast("List[str]", message[1])
                    comparison.near_red = cast("List[bool]", message[2])
                    comparison.generated = cast("List[bool]", message[3])
                elif message[0] == "before":
                    comparison.before = [_answer(one) for one in cast("List[List[str]]", message[1])]
                elif message[0] == "answers":
                    found = [_answer(one) for one in cast("List[List[str]]", message[2])]
                    comparison.answers[cast("int", message[1])] = found
        finally:
            child.end()
        return comparison

    def _work(
        self,
        candidates: Sequence[Candidate],
        failing: Sequence[Measured],
        passing: Sequence[Measured],
        seconds: float,
        outlet: Outlet,
    ) -> None:
        end = monotonic() + seconds
        recorded = self._record(candidates, failing, passing)
        made = Mutator(recorded, self._seed).calls(_INPUTS, _GENERATING_SHARE * seconds)
        share = (end - monotonic()) / (_MARGIN * (len(candidates) + 1))
        calls, before = self._answered(recorded, made, share)
        outlet.send(
            "calls",
            [_call_text(self._program, c) for c in calls],
            [c.near_red for c in calls],
            [c.generated for c in calls],
        )
        outlet.send("before", before)
        for candidate in candidates:
            if monotonic() > end:
                return
            answers = self._apart(candidate, calls, _SLOWER * share)
            if answers is not None:
                unasked = [_UNKNOWN] * (len(calls) - len(answers))
                outlet.send("answers", candidate.number, [*answers, *unasked])

    def _answered(
        self, recorded: Sequence[Call], made: Sequence[Call], seconds: float
    ) -> Tuple[List[Call], List[Answer]]:
        """Return as many calls as the unpatched program answers within CPU seconds, and what it answers."""
        near = [call for call in recorded if call.near_red]
        others = [*(call for call in recorded if not call.near_red), *made]
        Random(self._seed).shuffle(others)  # noqa: S311 - a fair sample, where not all are asked
        calls = [*near, *others]
        before = self._apart(None, calls, seconds) or []
        order = sorted(range(len(before)), key=lambda place: len(_call_text(self._program, calls[place])))
        return [calls[place] for place in order], [before[place] for place in order]

    def _record(
        self, candidates: Sequence[Candidate], failing: Sequence[Measured], passing: Sequence[Measured]
    ) -> List[Call]:
        recorder = Recorder(self._program, edited_functions(candidates))
        for near_red, tests in ((True, failing[:_FAILING_TESTS]), (False, passing[:_PASSING_TESTS])):
            recorder.near_red = near_red
            for test in tests:
                recorder.start()
                try:
                    self._runner.run(test.index, test.limit if near_red else max(0.2, test.seconds * 8))
                finally:
                    recorder.stop()
        return _unique(recorder.calls)

    def _apart(self, candidate: Optional[Candidate], calls: Sequence[Call], seconds: float) -> Optional[List[Answer]]:
        """Answer calls, as many as end within the CPU seconds, in a process of its own."""

        def work(outlet: Outlet) -> None:
            unchanged: Set[int] = self._install(candidate, calls) if candidate is not None else set()
            start = process_time()
            ending = 0.0
            for call in calls:
                began = process_time()
                if ending > seconds or began - start > _CPU_PER_CANDIDATE:
                    break
                answer = self._answer(call, unchanged)
                ending += process_time() - began if answer[0] != ENDLESS else 0.0
                outlet.send("answer", *answer)
            outlet.send("end")

        child = fork(work, self._memory)
        found: List[Answer] = []
        try:
            for message in child.messages(lambda: _CPU_PER_CANDIDATE * 2):
                if message[0] == "end":
                    return found
                found.append(_answer(cast("List[str]", message[1:])))
        finally:
            child.end()
        # The process died in a call: no telling about the rest.
        return [*found, *([_UNKNOWN] * (len(calls) - len(found)))] if found else None

    def _install(self, candidate: Candidate, calls: Sequence[Call]) -> Set[int]:
        """Make a candidate live; return the closures, by id, that should have changed and could not."""
        edited = edited_functions([candidate])
        inside = [function_of(self._program, call) for call in calls if is_inside(call.key, edited)]
        codes = {id(function): (function, function.__code__) for function in inside if function is not None}
        self._installer.install(candidate)
        return {place for place, (function, code) in codes.items() if function.__code__ is code}

    def _answer(self, call: Call, unchanged: Set[int]) -> Answer:
        function = function_of(self._program, call)
        if function is None or id(function) in unchanged:
            return _UNKNOWN
        try:
            positional, keywords = copy.deepcopy((call.positional, call.keywords))
        except Exception:  # noqa: BLE001 - copying is the program's
            return _UNKNOWN
        try:
            arm(_CPU_PER_CALL, 1.0)
            value = function(*positional, **keywords)
            text, shown = canonical(value), shorten(value)
            text = f"{text}|{canonical(positional)}"
            disarm()
        except Hang:
            return ENDLESS, "", "does not end"
        except RecursionError:
            disarm()
            return RAISED, "RecursionError", "RecursionError"
        except BaseException as error:  # noqa: BLE001 - whatever the program raises is its answer
            disarm()
            return RAISED, _compact(_error_key(error)), _error_text(error)
        finally:
            disarm()
        return RETURNED, _compact(text), shown


def edited_functions(candidates: Sequence[Candidate]) -> Dict[LiveKey, int]:
    """Return the functions that candidates edit, with their last lines."""
    keys: Dict[LiveKey, int] = {}
    for candidate in candidates:
        for part in candidate.parts:
            if part.scope is not None:
                function = part.scope.function
                keys[(part.source.path, first_line(function), function.name)] = function.end_lineno or function.lineno
    return keys


def _answer(one: Sequence[str]) -> Answer:
    return str(one[0]), str(one[1]), str(one[2])


def _unique(calls: Sequence[Call]) -> List[Call]:
    seen: Dict[str, Call] = {}
    for call in calls:
        text = f"{call.key}{call.which}{canonical(call.positional)}{canonical(call.keywords)}"
        # Known from a failing test weighs more: the value there is known to be wrong somewhere.
        if text not in seen or call.near_red:
            seen[text] = call
    return list(seen.values())


def _compact(text: str) -> str:
    """Shorten what is compared only: thousands of answers are held of each candidate."""
    return text if len(text) <= _PLAIN_TEXT else blake2b(text[:_TEXT].encode(errors="replace")).hexdigest()[:32]


def _error_key(error: BaseException) -> str:
    """Tell exceptions apart by class and arguments."""
    try:
        return f"{type(error).__name__}{canonical(error.args)}"
    except Exception:  # noqa: BLE001 - the exception is the program's
        return type(error).__name__


def _error_text(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - str is the program's
        text = ""
    return f"{type(error).__name__}: {text[:120]}" if text else type(error).__name__


def _call_text(program: Program, call: Call) -> str:
    """Write a call as an expression, as far as its arguments can be written; a method on what it is called on."""
    shown = [shorten(value) for value in call.positional]
    named = [f"{name}={shorten(value)}" for name, value in call.keywords.items()]
    function = function_of(program, call)
    owner, _, _ = getattr(function, "__qualname__", "").rpartition(".")
    if shown and owner and not owner.endswith("<locals>"):
        return f"{shown[0]}.{call.key[2]}({', '.join([*shown[1:], *named])})"
    return f"{call.key[2]}({', '.join([*shown, *named])})"
