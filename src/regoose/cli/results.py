"""What every command that runs something does with it: start it, follow it, show its result."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Literal

import typer

from regoose.cli.progress import Progress
from regoose.cli.shell import Services, Shell
from regoose.cli.summary import EXIT_CODES, show_fix, show_generate
from regoose.cli.summary_ask import show_asked
from regoose.cli.summary_solve import show_solve
from regoose.domain.ask import AskResult
from regoose.domain.generation import GenerateResult
from regoose.domain.kinds import Result, Task
from regoose.domain.solve import SolveResult
from regoose.domain.task import TaskLimits
from regoose.errors import ApprovalNeeded
from regoose.reports.generation.document import generate_document
from regoose.reports.json import Document, ask_document, fix_document, solve_document
from regoose.settings import Settings

Json = Annotated[bool, typer.Option("--json", help="Print the result as one JSON document.")]
Sandbox = Annotated[
    str | None, typer.Option("--sandbox", metavar="NAME", help="podman, docker, bubblewrap or landlock.")
]
Python = Annotated[
    str | None, typer.Option("--python", metavar="PATH", help="Interpreter or virtual environment for the tests.")
]

EngineName = Literal["auto", "search", "model"]
MaxCost = Annotated[
    float | None, typer.Option("--max-cost", min=0, metavar="USD", help="Most that models may cost. Default: as set.")
]
Model = Annotated[
    str | None,
    typer.Option(
        "--model", metavar="PROVIDER:NAME", help="Model in place of the one set, e.g. anthropic:claude-sonnet-4-5."
    ),
]


async def carry_out(shell: Shell, services: Services, task: Task) -> int:
    """Start a run, follow it to its end and print its result."""
    shell.run_id = await services.runs.start(task)
    return await follow(shell, services, shell.run_id)


async def follow(shell: Shell, services: Services, run_id: str) -> int:
    """Show a run as it happens, then its result; return the exit code. What it asks is asked where somebody sits."""
    while True:
        try:
            with Progress(shell.terminal) as progress:
                result = await services.runs.follow(run_id, progress)
            break
        except ApprovalNeeded:
            if not await _answered(shell, services, run_id):
                raise
            await services.runs.resume(run_id)
    shell.run_id = None
    return show(shell, result)


async def _answered(shell: Shell, services: Services, run_id: str) -> bool:
    """Ask at the terminal what a run waits for, and keep the answer; nothing is held meanwhile."""
    summary, _ = await services.runs.show(run_id)
    approval = shell.ask(summary.question) if shell.ask is not None and summary.question is not None else None
    if approval is not None:
        await services.runs.approve(run_id, approval)
    return approval is not None


def show(shell: Shell, result: Result) -> int:
    """Print a result as this invocation asks for it; return the exit code."""
    if shell.terminal.as_json:
        shell.terminal.document(document(result))
    elif isinstance(result, GenerateResult):
        show_generate(shell.terminal.out, result, result.reproduce)
    elif isinstance(result, SolveResult):
        show_solve(shell.terminal.out, result, _rerun(shell, result.reproduce, result.repository))
    elif isinstance(result, AskResult):
        show_asked(shell.terminal.out, result)
    else:
        choose = shell.command(f"regoose fix {shlex.quote(result.repository)} --choose")
        show_fix(shell.terminal.out, result, _rerun(shell, result.reproduce, result.repository), choose)
    return 0 if isinstance(result, AskResult) else EXIT_CODES[result.status]


def document(result: Result) -> Document:
    """Return the JSON document of a result."""
    if isinstance(result, GenerateResult):
        return generate_document(result)
    if isinstance(result, AskResult):
        return ask_document(result)
    return solve_document(result) if isinstance(result, SolveResult) else fix_document(result)


def limits(settings: Settings) -> TaskLimits:
    """Return the bounds of a run that the settings ask for."""
    return TaskLimits(
        search_seconds=settings.search_seconds,
        suite_seconds=settings.testing_timeout,
        run_seconds=settings.workflow_timeout,
        repeats=settings.repeats,
        attempts=settings.attempts,
    )


def _rerun(shell: Shell, reproduce: str, repository: str) -> str:
    """Return the command that reruns the proof, with the path of the repository where this is not inside it."""
    inside = Path.cwd().is_relative_to(repository)
    path = "" if inside or not reproduce else f" {shlex.quote(repository)}"
    return shell.command(reproduce) + path
