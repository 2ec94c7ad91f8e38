"""A run's site as the tools of its agents see it: furnished when the first of them needs it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from regoose.domain.evidence import SuiteReport
from regoose.domain.patch import Patch
from regoose.sandbox.base import MIB, Command, Limits, Result
from regoose.verify.suite import patch_writes
from regoose.workflows.site import Site

_OUTPUT_BYTES = 8 * MIB
"""Kept of what a command prints; the model is shown a part of it and can read on in the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePlace:
    """Implements `regoose.agents.desk.Place`. `under` counts as part of the base."""

    site: Site
    furnish: Callable[[], Awaitable[None]]
    limits: Limits
    suite_seconds: float
    under: Patch

    async def tree(self) -> Path:
        """Return the directory of the base's files, without what lies over them."""
        await self.furnish()
        return self.site.workspace.tree

    async def test(self, selection: Sequence[str], patch: Patch) -> SuiteReport:
        """Run tests on the base plus `patch`."""
        await self.furnish()
        suite = self.site.suite(self.under)
        return await self.site.surviving(lambda: suite.run(selection, patch=patch, seconds=self.suite_seconds))

    async def run(self, command: str, patch: Patch, seconds: float) -> Result:
        """Run a shell command on the base plus `patch`."""
        await self.furnish()
        asked = Command(
            argv=("/bin/sh", "-c", command),
            env=self.site.environment.env,
            writes={**patch_writes(self.under), **patch_writes(patch)},
            reset=True,
            limits=replace(self.limits, seconds=seconds, output_bytes=_OUTPUT_BYTES),
        )

        async def run() -> Result:
            async with self.site.lend() as sandbox:
                return await sandbox.run(asked)

        return await self.site.surviving(run)
