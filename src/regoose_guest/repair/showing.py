"""Write values down: canonically, to compare by, and shortly, to be read."""

from __future__ import annotations

import itertools
import re
import types
from typing import Any, Dict, Iterator, Optional, Sequence, Set, cast

_SHOWN = 400
_DEPTH, _ITEMS, _ITERATED = 12, 60, 200

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
"""Where an object lies in memory, which says nothing and differs from run to run."""

Memo = Dict[int, int]
"""Objects already written, by their id, with the number they were given."""


def canonical(value: object, memo: Optional[Memo] = None, depth: int = 0) -> str:
    """
    Write a value so that equal values read alike.

    Addresses do not show, iterators are read, and an object met again is written as its number, so that graphs end.
    """
    memo = {} if memo is None else memo
    if depth > _DEPTH:
        return "..."
    if value is None or value.__class__ in (bool, int, float, str, bytes, complex):
        return repr(value)
    if is_iterator(value):
        return (
            f"iterator{canonical(list(itertools.islice(cast('Iterator[object]', value), _ITERATED)), memo, depth + 1)}"
        )
    return _collection(value, memo, depth) or _instance(value, memo, depth)


def _collection(value: object, memo: Memo, depth: int) -> str:
    name = value.__class__.__name__

    def inner(item: object) -> str:
        return canonical(item, memo, depth + 1)

    if isinstance(value, (list, tuple)):
        return f"{name}[{','.join(inner(item) for item in cast('Sequence[object]', value)[:_ITEMS])}]"
    if isinstance(value, (set, frozenset)):
        return f"set{{{','.join(sorted(inner(item) for item in cast('Set[object]', value)))}}}"
    if isinstance(value, dict):
        mapping = cast("Dict[object, object]", value)
        pairs = (f"{inner(key)}:{inner(held)}" for key, held in list(mapping.items())[:_ITEMS])
        return f"dict{{{','.join(sorted(pairs))}}}"
    return ""


def _instance(value: Any, memo: Memo, depth: int) -> str:
    name = value.__class__.__name__
    if id(value) in memo:
        return f"{name}#{memo[id(value)]}"
    attributes = getattr(value, "__dict__", None)
    if isinstance(value, (type, types.FunctionType, types.ModuleType)) or not isinstance(attributes, dict):
        return name
    memo[id(value)] = len(memo)
    return f"{name}{canonical(cast('Dict[object, object]', attributes), memo, depth + 1)}"


def is_iterator(value: object) -> bool:
    """Whether a value is read by going through it once."""
    return hasattr(value, "__next__")


def shorten(value: object) -> str:
    """Write a value for a reader."""
    if is_iterator(value):
        return f"<{value.__class__.__name__}>"
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - repr is the program's
        return f"<{value.__class__.__name__}>"
    text = _ADDRESS.sub("", text)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
