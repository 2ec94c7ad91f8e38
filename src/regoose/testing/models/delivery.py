"""How an answer goes over the wire: the steps that the HTTP handler takes, faults included."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

from regoose.testing.models.script import Fault, FaultKind
from regoose.testing.models.values import JsonObject, compact
from regoose.testing.models.wire.base import Failure, Reply, WireFormat

_PROXY_PAGE = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
_ENDS = {"text/event-stream": b"\n\n", "application/x-ndjson": b"\n"}


@dataclass(frozen=True, slots=True)
class Wait:
    """Send nothing for so many seconds."""

    seconds: float


class Ending(Enum):
    """How a connection ends before its time."""

    RESET = "reset"
    CUT = "cut"


Step = bytes | Wait | Ending


@dataclass(frozen=True, slots=True)
class Response:
    """What is sent; the head goes out with the first bytes. Without a `length` the body is chunked."""

    status: int
    steps: Iterable[Step]
    length: int | None = None
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


def json_response(status: int, body: JsonObject, headers: Mapping[str, str] | None = None) -> Response:
    """Send a JSON body."""
    content = compact(body)
    return Response(status, [content], len(content), headers=headers or {})


def failure_response(failure: Failure, headers: Mapping[str, str]) -> Response:
    """Send an error."""
    return json_response(failure.status, failure.body, {**headers, **failure.headers})


def whole_response(wire: WireFormat, reply: Reply, fault: Fault | None, headers: Mapping[str, str]) -> Response:
    """Send an answer in one body, with what goes wrong on the way."""
    rendered = wire.whole(reply)
    if isinstance(rendered, Failure):
        return failure_response(rendered, headers)
    body = compact(rendered)
    if fault is not None and fault.kind is FaultKind.GARBAGE:
        return Response(200, [_PROXY_PAGE], len(_PROXY_PAGE), "text/html", headers)
    if fault is not None and fault.kind is FaultKind.ENDLESS:
        return Response(200, _for_ever(b" ", fault.seconds), None, headers=headers)
    if fault is not None and fault.kind is FaultKind.TRUNCATED:
        body = body[: len(body) // 2]
    return Response(200, list(_body_steps(body, fault)), len(body), headers=headers)


def stream_response(wire: WireFormat, reply: Reply, fault: Fault | None, headers: Mapping[str, str]) -> Response:
    """Send an answer as a stream, with what goes wrong on the way."""
    rendered = wire.whole(reply)
    if isinstance(rendered, Failure):
        return failure_response(rendered, headers)
    return Response(200, _stream_steps(wire, reply, fault), None, wire.stream_type, headers)


def _body_steps(body: bytes, fault: Fault | None) -> Iterator[Step]:
    kind = fault.kind if fault is not None else None
    seconds = fault.seconds if fault is not None else 0.0
    half = len(body) // 2
    if kind is FaultKind.SLOW_START:
        yield Wait(seconds)
    if kind in (FaultKind.RESET, FaultKind.CUT):
        yield body[:half]
        yield Ending.RESET if kind is FaultKind.RESET else Ending.CUT
    elif kind is FaultKind.DRIP:
        size = max(1, len(body) // 8)
        for at in range(0, len(body), size):
            yield body[at : at + size]
            yield Wait(seconds)
    else:
        yield body


def _stream_steps(wire: WireFormat, reply: Reply, fault: Fault | None) -> Iterator[Step]:
    pieces = wire.pieces(reply)
    if fault is None:
        yield b"".join(pieces)
        return
    if fault.kind is FaultKind.SLOW_START:
        yield Wait(fault.seconds)
    for piece in pieces[: fault.after]:
        yield piece
        if fault.kind is FaultKind.DRIP:
            yield Wait(fault.seconds)
    yield from _middle_steps(wire, reply, fault, pieces)


def _middle_steps(wire: WireFormat, reply: Reply, fault: Fault, pieces: list[bytes]) -> Iterator[Step]:
    """Go on from the piece where a fault shows."""
    match fault.kind:
        case FaultKind.RESET:
            yield Ending.RESET
        case FaultKind.CUT:
            yield Ending.CUT
        case FaultKind.TRUNCATED:
            return
        case FaultKind.STREAM_ERROR:
            yield wire.stream_error(wire.failure(fault, reply.model, reply.number))
        case FaultKind.ENDLESS:
            yield from _for_ever(pieces[min(max(fault.after - 1, 0), len(pieces) - 1)], fault.seconds)
        case _:
            left = pieces[fault.after :]
            if fault.kind is FaultKind.GARBAGE:
                broken = (left or pieces)[0]
                yield broken[: len(broken) * 2 // 3] + _ENDS[wire.stream_type]
            for piece in left:
                yield piece
                if fault.kind is FaultKind.DRIP:
                    yield Wait(fault.seconds)


def _for_ever(piece: bytes, seconds: float) -> Iterator[Step]:
    while True:
        yield piece
        yield Wait(seconds)
