"""What a tool works with: the changes so far, and the place where tests and commands run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from regoose.agents.changes import Changes
from regoose.agents.outputs import Outputs
from regoose.context.retrieval import Embedder
from regoose.context.store import Store
from regoose.context.tree import Tree
from regoose.domain.evidence import SuiteReport
from regoose.domain.patch import Patch
from regoose.domain.policy import Act, Action, Decision, Policy
from regoose.sandbox.base import Result


class Place(Protocol):
    """Where an author's work is looked at and tried. It may be furnished late: a replay never asks for it."""

    async def tree(self) -> Path:
        """Return the directory of the base's files; read, never written."""
        ...

    async def test(self, selection: Sequence[str], patch: Patch) -> SuiteReport:
        """Run the tests that `selection` names (empty: all) on the base plus `patch`."""
        ...

    async def run(self, command: str, patch: Patch, seconds: float) -> Result:
        """Run a shell command in a sandbox that holds the base plus `patch`; what it changes is not kept."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What one agent's tools share."""

    changes: Changes
    place: Place
    outputs: Outputs
    store: Store
    """What is known of files by their content."""
    policy: Policy
    embedder: Embedder | None = None
    """By which passages are found by their meaning, too."""

    async def files(self) -> Tree:
        """Return all files as they are now."""
        return Tree(root=await self.place.tree(), overlay=self.changes.texts())

    def may_read(self, path: str) -> bool:
        """Whether a file may be shown to a model."""
        return self.policy.decide(Action(Act.READ, path)).decision is Decision.ALLOW
