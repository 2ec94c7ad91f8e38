"""A sandbox that runs nothing: the fake of `regoose.sandbox.base.Sandbox`."""

from __future__ import annotations

from regoose.sandbox.base import Command, LineObserver, Result


class ScriptedSandbox:
    """Answers every command with a prepared result and prepared lines of output, and remembers the commands."""

    backend = "scripted"

    def __init__(self, result: Result, lines: tuple[bytes, ...] = ()) -> None:
        self.result = result
        self.lines = lines
        self.commands: list[Command] = []

    async def run(self, command: Command, on_line: LineObserver | None = None) -> Result:
        """Give the lines to `on_line` and return the result."""
        self.commands.append(command)
        for line in self.lines:
            if on_line is not None:
                on_line(line)
        return self.result

    async def close(self) -> None:
        """Do nothing: there is nothing to end."""
