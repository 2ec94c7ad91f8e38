"""A `solve` whose models are scripted: a plan, tests, a change and a review of the repository of the conftest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from regoose.context.store import Store
from regoose.domain.json import Json
from regoose.domain.policy import Policy
from regoose.domain.solve import SolveResult, SolveTask
from regoose.domain.task import TaskLimits
from regoose.providers.port import LLMProvider
from regoose.testing.agents import FakeModels
from regoose.testing.models import Answer, ScriptedProvider, call
from regoose.testing.search import ScriptedSearch
from regoose.workflows.authors import Authors
from regoose.workflows.service import Kind, RunService
from regoose.workflows.solve import solve

if TYPE_CHECKING:
    from workflows.conftest import Machine, Repository

FEW = TaskLimits(repeats=2, suite_seconds=60, run_seconds=280)
PLAN: dict[str, Json] = {
    "complexity": 1,
    "files_to_modify": ["stats.py"],
    "new_files_needed": [],
    "dependencies": [],
    "risks": [],
    "estimated_time_minutes": 5,
    "summary": "Add `median`.",
    "steps": ["Add `median` to `stats.py`."],
    "acceptance_criteria": ["median([3, 1, 2]) is 2", "median([1, 2]) is 1.5"],
}
MEDIAN_TESTS = """\
import stats


def test_median_of_an_odd_number():
    assert stats.median([3, 1, 2]) == 2


def test_median_of_an_even_number():
    assert stats.median([1, 2]) == 1.5
"""
MEDIAN = """\
def spread(values):
    return max(values)


def median(values):
    ordered = sorted(values)
    middle = len(ordered) // 2
    return (ordered[middle] + ordered[-1 - middle]) / 2
"""
Scripts = dict[str, list[Answer]]
"""Role and what its model answers, in order."""
SPREAD = "def spread(values):\n    return max(values)\n"


def script() -> Scripts:
    """Return what the model of each role answers where all goes well."""
    return {
        "planner": [call("read", path="stats.py"), call("finish", **PLAN)],
        "tester": [
            call("create", path="tests/test_median.py", text=MEDIAN_TESTS),
            call("run_tests", tests=["tests/test_median.py"]),
            call("finish", summary="The median."),
        ],
        "coder": [
            call("edit", path="stats.py", search=SPREAD, replace=MEDIAN),
            call("run_tests"),
            call("finish", subject="Add median", summary="The middle of sorted values."),
        ],
        "reviewer": [call("finish", verdict="approve", summary="Fine.", remarks=[])],
    }


def scripted(scripts: Scripts) -> dict[str, ScriptedProvider]:
    """Return the provider of each role."""
    return {role: ScriptedProvider(answers) for role, answers in scripts.items()}


def service(machine: Machine, providers: Mapping[str, LLMProvider]) -> tuple[RunService, FakeModels]:
    """Return a service whose only kind of run is `solve`, and its models."""
    models = FakeModels(providers)
    authors = Authors(models=models, store=Store(machine.home / "context"), policy=Policy())
    equipment = machine.equip(ScriptedSearch([]))
    kind = Kind("solve", SolveTask, SolveResult, partial(solve, equipment, authors))
    return RunService(machine.home / "state", [kind]), models


async def run(
    machine: Machine, repository: Repository, providers: Mapping[str, LLMProvider], **more: object
) -> SolveResult:
    """Carry out one run to its end; `more` are fields of the task."""
    task = SolveTask(repository=str(repository.root), requirement="Add a median to stats.", limits=FEW)
    runs, _ = service(machine, providers)
    async with runs:
        run_id = await runs.start(replace(task, **more))  # pyright: ignore[reportArgumentType] - fields by name
        result = await runs.follow(run_id, machine.events.append)
    assert isinstance(result, SolveResult)
    return result


def step(machine: Machine, name: str) -> str:
    """What was told of the end of a step."""
    return next(event.message for event in machine.events if event.step == name and event.kind == "finished")
