"""What is said to a model and what it answers: messages, tools and their calls, usage."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from regoose.domain.json import Json


class Speaker(StrEnum):
    """Who says a message."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A model's wish to use a tool."""

    id: str
    """Names the call in its answer; made up by the provider's adapter where the model gave none."""
    name: str
    arguments: str
    """As the model wrote them: meant to be a JSON object, and possibly none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of a conversation."""

    speaker: Speaker
    text: str
    calls: tuple[ToolCall, ...] = ()
    """Of the assistant."""
    answers: str = ""
    """Of a tool: the id of the call that it answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSpec:
    """A tool as a model is told of it."""

    name: str
    description: str
    parameters: dict[str, Json]
    """JSON schema of an object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputFormat:
    """A shape that the whole answer must have."""

    name: str
    schema: dict[str, Json]


class Stop(StrEnum):
    """Why a model stopped."""

    END = "end"
    TOOL_CALLS = "tool calls"
    LENGTH = "length"
    """The answer is cut off: its limit of tokens was reached."""
    REFUSAL = "refusal"
    CONTENT_FILTER = "content filter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one call, as the provider counted them; estimated where it did not say."""

    input_tokens: int = 0
    """The cached ones included."""
    cached_tokens: int = 0
    """Of the input, read from the provider's cache."""
    cache_write_tokens: int = 0
    """Of the input, written into it, where the provider charges for that."""
    output_tokens: int = 0
    """What it thought included."""
    estimated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LLMResponse:
    """A complete answer of a model. One that was cut short on the wire never becomes one."""

    text: str
    calls: tuple[ToolCall, ...] = ()
    stop: Stop = Stop.END
    usage: Usage = field(default_factory=Usage)
    model: str = ""
    """`provider:name` of the model that answered, which a fallback makes another one than was asked."""
    usd: float = 0.0
    """What the call cost, failed attempts before it included; 0 where the model is local."""

    def message(self) -> Message:
        """Return the answer as the conversation keeps it."""
        return Message(speaker=Speaker.ASSISTANT, text=self.text, calls=self.calls)


def system(text: str) -> Message:
    """Return what the model is told about its role."""
    return Message(speaker=Speaker.SYSTEM, text=text)


def user(text: str) -> Message:
    """Return what the model is asked."""
    return Message(speaker=Speaker.USER, text=text)


def answer(call: ToolCall, text: str) -> Message:
    """Return what a tool gave back."""
    return Message(speaker=Speaker.TOOL, text=text, answers=call.id)
