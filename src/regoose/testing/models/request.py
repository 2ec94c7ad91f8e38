"""What a client asked, as every protocol's requests look once read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from regoose.testing.models.values import Json, JsonObject

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class CallSeen:
    """A tool call in the history: `arguments` is the JSON text of them."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class MessageSeen:
    """A message of the history: `tool` with the calls it `answers` where it carries results of tools."""

    role: Role
    text: str
    calls: tuple[CallSeen, ...] = ()
    answers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the model is shown: `tools` are the names of those offered, `schema` what the answer has to match."""

    model: str
    messages: tuple[MessageSeen, ...]
    system: str = ""
    tools: tuple[str, ...] = ()
    stream: bool = False
    max_tokens: int | None = None
    schema: Json = None


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came: the `number` counts from 1; values of headers that hold keys are digests."""

    number: int
    protocol: str
    path: str
    prompt: Prompt
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: JsonObject = field(default_factory=dict[str, Json])

    @property
    def system(self) -> str:
        """The text of the system prompt."""
        return self.prompt.system

    @property
    def last(self) -> str:
        """The text of the last message, results of tools included."""
        return self.prompt.messages[-1].text if self.prompt.messages else ""

    @property
    def text(self) -> str:
        """The system prompt and all messages."""
        return "\n".join([self.prompt.system, *(one.text for one in self.prompt.messages)])
