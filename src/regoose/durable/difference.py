"""Where two JSON values first differ, shown to a person."""

from __future__ import annotations

import json
from collections.abc import Iterator

from regoose.domain.json import Json

_AROUND = 60
"""Characters shown on each side of a difference."""
_NOTHING = "nothing"


def kind_of(part: Json) -> str:
    """
    Return what a part of a request is.

    A message is named for its speaker, and an object of one key for this key, e.g. `tools`.
    """
    if isinstance(part, dict):
        if "speaker" in part:
            return f"{part['speaker']} message"
        if len(part) == 1:
            return next(iter(part))
    return "part"


def show_difference(number: int, was: Json, now: Json) -> str:
    """Say how part `number` (from 1) of a request differs; None stands for a part that is not there."""
    if now is None:
        return f"part {number} ({kind_of(was)}) is missing now; recorded: {_start(was)}"
    if was is None:
        return f"part {number} ({kind_of(now)}) is additional now: {_start(now)}"
    place, recorded, present = first_difference(was, now)
    kind = kind_of(was) if kind_of(was) == kind_of(now) else f"{kind_of(was)}, now {kind_of(now)}"
    where = f" at {place}" if place else ""
    return f"part {number} ({kind}) differs{where}; recorded: {recorded}; now: {present}"


def first_difference(was: Json, now: Json) -> tuple[str, str, str]:
    """Return the place of the first difference, and what stands around it on either side."""
    left, right = dict(_leaves(was)), dict(_leaves(now))
    for place in [*left, *(place for place in right if place not in left)]:
        if place in left and place in right and json.dumps(left[place]) == json.dumps(right[place]):
            continue
        texts = [_shown(side[place]) if place in side else "" for side in (left, right)]
        same = next((at for at, (one, other) in enumerate(zip(*texts, strict=False)) if one != other), None)
        around = min(map(len, texts)) if same is None else same
        shown = [
            _around(text, around) if place in side else _NOTHING
            for side, text in zip((left, right), texts, strict=True)
        ]
        return place, shown[0], shown[1]
    return "", _NOTHING, _NOTHING


def _leaves(value: Json, place: str = "") -> Iterator[tuple[str, Json]]:
    """Give what is no object and no list, or an empty one, by its place."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{place}.{key}" if place else key)
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from _leaves(inner, f"{place}[{index}]")
    else:
        yield place, value


def _shown(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _around(text: str, place: int) -> str:
    start, end = max(0, place - _AROUND), place + _AROUND
    return json.dumps(f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}", ensure_ascii=False)


def _start(value: Json) -> str:
    return _around(_shown(value), 0)
