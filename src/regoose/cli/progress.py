"""A run as it happens: one line for each finished step, and on a terminal a moving line for what is under way."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.status import Status
from rich.text import Text

from regoose.cli.console import Terminal
from regoose.domain.event import Event
from regoose.reports.source import visible

PLAIN_SECONDS = 10.0
"""How often a long step says something where nobody watches a terminal."""
MARKS = {"finished": ("✓", "green"), "replayed": ("↻", "cyan"), "failed": ("✗", "red"), "waiting": ("?", "yellow")}
NAMES = {"finished": "done", "replayed": "recorded", "failed": "failed", "waiting": "waits for an answer"}


class Progress:
    """An observer of events; use it as a context manager. Everything goes to standard error."""

    def __init__(self, terminal: Terminal) -> None:
        self._console = terminal.err
        self._live = terminal.err.is_terminal
        self._status: Status | None = None
        self._said = time.monotonic()
        self._began: dict[str, float] = {}

    def __enter__(self) -> Self:
        """Start the moving line where there is a terminal."""
        if self._live:
            self._status = self._console.status("starting")
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the moving line away."""
        if self._status is not None:
            self._status.stop()

    def __call__(self, event: Event) -> None:
        """Show one event."""
        if event.kind == "started":
            self._began[event.step] = time.monotonic()
            self._move(event)
        elif event.kind == "progress":
            self._move(event)
            if not self._live and time.monotonic() - self._said >= PLAIN_SECONDS:
                self._line(Text(f"{event.step}: {_message(event)}"))
        elif event.kind in MARKS:
            self._line(self._finished(event))

    def _move(self, event: Event) -> None:
        if self._status is not None:
            self._status.update(Text.assemble((event.step, "bold"), " ", (_message(event) or "…", "dim")))

    def _finished(self, event: Event) -> Text:
        mark, colour = MARKS[event.kind]
        began = self._began.pop(event.step, None)
        seconds = f" ({time.monotonic() - began:.1f} s)" if began is not None and event.kind == "finished" else ""
        # What failed is said once, by the error that ends the command.
        message = NAMES[event.kind] if event.kind in {"failed", "waiting"} else _message(event) or NAMES[event.kind]
        return Text.assemble((mark, colour), " ", (event.step, "bold"), f" {message}", (seconds, "dim"))

    def _line(self, text: Text) -> None:
        self._said = time.monotonic()
        self._console.print(text)


def _message(event: Event) -> str:
    """Return the sentence of an event without the name of its step, which is shown beside it."""
    return visible(event.message).removeprefix(event.step).removeprefix(":").strip()
