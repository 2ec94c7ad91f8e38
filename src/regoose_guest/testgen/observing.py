"""What happens in a candidate, as assertions: in a fresh interpreter, so that nothing depends on the search."""

from __future__ import annotations

import builtins
import io
import json
import linecache
import os
import random
import sys
from time import monotonic
from types import ModuleType
from typing import Any, Dict, Iterator, List, Optional, Sequence, Set, Tuple, TypedDict

from regoose_guest.testgen.acts import CONSTRUCTOR, Act, Candidate, enters, from_json, held_arguments, is_statement
from regoose_guest.testgen.covering import Cover, Goal, cover
from regoose_guest.testgen.crew import Lines
from regoose_guest.testgen.doubting import Draws
from regoose_guest.testgen.frames import innermost
from regoose_guest.testgen.guard import Blocked, Guard, Hang
from regoose_guest.testgen.loading import Program
from regoose_guest.testgen.running import Outcome, Runner, namespace_of
from regoose_guest.testgen.showing import ADDRESS, Row, Shower

CALL_SECONDS = 1.0
_PART = 100
"""Candidates after which both interpreters have seen the same ones."""
_SEEDING = "random.seed(0)"
"""What a test does first whose outcome draws on the shared generator."""
_UNDRAWN = 0.8444218515250481
"""The first number after `_SEEDING`, in every Python 3: another one tells that numbers were drawn."""
_LONGEST_MESSAGE = 160
_LONGEST_PRINTED = 400
_NOT_ASSERTED = (KeyboardInterrupt, MemoryError, GeneratorExit, Blocked, Hang)
_NOTHING: Row = ("is", "result", "None")
"""Not worth a line where something else is to be seen."""
_MISFITS = (TypeError, AttributeError, NameError, AssertionError, SyntaxError, RecursionError)


class RaisedJson(TypedDict):
    """An exception; see `regoose_guest.testgen.case.Raised`."""

    type: str
    module: str
    message: str
    said: str
    is_explicit: bool
    is_misfit: bool
    line: int


class SeenJson(TypedDict):
    """What was seen in a candidate whose first `ended` acts ended."""

    ended: int
    wrapped: str
    rows: List[Row]
    raised: Optional[RaisedJson]
    printed: str
    pins: List[str]
    """Statements that hold still what would differ from run to run."""
    goals: List[Goal]
    is_drawn: bool
    """Whether random bytes of the system went into it."""


