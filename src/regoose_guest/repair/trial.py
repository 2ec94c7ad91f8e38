"""What a child does with candidates: try a batch on the failing tests, validate one on all that touch it."""

from __future__ import annotations

import os
import traceback
from dataclasses import dataclass
from typing import Dict, List, Sequence, Tuple

from regoose_guest.forks import Outlet
from regoose_guest.items import FAILED, HUNG, PASSED, SKIPPED, Hang, ItemRunner, Ran
from regoose_guest.repair.candidates import Candidate
from regoose_guest.repair.install import Installer
from regoose_guest.repair.measure import Measured
from regoose_guest.repair.source import first_line

PASSES, FAILS, HANGS, BROKEN = "P", "F", "H", "E"
_ENDLESS = 2
"""A candidate under which more tests than this do not end is given up."""


@dataclass(frozen=True)
class Trial:
    """Everything a child needs."""

    runner: ItemRunner
    installer: Installer
    representatives: Sequence[Measured]
    """Red tests that differ in how they fail, the quickest first: a candidate must turn them first."""
    failing: Sequence[Measured]
    passing: Sequence[Measured]

    def batch(self, candidates: Sequence[Candidate], outlet: Outlet, *, patient: bool) -> None:
        """Try candidates one after the other; sends `start` before and `result` after each."""
        for candidate in candidates:
            outlet.send("start", candidate.number)
            try:
                undo = self.installer.install(candidate)
            except Hang:
                return
            except BaseException:  # noqa: BLE001 - a candidate may be no valid program
                outlet.send("result", candidate.number, BROKEN, 0, "")
                if not candidate.hot:
                    return
                continue
            code, fixed, shape = self._representatives(patient=patient)
            outlet.send("result", candidate.number, code, fixed, shape)
            if not candidate.hot:
                return
            undo()

    def _representatives(self, *, patient: bool) -> Tuple[str, int, str]:
        code, fixed, shape = PASSES, 0, ""
        for test in self.representatives:
            ran = self.runner.run(test.index, test.limit if patient else test.first_limit)
            if ran.outcome in {PASSED, SKIPPED}:
                fixed += ran.outcome == PASSED
            elif ran.outcome == HUNG:
                return HANGS, fixed, shape
            else:
                if code == PASSES:
                    code, shape = FAILS, shape_of(ran)
                if not fixed:
                    break
        return code, fixed, shape

    def validate(self, candidate: Candidate, outlet: Outlet) -> None:
        """
        Run all failing tests and the passing ones that touch the edit, in collection order.

        Sends `verdict` with the indices fixed, still red, kept and broken; stops at the first test broken.
        """
        self.installer.install(candidate)
        red = {test.index for test in self.failing}
        order = sorted([*self.failing, *relevant(candidate, self.passing)], key=lambda test: test.index)
        sorted_out: Dict[str, List[int]] = {"fixed": [], "unfixed": [], "kept": [], "broken": []}
        endless = 0
        for position, test in enumerate(order):
            following = order[position + 1].index if position + 1 < len(order) else None
            ran = self.runner.run(test.index, self._limit(test, red=test.index in red), following)
            good = ran.outcome == PASSED
            endless += ran.outcome == HUNG
            names = ("fixed", "unfixed") if test.index in red else ("kept", "broken")
            sorted_out[names[0] if good else names[1]].append(test.index)
            if endless > _ENDLESS or sorted_out["broken"]:
                break
        whole = sum(len(found) for found in sorted_out.values()) == len(order)
        outlet.send("verdict", whole, sorted_out)

    @staticmethod
    def _limit(test: Measured, *, red: bool) -> float:
        return max(1.0, test.limit * 3) if red else max(1.0, test.seconds * 10)


def shape_of(ran: Ran) -> str:
    """Tell one way of failing from another: the exception and where it left the code."""
    error = ran.error
    if error is None or ran.outcome != FAILED:
        return ran.outcome
    frames = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    path, line = frames[-1] if frames else ("", 0)
    return f"{type(error).__name__}:{os.path.basename(path)}:{line}"


def relevant(candidate: Candidate, passing: Sequence[Measured]) -> List[Measured]:
    """Return the passing tests that run a line of what the candidate edits, the quickest first."""
    spans: List[Tuple[str, int, int]] = []
    for part in candidate.parts:
        if part.scope is None or not part.hot:
            spans.append((part.source.path, 0, len(part.source.line_starts)))
        else:
            function = part.scope.function
            spans.append((part.source.path, first_line(function), function.end_lineno or function.lineno))
    touched = [
        test
        for test in passing
        if any(path == span[0] and span[1] <= line <= span[2] for path, line in test.lines for span in spans)
    ]
    return sorted(touched, key=lambda test: test.seconds)
