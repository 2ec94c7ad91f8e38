"""
pytest plugin: compare two versions of a library on the calls that its tests make, and on variations of them.

Runs on the target's interpreter (3.9 and later) in the tree of the maintainers' fix. While the tests run it notes
the calls of the functions whose code differs between the two versions, and the calls from outside the library that
lead there. Afterwards it makes each call, and variations of it, once per version: the live functions are switched
by exchanging their code objects, so that everything that refers to them sees the other version.

`REPLAY` names a JSON file: `{"root", "changes": [{"path", "fixed", "patched"}], "red", "result", "seed"}`, the
texts being those of the changed files; `"red"` names the tests that the fix turns green. The answer is
`{"compared", "difference", "problem"}`.
"""

from __future__ import annotations

import copy
import json
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from replay_values import describe, vary
from replay_versions import Versions

if TYPE_CHECKING:
    from collections.abc import Generator
    from types import CodeType, FrameType, FunctionType

CALLS_PER_FUNCTION = 40
"""Kept from the other tests; as many again from the tests that the fix turns green."""
ENTRIES = 12
VARIATIONS_PER_FUNCTION = 800
CALL_SECONDS = 1.0
RECORDING_SECONDS = 60.0
REPLAY_SECONDS = 40.0
LONGEST_SHOWN = 160
STARTING = 4
"""Offset of the last instruction run, in bytes: a call is beginning up to here, above it a generator goes on."""
SAYS_INVALID = (TypeError, AttributeError, NameError, LookupError, RecursionError, AssertionError, ZeroDivisionError)
"""What a function raises on a varied input outside its domain; such inputs are left out."""

Arguments = list[Any]


class TooSlow(BaseException):
    """A call went over its time."""


class Recorder:
    """A profile function that notes calls worth replaying."""

    def __init__(self, root: str, versions: Versions) -> None:
        self.root = root + os.sep
        self.versions = versions
        self.calls: dict[CodeType, list[tuple[FunctionType, Arguments]]] = {}
        self.entries: set[CodeType] = set()
        self.deadline = time.monotonic() + RECORDING_SECONDS
        self.in_red_test = False
        self._library: dict[str, bool] = {}

    def __call__(self, frame: FrameType, event: str, _argument: object) -> None:
        """Note one call."""
        if event != "call" or not self._is_library(frame.f_code.co_filename) or frame.f_lasti > STARTING:
            return
        outermost = not self._inside(frame.f_back)
        changed = frame.f_code in self.versions.differing
        if changed:
            self._mark_entry(frame)
        if outermost or (changed and _is_public(frame.f_code.co_name)):
            self._note(frame)
        if time.monotonic() > self.deadline:
            sys.setprofile(None)

    def _is_library(self, filename: str) -> bool:
        known = self._library.get(filename)
        if known is None:
            inside = filename.startswith(self.root)
            known = self._library[filename] = inside and not _is_test(Path(filename[len(self.root) :]))
        return known

    def _inside(self, frame: FrameType | None) -> bool:
        return frame is not None and self._is_library(frame.f_code.co_filename)

    def _mark_entry(self, frame: FrameType) -> None:
        """Remember the function through which the outside came here, and the changed function if it is public."""
        if _is_public(frame.f_code.co_name):
            self.entries.add(frame.f_code)
        outer: FrameType | None = frame
        found = frame
        while outer is not None:
            if self._is_library(outer.f_code.co_filename):
                found = outer
            outer = outer.f_back
        self.entries.add(found.f_code)

    def _note(self, frame: FrameType) -> None:
        noted = self.calls.setdefault(frame.f_code, [])
        room = 2 * CALLS_PER_FUNCTION if self.in_red_test else CALLS_PER_FUNCTION
        if len(noted) >= room or frame.f_code.co_name.startswith("<"):
            return
        function = self.versions.function_of(frame)
        if function is None:
            return
        try:
            full = _arguments(frame)
            short = _without_defaults(full, function)
            noted.append((function, copy.deepcopy(full)))
            if len(short[0]) < len(full[0]) or len(short[1]) < len(full[1]):
                noted.append((function, copy.deepcopy(short)))
        except Exception:  # noqa: BLE001 - whatever cannot be copied cannot be replayed
            return


def _is_test(path: Path) -> bool:
    folders = set(path.parts[:-1])
    return bool({"test", "tests", "testing", "site-packages"} & folders) or path.name.startswith(("test", "conftest"))


def _is_public(name: str) -> bool:
    return not name.startswith("_") or (name.startswith("__") and name.endswith("__"))


def _arguments(frame: FrameType) -> Arguments:
    """Return `[positional, keywords]` of the call that a frame begins with, default values included."""
    code, values = frame.f_code, frame.f_locals
    plain = code.co_argcount
    positional = [values[name] for name in code.co_varnames[:plain]]
    keywords = {name: values[name] for name in code.co_varnames[plain : plain + code.co_kwonlyargcount]}
    place = plain + code.co_kwonlyargcount
    if code.co_flags & 0x04:
        positional += values[code.co_varnames[place]]
        place += 1
    if code.co_flags & 0x08:
        keywords.update(values[code.co_varnames[place]])
    return [positional, keywords]


