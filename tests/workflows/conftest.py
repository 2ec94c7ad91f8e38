"""A machine of its own and a repository with a bug, for the tests of the workflows."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pytest

from regoose.context.store import Store
from regoose.domain.event import Event
from regoose.domain.generation import GenerateResult, GenerateTask
from regoose.domain.policy import Policy
from regoose.domain.run import FixResult, ProofResult
from regoose.domain.task import FixTask, ProofTask, TaskLimits
from regoose.sandbox.base import Limits
from regoose.sandbox.choice import choose
from regoose.search.testgen import generate
from regoose.testing.agents import FakeModels
from regoose.testing.search import Replacement, ScriptedSearch
from regoose.workflows.authors import Authors
from regoose.workflows.earlier import Earlier
from regoose.workflows.fix import fix
from regoose.workflows.generate_tests import generate_tests
from regoose.workflows.prove import prove_commits
from regoose.workflows.service import Kind, RunService
from regoose.workflows.site import Equipment, Generate, Search
from regoose.workspace.checkout import Workspaces
from regoose.workspace.environment import Environments
from regoose.workspace.git import Identity

STATS = """\
def mean(values):
    return sum(values) / (len(values) - 1)


def spread(values):
    return max(values)
"""
TESTS = """\
from stats import mean, spread


def test_mean():
    assert mean([1, 2, 3]) == 2


def test_spread():
    assert spread([0, 5]) == 5
"""
FEW = TaskLimits(repeats=2, search_seconds=5, suite_seconds=60, run_seconds=120)


class Repository:
    """A real repository with a bug in `stats.py` and a test that shows it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True)
        self.git("init", "-q", "-b", "main")
        self.write("stats.py", STATS)
        self.write("tests/test_stats.py", TESTS)
        self.write("pyproject.toml", '[tool.pytest.ini_options]\npythonpath = ["."]\n')
        self.base = self.commit()

    def write(self, path: str, content: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(content)

    def read(self, path: str) -> str:
        return (self.root / path).read_text()

    def commit(self) -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "change")
        return self.git("rev-parse", "HEAD").strip()

    def git(self, *argv: str) -> str:
        env = {
            "PATH": os.environ["PATH"],
            "GIT_CONFIG_GLOBAL": os.devnull,
            **{f"GIT_{role}_{what}": "a@example.org" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
        }
        done = subprocess.run(["git", *argv], cwd=self.root, check=True, capture_output=True, env=env)
        return done.stdout.decode()

    def branches(self) -> list[str]:
        return self.git("for-each-ref", "--format=%(refname:short)", "refs/heads/regoose/").split()

    def state(self) -> str:
        """Say everything of the checkout that a run must leave alone."""
        return (
            self.git("status", "--porcelain", "--ignored") + self.git("rev-parse", "HEAD") + self.git("stash", "list")
        )


@dataclass
class Machine:
    """A machine of its own: state, cache and workspaces in a directory."""

    home: Path
    target: Path
    events: list[Event] = field(default_factory=list[Event])

    def equip(self, search: Search, author: Generate = generate) -> Equipment:
        return Equipment(
            workspaces=Workspaces(self.home / "workspaces"),
            environments=Environments(self.home / "cache", {"PATH": os.environ["PATH"], "HOME": str(self.home)}),
            choose=partial(choose, environment={}),
            limits=Limits(seconds=60),
            author=Identity("Regoose", "regoose@localhost"),
            earlier=Earlier(self.home / "cache" / "tests"),
            jobs=2,
            search=search,
            generate=author,
            python=str(self.target),
        )

    def authors(self, models: FakeModels | None = None) -> Authors:
        """Employ models; none is set where none is given."""
        return Authors(models=models or FakeModels({}), store=Store(self.home / "context"), policy=Policy())

    def service(self, equipment: Equipment, models: FakeModels | None = None) -> RunService:
        kinds = (
            Kind("fix", FixTask, FixResult, partial(fix, equipment, self.authors(models))),
            Kind("test", GenerateTask, GenerateResult, partial(generate_tests, equipment, self.authors(models))),
        )
        return RunService(self.home / "state", kinds)

    async def fix(self, repository: Repository, *found: Replacement, **more: object) -> FixResult:
        task = replace(FixTask(repository=str(repository.root), limits=FEW), **more)  # pyright: ignore[reportArgumentType] - fields by name
        async with self.service(self.equip(ScriptedSearch(found))) as service:
            run_id = await service.start(task)
            result = await service.follow(run_id, self.events.append)
        assert isinstance(result, FixResult)
        return result

    async def test(self, repository: Repository, author: Generate, *targets: str, **more: object) -> GenerateResult:
        limits = replace(FEW, repeats=3)
        task = GenerateTask(repository=str(repository.root), targets=targets, seconds=4.0, limits=limits)
        task = replace(task, **more)  # pyright: ignore[reportArgumentType] - fields by name
        async with self.service(self.equip(ScriptedSearch([]), author)) as service:
            run_id = await service.start(task)
            result = await service.follow(run_id, self.events.append)
        assert isinstance(result, GenerateResult)
        return result

    async def prove(self, repository: Repository, base: str, head: str, *tests: str) -> ProofResult:
        task = ProofTask(repository=str(repository.root), base=base, head=head, tests=tests, limits=FEW)
        return await prove_commits(self.equip(ScriptedSearch([])), task, self.events.append)

    def leftovers(self) -> list[Path]:
        return list((self.home / "workspaces").glob("*"))


@pytest.fixture
def machine(tmp_path: Path, target: Path) -> Machine:
    return Machine(tmp_path / "home", target)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "my projéct")
