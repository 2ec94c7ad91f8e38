"""What a person or a program reads: data on standard output, everything else on standard error."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import dataclass, field

from rich.console import Console, ConsoleRenderable, RenderHook
from rich.text import Text

from regoose.reports.json import error_document
from regoose.reports.source import visible


def accept_all() -> None:
    """Show what a stream cannot encode (a file that is not UTF-8, a terminal that is not) as escapes."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


class InertText(RenderHook):
    """Shows what a terminal would obey, or what would reorder what is read, as a character that is seen."""

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        """Replace characters of each text that is printed, one by one: styles keep their places."""
        for one in renderables:
            if isinstance(one, Text):
                one.plain = visible(one.plain)
        return renderables


def inert(console: Console) -> Console:
    """Return the console, which is told to obey no text of others."""
    console.push_render_hook(InertText())
    return console


def _stderr() -> Console:
    return inert(Console(stderr=True, highlight=False, soft_wrap=True))


def _stdout() -> Console:
    return inert(Console(highlight=False, soft_wrap=True))


@dataclass(frozen=True, slots=True)
class Terminal:
    """
    The two streams of one command. Colour follows the terminal and NO_COLOR; nothing is said by colour alone.

    With `as_json`, standard output carries one JSON document and nothing else, errors included.
    """

    as_json: bool = False
    out: Console = field(default_factory=_stdout)
    err: Console = field(default_factory=_stderr)

    def document(self, value: object) -> None:
        """Print the one JSON document of this command, in ASCII: bytes that are no UTF-8 have a place in it, too."""
        sys.stdout.write(json.dumps(value, indent=2) + "\n")
        sys.stdout.flush()

    def error(self, kind: str, message: str, hint: str, run_id: str | None = None) -> None:
        """Say what went wrong and what to do next."""
        if self.as_json:
            self.document(error_document(kind, message, hint, run_id))
            return
        self.err.print(Text.assemble(("error: ", "bold red"), message))
        if hint:
            self.hint(hint)

    def hint(self, text: str) -> None:
        """Say what to do next."""
        self.err.print(Text.assemble(("hint: ", "bold cyan"), text))

    def note(self, message: str) -> None:
        """Say something that is neither data nor an error."""
        self.err.print(Text(message))
