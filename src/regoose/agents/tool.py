"""
The port of a tool: what a model may do, how its arguments look, what it is told afterwards.

A tool of one's own is a pydantic model of its arguments and an async function; see docs/extending.md.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from regoose.agents.desk import Desk
from regoose.domain.conversation import ToolSpec
from regoose.domain.json import Json
from regoose.domain.patch import Patch
from regoose.domain.policy import Action

A = TypeVar("A", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Observation:
    """What came of using a tool: what the model is told, and what it changed."""

    text: str
    patch: Patch = field(default_factory=lambda: Patch(()))
    """Of the state before the call."""
    refused: str = ""
    """Why the policy forbade it, where only using the tool could tell: a path that leads through a link."""
    edits: Mapping[str, int] = field(default_factory=dict[str, int])
    """How many edits ended on which rung of the ladder or in which refusal; kept for `regoose.reports.edits`."""


class Mistake(Exception):
    """The model used a tool wrongly: its message is what the model is told, so that it can do better."""


def _no_actions(_arguments: BaseModel) -> Sequence[Action]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool(Generic[A]):
    """A tool. `use` may raise `Mistake`; everything else that it raises ends the step."""

    name: str
    description: str
    arguments: type[A]
    use: Callable[[A, Desk], Awaitable[Observation]]
    actions: Callable[[A], Sequence[Action]] = _no_actions
    """What a call would do, for the policy to decide before it is done."""

    def spec(self) -> ToolSpec:
        """Return the tool as a model is told of it."""
        return ToolSpec(name=self.name, description=self.description, parameters=schema_of(self.arguments))

    def prepare(self, arguments: str) -> Prepared:
        """Read the arguments that a model wrote; raises `Mistake` where they do not fit."""
        parsed = parse(self.arguments, arguments, f"the arguments of `{self.name}`")
        return Prepared(tuple(self.actions(parsed)), lambda desk: self.use(parsed, desk))


@dataclass(frozen=True, slots=True)
class Prepared:
    """A call that is well formed and has not happened yet."""

    actions: tuple[Action, ...]
    use: Callable[[Desk], Awaitable[Observation]]


class AnyTool(Protocol):
    """A tool, whatever its arguments; `Tool` is one."""

    @property
    def name(self) -> str:
        """Name by which the model calls it."""
        ...

    def spec(self) -> ToolSpec:
        """Return the tool as a model is told of it."""
        ...

    def prepare(self, arguments: str) -> Prepared:
        """Read the arguments that a model wrote; raises `Mistake` where they do not fit."""
        ...


def schema_of(model: type[BaseModel]) -> dict[str, Json]:
    """Return a model's JSON schema without the titles, which say nothing that the names do not."""
    schema = _untitled(model.model_json_schema())
    assert isinstance(schema, dict)
    return schema


def parse(model: type[A], text: str, what: str) -> A:
    """Read JSON that a model wrote; raises `Mistake` that says in the model's words what does not fit."""
    try:
        return model.model_validate_json(text or "{}")
    except ValidationError as error:
        problems = "\n".join(f"- {_where(one['loc'])}{one['msg']}" for one in error.errors()[:10])
        raise Mistake(f"{what} do not fit:\n{problems}\nNothing was done. Call it again with them mended.") from None


def _where(place: tuple[int | str, ...]) -> str:
    return f"{'.'.join(map(str, place))}: " if place else ""


def _untitled(schema: Json) -> Json:
    if isinstance(schema, dict):
        return {name: _untitled(value) for name, value in schema.items() if name != "title" or isinstance(value, dict)}
    return [_untitled(value) for value in schema] if isinstance(schema, list) else schema
