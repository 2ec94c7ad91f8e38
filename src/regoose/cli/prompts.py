"""`regoose prompts`: the prompts that models are given."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from regoose.cli.results import Json
from regoose.cli.shell import shell_of
from regoose.cli.summary import columns
from regoose.reports.json import Document

SMALLEST_WINDOW = 8192
"""Tokens; the model that is set where nothing else is has no more."""


def check(
    context: typer.Context,
    *,
    window: Annotated[
        int, typer.Option(min=1000, metavar="TOKENS", help="Window of the model that they have to fit.")
    ] = SMALLEST_WINDOW,
    json: Json = False,  # noqa: ARG001 - read before the command line is parsed
) -> None:
    """
    Check the prompts in force: variables, examples, and that each fits the window.

    Your own are the files of the directory REGOOSE_PROMPTS, one a role. Exit code 0: all can be used; 1: one cannot.
    """
    shell = shell_of(context)

    async def work() -> int:
        async with shell.connect(None, {}) as services:
            checks = services.check_prompts(window)
        if shell.terminal.as_json:
            found: list[Document] = [
                {
                    "role": one.role,
                    "path": one.path,
                    "version": one.version,
                    "tokens": one.tokens,
                    "problems": list(one.problems),
                }
                for one in checks
            ]
            shell.terminal.document({"prompts": found})
        else:
            rows = [["role", "file", "version", "tokens", ""]]
            rows += [
                [one.role, one.path, str(one.version or ""), f"{one.tokens:,}", "" if one.problems else "in order"]
                for one in checks
            ]
            for line in columns(rows):
                shell.terminal.out.print(Text(line))
            for one in checks:
                for problem in one.problems:
                    shell.terminal.out.print(Text(f"{one.path}: {problem}", "bold red"))
        return 1 if any(one.problems for one in checks) else 0

    shell.run(work())


def register(app: typer.Typer) -> None:
    """Add the group to the application."""
    group = typer.Typer(help="Show whether the prompts of models are in order.", rich_markup_mode=None)
    group.command("check")(check)
    app.add_typer(group, name="prompts")
