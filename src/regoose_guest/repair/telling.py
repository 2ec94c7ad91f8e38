"""Progress lines, few enough to be read."""

from __future__ import annotations

import json
import os
from time import monotonic

from regoose_guest.repair.schema import ProgressJson

_INTERVAL = 0.2
"""Seconds between two lines of one phase."""


class Telling:
    """Writes progress to a descriptor that the tests do not know of."""

    def __init__(self, descriptor: int, started: float) -> None:
        self._descriptor = descriptor
        self._started = started
        self._phase = ""
        self._last = 0.0

    def say(self, phase: str, tried: int, plausible: int, best: str) -> None:
        """Tell how far the search is; says nothing where the last line of this phase is too fresh."""
        now = monotonic()
        if phase == self._phase and now - self._last < _INTERVAL:
            return
        self._phase, self._last = phase, now
        line: ProgressJson = {
            "phase": phase,
            "tried": tried,
            "plausible": plausible,
            "best": best,
            "seconds": round(now - self._started, 3),
        }
        try:
            os.write(self._descriptor, json.dumps(line).encode() + b"\n")
        except OSError:
            self._descriptor = -1  # nobody listens any more; the search goes on