def _without_defaults(arguments: Arguments, function: FunctionType) -> Arguments:
    """Leave away trailing arguments that are the default values, so that another version supplies its own."""
    positional, keywords = list(arguments[0]), arguments[1]
    defaults = list(function.__defaults__ or ())
    preset = function.__kwdefaults__ or {}
    if len(positional) == function.__code__.co_argcount:
        while defaults and positional and positional[-1] is defaults.pop():
            positional.pop()
    return [positional, {name: item for name, item in keywords.items() if item is not preset.get(name, preset)}]


class Replay:
    """Makes calls with both versions and compares the answers."""

    def __init__(self, versions: Versions, seed: int) -> None:
        self.versions = versions
        self.random = random.Random(seed)
        self.compared = 0
        self.deadline = time.monotonic() + REPLAY_SECONDS

    def run(self, recorder: Recorder) -> str | None:
        """Return the first difference."""
        signal.signal(signal.SIGALRM, _on_alarm)
        order = sorted(recorder.entries, key=lambda code: (code not in self.versions.differing, repr(code)))
        entries = [code for code in order if code in recorder.calls][:ENTRIES]
        for code in entries:
            for function, arguments in reversed(recorder.calls[code]):
                if time.monotonic() > self.deadline - REPLAY_SECONDS / 2:
                    break
                difference = self._compare(function, arguments, varied=False)
                if difference:
                    return difference
        for index, code in enumerate(entries):
            share = (self.deadline - time.monotonic()) / (len(entries) - index)
            difference = self._vary(recorder.calls[code], time.monotonic() + share)
            if difference:
                return difference
        return None

    def _vary(self, calls: list[tuple[FunctionType, Arguments]], deadline: float) -> str | None:
        for _ in range(VARIATIONS_PER_FUNCTION if calls else 0):
            if time.monotonic() > deadline:
                return None
            function, arguments = self.random.choice(calls)
            others = [other for same, other in calls if same is function]
            varied = vary(self.random, copy.deepcopy(arguments), others)
            difference = self._compare(function, varied, varied=True)
            if difference:
                return difference
        return None

    def _compare(self, function: FunctionType, arguments: Arguments, *, varied: bool) -> str | None:
        shown = _shown_call(function, arguments)
        expected, valid = self._answer(function, arguments, patched=False, exact=not varied)
        if varied and not valid:
            return None
        got, _ = self._answer(function, arguments, patched=True, exact=not varied)
        self.compared += 1
        if got == expected:
            return None
        again, _ = self._answer(function, arguments, patched=False, exact=not varied)
        if again != expected:
            return None
        return f"{shown}: {_short(got[0])} instead of {_short(expected[0])}"

    def _answer(
        self, function: FunctionType, arguments: Arguments, *, patched: bool, exact: bool
    ) -> tuple[list[object], bool]:
        """
        Return what a call does (result and arguments afterwards) and whether the input counts as valid.

        What an exception carries belongs to the answer only where `exact` is asked for (on the tests' own calls)
        and only where it is data: texts may be worded otherwise.
        """
        self.versions.switch(patched=patched)
        valid = True
        outcome: object
        given: Arguments = []
        signal.setitimer(signal.ITIMER_REAL, CALL_SECONDS)
        try:
            given = copy.deepcopy(arguments)
            outcome = describe(function(*given[0], **given[1]))
        except TooSlow:
            outcome, valid = "too slow", False
        except (Exception, SystemExit) as problem:  # noqa: BLE001 - what a call raises is its answer
            data = exact and not all(isinstance(item, str) for item in problem.args)
            outcome = f"raises {type(problem).__name__}({problem.args if data else '...'!r})"
            valid = not isinstance(problem, SAYS_INVALID)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        after: object = None if isinstance(outcome, str) else describe(given)
        self.versions.switch(patched=False)
        return [outcome, after], valid


def _shown_call(function: FunctionType, arguments: Arguments) -> str:
    try:
        parts = [repr(value) for value in arguments[0]]
        parts += [f"{name}={value!r}" for name, value in arguments[1].items()]
        return "{}({})".format(function.__qualname__, ", ".join(part[:80] for part in parts))
    except Exception:  # noqa: BLE001 - a varied object may not be able to show itself
        return function.__qualname__


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "..."


def _on_alarm(_signal: int, _frame: FrameType | None) -> None:
    raise TooSlow


class ReplayPlugin:
    """Records while the tests run, replays when they have."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        self.red = frozenset(options["red"])
        self.versions = Versions(options["root"], options["changes"])
        self.recorder = Recorder(options["root"], self.versions)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, None]:
        """Record during the test's own call."""
        self.recorder.in_red_test = item.nodeid in self.red
        if time.monotonic() < self.recorder.deadline:
            sys.setprofile(self.recorder)
        yield
        sys.setprofile(None)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Replay and write the answer."""
        replay = Replay(self.versions, self.options["seed"])
        difference, problem = None, self.versions.prepare()
        if not problem:
            difference = replay.run(self.recorder)
        answer = {"compared": replay.compared, "difference": difference, "problem": problem}
        Path(self.options["result"]).write_text(json.dumps(answer), encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    """Install the plugin where the variable is set."""
    path = os.environ.get("REPLAY")
    if path:
        options = json.loads(Path(path).read_text(encoding="utf-8"))
        config.pluginmanager.register(ReplayPlugin(options), "replay")