class Eyes:
    """Observes outcomes in one process."""

    def __init__(self, module: ModuleType, program: Program, raising: Set[int], runner: Runner, guard: Guard) -> None:
        self.module = module
        self._path = program.real_path
        self._raising = raising
        self._guard = guard
        self.runner = runner
        self.shower = Shower(module, runner.namespace)
        self._made: Dict[Act, List[Row]] = {}

    def look(self, acts: Sequence[Act], seconds: float = CALL_SECONDS) -> Optional[SeenJson]:
        """Run the acts and return what can be asserted; None where nothing may be."""
        random.seed(0)
        outcome = self.runner.run(acts, seconds, holds=True)
        if outcome.was_blocked or isinstance(outcome.error, _NOT_ASSERTED):
            return None
        if outcome.error is None and isinstance(outcome.values[-1], str) and ADDRESS in outcome.values[-1]:
            return None  # not even the length of such a text holds
        rows: List[Row] = []
        raised = None if outcome.error is None else self._raised(outcome.error)
        if outcome.error is None:
            kept = sys.stdout, sys.stderr
            sys.stdout = sys.stderr = io.StringIO()
            self._guard.arm(seconds)
            try:
                rows = self._rows(acts, outcome)
            except BaseException:  # noqa: BLE001 - looking runs the program's own code
                return None
            finally:
                self._guard.disarm()
                sys.stdout, sys.stderr = kept
        printed = outcome.printed if len(outcome.printed) <= _LONGEST_PRINTED and ADDRESS not in outcome.printed else ""
        return {
            "ended": len(outcome.values),
            "wrapped": outcome.wrapped,
            "rows": rows,
            "raised": raised,
            "printed": printed,
            "pins": [] if random.random() == _UNDRAWN else [_SEEDING],  # noqa: S311 - no secret
            "goals": [],
            "is_drawn": False,
        }

    def _rows(self, acts: Sequence[Act], outcome: Outcome) -> List[Row]:
        last = acts[-1]
        value = outcome.values[-1]
        rows: List[Row] = []
        if not is_statement(last):
            is_made = last.kind == CONSTRUCTOR
            rows = self.shower.state("result", value, is_made=True) if is_made else self.shower.checks("result", value)
        if len(acts) > 1:
            made = outcome.values[0]
            if self.shower.source(made) is None or acts[0].kind == CONSTRUCTOR:
                state = self.shower.state("v0", made, is_made=True)
                state = [row for row in state if row[0] != "isinstance"]
                rows = state if value is made and enters(last) and state else rows + state
        return rows + self._changed(last)

    def _changed(self, last: Act) -> List[Row]:
        """Return what became of the lists, dicts, sets and files that the last act was given, and changed."""
        rows: List[Row] = []
        for name, text in held_arguments(last)[1].items():
            now = self.shower.source(self.runner.locals.get(name))
            if now is not None and now != self.shower.source(self.runner.value(text, dict(self.runner.locals))):
                rows.append(("equal", name, now))
        rows += [("equal", looked, repr(text)) for looked, text in self.runner.files.items()]
        return rows

    def as_made(self, first: Act) -> List[Row]:
        """Return what can be said of the object of a first act before anything is done with it."""
        if first not in self._made:
            self._made[first] = []
            outcome = self.runner.run([first], CALL_SECONDS)
            if outcome.error is None and not is_statement(first):
                self._guard.arm(CALL_SECONDS)
                try:
                    self._made[first] = self.shower.state("v0", outcome.values[0], is_made=True)
                except BaseException:  # noqa: BLE001 - looking runs the program's own code
                    return []
                finally:
                    self._guard.disarm()
        return self._made[first]

    def _raised(self, error: BaseException) -> RaisedJson:
        line, is_last = innermost(error, self._path)
        is_explicit = (is_last and line in self._raising) or (not is_last and _raised_on_purpose(error))
        is_explicit = is_explicit or isinstance(error, SystemExit)
        message = str(error)
        is_telling = is_explicit and 0 < len(message) <= _LONGEST_MESSAGE and ADDRESS not in message
        name, module = self._name(type(error))
        return {
            "type": name,
            "module": module,
            "message": message if is_telling and "\n" not in message and os.getcwd() not in message else "",
            "said": message[:_LONGEST_MESSAGE],
            "is_explicit": is_explicit,
            "is_misfit": isinstance(error, _MISFITS) and not is_explicit,
            "line": line,
        }

    def _name(self, kind: type) -> Tuple[str, str]:
        """Return how a test names an exception class: by the module under test where that has it."""
        name = kind.__qualname__
        if getattr(builtins, name, None) is kind:
            return name, "builtins"
        if getattr(self.module, name, None) is kind:
            return name, self.module.__name__
        module, _, rest = kind.__module__, "", ""
        while "." in module:
            outer = module.rpartition(".")[0]
            if getattr(sys.modules.get(outer), name, None) is not kind:
                break
            module = outer
        return name + rest, module


