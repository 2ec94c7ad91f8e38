"""
A finished step as the journal's database holds it.

The value of a step that kept no request is there as plain JSON. One that did is an object of three keys: `$request`
(what it was asked, as the difference to an earlier step), `$parts` (content of parts, by digest) and `value`. An error
is an object with `$error` (its class), `message` and `hint`, and the first two of those keys where it kept a request.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from regoose.domain.json import Json
from regoose.durable.codec import ERROR, Failed, error_from_json
from regoose.durable.requests import Packed

REQUEST, PARTS, VALUE = "$request", "$parts", "value"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One finished step. Times are seconds since the epoch, UTC."""

    number: int
    name: str
    started: float | None
    ended: float | None
    value: Json
    error: Exception | None
    asked: Packed | None


def pack_value(value: Json, asked: Packed | None) -> Json:
    """Return what the journal keeps of a step that gave `value`."""
    if asked is None and not (isinstance(value, dict) and value.keys() & {REQUEST, ERROR}):
        return value
    return {**pack_request(asked), VALUE: value}


def pack_request(asked: Packed | None) -> dict[str, Json]:
    """Return the keys that hold a request, beside a value or an error."""
    if asked is None:
        return {REQUEST: None}
    return {
        REQUEST: {"like": asked.like, "first": asked.first, "then": list(asked.then)},
        PARTS: dict(asked.parts),
    }


def unpack_value(stored: Json) -> Json:
    """Return the value in what the journal keeps."""
    return stored[VALUE] if isinstance(stored, dict) and REQUEST in stored else stored


def read(number: int, name: str, output: str | None, error: str | None, times: tuple[int | None, int | None]) -> Record:
    """Read a row of the journal; `times` are the start and the end in milliseconds."""
    stored: Json = json.loads(error if error is not None else output or "null")
    started, ended = (None if time is None else time / 1000 for time in times)
    return Record(
        number=number,
        name=name,
        started=started,
        ended=ended,
        value=None if error is not None else unpack_value(stored),
        error=_error(stored) if error is not None else None,
        asked=_asked(stored),
    )


def _error(stored: Json) -> Exception:
    assert isinstance(stored, dict), "errors are kept as objects"
    found = error_from_json(stored)
    return found.cause if isinstance(found, Failed) else found


def _asked(stored: Json) -> Packed | None:
    if not isinstance(stored, dict) or not isinstance(request := stored.get(REQUEST), dict):
        return None
    parts, then, like, first = (stored.get(PARTS), request.get("then"), request.get("like"), request.get("first"))
    assert isinstance(parts, Mapping)
    assert isinstance(then, list)
    assert isinstance(first, int)
    return Packed(like if isinstance(like, int) else None, first, tuple(str(name) for name in then), parts)
