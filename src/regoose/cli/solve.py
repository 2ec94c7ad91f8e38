"""`regoose solve`: from a requirement to a proven change."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from regoose.cli.results import Json, MaxCost, Model, Python, Sandbox, carry_out, limits
from regoose.cli.shell import Flags, shell_of
from regoose.domain.budget import Budget
from regoose.domain.solve import SolveTask
from regoose.settings import Settings


def solve(  # noqa: PLR0913 - one parameter for each option of the command
    context: typer.Context,
    requirement: Annotated[
        str, typer.Argument(metavar="REQUIREMENT", help="What is to be done, in words; - reads it from standard input.")
    ],
    *,
    repository: Annotated[
        Path, typer.Option("--repo", metavar="PATH", help="A checkout, or a directory inside one. Default: here.")
    ] = Path(),
    model: Model = None,
    max_cost: MaxCost = None,
    approve: Annotated[bool, typer.Option("--approve", help="Ask before the plan is carried out.")] = False,
    branch: Annotated[
        str | None, typer.Option(metavar="NAME", help="Name of the branch. Default: regoose/<slug>-<id>.")
    ] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Change the working tree, too.")] = False,
    sandbox: Sandbox = None,
    python: Python = None,
    json: Json = False,  # noqa: ARG001 - read before the command line is parsed, so that errors are JSON too
) -> None:
    """
    Carry out a requirement with a language model, and prove the change by tests that were red and are green.

    Nothing in the checkout changes: the result is a branch and a report. Exit code 0: proven; 1: not proven.
    """
    shell = shell_of(context)
    flags: Flags = {"max_cost": max_cost, "sandbox": sandbox, "python": python}
    text = sys.stdin.read() if requirement == "-" else requirement

    def task(settings: Settings) -> SolveTask:
        return SolveTask(
            repository=str(repository.absolute()),
            requirement=text,
            approve=approve,
            model=model,
            budget=Budget(usd=settings.max_cost),
            branch=branch,
            apply=apply,
            sandbox=settings.sandbox,
            python=settings.python,
            limits=limits(settings),
        )

    async def work() -> int:
        async with shell.connect(repository, flags) as services:
            return await carry_out(shell, services, task(services.loaded.settings))

    shell.run(work())
