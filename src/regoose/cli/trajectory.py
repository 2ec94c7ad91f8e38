"""A run shown as the conversation it was."""

from __future__ import annotations

from collections.abc import Iterable

from rich.text import Text

from regoose.cli.shell import Shell
from regoose.reports.trajectory import Said

_COLOURS = {"system": "magenta", "user": "blue", "assistant": "green", "tool": "yellow", "person": "bold blue"}


def show_trajectory(shell: Shell, run_id: str, told: Iterable[Said], *, whole: bool) -> None:
    """Print what was said, a heading for each contribution."""
    out = shell.terminal.out
    for said in told:
        out.print(Text.assemble((said.who, _COLOURS.get(said.who, "dim")), f"  {said.about}" if said.about else ""))
        for line in said.text.split("\n") if said.text else ():
            out.print(Text(f"    {line}"))
    if not whole:
        command = shell.command(f"regoose runs show {run_id} --trajectory --whole")
        shell.terminal.note(f"Long texts are shortened; all of it: {command}")
