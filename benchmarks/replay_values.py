"""
Values of replayed calls: a form that compares by content, and variations.

Runs on the target's interpreter, Python 3.9 and later.
"""

from __future__ import annotations

import datetime as dt
import decimal
import itertools
import random
import re
import types
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_STREAM = 200
DEEPEST = 8
HUGE = 1e15
RARELY = 0.1
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
_SCALARS = (bool, int, str, bytes, bytearray, complex, type(None), type(Ellipsis))
_CODE = (types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.ModuleType, type)
_LETTERS = "aZ09 _-.:,/\\%{}[]()'\"\n\té$|"


def describe(value: Any, depth: int = 0, seen: frozenset[int] = frozenset()) -> object:
    """Return plain data that is equal where two values are equal in content; streams are drawn out."""
    if isinstance(value, _SCALARS):
        return [type(value).__name__, value if type(value) in _SCALARS else repr(value)]
    if isinstance(value, float):
        return ["float", repr(value)]
    if depth > DEEPEST or id(value) in seen:
        return "..."
    seen = seen | {id(value)}
    if isinstance(value, _CODE):
        return ["code", getattr(value, "__qualname__", repr(type(value)))]
    if isinstance(value, BaseException):
        return [type(value).__name__, describe(list(value.args), depth + 1, seen)]
    container = _describe_container(value, depth + 1, seen)
    return container if container is not None else _describe_object(value, depth + 1, seen)


def _describe_container(value: Any, depth: int, seen: frozenset[int]) -> object:
    kind = cast("type[Any]", type(value))
    name = kind.__name__
    if issubclass(kind, (list, tuple)):
        return [name, [describe(item, depth, seen) for item in value], _attributes(value, depth, seen)]
    if issubclass(kind, (set, frozenset)):
        return [name, sorted((describe(item, depth, seen) for item in value), key=repr)]
    if issubclass(kind, dict):
        items = [[describe(key, depth, seen), describe(item, depth, seen)] for key, item in value.items()]
        return [name, sorted(items, key=repr) if kind is dict else items, _attributes(value, depth, seen)]
    if hasattr(kind, "__next__"):
        return ["stream", [describe(item, depth, seen) for item in itertools.islice(value, LONGEST_STREAM)]]
    return None


def _attributes(value: Any, depth: int, seen: frozenset[int]) -> object:
    return describe(vars(value), depth, seen) if hasattr(value, "__dict__") and vars(value) else None


def _describe_object(value: Any, depth: int, seen: frozenset[int]) -> object:
    """Describe by public attributes, else by a repr of its own, else by all attributes."""
    state = {
        name: getattr(value, name) for kind in type(value).__mro__ for name in _slot_names(kind) if hasattr(value, name)
    }
    state.update(getattr(value, "__dict__", {}))
    public = {name: item for name, item in state.items() if not name.startswith("_")}
    if not public and (not state or type(value).__repr__ is not object.__repr__):
        return [type(value).__name__, _ADDRESS.sub("", repr(value))]
    return [type(value).__name__, describe(public or state, depth, seen)]


def _slot_names(kind: type) -> list[str]:
    slots = kind.__dict__.get("__slots__", ())
    names = [slots] if isinstance(slots, str) else list(slots)
    return [name for name in names if name not in {"__dict__", "__weakref__"}]


def vary(rng: random.Random, arguments: list[Any], others: list[list[Any]]) -> list[Any]:
    """Change one argument of a call, sometimes two: by a variation, or by what another call passed there."""
    positional, keywords = arguments
    places: list[Any] = [*range(len(positional)), *keywords]
    for place in rng.sample(places, min(len(places), rng.choice([1, 1, 1, 2]))):
        table = positional if isinstance(place, int) else keywords
        donor = rng.choice(others)[0 if isinstance(place, int) else 1]
        has_place = place < len(donor) if isinstance(place, int) else place in donor
        if has_place and rng.random() < 0.3:
            table[place] = donor[place]
        else:
            table[place] = varied(rng, table[place])
    return arguments


