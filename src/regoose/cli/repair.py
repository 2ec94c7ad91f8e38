"""`regoose fix` and `regoose prove`: repair, and see the proof again."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Literal

import typer

from regoose.cli.progress import Progress
from regoose.cli.shell import Flags, Services, Shell, shell_of
from regoose.cli.summary import EXIT_CODES, show_fix, show_proof
from regoose.domain.run import FixResult
from regoose.domain.task import Engine, FixTask, ProofTask, TaskLimits
from regoose.reports.json import fix_document, proof_document
from regoose.settings import Settings

Repository = Annotated[
    Path,
    typer.Argument(metavar="PATH", help="A checkout, or a directory inside one. Default: here.", show_default=False),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as one JSON document.")]
Sandbox = Annotated[
    str | None, typer.Option("--sandbox", metavar="NAME", help="podman, docker, bubblewrap or landlock.")
]
Python = Annotated[
    str | None, typer.Option("--python", metavar="PATH", help="Interpreter or virtual environment for the tests.")
]


def fix(  # noqa: PLR0913 - one parameter for each option of the command
    context: typer.Context,
    repository: Repository = Path(),
    test: Annotated[
        list[str] | None,
        typer.Option("--test", metavar="ID", help="A test to make pass; repeat for more. Default: every failing one."),
    ] = None,
    engine: Annotated[
        Literal["auto", "search"], typer.Option(help="Who writes the patch. This version has the search.")
    ] = "auto",
    branch: Annotated[
        str | None, typer.Option(metavar="NAME", help="Name of the branch. Default: regoose/<slug>-<id>.")
    ] = None,
    choose: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Deliver this alternative instead of the first.")
    ] = None,
    *,
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
    flags = {"search_seconds": budget, "sandbox": sandbox, "python": python}

    def task(settings: Settings) -> FixTask:
        return FixTask(
            repository=str(repository.absolute()),
            tests=tuple(test or settings.tests),
            engine=Engine(engine),
            branch=branch,
            apply=apply,
            choose=choose,
            sandbox=settings.sandbox,
            python=settings.python,
            limits=limits(settings),
        )

    async def work() -> int:
        async with shell.connect(repository, flags) as services:
            return await repair(shell, services, task(services.loaded.settings))

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


async def repair(shell: Shell, services: Services, task: FixTask) -> int:
    """Start a run, follow it to its end and print its result."""
    shell.run_id = await services.runs.start(task)
    return await follow(shell, services, shell.run_id)


async def follow(shell: Shell, services: Services, run_id: str) -> int:
    """Show a run as it happens, then its result; return the exit code."""
    with Progress(shell.terminal) as progress:
        result = await services.runs.follow(run_id, progress)
    shell.run_id = None
    return show(shell, result)


def show(shell: Shell, result: FixResult) -> int:
    """Print a result as this invocation asks for it; return the exit code."""
    if shell.terminal.as_json:
        shell.terminal.document(fix_document(result))
    else:
        choose = shell.command(f"regoose fix {shlex.quote(result.repository)} --choose")
        show_fix(shell.terminal.out, result, _rerun(shell, result), choose)
    return EXIT_CODES[result.status]


def _rerun(shell: Shell, result: FixResult) -> str:
    """Return the command that reruns the proof, with the path of the repository where this is not inside it."""
    inside = Path.cwd().is_relative_to(result.repository)
    path = "" if inside or not result.reproduce else f" {shlex.quote(result.repository)}"
    return shell.command(result.reproduce) + path


def limits(settings: Settings) -> TaskLimits:
    """Return the bounds of a run that the settings ask for."""
    return TaskLimits(
        search_seconds=settings.search_seconds,
        suite_seconds=settings.testing_timeout,
        run_seconds=settings.workflow_timeout,
        repeats=settings.repeats,
        attempts=settings.attempts,
    )
