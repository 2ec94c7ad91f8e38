"""Passages of files: functions, heads of classes and what stands between them, each short enough to be read whole."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from regoose.context.parsing import Symbol

_LONGEST = 60
"""Lines; longer ones are cut."""


@dataclass(frozen=True, slots=True)
class Passage:
    """Lines of a file, 1-based and inclusive, and the definition that they belong to (empty at module level)."""

    path: str
    start: int
    end: int
    symbol: str
    text: str


def passages(path: str, text: str, symbols: Sequence[Symbol]) -> Iterator[Passage]:
    """Cut a file. Every line that is not blank is in exactly one passage."""
    lines = re.split(r"\r\n|\r|\n", text.removesuffix("\n"))
    owners = [symbol for symbol in symbols if symbol.kind != "constant"]
    functions = {symbol.name for symbol in owners if symbol.kind != "class"}
    outer = [symbol for symbol in owners if not functions.intersection(_above(symbol.name))]
    cuts = {1, len(lines) + 1} | {symbol.start for symbol in outer}
    cuts |= {min(symbol.end, len(lines)) + 1 for symbol in outer}
    ordered = sorted(cuts)
    for begin, after in pairwise(ordered):
        for start in range(begin, after, _LONGEST):
            part = lines[start - 1 : min(start + _LONGEST, after) - 1]
            if any(not line.isspace() and line for line in part):
                yield Passage(path, start, start + len(part) - 1, _owner(start, outer), "\n".join(part))


def _above(name: str) -> Iterator[str]:
    """Yield the names of the definitions that one stands in."""
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


def _owner(line: int, symbols: Sequence[Symbol]) -> str:
    around = [symbol for symbol in symbols if symbol.start <= line <= symbol.end]
    return max(around, key=lambda symbol: (symbol.start, len(symbol.name))).name if around else ""
