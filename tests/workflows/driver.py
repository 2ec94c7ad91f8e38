"""
A process that works on one run of `fix`, `test` or `solve` and dies at a point of it.

    driver.py start|resume HOME REPOSITORY KILL_AT fix|test|solve

It kills itself at the `KILL_AT`-th point it passes (0: never): before a step, inside it after all it does, and after it
is recorded. Each step that is done adds its name to `HOME/effects`; at the end the result is written as JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

from paid import PaidModel, Turn  # its directory is on the path where it is run (see `tests.forks`)

from regoose.cli.results import document
from regoose.context.store import Store
from regoose.domain.generation import GenerateResult, GenerateTask
from regoose.domain.json import Json
from regoose.domain.policy import Policy
from regoose.domain.run import FixResult
from regoose.domain.solve import SolveResult, SolveTask
from regoose.domain.task import FixTask, TaskLimits
from regoose.durable.ledger import Ledger
from regoose.durable.run import Run, Steps
from regoose.providers.endpoints import Endpoint
from regoose.providers.models import Heard, Models
from regoose.providers.port import LLMProvider
from regoose.sandbox.base import Limits, Probe
from regoose.sandbox.bubblewrap import Bubblewrap
from regoose.sandbox.choice import Choice
from regoose.settings import load
from regoose.testing.agents import FakeModels
from regoose.testing.generation import ScriptedAuthor
from regoose.testing.search import Replacement, ScriptedSearch
from regoose.workflows.authors import Authors
from regoose.workflows.earlier import Earlier
from regoose.workflows.fix import fix
from regoose.workflows.generate_tests import generate_tests
from regoose.workflows.service import Kind, RunService
from regoose.workflows.site import Equipment
from regoose.workflows.solve import solve
from regoose.workspace.checkout import Workspaces
from regoose.workspace.environment import Environments
from regoose.workspace.git import Identity

LIMITS = TaskLimits(repeats=1, search_seconds=5, suite_seconds=60)
TESTS = """\
from stats import mean


def test_mean_of_three():
    assert mean([1, 2, 3]) == 3.0
"""


PLAN: dict[str, Json] = {
    "complexity": 1,
    "files_to_modify": ["stats.py"],
    "new_files_needed": [],
    "dependencies": [],
    "risks": [],
    "estimated_time_minutes": 5,
    "summary": "Add `median`.",
    "steps": ["Add `median` to `stats.py`."],
    "acceptance_criteria": ["median([3, 1, 2]) is 2"],
}
MEDIAN_TEST = "import stats\n\n\ndef test_median():\n    assert stats.median([3, 1, 2]) == 2\n"
MEAN = "    return sum(values) / (len(values) - 1)\n"
MEDIAN = f"{MEAN}\n\ndef median(values):\n    return sorted(values)[len(values) // 2]\n"
SCRIPTS: dict[str, list[Turn]] = {
    "analyses a requirement": [("read", {"path": "stats.py"}), ("finish", PLAN)],
    "expert test engineer": [
        ("create", {"path": "tests/test_median.py", "text": MEDIAN_TEST}),
        ("finish", {"summary": "The median."}),
    ],
    "carries out a plan": [
        ("edit", {"path": "stats.py", "search": MEAN, "replace": MEDIAN}),
        ("finish", {"subject": "Add median", "summary": "The middle of sorted values."}),
    ],
    "reviews a change": [("finish", {"verdict": "approve", "summary": "Fine.", "remarks": []})],
}


class Fuse:
    """Counts the points that the process passes and kills it at one of them."""

    def __init__(self, kill_at: int) -> None:
        self._left = kill_at

    def pass_point(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


class FusedSteps:
    """The steps of a run, each of which passes three points."""

    def __init__(self, steps: Steps, fuse: Fuse, effects: Path) -> None:
        self._steps = steps
        self._fuse = fuse
        self._effects = effects

    async def meet(self, name: str, request: Sequence[Json] | None, do: Callable[[], Awaitable[Json]]) -> Json:
        called = False

        async def fused() -> Json:
            nonlocal called
            called = True
            self._fuse.pass_point()
            value = await do()
            with self._effects.open("a") as file:
                file.write(f"{name}\n")
            self._fuse.pass_point()
            return value

        value = await self._steps.meet(name, request, fused)
        if called:
            self._fuse.pass_point()
        return value


async def unprobed(_setting: str) -> Choice:
    """Choose bubblewrap without the attacks of a probe, which every process would make again."""
    return Choice(Bubblewrap(), Probe(backend="bubblewrap", available=True))


async def main(verb: str, home: Path, repository: str, kill_at: int, kind: str) -> None:
    equipment = Equipment(
        workspaces=Workspaces(home / "workspaces"),
        environments=Environments(home / "cache", {"PATH": os.environ["PATH"], "HOME": str(home)}),
        choose=unprobed,
        limits=Limits(seconds=60),
        author=Identity("Regoose", "regoose@localhost"),
        earlier=Earlier(home / "cache" / "tests"),
        jobs=2,
        search=ScriptedSearch([Replacement("stats.py", "(len(values) - 1)", "len(values)")]),
        generate=ScriptedAuthor({"stats": TESTS}),
        python=os.environ["TARGET"],
    )
    none = Authors(models=FakeModels({}), store=Store(home / "cache" / "context"), policy=Policy())
    fuse = Fuse(kill_at)

    def fused(run: Run) -> Run:
        return replace(run, steps=FusedSteps(run.steps, fuse, home / "effects"))

    async def fused_fix(run: Run, task: FixTask) -> FixResult:
        return await fix(equipment, none, fused(run), task)

    async def fused_test(run: Run, task: GenerateTask) -> GenerateResult:
        return await generate_tests(equipment, none, fused(run), task)

    async def provide(endpoint: Endpoint, window: int, heard: Heard) -> LLMProvider:
        del endpoint, window, heard
        return PaidModel(SCRIPTS, home / "bill")

    settings = load(flags={"llm_provider": "ollama", "llm_model": "paid"}, environ={}, directory=home).settings
    paid = replace(none, models=Models(settings, Ledger.beside_journal(home / "state"), connect=provide))

    async def fused_solve(run: Run, task: SolveTask) -> SolveResult:
        return await solve(equipment, paid, fused(run), task)

    tasks = {
        "solve": SolveTask(repository=repository, requirement="Add a median to stats.", limits=LIMITS),
        "fix": FixTask(repository=repository, limits=LIMITS),
        "test": GenerateTask(repository=repository, targets=("stats.py",), limits=LIMITS),
    }
    kinds = (
        Kind("fix", FixTask, FixResult, fused_fix),
        Kind("test", GenerateTask, GenerateResult, fused_test),
        Kind("solve", SolveTask, SolveResult, fused_solve),
    )
    async with RunService(home / "state", kinds) as service:
        run_id = await (service.start(tasks[kind]) if verb == "start" else service.resume())
        result = await service.follow(run_id)
    (home / "result.json").write_text(json.dumps(document(result)))


def run(arguments: list[str]) -> None:
    verb, home, repository, kill_at, kind = arguments
    asyncio.run(main(verb, Path(home), repository, int(kill_at), kind))
