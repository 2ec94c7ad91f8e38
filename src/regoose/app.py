"""The composition root: settings in, everything wired together out. Nothing else makes these parts."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from regoose.agents.checking import check_prompts
from regoose.agents.role import O, Role
from regoose.context.store import Store
from regoose.domain.ask import AskResult, AskTask
from regoose.domain.budget import Budget
from regoose.domain.event import Observer
from regoose.domain.generation import GenerateResult, GenerateTask
from regoose.domain.policy import Policy
from regoose.domain.preflight import Preflight
from regoose.domain.prompt import PromptCheck
from regoose.domain.run import FixResult, ProofResult
from regoose.domain.solve import SolveResult, SolveTask
from regoose.domain.task import FixTask, ProofTask, TaskLimits
from regoose.durable.ledger import Ledger
from regoose.errors import NotARepository
from regoose.providers.embedding import read_embedder
from regoose.providers.models import Models
from regoose.providers.preflight import preflight
from regoose.sandbox.base import Limits, Probe
from regoose.sandbox.choice import choose, survey
from regoose.settings import Loaded, load
from regoose.workflows.ask import Asked, Asking, asked
from regoose.workflows.authors import Authors
from regoose.workflows.earlier import Earlier
from regoose.workflows.fix import fix
from regoose.workflows.generate_tests import generate_tests
from regoose.workflows.located import located
from regoose.workflows.prove import prove_commits
from regoose.workflows.recall import recall
from regoose.workflows.service import Kind, RunService
from regoose.workflows.shown import Room
from regoose.workflows.site import Equipment
from regoose.workflows.solve import solve
from regoose.workspace.checkout import WorkspaceLimits, Workspaces
from regoose.workspace.environment import Environments
from regoose.workspace.git import Identity, find_repository


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """What callers are given: the command line now, other fronts later."""

    loaded: Loaded
    runs: RunService
    equipment: Equipment
    models: Models
    authors: Authors
    asking: Asking

    def redact(self, text: str) -> str:
        """Return a text without the secrets that the settings name."""
        return self.models.redact(text)

    async def probes(self) -> tuple[Probe, ...]:
        """Try every sandbox backend for real."""
        return await survey(self.loaded.caller, self.loaded.settings.cache_dir)

    async def preflight(self) -> tuple[Preflight, ...]:
        """Try every model that is set."""
        return await preflight(self.models)

    async def prove(self, task: ProofTask, observer: Observer | None = None) -> ProofResult:
        """Run a proof again."""
        return await prove_commits(self.equipment, task, observer)

    def check_prompts(self, window: int) -> tuple[PromptCheck, ...]:
        """Say whether the prompts in force can be used with a model whose window has so many tokens."""
        return check_prompts(self.loaded.settings.prompts, window, Room.of(window).largest())

    def learn(self, role: Role[O]) -> None:
        """Have a role of the user's own, so that earlier runs of it can be resumed and replayed."""
        self.asking.learn(role)

    async def ask(
        self, role: Role[O], repository: Path, observer: Observer | None = None, **variables: str
    ) -> Asked[O]:
        """
        Have a role work on a checkout, as a run of its own: journalled, within the policy and the budget.

        `variables` are those of its prompt. What it changes is returned and written nowhere. Raises the errors of
        models, `AgentFailed` where the role does not do its part, `BudgetExceeded`, and `NotARepository`.
        """
        settings = self.loaded.settings
        limits = TaskLimits(suite_seconds=settings.testing_timeout, run_seconds=settings.workflow_timeout)
        budget = Budget(usd=settings.max_cost)
        self.asking.learn(role)
        run_id = await self.runs.start(
            AskTask(repository=str(repository), role=role.name, variables=variables, budget=budget, limits=limits)
        )
        result = await self.runs.follow(run_id, observer)
        assert isinstance(result, AskResult)
        return asked(role, result)

    async def recall(self, task: GenerateTask) -> GenerateResult | None:
        """Return the result of an earlier run of `test`, where the same would come out."""
        return await recall(self.equipment, self.authors, await located(task))


@asynccontextmanager
async def connect(
    repository: Path | None = None, flags: Mapping[str, object] | None = None
) -> AsyncGenerator[App, None]:
    """
    Wire everything for a target repository (None: for none in particular), and end it in order.

    `flags` are settings given by hand. Raises what reading the settings raises; nothing else happens before it is used.
    """
    async with wire(load(await _root(repository), flags=flags)) as app:
        yield app


@asynccontextmanager
async def wire(loaded: Loaded, equipment: Equipment | None = None) -> AsyncGenerator[App, None]:
    """Wire everything for settings that are read; `equipment` takes the place of what they ask for."""
    equipment = equipment or equip(loaded)
    ledger = Ledger.beside_journal(loaded.settings.state_dir)
    async with aclosing(ledger), Models(loaded.settings, ledger) as models:
        authors = staff(loaded, models)
        asking = Asking(equipment, authors)
        kinds = (
            Kind("fix", FixTask, FixResult, partial(fix, equipment, authors)),
            Kind("test", GenerateTask, GenerateResult, partial(generate_tests, equipment, authors)),
            Kind("solve", SolveTask, SolveResult, partial(solve, equipment, authors)),
            Kind("ask", AskTask, AskResult, asking.carry_out),
        )
        async with RunService(loaded.settings.state_dir, kinds) as runs:
            yield App(loaded=loaded, runs=runs, equipment=equipment, models=models, authors=authors, asking=asking)


def equip(loaded: Loaded) -> Equipment:
    """Make what runs are done with."""
    settings = loaded.settings
    return Equipment(
        workspaces=Workspaces(settings.workspace_base_path, WorkspaceLimits(total_bytes=settings.max_workspace_size)),
        environments=Environments(settings.cache_dir, loaded.caller),
        choose=partial(choose, environment=loaded.caller, cache=settings.cache_dir),
        sandbox=settings.sandbox,
        limits=Limits(
            seconds=settings.testing_timeout,
            memory_bytes=settings.sandbox_memory,
            processes=settings.sandbox_processes,
            disk_bytes=settings.max_workspace_size,
        ),
        author=Identity(settings.git_user_name, settings.git_user_email),
        earlier=Earlier(settings.cache_dir / "tests"),
        jobs=settings.jobs,
        python=settings.python,
        keep=not settings.cleanup_workspaces,
    )


def staff(loaded: Loaded, models: Models) -> Authors:
    """Make what authors that use models are made with."""
    settings = loaded.settings
    return Authors(
        models=models,
        store=Store(settings.cache_dir / "context"),
        policy=Policy(file_types=settings.allowed_file_types),
        answer_tokens=settings.llm_max_tokens,
        prompts=settings.prompts,
        embedder=read_embedder(settings),
    )


async def _root(repository: Path | None) -> Path | None:
    """Find the checkout whose settings count; where there is none, starting a run will say so."""
    if repository is None:
        return None
    try:
        return (await find_repository(repository)).root
    except NotARepository:
        return None
