"""A role is data: what an agent is told, what it may use, what it must hand in, and when it has had enough."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel

from regoose.agents.desk import Desk
from regoose.agents.prompt import Prompt
from regoose.agents.tool import AnyTool, schema_of
from regoose.domain.conversation import ToolSpec
from regoose.domain.policy import Action

O = TypeVar("O", bound=BaseModel)  # noqa: E741 - of an output

FINISH = "finish"


async def _anything(_output: BaseModel, _desk: Desk) -> str:
    return ""


def _nothing(_action: Action) -> str:
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Role(Generic[O]):
    """One of the parts that a model plays. `name` is also how its model is set."""

    name: str
    prompt: Prompt
    output: type[O]
    """What `finish` takes."""
    tools: tuple[AnyTool, ...] = ()
    accept: Callable[[O, Desk], Awaitable[str]] = _anything
    """Say why an output that fits its type is not taken, as the model is told; empty takes it. Part of a step."""
    refuses: Callable[[Action], str] = _nothing
    """Say why the role must not do what the policy of the run allows; empty lets it."""
    turns: int = 60
    """Model calls at most, over all of its work in one run."""
    patience: int = 3
    """How often in a row it is told that an answer cannot be used."""

    def specs(self) -> tuple[ToolSpec, ...]:
        """Return the tools as the model is told of them, `finish` last."""
        finish = ToolSpec(
            name=FINISH,
            description="Hand in your result. Call it once, when you are done.",
            parameters=schema_of(self.output),
        )
        return (*(tool.spec() for tool in self.tools), finish)
