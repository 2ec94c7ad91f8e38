"""Tools that run something: the tests, or a command in the sandbox."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from regoose.agents.desk import Desk
from regoose.agents.tool import Observation, Tool
from regoose.domain.evidence import CaseResult, SuiteReport
from regoose.domain.policy import Act, Action
from regoose.sandbox.base import Result

_SHOWN = 20
"""Red tests that are shown with why."""
_MESSAGE = 1500


class _RunTests(BaseModel):
    model_config = ConfigDict(extra="forbid")

    tests: Annotated[
        tuple[str, ...],
        Field(description="pytest node ids, files or classes, e.g. `tests/test_app.py::test_health`; empty runs all."),
    ] = ()


class _Shell(BaseModel):
    model_config = ConfigDict(extra="forbid")

    command: Annotated[str, Field(min_length=1, max_length=10_000, description="A line for `sh -c`.")]
    seconds: Annotated[float, Field(gt=0, le=600, description="Time limit.")] = 60.0


async def _run_tests(arguments: _RunTests, desk: Desk) -> Observation:
    report = await desk.place.test(arguments.tests, desk.changes.patch())
    return Observation(desk.outputs.shorten(suite_text(report)))


def suite_text(report: SuiteReport) -> str:
    """Describe a run of tests for a model: the counts, then each red test with why."""
    counts = report.counts
    lines = [f"{counts.passed} passed, {counts.failed} failed, {counts.errors} errors, {counts.skipped} skipped"]
    if report.problem:
        lines.append(f"The run is not whole: {report.problem}")
    lines += [
        f"{error.path} cannot be collected: {error.exception}: {_cut(error.message)}"
        for error in report.collection_errors
    ]
    red = [case for case in report.cases if case.outcome.is_red]
    lines += [_case(case) for case in red[:_SHOWN]]
    if len(red) > _SHOWN:
        lines.append(f"and {len(red) - _SHOWN} more: " + ", ".join(case.id for case in red[_SHOWN:]))
    if not report.cases and not report.collection_errors and report.output_tail.strip():
        lines.append(report.output_tail.strip())
    return "\n".join(lines)


def _case(case: CaseResult) -> str:
    why = case.failure
    if why is None:
        return f"{case.outcome.value.upper()} {case.id}"
    where = f" ({why.path}:{why.line})" if why.path else ""
    return f"{case.outcome.value.upper()} {case.id}{where}\n  {why.exception}: {_cut(why.message)}"


def _cut(text: str) -> str:
    return text if len(text) <= _MESSAGE else f"{text[:_MESSAGE]} [...]"


async def _shell(arguments: _Shell, desk: Desk) -> Observation:
    result = await desk.place.run(arguments.command, desk.changes.patch(), arguments.seconds)
    return Observation(desk.outputs.shorten(_result_text(result)))


def _result_text(result: Result) -> str:
    parts = [_how_it_ended(result)]
    for name, content in (("stdout", result.stdout), ("stderr", result.stderr)):
        if content:
            parts.append(f"{name}:\n{content.decode('utf-8', 'replace').rstrip()}")
    if result.truncated:
        parts.append("The middle of its output is lost: it was too large to keep.")
    return "\n".join(parts)


def _how_it_ended(result: Result) -> str:
    if result.timed_out:
        return f"stopped after {result.seconds:.0f} s: its time was up"
    if result.out_of_memory:
        return "stopped: it took more memory than the sandbox has"
    if result.signal is not None:
        return f"ended by signal {result.signal}"
    return f"exit code {result.exit_code}"


run_tests = Tool(
    name="run_tests",
    description="Run the repository's tests, or some of them, with all changes so far.",
    arguments=_RunTests,
    use=_run_tests,
)
shell = Tool(
    name="shell",
    description=(
        "Run a shell command in a sandbox that holds the repository with all changes so far. It has no network, and "
        "what it changes is not kept: change files with the editing tools."
    ),
    arguments=_Shell,
    use=_shell,
    actions=lambda arguments: (Action(Act.RUN, arguments.command),),
)
