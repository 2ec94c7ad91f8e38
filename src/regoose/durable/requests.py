"""
What steps were asked: kept in parts, so that a conversation which grows by a message is not kept anew with each.

A part is known by the digest of its canonical JSON. A step keeps the digests as the difference to an earlier step's and
the content of those parts that no earlier step of the run has kept: n turns of a conversation take the space of n
messages. Whatever a step refers to stands in steps of smaller numbers, so that the first steps of a run are complete
without the later ones.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regoose.domain.json import Json
from regoose.durable.difference import show_difference

_LIKELY = 8
"""How many of the latest requests are looked at for the one that this continues: agents that talk at once."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A request as a step keeps it: the first `first` parts of step `like`, then those called `then`."""

    like: int | None
    first: int
    then: tuple[str, ...]
    parts: Mapping[str, Json]
    """Content of the parts that no earlier step has kept, by digest."""


class Requests:
    """What the recorded steps of one run were asked, by the numbers of the steps."""

    def __init__(self) -> None:
        self._asked: dict[int, tuple[str, ...]] = {}
        self._parts: dict[str, Json] = {}
        self._keeper: dict[str, int] = {}

    def pack(self, number: int, request: Sequence[Json]) -> Packed:
        """Return a request as step `number` is to keep it."""
        digests = tuple(digest(part) for part in request)
        like, first = self._nearest(number, digests)
        parts = {name: part for name, part in zip(digests, request, strict=True) if self._is_new(name, number)}
        return Packed(like, first, digests[first:], parts)

    def learn(self, number: int, packed: Packed) -> None:
        """Take in what a recorded step has kept; the step that it is like comes before it."""
        before = () if packed.like is None else self._asked[packed.like][: packed.first]
        self._asked[number] = (*before, *packed.then)
        for name, part in packed.parts.items():
            if self._is_new(name, number):
                self._parts[name] = part
                self._keeper[name] = number

    def of(self, number: int) -> tuple[Json, ...] | None:
        """Return the parts that step `number` was asked, None where it kept no request."""
        asked = self._asked.get(number)
        return None if asked is None else tuple(self._parts[name] for name in asked)

    def difference(self, number: int, request: Sequence[Json] | None) -> str | None:
        """Say where a request first differs from that of recorded step `number`; one that kept none fits anything."""
        asked = self._asked.get(number)
        present = request or ()
        given = tuple(digest(part) for part in present)
        if asked is None or asked == given:
            return None
        same = _shared(asked, given)
        was = self._parts[asked[same]] if same < len(asked) else None
        now: Json = json.loads(json.dumps(present[same])) if same < len(present) else None
        return show_difference(same + 1, was, now)

    def _nearest(self, number: int, digests: Sequence[str]) -> tuple[int | None, int]:
        """Return the earlier step whose request this one continues, and how many parts they share."""
        earlier = sorted(step for step in self._asked if step < number)[-_LIKELY:]
        shared = {step: _shared(self._asked[step], digests) for step in earlier}
        like = max(shared, key=lambda step: (shared[step], step), default=None)
        return (like, shared[like]) if like is not None and shared[like] else (None, 0)

    def _is_new(self, name: str, number: int) -> bool:
        """Whether no step before `number` has kept the part."""
        return self._keeper.get(name, number) >= number


def digest(part: Json) -> str:
    """Return the name of a part: 128 bits over its canonical JSON."""
    text = json.dumps(part, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode("ascii"), digest_size=16).hexdigest()


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many digests two requests begin with in common."""
    for place, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return place
    return min(len(one), len(other))