def _raised_on_purpose(error: BaseException) -> bool:
    """Whether the innermost frame stands at a `raise` statement of Python code."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return False
    line = linecache.getline(trace.tb_frame.f_code.co_filename, trace.tb_lineno)
    return line.lstrip().startswith(("raise ", "raise(", "assert "))


def agreed(one: Optional[SeenJson], other: Optional[SeenJson]) -> Optional[SeenJson]:
    """Return what two fresh interpreters saw alike; None where they disagree on what can be asserted."""
    if one is None or other is None or one["ended"] != other["ended"] or one["wrapped"] != other["wrapped"]:
        return None
    mine, theirs = one["raised"], other["raised"]
    if (mine is None) != (theirs is None):
        return None
    if mine is not None and theirs is not None:
        if (mine["type"], mine["module"]) != (theirs["type"], theirs["module"]):
            return None
        if mine["message"] != theirs["message"]:
            mine["message"] = ""
    if one["printed"] != other["printed"]:
        one["printed"] = ""
    known = set(map(tuple, other["rows"]))
    both = [row for row in one["rows"] if tuple(row) in known]
    if one["rows"] and not both:
        return None
    one["rows"] = both
    return one


class ObserveJson(TypedDict):
    """What an observing process is asked: see `observe`."""

    root: str
    path: str
    module: str
    candidates: str
    """File of the candidates, as JSON."""
    result: str
    scratch: str
    memory_bytes: int
    seconds: float
    is_second: bool
    """Whether to go backwards, with another clock and other random numbers; the first one records goals."""
    days: int
    """By how much the clock is put forward."""
    raising: List[int]
    wanted: Optional[List[int]]
    """Lines whose goals count; None for all."""


def observe(options: ObserveJson) -> None:
    """Observe every candidate and write what was seen, one JSON line each: its number and a `SeenJson` or null."""
    end = monotonic() + options["seconds"]
    program = Program(options["root"], options["path"], options["module"])
    with open(options["candidates"], encoding="utf-8", errors="surrogatepass") as file:
        candidates = [from_json(one) for one in json.load(file)]
    random.seed(4242 if options["is_second"] else 99)
    draws = Draws()
    guard = Guard(options["scratch"])
    guard.begin(options["memory_bytes"])
    module = _imported(program, options["days"])
    guard.narrow()
    runner = Runner(namespace_of(module), guard, options["scratch"])
    eyes = Eyes(module, program, set(options["raising"]), runner, guard)
    covering: Optional[Cover] = None
    if not options["is_second"]:
        covering = cover(program.code, None if options["wanted"] is None else frozenset(options["wanted"]))
        covering.begin()
    answer = Lines(options["result"])
    for number in order_of(len(candidates), is_second=options["is_second"]):
        if monotonic() > end:
            break
        before = draws.count
        seen = seen_in(eyes, candidates[number], covering)
        if seen is not None:
            seen["is_drawn"] = draws.count > before
        answer.add([number, seen])


def order_of(count: int, *, is_second: bool) -> Iterator[int]:
    """
    Yield the numbers of the candidates, the other way round for the second interpreter.

    It is so for one part after another: where the time does not suffice, both have seen the same ones.
    """
    for first in range(0, count, _PART):
        part = range(first, min(first + _PART, count))
        yield from reversed(part) if is_second else part


def _imported(program: Program, days: int) -> ModuleType:
    if days:
        from regoose_guest.testgen.clock import shift

        restore = shift(days)
        try:
            return program.load(program.code)
        except BaseException:  # noqa: BLE001 - the shifted clock may be what it does not bear
            restore()
    return program.load(program.code)


def seen_in(eyes: Eyes, candidate: Candidate, covering: Optional[Cover]) -> Optional[Dict[str, Any]]:
    """Return what is seen in a candidate, with the goals that it reaches where these are watched."""
    if covering is not None:
        covering.start_case()
    try:
        seen: Any = eyes.look(candidate.acts)
    except Exception:  # noqa: BLE001 - what cannot be looked at is not asserted
        return None
    if seen is not None and covering is not None and covering.case is not None:
        seen["goals"] = sorted(covering.case)
    if seen is not None and len(candidate.acts) > 1:
        made = set(eyes.as_made(candidate.acts[0]))  # what the act leaves as it was is not worth a line
        seen["rows"] = [row for row in seen["rows"] if row not in made] or seen["rows"]
    if seen is not None and len(seen["rows"]) > 1:
        seen["rows"] = [row for row in seen["rows"] if row != _NOTHING]
    return seen
