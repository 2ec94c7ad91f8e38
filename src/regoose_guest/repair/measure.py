"""Run the tests once on the program as it is: outcomes, durations, lines, the shape of each failure."""

from __future__ import annotations

import sys
import traceback
from collections import defaultdict
from dataclasses import dataclass, field
from time import monotonic
from typing import Dict, FrozenSet, List, Optional, Sequence, Set, Tuple, cast

from regoose_guest.forks import Message, Outlet, fork
from regoose_guest.items import FAILED, HUNG, PASSED, ItemRunner, Ran
from regoose_guest.repair import tracing
from regoose_guest.repair.program import Program
from regoose_guest.repair.tracing import Line

_FIRST_LIMIT = 3.0
"""CPU seconds a test may take before it counts as endless, while nothing is known of the others."""
_SURELY_ENDLESS = 2.0
"""Seconds after which a test that was cut by the end of all measuring counts as endless."""
_FRAMES = 400
_TYPES_OF_IMPORT = frozenset(("ImportError", "ModuleNotFoundError", "SyntaxError", "IndentationError"))


@dataclass
class Measured:
    """One test as the unpatched program answers it."""

    index: int
    outcome: str
    seconds: float
    error: str = ""
    message: str = ""
    frames: Tuple[Line, ...] = ()
    """Outermost first; the causes of a chained exception follow."""
    lines: FrozenSet[Line] = frozenset()
    limit: float = field(default=1.0, compare=False)
    """CPU seconds a candidate gets for it in the end."""
    first_limit: float = field(default=1.0, compare=False)
    """CPU seconds a candidate gets for it at first: most loops that are entered wrongly never end."""

    @property
    def red(self) -> bool:
        """Whether it failed or did not end."""
        return self.outcome in {FAILED, HUNG}

    @property
    def is_import(self) -> bool:
        """Whether it failed for something that cannot be imported."""
        return self.error in _TYPES_OF_IMPORT


@dataclass
class Baseline:
    """All that was measured, and the modules that tests imported late."""

    tests: List[Measured]
    late_modules: List[str]


class Measurement:
    """Runs tests in order in a child, and in a new one after a test that hung or died."""

    def __init__(self, program: Program, runner: ItemRunner, memory_bytes: int) -> None:
        self._program = program
        self._runner = runner
        self._memory = memory_bytes
        self._paths: Dict[str, str] = {}

    def run(self, order: Sequence[int], until: float) -> Baseline:
        """Measure the tests of `order`, as many as fit before `until` on the monotonic clock."""
        done: Dict[int, Measured] = {}
        late: Set[str] = set()
        limit = _FIRST_LIMIT
        rest = list(order)
        while rest and monotonic() < until:
            started = self._child(rest, limit, until, done, late)
            if rest and rest[0] not in done and (monotonic() < until or monotonic() - started > _SURELY_ENDLESS):
                done[rest[0]] = Measured(rest[0], HUNG, limit, "Killed")
            if any(test.outcome == HUNG for test in done.values()):
                longest = max((test.seconds for test in done.values() if test.outcome == PASSED), default=0.0)
                limit = min(_FIRST_LIMIT, max(0.4, 20 * longest))
            rest = [index for index in rest if index not in done]
        return Baseline([done[index] for index in order if index in done], sorted(late))

    def _child(self, rest: List[int], limit: float, until: float, done: Dict[int, Measured], late: Set[str]) -> float:
        """Measure in one child; returns when the last test that it came to began."""
        began = monotonic()
        child = fork(lambda outlet: self._work(rest, limit, outlet), self._memory)
        try:
            for message in child.messages(lambda: min(limit * 5 + 10, until - monotonic())):
                if message[0] == "modules":
                    late.update(cast("List[str]", message[1]))
                    continue
                test = _decoded(message)
                done[test.index] = test
                began = monotonic()
                while rest and rest[0] in done:
                    rest.pop(0)
                if test.outcome == HUNG:
                    break
        finally:
            child.end()
        return began

    def _work(self, rest: List[int], limit: float, outlet: Outlet) -> None:
        modules = list(sys.modules)
        recorder = tracing.start(self._program)
        for position, index in enumerate(rest):
            recorder.take()
            following = rest[position + 1] if position + 1 < len(rest) else None
            ran = self._runner.run(index, limit, following)
            lines = recorder.take()
            outlet.send("test", index, ran.outcome, ran.seconds, *self._failure(ran), _grouped(lines))
            if ran.outcome == HUNG:
                return
            new = self._program.late_modules(modules)
            if new:
                modules += new
                outlet.send("modules", new)

    def _failure(self, ran: Ran) -> Tuple[str, str, List[List[object]]]:
        error = ran.error
        if error is None or ran.outcome not in {FAILED, HUNG}:
            return "", "", []
        frames: List[List[object]] = []
        link: Optional[BaseException] = error
        while link is not None and len(frames) < _FRAMES:
            for frame, line in traceback.walk_tb(link.__traceback__):
                frames.append([self._program.real(frame.f_code.co_filename), line])
            link = link.__cause__ or link.__context__
        try:
            message = str(error)[:500]
        except BaseException:  # noqa: BLE001 - the exception is of the program under repair
            message = ""
        return type(error).__name__, message, frames[:_FRAMES]


def _grouped(lines: Set[Line]) -> Dict[str, List[int]]:
    grouped: Dict[str, List[int]] = defaultdict(list)
    for path, line in lines:
        grouped[path].append(line)
    return grouped


def _decoded(message: Message) -> Measured:
    _, index, outcome, seconds, error, text, frames, lines = message
    grouped = cast("Dict[str, List[int]]", lines)
    return Measured(
        cast("int", index),
        cast("str", outcome),
        cast("float", seconds),
        cast("str", error),
        cast("str", text),
        tuple((path, line) for path, line in cast("List[Tuple[str, int]]", frames)),
        frozenset((path, line) for path, numbers in grouped.items() for line in numbers),
    )
