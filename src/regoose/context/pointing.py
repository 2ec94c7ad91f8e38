"""What the mentions in a task's text point to in a tree: files and definitions, each with a weight and the reasons."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from regoose.context.graph import modules_of
from regoose.context.index import Index
from regoose.context.mentions import Mentions
from regoose.context.tree import is_test

_AMBIGUOUS = 6
"""Files that a mention may point to; one that points to more says nothing."""
_DOTTED = 0.8
_QUOTED = 0.5
_FENCED = 0.15


@dataclass(frozen=True, slots=True)
class Pointer:
    """One mention's meaning: a file, perhaps a definition in it (its last name), how much it counts, and why."""

    path: str
    weight: float
    reason: str
    symbol: str = ""


@dataclass(frozen=True, slots=True)
class Named:
    """What all mentions give one file: a weight between 0 and 1, the reasons, and weights of definitions by name."""

    weight: float
    reasons: tuple[str, ...]
    symbols: Mapping[str, float]


def pointed_at(index: Index, mentions: Mentions) -> dict[str, Named]:
    """Return what the mentions of a text point to; the strongest of a file counts whole, each further one half."""
    found: dict[str, list[Pointer]] = {}
    for pointer in _pointers(index, mentions):
        found.setdefault(pointer.path, []).append(pointer)
    return {path: _together(pointers) for path, pointers in found.items()}


def _together(pointers: list[Pointer]) -> Named:
    weights = sorted((pointer.weight for pointer in pointers), reverse=True)
    symbols: dict[str, float] = {}
    for pointer in pointers:
        if pointer.symbol:
            symbols[pointer.symbol] = max(symbols.get(pointer.symbol, 0.0), pointer.weight)
    total = weights[0] + math.fsum(weights[1:]) / 2
    return Named(1 - math.exp(-total), tuple(dict.fromkeys(pointer.reason for pointer in pointers)), symbols)


def _pointers(index: Index, mentions: Mentions) -> Iterator[Pointer]:
    yield from _places(index, mentions)
    modules = modules_of(index)
    for name in mentions.dotted:
        for path, symbol in _dotted(index, modules, name):
            yield Pointer(path, _DOTTED, f"named: {name}", symbol)
    for names, weight in ((mentions.names, _QUOTED), (mentions.fenced, _FENCED)):
        for name in names:
            defined = [path for path in index.definers.get(name, ()) if not is_test(path)]
            if len(defined) <= _AMBIGUOUS:
                for path in defined:
                    yield Pointer(path, weight / len(defined), f"defines {name}", name)


def _places(index: Index, mentions: Mentions) -> Iterator[Pointer]:
    """Yield files that are named outright; the innermost frame of a traceback, its last, counts most."""
    frames = [place for place in mentions.places if place.how == "traceback"]
    for place in mentions.places:
        targets = paths_ending(index, place.path)
        inner = (frames.index(place) + 1) / len(frames) if place in frames else 1.0
        if len(targets) <= _AMBIGUOUS:
            for path in targets:
                symbol = _symbol_at(index, path, place.line) if place.line else place.function
                yield Pointer(path, (0.5 + inner / 2) / len(targets), f"{place.how}: {place.path}", symbol)


def paths_ending(index: Index, path: str) -> list[str]:
    """Return the files whose path ends as `path` does, by as many components as any of them."""
    wanted = [part for part in PurePosixPath(path).parts if part not in {"/", ".", ".."}]
    likeness = {candidate: _common_end(candidate, wanted) for candidate in index.records} if wanted else {}
    best = max(likeness.values(), default=0)
    return [candidate for candidate, same in likeness.items() if same == best and best]


def _common_end(path: str, wanted: list[str]) -> int:
    if not path.endswith(wanted[-1]):
        return 0
    same = 0
    for one, other in zip(reversed(path.split("/")), reversed(wanted), strict=False):
        if one != other:
            break
        same += 1
    return same


def _symbol_at(index: Index, path: str, line: int) -> str:
    around = [symbol for symbol in index.symbols(path) if symbol.start <= line <= symbol.end]
    return max(around, key=lambda symbol: symbol.start).last if around else ""


def _dotted(index: Index, modules: Mapping[str, str], name: str) -> list[tuple[str, str]]:
    """Return the files, each with the definition in it, that a dotted name stands for."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        path = modules.get(".".join(parts[:length]))
        rest = parts[length:]
        if path is not None and (not rest or rest[0] in index.records[path].defines.split()):
            return [(path, rest[-1] if rest else "")]
    outer = set(index.definers.get(parts[-2], ()))
    both = [path for path in index.definers.get(parts[-1], ()) if path in outer and not is_test(path)]
    return [(path, parts[-1]) for path in both] if len(both) <= _AMBIGUOUS else []
