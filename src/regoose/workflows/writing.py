"""What workflows share whose authors are models: who plays which role, and what each of them works with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from regoose.agents.changes import Changes
from regoose.agents.desk import Desk
from regoose.agents.gatekeeper import Gatekeeper
from regoose.agents.loop import Agent, ModelRoom
from regoose.agents.outputs import Outputs
from regoose.agents.role import O, Role
from regoose.domain.conversation import LLMResponse, Message, ToolSpec
from regoose.domain.patch import Patch
from regoose.errors import (
    AgentFailed,
    BudgetExceeded,
    ModelDenied,
    ModelRejected,
    ModelUnavailable,
    ModelUnsuitable,
    NoModel,
    QuotaExhausted,
    RegooseError,
    UnknownModel,
    WindowExceeded,
)
from regoose.sandbox.base import Limits
from regoose.workflows.authors import Authors, RunModels
from regoose.workflows.place import SitePlace
from regoose.workflows.site import Site

if TYPE_CHECKING:
    from regoose.agents.loop import Models
    from regoose.durable.run import Run

NOT_ASKED = "not reached"
"""Name of the ending of an agent whose model cannot be called: no other would do better."""
MODEL_FAILED = (AgentFailed, ModelRejected, ModelUnsuitable, UnknownModel, WindowExceeded)
"""Errors by which a model that can be reached did not do its part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """Which model plays which role, and the size of its window in tokens: recorded, so that a replay sees the same."""

    names: tuple[tuple[str, str], ...]
    windows: tuple[tuple[str, int], ...]
    answer_tokens: int
    """Most tokens of one answer."""

    def window(self, role: str) -> int:
        """Return the size of a role's window."""
        return dict(self.windows)[role]

    def smallest_window(self) -> int:
        """Return the size of the smallest of them."""
        return min(window for _, window in self.windows)

    def sentence(self) -> str:
        """Name the models."""
        return ", ".join(dict.fromkeys(name for _, name in self.names))


async def hire(models: RunModels, roles: Sequence[str], answer_tokens: int) -> Staff:
    """Find the models of some roles; raises `NoModel` and what else `RunModels.check` raises."""
    await models.check(roles)
    return Staff(
        names=tuple((role, models.name(role)) for role in roles),
        windows=tuple((role, models.window(role)) for role in roles),
        answer_tokens=answer_tokens,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Hired:
    """Who writes where a model is one author of two: nobody, and why, is an answer as well."""

    staff: Staff | None
    why: str = ""
    """Empty where a model is there, or where none is set."""

    def sentence(self) -> str:
        """Sum it up in a line."""
        return self.staff.sentence() if self.staff else self.why or "none is set"


async def hire_if_set(models: RunModels, role: str, answer_tokens: int) -> Hired:
    """Find a model for a role; none, with the reason, where that is for other reasons than that none is set."""
    error = models.missing((role,))
    if error is None:
        try:
            return Hired(staff=await hire(models, (role,), answer_tokens))
        except RegooseError as raised:
            error = raised
    return Hired(staff=None, why="" if isinstance(error, NoModel) else error.message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Studio:
    """Where the agents of one run are made: what they share."""

    authors: Authors
    models: Models
    run: Run
    site: Site
    furnish: Callable[[], Awaitable[None]]
    limits: Limits
    suite_seconds: float
    staff: Staff
    outputs: Outputs
    gatekeeper: Gatekeeper

    def agent(self, role: Role[O], under: Patch) -> Agent[O]:
        """Return a role at work on the base and `under`, which it sees as part of the base."""
        place = SitePlace(
            site=self.site, furnish=self.furnish, limits=self.limits, suite_seconds=self.suite_seconds, under=under
        )
        over = Changes(self.site.read)
        over.apply(under)
        desk = Desk(
            changes=Changes(over.read),
            place=place,
            outputs=self.outputs,
            store=self.authors.store,
            policy=self.authors.policy,
            embedder=self.authors.embedder,
        )
        room = ModelRoom(self.staff.window(role.name), self.staff.answer_tokens)
        return Agent(role, self.models, self.run, desk, self.gatekeeper, room)


@dataclass(frozen=True, slots=True)
class Dispensable:
    """
    The models of a run that can do without them: one that cannot be reached fails for good, as one that fails.

    So the run ends with what it has, where it would be suspended otherwise. A budget that is reached suspends it still,
    unless `delivers`: where there is something to deliver without them, that ends the asking, too.
    """

    models: Models
    delivers: bool = False

    async def generate(
        self, role: str, key: str, messages: Sequence[Message], *, tools: Sequence[ToolSpec] = (), max_tokens: int
    ) -> LLMResponse:
        """Answer a conversation; raises `AgentFailed` for what would suspend the run."""
        try:
            return await self.models.generate(role, key, messages, tools=tools, max_tokens=max_tokens)
        except (ModelUnavailable, ModelDenied, QuotaExhausted) as error:
            raise AgentFailed(f"{NOT_ASKED}: {error.message}", hint=error.hint) from error
        except BudgetExceeded as error:
            if not self.delivers:
                raise
            raise AgentFailed(f"{NOT_ASKED}: {error.message}", hint=error.hint) from error
