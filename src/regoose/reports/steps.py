"""
The steps of a run as JSON lines: the form in which a run leaves the machine.

One object a line and a step, in the order of their numbers: `number`, `name`, `started` and `ended` (seconds since the
epoch, UTC, or null), `request` (the parts that it was asked, or null), `value` and `error` (a sentence, or null). Keys
may be added; these stay.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator

from regoose.domain.json import Json
from regoose.domain.run import StepRecord

Redact = Callable[[str], str]
"""Takes secrets out of a text."""


def export(steps: Iterable[StepRecord], redact: Redact = str) -> Iterator[str]:
    """Give a line for each step, with its line feed; every text in it has been through `redact`."""
    for step in steps:
        document: dict[str, Json] = {
            "number": step.number,
            "name": step.name,
            "started": step.started,
            "ended": step.ended,
            "request": None if step.request is None else list(step.request),
            "value": step.value,
            "error": step.error,
        }
        yield json.dumps(redacted(document, redact)) + "\n"


def load(lines: Iterable[str]) -> tuple[StepRecord, ...]:
    """Read what `export` gave, of this version or an older one."""
    return tuple(_step(json.loads(line)) for line in lines if line.strip())


def redacted(value: Json, redact: Redact) -> Json:
    """Return a value with every text in it, keys included, put through `redact`."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, list):
        return [redacted(one, redact) for one in value]
    if isinstance(value, dict):
        return {redact(key): redacted(one, redact) for key, one in value.items()}
    return value


def _step(document: dict[str, Json]) -> StepRecord:
    number, request = document["number"], document["request"]
    started, ended = (
        time if isinstance(time, int | float) else None for time in (document["started"], document["ended"])
    )
    error = document["error"]
    assert isinstance(number, int)
    return StepRecord(
        number=number,
        name=str(document["name"]),
        started=started,
        ended=ended,
        error=None if error is None else str(error),
        value=document["value"],
        request=tuple(request) if isinstance(request, list) else None,
    )
