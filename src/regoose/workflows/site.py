"""Where a run works: the private tree, the target's environment and the sandboxes. Made again after a crash."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, TypeVar

from regoose.agents.tool import Mistake
from regoose.domain.generation import Draft, Target
from regoose.domain.patch import Patch
from regoose.domain.repair import RepairReport
from regoose.errors import PolicyRefused, SandboxDied, SizeLimit
from regoose.sandbox.base import MIB, Limits, Probe, Sandbox, Spec
from regoose.sandbox.pool import Opener, Pool
from regoose.search.repair import BaseReader, RepairOptions, RepairProgress, repair
from regoose.search.testgen import GenerateOptions, GenerateProgress, generate
from regoose.verify.suite import SandboxLease, Suite
from regoose.workflows.earlier import Earlier
from regoose.workspace.beneath import Beneath
from regoose.workspace.checkout import Workspace, Workspaces
from regoose.workspace.environment import Environments, TargetEnvironment
from regoose.workspace.git import Identity

T = TypeVar("T")

_LARGEST_FILE = 64 * MIB
"""Bytes of a file that an author may look at."""


class Chosen(Protocol):
    """A backend that was chosen, with what it was seen to hold."""

    @property
    def backend(self) -> Opener:
        """What opens sandboxes."""
        ...

    @property
    def probe(self) -> Probe:
        """What they enforce."""
        ...


class Search(Protocol):
    """An author of patches that needs no model; `regoose.search.repair.repair` is the one."""

    async def __call__(
        self,
        sandbox: Sandbox,
        environment_python: str,
        options: RepairOptions,
        *,
        files: BaseReader,
        env: Mapping[str, str] | None = None,
        on_progress: Callable[[RepairProgress], None] | None = None,
    ) -> RepairReport:
        """Search for patches of the tree in `sandbox`."""
        ...


class Generate(Protocol):
    """An author of tests that needs no model; `regoose.search.testgen.generate` is the one."""

    async def __call__(
        self,
        sandbox: Sandbox,
        environment_python: str,
        target: Target,
        options: GenerateOptions,
        *,
        env: Mapping[str, str] | None = None,
        on_progress: Callable[[GenerateProgress], None] | None = None,
    ) -> Draft:
        """Write tests for one module of the tree in `sandbox`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """What runs are done with. Made once by the composition root."""

    workspaces: Workspaces
    environments: Environments
    choose: Callable[[str], Awaitable[Chosen]]
    """Find the backend that a setting means; raises `NoSandbox`."""
    limits: Limits
    author: Identity
    earlier: Earlier
    """What earlier runs of `test` kept."""
    jobs: int
    """Sandboxes used at once."""
    sandbox: str = "auto"
    search: Search = repair
    generate: Generate = generate
    python: str | None = None
    """Environment, interpreter or version asked for by the user."""
    keep: bool = False
    """Whether the private tree outlives the run."""


class Site:
    """One run's place of work; an async context manager. Nothing is made before the first step that needs it."""

    def __init__(self, equipment: Equipment, run_id: str, within: str = "") -> None:
        self._equipment = equipment
        self._within = within
        self._run_id = run_id
        self._workspace: Workspace | None = None
        self._environment: TargetEnvironment | None = None
        self._chosen: Chosen | None = None
        self._pool: Pool | None = None
        self._furnishing = asyncio.Lock()
        self._fresh = asyncio.Semaphore(equipment.jobs)

    async def __aenter__(self) -> Self:
        """Give the site, empty."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the sandboxes and remove the tree."""
        try:
            await self.drop_sandboxes()
        finally:
            if self._workspace is not None and not self._equipment.keep:
                await self._workspace.close()

    async def furnish(self, path: Path, when: int, commit: str | None = None) -> None:
        """Make the tree of `commit` (None: of the checkout as it is) and provide its environment, once."""
        async with self._furnishing:
            await self._furnish(path, when, commit)

    async def _furnish(self, path: Path, when: int, commit: str | None) -> None:
        if self._workspace is None:
            await self._equipment.workspaces.sweep()
            self._workspace = await self._equipment.workspaces.create(path, self._run_id, when=when, commit=commit)
        if self._chosen is None:
            self._chosen = await self._equipment.choose(self._equipment.sandbox)
        if self._environment is None:
            root = self._workspace.repository.root
            self._environment = await self._equipment.environments.provide(
                self._workspace.tree, root, python=self._equipment.python, within=self._within
            )

    @property
    def workspace(self) -> Workspace:
        """The tree; `furnish` comes first."""
        assert self._workspace is not None
        return self._workspace

    @property
    def environment(self) -> TargetEnvironment:
        """The target's environment; `furnish` comes first."""
        assert self._environment is not None
        return self._environment

    @property
    def probe(self) -> Probe:
        """What the sandboxes enforce; `furnish` comes first."""
        assert self._chosen is not None
        return self._chosen.probe

    def read(self, path: str) -> bytes | None:
        """
        Return a file of the base, None where there is none; `furnish` comes first.

        Raises `PolicyRefused` where a symbolic link, a pipe or the like stands in the way, `Mistake` for a file that
        is too large to be looked at.
        """
        with Beneath(self.workspace.tree) as tree:
            try:
                return tree.read(path, _LARGEST_FILE)
            except SizeLimit as error:
                raise Mistake(f"{error.message}. `shell` can show parts of it.") from None
            except PolicyRefused:
                if tree.is_special(path):
                    raise
                return None

    def suite(self, under: Patch | None = None) -> Suite:
        """Return the tests, run in sandboxes that are reset and used again; `under` counts as part of the base."""
        return self._suite(self.lend, under)

    def fresh_suite(self, under: Patch | None = None) -> Suite:
        """Return the tests, each run in a sandbox never used before."""
        return self._suite(self._lend_fresh, under)

    def lend(self) -> AbstractAsyncContextManager[Sandbox]:
        """Lend a warm sandbox that holds the base tree."""
        if self._pool is None:
            assert self._chosen is not None
            self._pool = Pool(self._chosen.backend, self._spec(), self._equipment.jobs)
        return self._pool.lease()

    async def drop_sandboxes(self) -> None:
        """Close the warm sandboxes; the next lease starts one."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close()

    async def surviving(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do `work`, and once more where a sandbox died under it: the pool lends no dead one."""
        try:
            return await work()
        except SandboxDied:
            return await work()

    @asynccontextmanager
    async def _lend_fresh(self) -> AsyncGenerator[Sandbox, None]:
        assert self._chosen is not None
        async with self._fresh:
            sandbox = await self._chosen.backend.open(self._spec())
            try:
                yield sandbox
            finally:
                await sandbox.close()

    def _spec(self) -> Spec:
        return Spec(
            tree=self.workspace.tree,
            interpreter=self.environment.python,
            mounts=self.environment.mounts,
            limits=self._equipment.limits,
        )

    def _suite(self, lease: SandboxLease, under: Patch | None) -> Suite:
        return Suite(
            lease=lease,
            python=str(self.environment.python),
            env=self.environment.env,
            limits=self._equipment.limits,
            under=under or Patch(()),
        )
