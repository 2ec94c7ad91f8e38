"""
Scripts: what a scripted model answers to whom.

A `Script` is made of conversations, a conversation of turns, and a turn is an answer with what its request has to look
like. An answer is text, tool calls, a stop reason, token counts, or a `Fault`: everything that goes wrong with models.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from regoose.testing.models.request import Request
from regoose.testing.models.values import Json

Stop = Literal["auto", "end", "tool_calls", "length", "refusal", "content_filter"]
_SHOWN = 200  # characters of a text in a message
FOREVER = math.inf
"""Seconds of a wait that ends only with the client's patience or the server."""


class FaultKind(StrEnum):
    """What goes wrong. The first group is answered with the API's own error, the second goes wrong on the wire."""

    RATE_LIMIT = "rate_limit"
    QUOTA = "quota"
    SERVER_ERROR = "server_error"
    UNAVAILABLE = "unavailable"
    OVERLOADED = "overloaded"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    UNKNOWN_MODEL = "unknown_model"
    BAD_REQUEST = "bad_request"
    CONTEXT_OVERFLOW = "context_overflow"
    PROMPT_FILTERED = "prompt_filtered"
    NO_TOOLS = "no_tools"

    SLOW_START = "slow_start"
    """The first byte comes after `seconds`."""
    DRIP = "drip"
    """Each piece comes `seconds` after the one before."""
    ENDLESS = "endless"
    """Pieces come for ever, one each `seconds`."""
    RESET = "reset"
    """The connection is reset `after` some pieces, or in the middle of a whole body."""
    CUT = "cut"
    """The connection is closed there, before the body is complete."""
    TRUNCATED = "truncated"
    """The body ends there as if it were complete."""
    GARBAGE = "garbage"
    """There comes a piece that is no JSON; a whole body is a proxy's HTML."""
    STREAM_ERROR = "stream_error"
    """There the stream reports an error of the server; a whole body is `OVERLOADED`."""


WIRE_FAULTS = frozenset(
    {
        FaultKind.SLOW_START,
        FaultKind.DRIP,
        FaultKind.ENDLESS,
        FaultKind.RESET,
        FaultKind.CUT,
        FaultKind.TRUNCATED,
        FaultKind.GARBAGE,
        FaultKind.STREAM_ERROR,
    }
)


@dataclass(frozen=True, slots=True)
class Fault:
    """
    Something that goes wrong.

    `seconds` is the length of a wait, `after` the number of pieces of a stream that arrive first. `retry_after` seconds
    are announced in the header of that name, as an HTTP date where `as_date`. `message` replaces the API's own words.
    """

    kind: FaultKind
    seconds: float = 0.0
    after: int = 2
    retry_after: float | None = None
    as_date: bool = False
    message: str = ""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """
    A call of a tool.

    `arguments` given as text are sent as they are, malformed or not. Without `id` one is made from the numbers of
    request and call; an empty `id` is left out of the answer.
    """

    name: str
    arguments: Mapping[str, Json] | str = ""
    id: str | None = None

    @property
    def raw(self) -> str:
        """The arguments as they are sent."""
        return self.arguments if isinstance(self.arguments, str) else json.dumps(dict(self.arguments))


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one answer. `cached` (read) and `cache_write` are part of `input`, `reasoning` of `output`."""

    input: int
    output: int
    cached: int = 0
    cache_write: int = 0
    reasoning: int = 0


@dataclass(frozen=True, slots=True)
class RateLimit:
    """What the headers of an answer say is left, and in how many seconds it is full again."""

    requests_left: int
    tokens_left: int
    reset_seconds: float = 1.0
    requests: int = 500
    tokens: int = 30_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What comes back. `stop` is worked out where it is `auto`, `usage` from the texts' lengths where it is None."""

    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    stop: Stop = "auto"
    usage: Usage | None = None
    fault: Fault | None = None
    rate_limit: RateLimit | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


def say(text: str, *, usage: Usage | None = None, stop: Stop = "auto") -> Answer:
    """Answer with a text."""
    return Answer(text=text, usage=usage, stop=stop)


def call(name: str, /, **arguments: Json) -> Answer:
    """Answer with one tool call."""
    return Answer(tool_calls=(ToolCall(name, arguments),))


def fail(kind: FaultKind | str, *, seconds: float = 0.0, after: int = 2, retry_after: float | None = None) -> Answer:
    """Answer with a fault; one on the wire befalls a short text."""
    return Answer(
        text="A text of several pieces, so that there is a middle.",
        fault=Fault(FaultKind(kind), seconds=seconds, after=after, retry_after=retry_after),
    )


@dataclass(frozen=True, slots=True)
class When:
    """
    What a request has to look like; what is left out does not matter.

    `system` and `last` are texts that the system prompt and the last message contain, `anywhere` one that any of them
    contains; `tools` are offered. `matches` is asked last, if given.
    """

    system: str = ""
    last: str = ""
    anywhere: str = ""
    tools: tuple[str, ...] = ()
    model: str = ""
    protocol: str = ""
    matches: Callable[[Request], bool] | None = None

    def mismatch(self, request: Request) -> str:
        """Say what is otherwise in the request; nothing where it is as it has to be."""
        texts = (
            ("the system prompt", self.system, request.system),
            ("the last message", self.last, request.last),
            ("the conversation", self.anywhere, request.text),
        )
        wrong = [f"{where} lacks {wanted!r}: {_short(text)!r}" for where, wanted, text in texts if wanted not in text]
        if missing := [name for name in self.tools if name not in request.prompt.tools]:
            wrong.append(
                f"tools not offered: {', '.join(missing)}; offered: {', '.join(request.prompt.tools) or 'none'}"
            )
        for what, wanted, value in (
            ("model", self.model, request.prompt.model),
            ("protocol", self.protocol, request.protocol),
        ):
            if wanted and wanted != value:
                wrong.append(f"the {what} is {value!r}, not {wanted!r}")
        if not wrong and self.matches is not None and not self.matches(request):
            wrong.append("the predicate says no")
        return "; ".join(wrong)


@dataclass(frozen=True, slots=True)
class Turn:
    """An answer, or what makes it from the request; given up to `times` times to requests that look as `when` says."""

    answer: Answer | Callable[[Request], Answer]
    when: When = When()
    times: int = 1


@dataclass(frozen=True, slots=True)
class Conversation:
    """
    Turns for the requests that look as `when` says, say those of one role.

    `ordered`: each request has to be as the next turn expects. Otherwise it gets the first unused turn that it matches.
    """

    turns: tuple[Turn, ...]
    when: When = When()
    ordered: bool = True
    name: str = ""


@dataclass(frozen=True, slots=True)
class Script:
    """Conversations; a request belongs to the first that has a turn left for it."""

    conversations: tuple[Conversation, ...]

    @classmethod
    def ordered(cls, *turns: Turn | Answer) -> Script:
        """Make a script whose turns come in this order, whoever asks."""
        return cls((conversation(*turns),))

    @classmethod
    def matched(cls, *turns: Turn | Answer) -> Script:
        """Make a script that gives each request the first unused turn it matches."""
        return cls((Conversation(tuple(map(_turn, turns)), ordered=False),))


def conversation(*turns: Turn | Answer, when: When | None = None, name: str = "") -> Conversation:
    """Make a conversation of turns in this order."""
    return Conversation(tuple(map(_turn, turns)), when or When(), name=name)


def _turn(one: Turn | Answer) -> Turn:
    return Turn(one) if isinstance(one, Answer) else one


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN // 2]} … {text[-_SHOWN // 2 :]}"
