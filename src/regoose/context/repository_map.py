"""
A map of a repository for a task: the ranked files with the signatures of their ranked definitions, within a budget.

Tokens are estimated at 3.5 bytes of UTF-8 each, which for code is nearer to what tokenisers give than the usual four.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field

from regoose.context.index import Index
from regoose.context.parsing import Symbol
from regoose.context.ranking import Ranking

_HALVES_A_TOKEN = 7
"""Bytes of two tokens."""


def approximate_tokens(text: str) -> int:
    """Return about how many tokens a model reads in a text."""
    return -(-2 * len(text.encode("utf-8", "replace")) // _HALVES_A_TOKEN)


async def repository_map(index: Index, ranking: Ranking, *, tokens: int) -> str:
    """
    Return paths in the order of the ranking, each with numbered lines of signatures; at most `tokens` tokens.

    First what is ranked, then whatever else the ranked files define.
    """
    return await asyncio.to_thread(_Map(index, ranking, tokens * _HALVES_A_TOKEN // 2).draw)


@dataclass(slots=True)
class _Map:
    index: Index
    ranking: Ranking
    room: int
    """Bytes left."""
    chosen: dict[str, set[Symbol]] = field(default_factory=dict[str, set[Symbol]])
    known: dict[str, dict[str, Symbol]] = field(default_factory=dict[str, dict[str, Symbol]])

    def draw(self) -> str:
        for path, symbol in self._wanted():
            lines = self._missing(path, symbol)
            cost = sum(len(line.encode("utf-8", "replace")) + 1 for line in self._new_lines(path, lines))
            if cost <= self.room:
                self.room -= cost
                self.chosen.setdefault(path, set()).update(lines)
        order = [file.path for file in self.ranking.files if file.path in self.chosen]
        return "".join(f"{line}\n" for path in order for line in self._shown(path))

    def _wanted(self) -> Iterator[tuple[str, Symbol | None]]:
        ranked = {file.path: self._symbols(file.path) for file in self.ranking.files}
        for one in self.ranking.symbols:
            if one.path in ranked and one.name in ranked[one.path]:
                yield one.path, ranked[one.path][one.name]
        for path, symbols in ranked.items():
            yield path, None
            for symbol in symbols.values():
                if symbol.kind != "constant":
                    yield path, symbol

    def _symbols(self, path: str) -> dict[str, Symbol]:
        if path not in self.known:
            self.known[path] = {symbol.name: symbol for symbol in self.index.symbols(path)}
        return self.known[path]

    def _missing(self, path: str, symbol: Symbol | None) -> set[Symbol]:
        """Return what is not in the map yet: the definition and those around it."""
        wanted: set[Symbol] = set()
        name = symbol.name if symbol else ""
        while name:
            if above := self._symbols(path).get(name):
                wanted.add(above)
            name = name.rpartition(".")[0]
        return wanted - self.chosen.get(path, set())

    def _new_lines(self, path: str, symbols: set[Symbol]) -> Iterator[str]:
        if path not in self.chosen:
            yield path
        yield from map(_line, symbols)

    def _shown(self, path: str) -> Iterator[str]:
        yield path
        yield from map(_line, sorted(self.chosen[path], key=lambda one: (one.start, -one.end, one.name)))


def _line(symbol: Symbol) -> str:
    summary = f"  # {symbol.summary}" if symbol.summary else ""
    return f"{symbol.start:>6}: {'  ' * symbol.name.count('.')}{symbol.signature}{summary}"
