"""Inputs around the tests' own: the arguments that tests pass in, copied and changed a little."""

from __future__ import annotations

import contextlib
import copy
from random import Random
from time import process_time
from types import FunctionType, ModuleType
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Set, Tuple, cast

from regoose_guest.repair.program import LiveKey
from regoose_guest.repair.recording import Call
from regoose_guest.repair.showing import canonical

_IN_VAIN = 300
"""Calls known already, one after the other, after which no more are made."""
_LARGEST = 12
_DEPTH = 3
_SAMPLE = 2000
_FAMILY = 500
_FROM_TESTS = 0.25
_DIRECT = 0.5
"""Share of the generated calls that go to edited functions themselves rather than through others."""
_TEXT = "ab 0()"


class Shape(NamedTuple):
    """What all recorded values at one parameter have in common, kept by the generated ones (as likely invariants)."""

    least: Optional[float]
    ordered: bool
    distinct: bool
    alphabet: str


def is_instance(value: object) -> bool:
    """Whether a value is an object with attributes of its own, of a class that is no built-in."""
    return isinstance(getattr(value, "__dict__", None), dict) and not isinstance(
        value, (type, FunctionType, ModuleType)
    )


class Relatives:
    """The objects that hang together in the arguments of one call, by class."""

    def __init__(self, roots: Sequence[object]) -> None:
        self._by_class: Dict[object, List[object]] = {}
        seen: Set[int] = set()
        pending: List[object] = list(roots)
        while pending and len(seen) < _FAMILY:
            value = pending.pop(0)
            parts = None if id(value) in seen else _parts(value)
            if parts is None:
                continue
            seen.add(id(value))
            if is_instance(value):
                self._by_class.setdefault(value.__class__, []).append(value)
            pending += parts

    def like(self, value: object) -> List[object]:
        """Return the objects of the same class."""
        return self._by_class.get(value.__class__, [])


def _parts(value: object) -> Optional[List[object]]:
    """List what a value holds; None where it holds nothing."""
    if isinstance(value, (list, tuple, set, frozenset)):
        return list(cast("Sequence[object]", value))
    if isinstance(value, dict):
        mapping = cast("Dict[object, object]", value)
        return [*mapping, *mapping.values()]
    return list(vars(value).values()) if is_instance(value) else None


