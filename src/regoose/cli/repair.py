"""`regoose fix` and `regoose prove`: repair, and see the proof again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from regoose.cli.progress import Progress
from regoose.cli.results import EngineName, Json, MaxCost, Model, Python, Sandbox, carry_out, limits
from regoose.cli.shell import Flags, shell_of
from regoose.cli.summary import EXIT_CODES, show_proof
from regoose.domain.budget import Budget
from regoose.domain.task import Engine, FixTask, ProofTask
from regoose.reports.json import proof_document
from regoose.settings import Settings

Repository = Annotated[
    Path,
    typer.Argument(metavar="PATH", help="A checkout, or a directory inside one. Default: here.", show_default=False),
]


def fix(  # noqa: PLR0913 - one parameter for each option of the command
    context: typer.Context,
    repository: Repository = Path(),
    test: Annotated[
        list[str] | None,
        typer.Option("--test", metavar="ID", help="A test to make pass; repeat for more. Default: every failing one."),
    ] = None,
    engine: Annotated[
        EngineName,
        typer.Option(help="Who writes: the search, a model, or (auto) a model where the search proves nothing."),
    ] = "auto",
    branch: Annotated[
        str | None, typer.Option(metavar="NAME", help="Name of the branch. Default: regoose/<slug>-<id>.")
    ] = None,
    choose: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Deliver this alternative instead of the first.")
    ] = None,
    *,
    model: Model = None,
    max_cost: MaxCost = None,
    apply: Annotated[bool, typer.Option("--apply", help="Change the working tree, too.")] = False,
    budget: Annotated[float | None, typer.Option(min=1, metavar="SECONDS", help="Time for the search.")] = None,
    sandbox: Sandbox = None,
    python: Python = None,
    json: Json = False,  # noqa: ARG001 - read before the command line is parsed, so that errors are JSON too
) -> None:
    """
    Make failing tests pass, and prove it.

    Nothing in the checkout changes: the result is a branch and a report. Exit code 0: proven; 1: not proven.
    """
    shell = shell_of(context)
    flags = {"search_seconds": budget, "max_cost": max_cost, "sandbox": sandbox, "python": python}

    def task(settings: Settings) -> FixTask:
        return FixTask(
            repository=str(repository.absolute()),
            tests=tuple(test or settings.tests),
            engine=Engine(engine),
            model=model,
            budget=Budget(usd=settings.max_cost),
            branch=branch,
            apply=apply,
            choose=choose,
            sandbox=settings.sandbox,
            python=settings.python,
            limits=limits(settings),
        )

    async def work() -> int:
        async with shell.connect(repository, flags) as services:
            return await carry_out(shell, services, task(services.loaded.settings))

    shell.run(work())


def prove(  # noqa: PLR0913 - one parameter for each option of the command
    context: typer.Context,
    base: Annotated[str, typer.Option(metavar="COMMIT", help="Commit on which the tests must be red.")],
    head: Annotated[str, typer.Option(metavar="COMMIT", help="Commit on which they must be green.")],
    repository: Repository = Path(),
    test: Annotated[
        list[str] | None,
        typer.Option("--test", metavar="ID", help="A test of the proof; repeat for more. Default: all red on BASE."),
    ] = None,
    *,
    sandbox: Sandbox = None,
    python: Python = None,
    json: Json = False,  # noqa: ARG001 - read before the command line is parsed
) -> None:
    """
    Run a proof again: the tests red on BASE, green on HEAD, and nothing else worse.

    Works in any clone that has both commits. Exit code 0: it holds; 1: it does not.
    """
    shell = shell_of(context)
    flags: Flags = {"sandbox": sandbox, "python": python}

    async def work() -> int:
        async with shell.connect(repository, flags) as services:
            task = ProofTask(
                repository=str(repository.absolute()),
                base=base,
                head=head,
                tests=tuple(test or ()),
                limits=limits(services.loaded.settings),
            )
            with Progress(shell.terminal) as progress:
                result = await services.prove(task, progress)
            if shell.terminal.as_json:
                shell.terminal.document(proof_document(result))
            else:
                show_proof(shell.terminal.out, result)
            return EXIT_CODES[result.evidence.verdict]

    shell.run(work())
