"""`regoose runs`: what ran on this machine, and going on with what was interrupted."""

from __future__ import annotations

import time
from typing import Annotated

import typer
from rich.text import Text

from regoose.cli.results import Json, document, follow, show
from regoose.cli.shell import shell_of
from regoose.cli.summary import columns
from regoose.domain.run import RunState, RunSummary, StepRecord
from regoose.reports.json import run_document, step_document

RunId = Annotated[
    str, typer.Argument(metavar="RUN", show_default=False, help="Id of a run, as `regoose runs list` shows it.")
]


def list_runs(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=1000, metavar="N", help="How many at most.")] = 20,
    *,
    json: Json = False,  # noqa: ARG001 - read before the command line is parsed
) -> None:
    """Show the newest runs."""
    shell = shell_of(context)

    async def work() -> int:
        async with shell.connect(None, {}) as services:
            runs = await services.runs.list(limit)
        if shell.terminal.as_json:
            shell.terminal.document({"runs": [run_document(run) for run in runs]})
        elif runs:
            rows = [["run", "state", "verdict", "started", "took", "repository"], *(_row(run) for run in runs)]
            for line in columns(rows):
                shell.terminal.out.print(Text(line))
        else:
            shell.terminal.note("No runs yet.")
        return 0

    shell.run(work())


def show_run(context: typer.Context, run: RunId, *, json: Json = False) -> None:  # noqa: ARG001 - see `list_runs`
    """Show the steps of a run, and its result where it has one."""
    shell = shell_of(context)

    async def work() -> int:
        async with shell.connect(None, {}) as services:
            summary, steps = await services.runs.show(run)
            result = await services.runs.result(run) if summary.verdict is not None else None
        if shell.terminal.as_json:
            shell.terminal.document(
                {
                    **run_document(summary),
                    "steps": [step_document(step) for step in steps],
                    "result": document(result) if result else None,
                }
            )
            return 0
        out = shell.terminal.out
        for line in columns([["run", "state", "verdict", "started", "took", "repository"], _row(summary)]):
            out.print(Text(line))
        for line in columns([["step", "", "took", ""], *(_step(step) for step in steps)]):
            out.print(Text(line))
        if result is not None:
            out.print()
            show(shell, result)
        elif summary.state is RunState.INTERRUPTED:
            shell.terminal.hint(shell.command(f"regoose runs resume {run}"))
        return 0

    shell.run(work())


def resume_run(
    context: typer.Context,
    run: Annotated[
        str | None, typer.Argument(metavar="RUN", help="Id of a run. Default: the newest interrupted one.")
    ] = None,
    *,
    json: Json = False,  # noqa: ARG001 - read before the command line is parsed
) -> None:
    """Go on with an interrupted run from its last finished step."""
    shell = shell_of(context)

    async def work() -> int:
        async with shell.connect(None, {}) as services:
            shell.run_id = await services.runs.resume(run)
            return await follow(shell, services, shell.run_id)

    shell.run(work())


def watch_run(context: typer.Context, run: RunId, *, json: Json = False) -> None:  # noqa: ARG001 - see `list_runs`
    """Follow a run of another terminal to its end."""
    shell = shell_of(context)

    async def work() -> int:
        async with shell.connect(None, {}) as services:
            return await follow(shell, services, run)

    shell.run(work())


def cancel_run(context: typer.Context, run: RunId, *, json: Json = False) -> None:  # noqa: ARG001 - see `list_runs`
    """End a run for good, wherever it runs."""
    shell = shell_of(context)

    async def work() -> int:
        async with shell.connect(None, {}) as services:
            await services.runs.cancel(run)
            summary, _ = await services.runs.show(run)
        if shell.terminal.as_json:
            shell.terminal.document(run_document(summary))
        else:
            shell.terminal.note(f"Run {run} is {summary.state.value}.")
        return 0

    shell.run(work())


def register(app: typer.Typer) -> None:
    """Add the group to the application."""
    group = typer.Typer(help="List, show, resume, watch and cancel runs.", rich_markup_mode=None)
    group.command("list")(list_runs)
    group.command("show")(show_run)
    group.command("resume")(resume_run)
    group.command("watch")(watch_run)
    group.command("cancel")(cancel_run)
    app.add_typer(group, name="runs")


def _row(run: RunSummary) -> list[str]:
    started = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(run.started))
    took = f"{run.ended - run.started:.1f} s" if run.ended is not None else ""
    return [run.run_id, run.state.value, run.verdict.value if run.verdict else "", started, took, run.repository]


def _step(step: StepRecord) -> list[str]:
    took = f"{step.ended - step.started:.1f} s" if step.started is not None and step.ended is not None else ""
    return [str(step.number), step.name, took, step.error or ""]
