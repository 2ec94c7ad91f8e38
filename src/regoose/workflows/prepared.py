"""The first step of every run: its site is furnished, and the facts are kept from which it can be made again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from regoose.errors import EnvironmentUnavailable, TimeLimit
from regoose.workflows.site import Site
from regoose.workspace.delivery import require_free
from regoose.workspace.git import find_repository


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """The facts of a run's site, from which it can be made again."""

    base_commit: str
    when: int
    """Seconds since the epoch at the start of the run; dates its commits."""
    environment: str
    sandbox: str
    not_enforced: tuple[str, ...]
    notes: tuple[str, ...]


async def prepare(site: Site, repository: str, branch: str | None) -> Prepared:
    """Make the site of a run from a checkout as it is; raises `UsageError` where `branch` exists already."""
    when = int(time.time())
    if branch is not None:
        await require_free(await find_repository(Path(repository)), branch)
    await site.furnish(Path(repository), when)
    probe = site.probe
    return Prepared(
        base_commit=site.workspace.base_commit,
        when=when,
        environment=site.environment.source,
        sandbox=probe.version or probe.backend,
        not_enforced=tuple(guarantee.value for guarantee in probe.not_enforced),
        notes=(*site.workspace.notes, *site.environment.notes),
    )


async def furnish_again(site: Site, repository: str, prepared: Prepared) -> None:
    """
    Have the site that a run began with; nothing happens where it still stands.

    Raises `EnvironmentUnavailable` where the environment has become another one.
    """
    await site.furnish(Path(repository), prepared.when, prepared.base_commit)
    now = site.environment.source
    if now != prepared.environment:
        raise EnvironmentUnavailable(
            f"the run began with {prepared.environment}, and now there is {now}",
            hint="Bring the first one back and resume the run, or run the task again.",
        )


@asynccontextmanager
async def time_limit(seconds: float) -> AsyncGenerator[None]:
    """Bound the time of a run; raises `TimeLimit`."""
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            yield
    except TimeoutError:
        if not limit.expired():
            raise
        raise TimeLimit(
            f"the run took more than its {seconds:g} s",
            hint="Raise WORKFLOW_TIMEOUT, or go on with the time of another run: `regoose runs resume`.",
        ) from None


@asynccontextmanager
async def side_by_side() -> AsyncGenerator[asyncio.TaskGroup]:
    """Give a group of tasks that ends as its first error does: bare, the others cancelled."""
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
