"""
A process that works on one run of `fix` or of `test` and dies at a point of it.

    driver.py start|resume HOME REPOSITORY KILL_AT fix|test

It kills itself at the `KILL_AT`-th point it passes (0: never): before a step, inside it after all it does, and after it
is recorded. Each step that is done adds its name to `HOME/effects`; at the end the result is written as JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

from regoose.cli.results import document
from regoose.context.store import Store
from regoose.domain.generation import GenerateResult, GenerateTask
from regoose.domain.json import Json
from regoose.domain.policy import Policy
from regoose.domain.run import FixResult
from regoose.domain.task import FixTask, TaskLimits
from regoose.durable.run import Run, Steps
from regoose.sandbox.base import Limits, Probe
from regoose.sandbox.bubblewrap import Bubblewrap
from regoose.sandbox.choice import Choice
from regoose.testing.agents import FakeModels
from regoose.testing.generation import ScriptedAuthor
from regoose.testing.search import Replacement, ScriptedSearch
from regoose.workflows.authors import Authors
from regoose.workflows.earlier import Earlier
from regoose.workflows.fix import fix
from regoose.workflows.generate_tests import generate_tests
from regoose.workflows.service import Kind, RunService
from regoose.workflows.site import Equipment
from regoose.workspace.checkout import Workspaces
from regoose.workspace.environment import Environments
from regoose.workspace.git import Identity

LIMITS = TaskLimits(repeats=1, search_seconds=5, suite_seconds=60)
TESTS = """\
from stats import mean


def test_mean_of_three():
    assert mean([1, 2, 3]) == 3.0
"""


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
        python=sys.prefix,
    )
    authors = Authors(models=FakeModels({}), store=Store(home / "context"), policy=Policy())
    fuse = Fuse(kill_at)

    def fused(run: Run) -> Run:
        return replace(run, steps=FusedSteps(run.steps, fuse, home / "effects"))

    async def fused_fix(run: Run, task: FixTask) -> FixResult:
        return await fix(equipment, authors, fused(run), task)

    async def fused_test(run: Run, task: GenerateTask) -> GenerateResult:
        return await generate_tests(equipment, fused(run), task)

    tasks = {
        "fix": FixTask(repository=repository, limits=LIMITS),
        "test": GenerateTask(repository=repository, targets=("stats.py",), limits=LIMITS),
    }
    kinds = (
        Kind("fix", FixTask, FixResult, fused_fix),
        Kind("test", GenerateTask, GenerateResult, fused_test),
    )
    async with RunService(home / "state", kinds) as service:
        run_id = await (service.start(tasks[kind]) if verb == "start" else service.resume())
        result = await service.follow(run_id)
    (home / "result.json").write_text(json.dumps(document(result)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]), sys.argv[5]))
