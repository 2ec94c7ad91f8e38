"""A server's record as JSON, for those in other processes."""

from __future__ import annotations

from dataclasses import asdict

from regoose.testing.models.director import Director
from regoose.testing.models.record import Exchange, Record
from regoose.testing.models.script import Usage
from regoose.testing.models.values import Json, JsonObject

PATH = "/scripted/state"
"""Where a running server tells it."""


def total(exchanges: tuple[Exchange, ...]) -> Usage:
    """Return all tokens that a real API would have billed."""
    used = [one.usage for one in exchanges if one.usage is not None]
    return Usage(
        input=sum(one.input for one in used),
        output=sum(one.output for one in used),
        cached=sum(one.cached for one in used),
        cache_write=sum(one.cache_write for one in used),
        reasoning=sum(one.reasoning for one in used),
    )


def state(record: Record, director: Director) -> JsonObject:
    """Return what a server has seen so far."""
    exchanges = record.exchanges
    return {
        "calls": len(exchanges),
        "usage": asdict(total(exchanges)),
        "problems": list(record.problems),
        "unused": list(director.unused()),
        "exchanges": [_exchange(one) for one in exchanges],
    }


def _exchange(one: Exchange) -> Json:
    request = one.request
    return {
        "number": request.number,
        "protocol": request.protocol,
        "path": request.path,
        "model": request.prompt.model,
        "status": one.status,
        "usage": None if one.usage is None else asdict(one.usage),
        "headers": dict(request.headers),
        "body": request.body,
    }
