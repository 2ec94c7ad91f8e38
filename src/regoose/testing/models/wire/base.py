"""What a protocol's module provides, and what it is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from regoose.testing.models.request import Prompt
from regoose.testing.models.script import Fault, FaultKind, Stop, Usage
from regoose.testing.models.values import Json, JsonObject, compact

CREATED = 1_767_225_600
"""When everything was made, in seconds since 1970: answers do not depend on the clock."""


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call with its id, None where it has to be left out; `raw` arguments as they are sent."""

    id: str | None
    name: str
    raw: str


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with everything worked out; `number` is the request's."""

    number: int
    model: str
    text: str
    calls: tuple[Call, ...]
    stop: Stop
    usage: Usage
    wants_usage: bool = True
    """Whether a stream has to report the usage."""

    def id(self, prefix: str) -> str:
        """Return an id that is the same in every run."""
        return f"{prefix}{self.number:06d}"


@dataclass(frozen=True, slots=True)
class Failure:
    """An HTTP error."""

    status: int
    body: JsonObject
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Wording:
    """How an API words an error; `{model}` and `{seconds}` are filled in."""

    status: int
    type: str
    message: str
    code: str | None = None
    param: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """What an API says about a request that it does not accept."""

    message: str
    param: str | None = None
    code: str | None = None


class WireFormat(Protocol):
    """A protocol."""

    @property
    def name(self) -> str:
        """The protocol's name in scripts and records."""
        ...

    @property
    def stream_type(self) -> str:
        """The media type of a stream."""
        ...

    def read(self, body: JsonObject, path: str) -> Prompt:
        """Read a request."""
        ...

    def check(self, body: JsonObject) -> Refused | None:
        """Say what the API would not accept about the request, if anything."""
        ...

    def refused(self, refused: Refused) -> Failure:
        """Word a refusal of the request."""
        ...

    def failure(self, fault: Fault, model: str, number: int) -> Failure:
        """Word an error of the API."""
        ...

    def whole(self, reply: Reply) -> JsonObject | Failure:
        """Render an answer as one body."""
        ...

    def pieces(self, reply: Reply) -> list[bytes]:
        """Render an answer as a stream, piece by piece."""
        ...

    def stream_error(self, failure: Failure) -> bytes:
        """Render an error that a stream reports when it has begun."""
        ...


def sse(data: Json, event: str = "") -> bytes:
    """Render a server-sent event."""
    return (f"event: {event}\n".encode() if event else b"") + b"data: " + compact(data) + b"\n\n"


def filled(wording: Wording, fault: Fault, model: str) -> str:
    """Return the message of an error."""
    return fault.message or wording.message.format(model=model, seconds=f"{fault.retry_after or 1:g}")


def wording_of(table: Mapping[FaultKind, Wording], kind: FaultKind) -> Wording:
    """Return the wording of a kind; a fault of the wire that has to be told is `OVERLOADED`."""
    return table.get(kind) or table[FaultKind.OVERLOADED]
