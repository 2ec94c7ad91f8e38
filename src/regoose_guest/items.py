"""Run one collected test in this process, as pytest would, with a limit on CPU time."""

from __future__ import annotations

import contextlib
import copy
import signal
from time import monotonic, process_time
from types import FrameType
from typing import Any, Callable, ContextManager, Dict, List, NamedTuple, Optional

import pytest
from _pytest.runner import CallInfo

PASSED, FAILED, SKIPPED, HUNG = "passed", "failed", "skipped", "hung"

_SKIPS = {"Skipped", "SkipTest", "XFailed"}
_LEAST_INTERVAL = 0.002
_RECURRING = 0.1
"""Seconds after which the alarm rings again where the code under test swallowed it."""


class Hang(BaseException):
    """The test used up its CPU time. Not an Exception: code under test should not catch it."""


class Ran(NamedTuple):
    """How one test ended."""

    outcome: str
    seconds: float
    """CPU time: how long a test takes must not depend on what else the machine does."""
    error: Optional[BaseException]


def arm(cpu: float, wall: float) -> None:
    """
    Let `Hang` be raised after `cpu` seconds of CPU time or `wall` seconds.

    The kernel's timer of CPU time goes by ticks of some milliseconds, so a finer one asks how much was used.
    """
    cpu_end, wall_end = process_time() + cpu, monotonic() + wall
    quiet_until = 0.0

    def ring(_: int, frame: Optional[FrameType]) -> None:
        nonlocal quiet_until
        if frame is not None and frame.f_code is disarm.__code__:
            return  # what hangs in C is interrupted as the next function begins
        now = monotonic()
        if (now >= wall_end or process_time() >= cpu_end) and now >= quiet_until:
            quiet_until = now + _RECURRING
            raise Hang

    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, cpu, max(_LEAST_INTERVAL, min(cpu / 4, _RECURRING)))


def disarm() -> None:
    """Undo `arm`."""
    signal.setitimer(signal.ITIMER_REAL, 0)


class ItemRunner:
    """Runs items; keeps a pristine copy of their parameters, which candidates may write to."""

    def __init__(self, items: List[pytest.Item]) -> None:
        self.items = items
        self._parameters: Dict[int, Dict[str, object]] = {}

    def keep_parameters(self, index: int) -> None:
        """Copy the parameters of an item, where they can be copied, to give each run its own."""
        parameters = _parameters(self.items[index])
        if parameters:
            with contextlib.suppress(Exception):
                self._parameters[index] = copy.deepcopy(parameters)

    def run(self, index: int, cpu: float, following: Optional[int] = None) -> Ran:
        """Run the item with that index; `following` names the next one, so that shared fixtures stay."""
        item = self.items[index]
        if item.get_closest_marker("xfail") is not None:
            return Ran(SKIPPED, 0.0, None)
        self._restore(index, item)
        next_item = None if following is None else self.items[following]
        started = process_time()
        try:
            arm(cpu, cpu * 4 + 2)
            with _warnings_of(item):
                error = _protocol(item, next_item)
        except Hang as hang:
            error = hang
        finally:
            disarm()
        return Ran(outcome_of(error), process_time() - started, error)

    def _restore(self, index: int, item: pytest.Item) -> None:
        kept = self._parameters.get(index)
        if kept is None:
            return
        current = _parameters(item)
        for name, value in kept.items():
            with contextlib.suppress(Exception):
                current[name] = copy.deepcopy(value)


def _parameters(item: pytest.Item) -> Dict[str, object]:
    callspec = getattr(item, "callspec", None)
    return getattr(callspec, "params", {}) if callspec is not None else {}


def outcome_of(error: Optional[BaseException]) -> str:
    """Return how a test ended that raised this."""
    if error is None:
        return PASSED
    if isinstance(error, Hang):
        return HUNG
    return SKIPPED if type(error).__name__ in _SKIPS else FAILED


def _warnings_of(item: pytest.Item) -> ContextManager[Any]:
    """Apply the warning filters of the configuration and of the item's markers, which belong to pytest's protocol."""
    if not item.config.getini("filterwarnings") and item.get_closest_marker("filterwarnings") is None:
        return contextlib.nullcontext()
    try:
        import _pytest.warnings as pytest_warnings
    except ImportError:
        return contextlib.nullcontext()
    manager: Any = getattr(pytest_warnings, "catch_warnings_for_item", None)
    if manager is None:
        return contextlib.nullcontext()
    return manager(config=item.config, ihook=item.ihook, when="runtest", item=item)


def _protocol(item: pytest.Item, next_item: Optional[pytest.Item]) -> Optional[BaseException]:
    """Set up, call and tear down; return what went wrong first. A passing teardown never hides a failing call."""
    has_request = hasattr(item, "_request")
    if has_request and not getattr(item, "_request"):  # noqa: B009 - private to pytest
        getattr(item, "_initrequest")()  # noqa: B009 - private to pytest
    hooks = item.ihook
    error = _phase(lambda: hooks.pytest_runtest_setup(item=item), "setup")
    if error is None:
        error = _phase(lambda: hooks.pytest_runtest_call(item=item), "call")
        collected: Optional[List[Any]] = getattr(item, "_excinfo", None)
        if collected:  # unittest reports failures aside
            error = collected.pop(0).value
    disarm()
    torn = _phase(lambda: hooks.pytest_runtest_teardown(item=item, nextitem=next_item), "teardown")
    if has_request:
        setattr(item, "_request", False)  # noqa: B010 - private to pytest
        setattr(item, "funcargs", None)  # noqa: B010 - declared by subclasses only
    return error if error is not None else torn


def _phase(call: Callable[[], object], when: Any) -> Optional[BaseException]:
    info: Any = CallInfo[object].from_call(call, when=when)
    return None if info.excinfo is None else info.excinfo.value
