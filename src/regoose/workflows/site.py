"""Where a run works: the private tree, the target's environment and the sandboxes. Made again after a crash."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, TypeVar

from regoose.errors import SandboxDied
from regoose.sandbox.base import Limits, Probe, Sandbox, Spec
from regoose.verify.suite import SandboxLease, Suite
from regoose.workspace.checkout import Workspace, Workspaces
from regoose.workspace.environment import Environments, TargetEnvironment
from regoose.workspace.git import Identity

T = TypeVar("T")


class Opener(Protocol):
    """A backend that was chosen: opens sandboxes."""

    async def open(self, spec: Spec) -> Sandbox:
        """Start a sandbox; raises `NoSandbox` or `SandboxDied`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """What runs are done with. Made once by the composition root."""

    workspaces: Workspaces
    environments: Environments
    choose: Callable[[], Awaitable[tuple[Opener, Probe]]]
    """Find the backend of this machine; raises `NoSandbox`."""
    limits: Limits
    author: Identity
    jobs: int
    """Sandboxes used at once."""
    python: str | None = None
    """Environment, interpreter or version asked for by the user."""
    keep: bool = False
    """Whether the private tree outlives the run."""


class Site:
    """One run's place of work; an async context manager. Nothing is made before the first step that needs it."""

    def __init__(self, equipment: Equipment, run_id: str) -> None:
        self._equipment = equipment
        self._run_id = run_id
        self._workspace: Workspace | None = None
        self._environment: TargetEnvironment | None = None
        self._backend: tuple[Opener, Probe] | None = None
        self._idle: list[Sandbox] = []
        self._slots = asyncio.Semaphore(equipment.jobs)

    async def __aenter__(self) -> Self:
        """Give the site, empty."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the sandboxes and remove the tree."""
        await self.drop_sandboxes()
        if self._workspace is not None and not self._equipment.keep:
            await self._workspace.close()

    async def furnish(self, path: Path, when: int, commit: str | None = None) -> None:
        """Make the tree of `commit` (None: of the checkout as it is) and provide its environment, once."""
        if self._workspace is None:
            await self._equipment.workspaces.sweep()
            self._workspace = await self._equipment.workspaces.create(path, self._run_id, when=when, commit=commit)
        if self._backend is None:
            self._backend = await self._equipment.choose()
        if self._environment is None:
            self._environment = await self._equipment.environments.provide(
                self._workspace.tree, self._workspace.repository.root, python=self._equipment.python
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
        assert self._backend is not None
        return self._backend[1]

    def suite(self) -> Suite:
        """Return the tests, run in sandboxes that are reset and used again."""
        return self._suite(self.lend)

    def fresh_suite(self) -> Suite:
        """Return the tests, each run in a sandbox never used before."""
        return self._suite(self._lend_fresh)

    @asynccontextmanager
    async def lend(self) -> AsyncGenerator[Sandbox, None]:
        """Lend a sandbox that holds the base tree; one in which anything went wrong is not used again."""
        async with self._slots:
            sandbox = self._idle.pop() if self._idle else await self._open()
            try:
                yield sandbox
            except BaseException:
                await sandbox.close()
                raise
            self._idle.append(sandbox)

    async def drop_sandboxes(self) -> None:
        """Close the sandboxes that are not in use."""
        idle, self._idle = self._idle, []
        for sandbox in idle:
            await sandbox.close()

    async def surviving(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do `work`, and once more on fresh sandboxes where one died under it."""
        try:
            return await work()
        except SandboxDied:
            await self.drop_sandboxes()
            return await work()

    @asynccontextmanager
    async def _lend_fresh(self) -> AsyncGenerator[Sandbox, None]:
        async with self._slots:
            sandbox = await self._open()
            try:
                yield sandbox
            finally:
                await sandbox.close()

    async def _open(self) -> Sandbox:
        assert self._backend is not None
        spec = Spec(
            tree=self.workspace.tree,
            interpreter=self.environment.python,
            mounts=self.environment.mounts,
            limits=self._equipment.limits,
        )
        return await self._backend[0].open(spec)

    def _suite(self, lease: SandboxLease) -> Suite:
        return Suite(
            lease=lease,
            python=str(self.environment.python),
            env=self.environment.env,
            limits=self._equipment.limits,
        )