class Mutator:
    """Changes recorded calls a little; the same for a seed, but for where the time ends."""

    def __init__(self, recorded: Sequence[Call], seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 - reproducible test inputs
        self._recorded = recorded
        self._direct = [call for call in recorded if call.edited] or recorded
        self._pool: Dict[Tuple[LiveKey, object], List[object]] = {}
        for call in recorded:
            for place, value in _places(call):
                self._pool.setdefault((call.key, place), []).append(value)
        self._relatives = Relatives(())
        self._shapes = {place: _shape(values) for place, values in self._pool.items()}

    def calls(self, most: int, seconds: float) -> List[Call]:
        """
        Return up to `most` generated calls, without repetition as far as their text tells.

        Stops after so many CPU seconds, or where hardly anything new comes.
        """
        made: List[Call] = []
        seen = {hash(_text(call)) for call in self._recorded}  # not the texts: arguments may be large
        end = process_time() + seconds
        in_vain = 0
        while self._recorded and len(made) < most and in_vain < _IN_VAIN and process_time() < end:
            in_vain += 1
            call = self._random.choice(self._direct if self._random.random() < _DIRECT else self._recorded)
            try:
                new = self._changed(call)
                mark = hash(_text(new))
            except Exception:  # noqa: BLE001, S112 - values of the program under repair may refuse anything
                continue
            if mark not in seen:
                seen.add(mark)
                made.append(new)
                in_vain = 0
        return made

    def _changed(self, call: Call) -> Call:
        given, keywords = copy.deepcopy((call.positional, call.keywords))
        positional = list(given)
        self._relatives = Relatives((*positional, *keywords.values()))
        places: List[object] = [*range(len(positional)), *keywords]
        for _ in range(self._random.choice((1, 1, 2))):
            place = self._random.choice(places)
            shape = self._shapes[(call.key, place)]
            if isinstance(place, int):
                positional[place] = self._value(positional[place], call.key, place, shape)
            else:
                keywords[str(place)] = self._value(keywords[str(place)], call.key, place, shape)
        return call._replace(positional=tuple(positional), keywords=keywords, generated=True)

    def _value(self, value: object, key: LiveKey, place: object, shape: Shape) -> object:
        if is_instance(value):
            return self._instance(value, shape)
        if self._random.random() < _FROM_TESTS:
            return copy.deepcopy(self._random.choice(self._pool[(key, place)]))
        return self._fitted(self._mutated(value, shape), shape)

    def _instance(self, value: object, shape: Shape) -> object:
        """Take another object of the same kind from the same call, or change one attribute of one of them."""
        family = self._relatives.like(value)
        other = self._random.choice(family) if family else value
        if self._random.choice((True, False)):
            return other
        attributes = vars(other)
        if attributes:
            name = self._random.choice(sorted(attributes))
            old = attributes[name]
            new = self._random.choice(self._relatives.like(old) or [old]) if is_instance(old) else None
            attributes[name] = self._mutated(old, shape) if new is None else new
        return value

    @staticmethod
    def _fitted(value: object, shape: Shape) -> object:
        if shape.least is not None and isinstance(value, (int, float)) and not isinstance(value, bool):
            return max(value, type(value)(shape.least))
        if value.__class__ is list and (shape.ordered or shape.distinct):
            items: List[Any] = list(cast("List[Any]", value))
            with contextlib.suppress(TypeError):
                items = list(dict.fromkeys(items)) if shape.distinct else items
                items = sorted(items) if shape.ordered else items
            return items
        return value

    def _mutated(self, value: Any, shape: Shape, depth: int = 0) -> Any:
        kind: object = value.__class__
        if isinstance(value, (bool, int, float)):
            return self._number(value)
        if isinstance(value, str) and kind is str:
            return self._text(value, shape)
        if kind is list or kind is tuple:
            items = self._items(list(cast("Sequence[object]", value)), shape, depth)
            return items if kind is list else tuple(items)
        if kind is dict:
            return self._mapping(cast("Dict[object, object]", value), shape, depth)
        if kind is set and value:
            rest = set(cast("Set[object]", value))
            rest.discard(sorted(rest, key=repr)[self._random.randrange(len(rest))])
            return rest
        return value

    def _number(self, value: float) -> float:
        if isinstance(value, bool):
            return not value
        if isinstance(value, int):
            near = (value + 1, value - 1, 0, 1, 2, value * 2, value // 2)
            return self._random.choice((*near, self._random.randint(0, _LARGEST)))
        return self._random.choice((value + 1, value / 2, 0.0, value * 2))

    def _text(self, value: str, shape: Shape) -> str:
        random = self._random
        letters = shape.alphabet or _TEXT
        if not value:
            return random.choice(letters)
        at = random.randrange(len(value))
        letter = random.choice(letters)
        head, tail = value[:at], value[at + 1 :]
        return random.choice(
            (head + tail, head + value[at] + value[at:], head, value[at:], head + letter + tail, value + letter, "")
        )

    def _items(self, items: List[object], shape: Shape, depth: int) -> List[object]:
        random = self._random
        if not items:
            return items
        at = random.randrange(len(items))
        kind = random.choice(("drop", "repeat", "cut", "swap", "change", "change"))
        if kind == "drop":
            del items[at]
        elif kind == "repeat":
            items.insert(at, copy.deepcopy(items[at]))
        elif kind == "cut":
            items = items[:at]
        elif kind == "swap":
            other = random.randrange(len(items))
            items[at], items[other] = items[other], items[at]
        elif depth < _DEPTH:
            items[at] = self._fitted(self._mutated(items[at], shape, depth + 1), shape)
        return items

    def _mapping(self, value: Dict[object, object], shape: Shape, depth: int) -> Dict[object, object]:
        new = dict(value)
        if new:
            key = sorted(new, key=repr)[self._random.randrange(len(new))]
            if self._random.choice((True, False)) and depth < _DEPTH:
                new[key] = self._fitted(self._mutated(new[key], shape, depth + 1), shape)
            else:
                del new[key]
        return new


def _places(call: Call) -> List[Tuple[object, object]]:
    return [*enumerate(call.positional), *call.keywords.items()]


def _shape(values: Sequence[object]) -> Shape:
    numbers: List[float] = []
    texts: List[str] = []
    for value in values:
        _gather(value, numbers, texts, 0)
    lists = [cast("List[Any]", value) for value in values if isinstance(value, list)]
    lists = [one for one in lists if len(one) > 1]
    return Shape(
        least=min(numbers) if numbers else None,
        ordered=bool(lists) and all(_ordered(one) for one in lists),
        distinct=bool(lists) and all(_distinct(one) for one in lists),
        alphabet="".join(sorted(set("".join(texts)[:_SAMPLE]))),
    )


def _gather(value: object, numbers: List[float], texts: List[str], depth: int) -> None:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        numbers.append(value)
    elif isinstance(value, str):
        texts.append(value)
    elif isinstance(value, (list, tuple)) and depth < _DEPTH:
        for item in cast("Sequence[object]", value):
            _gather(item, numbers, texts, depth + 1)
    elif isinstance(value, dict) and depth < _DEPTH:
        for item in cast("Dict[object, object]", value).values():
            _gather(item, numbers, texts, depth + 1)


def _ordered(items: Sequence[Any]) -> bool:
    try:
        return all(one <= other for one, other in zip(items, items[1:]))
    except Exception:  # noqa: BLE001 - comparison is the program's
        return False


def _distinct(items: List[object]) -> bool:
    try:
        return len(set(items)) == len(items)
    except Exception:  # noqa: BLE001 - hashing is the program's
        return False


def _text(call: Call) -> str:
    return f"{call.key}{call.which}{canonical(call.positional)}{canonical(call.keywords)}"
