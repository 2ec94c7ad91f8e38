"""One task for several processes, each with its share of it and a file for its answer."""

from __future__ import annotations

import json
import os
from functools import partial
from time import monotonic
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple

from regoose_guest.testgen import children

Share = Tuple[int, int]
"""(which, of how many): the items `[which::of]` of whatever the task goes through."""
_GRACE = 2.0
"""Seconds beyond its end that a process may take for what it has in hand."""


class Deadline:
    """The wall clock of one run."""

    def __init__(self, started: float, seconds: float) -> None:
        self.started = started
        self.seconds = seconds

    def at(self, share: float) -> float:
        """Return when a share of the time is over."""
        return self.started + share * self.seconds

    @property
    def spent(self) -> float:
        """Return the seconds since the start."""
        return monotonic() - self.started

    @property
    def left(self) -> float:
        """Return the seconds to the end; negative after it."""
        return self.seconds - self.spent

    def patience_for(self, seconds: float) -> float:
        """Return how long to wait for processes that are to take so many seconds: longer, if there is time."""
        return max(seconds, min(seconds + _GRACE, self.left + 0.5 * _GRACE))


class Crew:
    """Runs tasks in forks of this process."""

    def __init__(self, scratch: str, jobs: int, deadline: Deadline) -> None:
        self._scratch = scratch
        self._jobs = max(1, jobs)
        self._deadline = deadline

    def run(
        self,
        name: str,
        work: Callable[[Share, str], None],
        end: float,
        beat: Optional[Callable[[List[str]], None]] = None,
    ) -> List[str]:
        """
        Run `work(share, target)` in every process until all are done, at the latest a little after `end`.

        Returns the targets: files which the work wrote, or not. `beat` is called with them now and then.
        """
        targets = [os.path.join(self._scratch, f"{name}-{number}") for number in range(self._jobs)]
        running = [
            children.forked(partial(work, (number, self._jobs), target), error_of(target))
            for number, target in enumerate(targets)
        ]
        children.wait(
            running,
            self._deadline.patience_for(max(0.0, end - monotonic())),
            partial(beat, targets) if beat else _nothing,
        )
        return targets


def _nothing() -> None:
    return


def error_of(target: str) -> str:
    """Return the file that says what ended the work on a target."""
    return f"{target}.error"


def documents(targets: Sequence[str]) -> List[Dict[str, Any]]:
    """Return what was written as one document of JSON each."""
    found: List[Dict[str, Any]] = []
    for target in targets:
        try:
            with open(target, encoding="utf-8", errors="surrogatepass") as file:
                found.append(json.load(file))
        except (OSError, ValueError):
            continue
    return found


class Lines:
    """
    Lines of JSON, added one by one to a file that begins empty.

    It is opened for each: the code under test may close what is open, and a process may be ended at any time.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        with open(path, "wb"):
            pass

    def add(self, said: object) -> None:
        """Add a line."""
        with open(self._path, "ab") as file:
            file.write((json.dumps(said) + "\n").encode("utf-8", "surrogatepass"))


def lines(targets: Sequence[str]) -> Iterator[Any]:
    """Yield what was written as lines of JSON; a last one that was cut is left out."""
    for target in targets:
        try:
            with open(target, encoding="utf-8", errors="surrogatepass") as file:
                written = file.readlines()
        except OSError:
            continue
        for line in written:
            try:
                yield json.loads(line)
            except ValueError:
                continue


def errors(targets: Sequence[str]) -> List[str]:
    """Return the first line of what each work that was ended by an exception said."""
    found: List[str] = []
    for target in targets:
        try:
            with open(error_of(target), encoding="utf-8") as file:
                found.append(file.readline().strip())
        except OSError:
            continue
    return [one for one in found if one]
