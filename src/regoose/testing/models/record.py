"""What a server has seen: written by its threads, read by tests."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from regoose.testing.models.request import Request
from regoose.testing.models.script import Usage


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request to a model, the status it was answered with, and the tokens that a real API would have billed."""

    request: Request
    status: int
    usage: Usage | None = None


class Record:
    """Requests in order, how each was answered, and what was wrong."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._exchanges: list[Exchange] = []
        self._problems: list[str] = []

    def number(self) -> int:
        """Return the number of the next request."""
        with self._lock:
            self._count += 1
            return self._count

    def add(self, exchange: Exchange) -> None:
        """Keep an exchange."""
        with self._lock:
            self._exchanges.append(exchange)

    def problem(self, what: str) -> None:
        """Keep what should not have happened."""
        with self._lock:
            self._problems.append(what)

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """All exchanges, in the order of their requests."""
        with self._lock:
            return tuple(sorted(self._exchanges, key=lambda one: one.request.number))

    @property
    def problems(self) -> tuple[str, ...]:
        """What should not have happened, in the order it did."""
        with self._lock:
            return tuple(self._problems)
