"""Asking a person at a terminal for yes or no."""

from __future__ import annotations

import contextlib
import os
import pwd
import signal
import sys
from collections.abc import Callable, Generator

import typer
from rich.text import Text

from regoose.cli.console import Terminal
from regoose.domain.approval import Approval, Question

Asker = Callable[[Question], Approval | None]
"""Asks a person; None where there was no answer."""


def asker(terminal: Terminal) -> Asker | None:
    """Return what asks at the terminal, None where nobody sits there."""
    if terminal.as_json or not terminal.err.is_terminal or not sys.stdin.isatty():
        return None

    def ask(question: Question) -> Approval | None:
        show_question(terminal, question)
        try:
            with _interruptible():
                granted = typer.confirm(question.text, err=True)
                comment = "" if granted else typer.prompt("Why not?", default="", show_default=False, err=True)
        except typer.Abort:
            return None
        return Approval(granted=granted, comment=comment, by=account())

    return ask


def show_question(terminal: Terminal, question: Question) -> None:
    """Show what a person has to see before they answer."""
    if question.details:
        terminal.err.print(Text(question.details))


def account() -> str:
    """Return the name of the account that this process runs under."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


@contextlib.contextmanager
def _interruptible() -> Generator[None]:
    """Let Ctrl-C end a question: the event loop's own handler would wait for a loop that the question holds up."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
