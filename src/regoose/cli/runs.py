"""`regoose runs`: what ran on this machine, and going on with what was interrupted."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from regoose.cli.asking import account, show_question
from regoose.cli.progress import Progress
from regoose.cli.results import Json, document, follow, show
from regoose.cli.shell import Runs, Shell, shell_of
from regoose.cli.summary import columns
from regoose.cli.trajectory import show_trajectory
from regoose.domain.approval import Approval, unanswered
from regoose.domain.json import Json as Value
from regoose.domain.run import Replayed, RunState, RunSummary, StepRecord
from regoose.reports.edits import added, edits_by_model, edits_document, told_edits
from regoose.reports.json import replay_document, run_document, step_document
from regoose.reports.steps import export
from regoose.reports.trajectory import trajectory
from regoose.workspace.edits import Tally

RunId = Annotated[
    str, typer.Argument(metavar="RUN", show_default=False, help="Id of a run, as `regoose runs list` shows it.")
]
MaxCost = Annotated[
    float | None, typer.Option("--max-cost", min=0, metavar="USD", help="Most that models may cost, all in all.")
]


def list_runs(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=1000, metavar="N", help="How many at most.")] = 20,
    *,
    edits: Annotated[
        bool, typer.Option("--edits", help="Count how the edits of each model were placed in these runs.")
    ] = False,
    json: Json = False,  # noqa: ARG001 - read before the command line is parsed
) -> None:
    """Show the newest runs."""
    shell = shell_of(context)

    async def work() -> int:
        async with shell.connect(None, {}) as services:
            runs = await services.runs.list(limit)
            placed = await _edits(services.runs, runs if edits else ())
        if shell.terminal.as_json:
            counted = {"edits": edits_document(placed)} if edits else {}
            shell.terminal.document({"runs": [run_document(run) for run in runs], **counted})
        elif edits:
            for line in told_edits(placed) or ["No model has edited a file in these runs."]:
                shell.terminal.out.print(Text(line))
        elif runs:
            rows = [["run", "state", "verdict", "started", "took", "repository"], *(_row(run) for run in runs)]
            for line in columns(rows):
                shell.terminal.out.print(Text(line))
        else:
            shell.terminal.note("No runs yet.")
        return 0

    shell.run(work())


async def _edits(runs: Runs, listed: Sequence[RunSummary]) -> Mapping[str, Tally]:
    return added([edits_by_model((await runs.show(run.run_id))[1]) for run in listed])


def show_run(
    context: typer.Context,
    run: RunId,
    *,
    told: Annotated[
        bool, typer.Option("--trajectory", help="Tell the run as a conversation: messages, tools, checks, cost.")
    ] = False,
    whole: Annotated[bool, typer.Option("--whole", help="With --trajectory: leave out no line.")] = False,
    json: Json = False,  # noqa: ARG001 - see `list_runs`
) -> None:
    """Show the steps of a run, and its result where it has one."""
    shell = shell_of(context)

    async def work() -> int:
        async with shell.connect(None, {}) as services:
            summary, steps = await services.runs.show(run)
            if told and not shell.terminal.as_json:
                show_trajectory(shell, run, trajectory(steps, whole=whole, redact=services.redact), whole=whole)
                return 0
            result = await services.runs.result(run) if summary.state is RunState.FINISHED else None
        if shell.terminal.as_json:
            shell.terminal.document(
                {
                    **run_document(summary),
                    "steps": [step_document(step) for step in steps],
                    "edits": edits_document(edits_by_model(steps)),
                    "result": document(result) if result else None,
                }
            )
            return 0
        out = shell.terminal.out
        for line in columns([["run", "state", "verdict", "started", "took", "repository"], _row(summary)]):
            out.print(Text(line))
        if summary.forked_from is not None:
            shell.terminal.note(f"Its first steps are those of run {summary.forked_from}.")
        for line in columns([["step", "", "took", ""], *(_step(step) for step in steps)]):
            out.print(Text(line))
        if result is not None:
            out.print()
            show(shell, result)
        else:
            _show_way_on(shell, summary)
        return 0

    shell.run(work())


def resume_run(
    context: typer.Context,
    run: Annotated[
        str | None, typer.Argument(metavar="RUN", help="Id of a run. Default: the newest interrupted one.")
    ] = None,
    max_cost: MaxCost = None,
    *,
    json: Json = False,  # noqa: ARG001 - read before the command line is parsed
) -> None:
    """Go on with an interrupted run from its last finished step."""
    shell = shell_of(context)

    async def work() -> int:
        async with shell.connect(None, {}) as services:
            shell.run_id = await services.runs.resume(run, _overrides(max_cost))
            return await follow(shell, services, shell.run_id)

    shell.run(work())


def watch_run(context: typer.Context, run: RunId, *, json: Json = False) -> None:  # noqa: ARG001 - see `list_runs`
    """Follow a run of another terminal to its end."""
    shell = shell_of(context)

    async def work() -> int:
        async with shell.connect(None, {}) as services:
            return await follow(shell, services, run)

    shell.run(work())


def approve_run(
    context: typer.Context,
    run: RunId,
    comment: Annotated[str, typer.Option(metavar="TEXT", help="Why; the author of the next attempt reads it.")] = "",
    *,
    reject: Annotated[bool, typer.Option("--reject", help="Say no.")] = False,
    json: Json = False,  # noqa: ARG001 - read before the command line is parsed
) -> None:
    """
    Say yes to what a run waits for, or no, and go on with it.

    The answer is kept whatever happens next, and stays what it was.
    """
    shell = shell_of(context)

    async def work() -> int:
        async with shell.connect(None, {}) as services:
            approval = Approval(granted=not reject, comment=comment, by=account())
            question = await services.runs.approve(run, approval)
            shell.terminal.note(f"{'No' if reject else 'Yes'}: {question.text}")
            shell.run_id = await services.runs.resume(run)
            return await follow(shell, services, run)

    shell.run(work())


def replay_run(context: typer.Context, run: RunId, *, json: Json = False) -> None:  # noqa: ARG001 - see `list_runs`
    """
    Carry a run out again from its journal alone, offline, and compare its end with the recorded one.

    No model, no sandbox and no key is needed. Exit code 2 and the first difference where something is not as recorded.
    """
    shell = shell_of(context)

    async def work() -> int:
        async with shell.connect(None, {}) as services:
            with Progress(shell.terminal) as progress:
                replayed = await services.runs.replay(run, progress)
        if shell.terminal.as_json:
            shell.terminal.document(replay_document(replayed))
        else:
            shell.terminal.out.print(Text(_say_replayed(replayed)))
        return 0

    shell.run(work())


def fork_run(
    context: typer.Context,
    run: RunId,
    at: Annotated[
        str, typer.Option("--at", metavar="STEP", help="Number or name of the first step that is done anew.")
    ],
    max_cost: MaxCost = None,
    model: Annotated[str | None, typer.Option(metavar="PROVIDER:NAME", help="Another model from there on.")] = None,
    *,
    json: Json = False,  # noqa: ARG001 - read before the command line is parsed
) -> None:
    """
    Go another way from a step of a run: a new run that has the steps before it.

    What was recorded is neither done nor paid for again. The first run stays as it is.
    """
    shell = shell_of(context)

    async def work() -> int:
        async with shell.connect(None, {}) as services:
            shell.run_id = await services.runs.fork(run, at, _overrides(max_cost, model))
            shell.terminal.note(f"Run {shell.run_id} goes on from step {at} of {run}.")
            return await follow(shell, services, shell.run_id)

    shell.run(work())


def export_run(
    context: typer.Context,
    run: RunId,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to write. Default: standard output.", dir_okay=False)
    ] = None,
) -> None:
    """
    Write the steps of a run as JSON lines, one object a step.

    Keys: number, name, started, ended (seconds since the epoch), request (what it was asked, in parts), value, error.
    """
    shell = shell_of(context)

    async def work() -> int:
        async with shell.connect(None, {}) as services:
            _, steps = await services.runs.show(run)
            lines = export((step for step in steps if step.ended is not None), services.redact)
        if output is None:
            sys.stdout.writelines(lines)
            sys.stdout.flush()
        else:
            await asyncio.to_thread(output.write_text, "".join(lines), encoding="utf-8")
        return 0

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
    group = typer.Typer(help="List, show, follow, answer, resume, replay and fork runs.", rich_markup_mode=None)
    group.command("list")(list_runs)
    group.command("show")(show_run)
    group.command("resume")(resume_run)
    group.command("watch")(watch_run)
    group.command("cancel")(cancel_run)
    group.command("approve")(approve_run)
    group.command("replay")(replay_run)
    group.command("fork")(fork_run)
    group.command("export")(export_run)
    app.add_typer(group, name="runs")


def _overrides(max_cost: float | None, model: str | None = None) -> dict[str, Value]:
    """Return what the options change about the task of a run, by the names of its fields."""
    budget: dict[str, Value] = {} if max_cost is None else {"budget": {"usd": max_cost}}
    return budget if model is None else {**budget, "model": model}


def _show_way_on(shell: Shell, summary: RunSummary) -> None:
    """Say how a run that stopped goes on."""
    if summary.question is not None:
        show_question(shell.terminal, summary.question)
        needed = unanswered(summary.run_id, summary.question.text)
        shell.terminal.note(summary.question.text)
        shell.terminal.hint(shell.command(needed.hint))
    elif summary.state is RunState.INTERRUPTED:
        shell.terminal.hint(shell.command(f"regoose runs resume {summary.run_id}"))


def _say_replayed(replayed: Replayed) -> str:
    steps = f"{replayed.steps} step{'s' if replayed.steps != 1 else ''}"
    calls = f"{replayed.calls} call{'s' if replayed.calls != 1 else ''} of a model"
    if not replayed.has_ended:
        beyond = f"; the next step, {replayed.next_step}, is not recorded" if replayed.next_step else ""
        return f"Replayed {steps}, {calls}: as far as run {replayed.run_id} is recorded{beyond}."
    end = f"the same error ({replayed.error})" if replayed.error else "the same result, byte for byte"
    return f"Replayed {steps}, {calls}: {end}."


def _row(run: RunSummary) -> list[str]:
    started = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(run.started))
    took = f"{run.ended - run.started:.1f} s" if run.ended is not None else ""
    return [run.run_id, run.state.value, run.verdict.value if run.verdict else "", started, took, run.repository]


def _step(step: StepRecord) -> list[str]:
    took = f"{step.ended - step.started:.1f} s" if step.started is not None and step.ended is not None else ""
    return [str(step.number), step.name, took, step.error or ""]
