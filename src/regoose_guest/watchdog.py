"""
A limit on the time of each test: first a signal that fails the test, then, where code holds out, the end.

`SIGALRM` raises in the main thread and repeats, so `except Exception` in a loop does not outlive it. Code that never
returns to the interpreter (a loop in C) or that owns the alarm itself is ended by
faulthandler's thread, which needs no interpreter lock; the results file then names the test that was running.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import threading
from collections.abc import Generator
from types import FrameType

import pytest


class TestTimeLimit(pytest.fail.Exception):
    """A test reached its time limit."""


class Watchdog:
    """Limits phases of tests to `seconds` each. Used by the main thread."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._armed = False
        self._owner, self._getpid = os.getpid(), os.getpid
        self._stderr = os.dup(2)  # pytest's capture replaces descriptor 2
        self._handle = self._on_alarm  # one object, so that it can be recognised
        self._signal, self._getsignal, self._setitimer = signal.signal, signal.getsignal, signal.setitimer
        self._later, self._cancel = faulthandler.dump_traceback_later, faulthandler.cancel_dump_traceback_later
        os.register_at_fork(after_in_child=_never_wait)

    def limited(self) -> Generator[None, None, None]:
        """Body of a hook wrapper: limit what the other hooks do."""
        if self._getpid() != self._owner:  # a forked child has no watching thread, and waiting for it never ends
            yield
            return
        grace = max(1.0, self._seconds / 4)
        self._later(self._seconds + grace, exit=True, file=self._stderr)
        if self._may_use_alarm():
            self._signal(signal.SIGALRM, self._handle)
            self._armed = True
            self._setitimer(signal.ITIMER_REAL, self._seconds, grace / 3)
        yield
        self.rest()

    def rest(self) -> None:
        """Disarm the alarm; the last resort stays until the next phase or the end of the run."""
        if self._armed:
            self._armed = False
            if self._getsignal(signal.SIGALRM) is self._handle:
                self._setitimer(signal.ITIMER_REAL, 0)

    def stop(self) -> None:
        """Disarm everything."""
        if self._getpid() == self._owner:
            self.rest()
            self._cancel()

    def _may_use_alarm(self) -> bool:
        if threading.current_thread() is not threading.main_thread():
            return False
        return self._getsignal(signal.SIGALRM) in (signal.SIG_DFL, self._handle)

    def _on_alarm(self, _number: int, _frame: FrameType | None) -> None:
        if self._armed:
            raise TestTimeLimit(f"the test took longer than {self._seconds:g} s", pytrace=True)


def _never_wait() -> None:
    """Keep a forked child, to which pytest's own plugin says the same, from waiting for a thread it does not have."""
    faulthandler.cancel_dump_traceback_later = lambda: None