def varied(rng: random.Random, value: Any, depth: int = 0) -> Any:
    """Return a value of the same kind, a little different, rarely None; a kind that is not known stays as it is."""
    if rng.random() < RARELY:
        return None
    if isinstance(value, bool):
        return not value
    if type(value) in _VARIATIONS:
        return _VARIATIONS[type(value)](rng, value)
    kind = cast("type[Any]", type(value))
    if kind in (list, tuple, set, frozenset) and depth < DEEPEST:
        return cast("Any", kind(_varied_items(rng, [*value], depth)))
    if kind is dict and value and depth < DEEPEST:
        return _varied_table(rng, {**value}, depth)
    return value


def _varied_integer(rng: random.Random, value: int) -> int:
    return rng.choice([0, 1, -1, 2, -value, value + 1, value - 1, value * 2, value * 10, value // 2, value + 7])


def _varied_float(rng: random.Random, value: float) -> float:
    rounded = float(round(value)) if abs(value) < HUGE else 0.5
    return rng.choice([0.0, 1.0, -value, value + 1, value - 0.5, value * 2, value / 10, rounded])


def _varied_decimal(rng: random.Random, value: decimal.Decimal) -> decimal.Decimal:
    return decimal.Decimal(_varied_integer(rng, int(value))) / rng.choice([1, 10]) if value.is_finite() else value


def _varied_bytes(rng: random.Random, value: bytes) -> bytes:
    return _varied_text(rng, value.decode("latin-1")).encode("latin-1", "replace")


def _varied_delta(rng: random.Random, value: dt.timedelta) -> dt.timedelta:
    step = dt.timedelta(days=rng.choice([0, 1, 40, 400]), seconds=rng.choice([0, 1, 3600]), microseconds=500)
    return rng.choice([value + step, value - step, -value, value * 2])


def _varied_date(rng: random.Random, value: dt.date) -> dt.date:
    try:
        return value + _varied_delta(rng, dt.timedelta(0))
    except OverflowError:
        return value


def _varied_text(rng: random.Random, text: str) -> str:
    at = rng.randint(0, len(text))
    return rng.choice(
        [
            text[:at] + rng.choice(_LETTERS + (text or "x")) + text[at:],
            text[:at] + text[at + 1 :],
            text[:at],
            text[at:],
            text + text,
            text.upper(),
            text.lower(),
            text.swapcase(),
            text[::-1],
            text[:at] + " " + text[at:],
            text[:at] + str(rng.randint(0, 999)) + text[at:],
            "",
        ]
    )


def _varied_items(rng: random.Random, items: list[Any], depth: int) -> list[Any]:
    at = rng.randrange(len(items)) if items else 0
    choice = rng.randrange(6)
    if choice == 0:
        return []
    if choice == 1:
        return items[::-1]
    if choice == 2:
        return items[:at] + items[at + 1 :]
    if choice == 3:
        return items[:at] + items[at : at + 1] + items[at:]
    if items:
        items[at] = varied(rng, items[at], depth + 1)
    return items


def _varied_table(rng: random.Random, table: dict[Any, Any], depth: int) -> dict[Any, Any]:
    key = rng.choice(list(table))
    choice = rng.randrange(4)
    if choice == 0:
        del table[key]
    elif choice == 1:
        table[varied(rng, key, depth + 1)] = table[key]
    else:
        table[key] = varied(rng, table[key], depth + 1)
    return table


_VARIATIONS: dict[type, Callable[[random.Random, Any], Any]] = {
    int: _varied_integer,
    float: _varied_float,
    str: _varied_text,
    bytes: _varied_bytes,
    decimal.Decimal: _varied_decimal,
    dt.timedelta: _varied_delta,
    dt.date: _varied_date,
    dt.datetime: _varied_date,
}
