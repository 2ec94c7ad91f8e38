"""What the authors that use language models are made with, beside the equipment that every run has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from regoose.agents.loop import Models
from regoose.context.retrieval import Embedder
from regoose.context.store import Store
from regoose.domain.budget import Budget
from regoose.domain.conversation import Message, ToolSpec
from regoose.domain.policy import Policy
from regoose.domain.run import Cost
from regoose.errors import RegooseError


class RunModels(Models, Protocol):
    """The models of one run; what they cost is kept in one ledger."""

    async def check(self, roles: Sequence[str]) -> None:
        """Return where every role has a model that can be called; raises `NoModel`, `UnknownModel`, `PriceUnknown`."""
        ...

    def missing(self, roles: Sequence[str]) -> RegooseError | None:
        """Return why a role has no model, as far as the settings tell: nothing is loaded. None where each has one."""
        ...

    def usd(self, role: str, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> float:
        """Return about what a role's model costs for reading a request, in dollars; raises `PriceUnknown`."""
        ...

    def name(self, role: str) -> str:
        """Return `provider:name` of a role's model."""
        ...

    def window(self, role: str) -> int:
        """Return the size of its window, in tokens."""
        ...

    async def cost(self) -> Cost:
        """Return what the run has spent so far."""
        ...


class ModelSource(Protocol):
    """Where a run gets its models from; `regoose.providers` has the one."""

    def for_run(self, run_id: str, budget: Budget, *, model: str | None) -> RunModels:
        """Return the models of a run; `model` (`provider:name`) takes the place of every role's own."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Authors:
    """Made once by the composition root."""

    models: ModelSource
    store: Store
    """What is known of files by their content, for showing repositories to models."""
    policy: Policy
    """What authors may do."""
    answer_tokens: int = 4000
    """Most tokens of one answer."""
    prompts: Path | None = None
    """Directory of the user's own prompts."""
    embedder: Embedder | None = None
    """By which they find passages by their meaning, too."""
