"""`regoose test`: tests for code that has none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from regoose.cli.results import EngineName, Json, MaxCost, Model, Python, Sandbox, carry_out, limits, show
from regoose.cli.shell import Flags, Services, Shell, shell_of
from regoose.domain.budget import Budget
from regoose.domain.generation import GenerateTask
from regoose.domain.task import Engine
from regoose.settings import Settings


def write_tests(  # noqa: PLR0913 - one parameter for each option of the command
    context: typer.Context,
    targets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[TARGET]...",
            help="Files, directories, FILE.py::NAME, or dotted names of packages, modules, classes and functions.",
            show_default=False,
        ),
    ] = None,
    *,
    repository: Annotated[
        Path | None,
        typer.Option("--repo", metavar="PATH", help="A checkout. Default: that of the first target, or here."),
    ] = None,
    diff: Annotated[
        str | None, typer.Option(metavar="BASE", help="Only what has changed since this commit or branch.")
    ] = None,
    engine: Annotated[
        EngineName,
        typer.Option(help="Who writes: the search, a model, or (auto) a model for what the search leaves untested."),
    ] = "auto",
    model: Model = None,
    max_cost: MaxCost = None,
    budget: Annotated[float | None, typer.Option(min=1, metavar="SECONDS", help="Time for each module.")] = None,
    output: Annotated[
        str | None, typer.Option(metavar="DIR", help="Directory for the tests. Default: where the repository's are.")
    ] = None,
    min_gain: Annotated[
        float, typer.Option(min=0, max=100, metavar="POINTS", help="Least gain in percentage points to keep a file.")
    ] = 0.0,
    branch: Annotated[
        str | None, typer.Option(metavar="NAME", help="Name of the branch. Default: regoose/tests-<slug>-<id>.")
    ] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Write the files into the working tree, too.")] = False,
    append: Annotated[
        bool, typer.Option("--append", help="Add to the file of tests that a module has. Default: a new file.")
    ] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Search again where nothing has changed.")] = False,
    sandbox: Sandbox = None,
    python: Python = None,
    json: Json = False,  # noqa: ARG001 - read before the command line is parsed, so that errors are JSON too
) -> None:
    """
    Write tests for code that has none, and keep those that prove their worth.

    Nothing in the checkout changes: the result is a branch and a report. Exit code 0: tests were kept; 1: none were.
    """
    shell = shell_of(context)
    named = [_absolute(one) for one in targets or []]
    place = repository or _place(named)
    flags: Flags = {"generate_seconds": budget, "max_cost": max_cost, "sandbox": sandbox, "python": python}

    def task(settings: Settings) -> GenerateTask:
        return GenerateTask(
            repository=str(place.absolute()),
            targets=tuple(named),
            since=diff,
            engine=Engine(engine),
            model=model,
            budget=Budget(usd=settings.max_cost),
            seconds=settings.generate_seconds,
            output=output,
            min_gain=min_gain,
            append=append,
            branch=branch,
            apply=apply,
            fresh=fresh,
            sandbox=settings.sandbox,
            python=settings.python,
            limits=limits(settings),
        )

    async def work() -> int:
        async with shell.connect(place, flags) as services:
            return await _answer(shell, services, task(services.loaded.settings))

    shell.run(work())


async def _answer(shell: Shell, services: Services, task: GenerateTask) -> int:
    known = await services.recall(task)
    return show(shell, known) if known is not None else await carry_out(shell, services, task)


def _absolute(target: str) -> str:
    """Return the name of something that is there as an absolute path; any other as it is."""
    path, separator, member = target.partition("::")
    return str(Path(path).absolute()) + separator + member if Path(path).exists() else target


def _place(targets: Sequence[str]) -> Path:
    """Return where the first target is that is a path, else where the command is run."""
    for target in targets:
        path = Path(target.partition("::")[0])
        if path.is_absolute():
            return path if path.is_dir() else path.parent
    return Path()
