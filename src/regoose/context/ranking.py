"""
Where a task's answer is likely to be: files and definitions of a tree, ranked, with the reasons.

Signals between 0 and 1 are added with fixed weights: what the text names outright, whose words it speaks (whole files
and single passages), who is referred to by those more than by all others, and what tests that speak of it use. A file
of tests itself is rarely where a task is solved.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regoose.context.graph import Graph, popularity, reference_graph, spread
from regoose.context.index import Index
from regoose.context.lexical import Match, Query, match_files, match_texts, phrase_query, phrases_of, query_of
from regoose.context.mentions import find_mentions
from regoose.context.passages import Passage, passages
from regoose.context.pointing import Named, pointed_at
from regoose.context.tree import is_python, is_support, is_test
from regoose.context.words import Splitter

_LONGEST_TEXT = 50_000
"""Characters of a task that are read."""
_TESTS = 30
"""Files, best by their words and mentions, of which the tests lead to what they use."""
_PASSAGES = 6
"""Passages of a file that count, the second half as much as the first, the third a third, …"""
_REFERRED = 0.2
"""Share of the most that is referred to a file, from which on it is given as a reason."""
_FILES_CUT = 60
"""Files, best by their words and mentions, that are cut into passages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What each signal counts, and what a file's role leaves of its score. Tuned on the design set alone."""

    mentions: float = 1.0
    files: float = 1.0
    passages: float = 1.2
    references: float = 0.3
    tests: float = 0.25
    phrases: float = 0.2
    support: float = 0.5
    test: float = 0.35
    other: float = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedFile:
    """
    A file, its score and why it has it.

    `role` is `source`, `support` (set-up, documentation, examples, tools), `test` or `other` (not Python).
    """

    path: str
    score: float
    role: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedSymbol:
    """A definition and its score."""

    path: str
    name: str
    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Ranking:
    """Best first."""

    files: tuple[RankedFile, ...]
    symbols: tuple[RankedSymbol, ...]


async def rank(index: Index, task: str, *, weights: Weights | None = None, limit: int = 50) -> Ranking:
    """Rank the files of a tree, and the definitions of the best of them, for a task's text."""
    return await asyncio.to_thread(rank_now, index, task, weights=weights, limit=limit)


def rank_now(index: Index, task: str, *, weights: Weights | None = None, limit: int = 50) -> Ranking:
    """Rank as `rank` does, in the calling thread."""
    weights = weights or Weights()
    text = task[:_LONGEST_TEXT]
    splitter = Splitter()
    query = query_of(text, splitter)
    words = match_files(index, query, splitter)
    named = pointed_at(index, find_mentions(text))
    first = _scaled({path: match.score for path, match in words.items()})
    seeds = {
        path: first.get(path, 0.0) ** 2 + named[path].weight if path in named else weight**2
        for path, weight in first.items()
    }
    best = sorted(seeds, key=lambda path: (-seeds[path], path))[:_FILES_CUT]
    found = _passages(index, best)
    cut = _matching(found, [splitter.count(f"{one.symbol} {one.text}") for one in found], query)
    said = _matching(found, [phrases_of(one.text) for one in found], phrase_query(text))
    graph = reference_graph(index)
    common = popularity(index, graph)
    referred = _beyond(spread(graph, {path: seeds[path] for path in best}), common)
    tested = _beyond(_used_by_tests(graph, {path: seeds[path] for path in best[:_TESTS]}), common)
    signals = _Signals(named, words, first, _scaled(_by_file(cut)), referred, tested, _scaled(_by_file(said)))
    files = sorted(
        (signals.ranked(path, weights) for path in sorted({*first, *named, *referred, *tested})),
        key=lambda one: (-one.score, one.path),
    )[:limit]
    return Ranking(tuple(files), _symbols(index, files, cut, named)[:limit])


@dataclass(frozen=True, slots=True)
class _Signals:
    named: Mapping[str, Named]
    words: Mapping[str, Match]
    files: Mapping[str, float]
    passages: Mapping[str, float]
    references: Mapping[str, float]
    tests: Mapping[str, float]
    phrases: Mapping[str, float]

    def ranked(self, path: str, weights: Weights) -> RankedFile:
        named = self.named.get(path)
        score = (
            weights.files * self.files.get(path, 0.0)
            + weights.passages * self.passages.get(path, 0.0)
            + weights.references * self.references.get(path, 0.0)
            + weights.tests * self.tests.get(path, 0.0)
            + weights.phrases * self.phrases.get(path, 0.0)
            + (weights.mentions * named.weight if named else 0.0)
        )
        role = role_of(path)
        factor = {"other": weights.other, "test": weights.test, "support": weights.support}.get(role, 1.0)
        reasons = list(named.reasons) if named else []
        if path in self.words:
            reasons.append("words: " + ", ".join(self.words[path].words))
        if self.references.get(path, 0.0) >= _REFERRED:
            reasons.append("referred to by files that match")
        if self.tests.get(path, 0.0) >= _REFERRED:
            reasons.append("used by tests that match")
        return RankedFile(path=path, score=round(score * factor, 6), role=role, reasons=tuple(reasons))


def role_of(path: str) -> str:
    """Return the role of a file, told from its path."""
    if not is_python(path):
        return "other"
    return "test" if is_test(path) else "support" if is_support(path) else "source"


def _by_file(cut: Sequence[tuple[Passage, Match]]) -> dict[str, float]:
    """Return what the best passages of each file amount to; they are given best first."""
    found: dict[str, list[float]] = {}
    for passage, match in cut:
        found.setdefault(passage.path, []).append(match.score)
    return {
        path: math.fsum(score / place for place, score in enumerate(scores[:_PASSAGES], 1))
        for path, scores in found.items()
    }


def _used_by_tests(graph: Graph, seeds: Mapping[str, float]) -> dict[str, float]:
    found: dict[str, float] = {}
    for path, weight in seeds.items():
        if is_test(path):
            for target, share in graph.get(path, {}).items():
                found[target] = found.get(target, 0.0) + weight * share
    return found


def _beyond(attention: Mapping[str, float], common: Mapping[str, float]) -> dict[str, float]:
    """Return attention divided by the root of what a file gets anyway, scaled: else what all use comes first."""
    return _scaled({path: weight / math.sqrt(common[path]) for path, weight in attention.items()})


def _passages(index: Index, paths: Sequence[str]) -> list[Passage]:
    """Return the passages of those files that are Python."""
    found: list[Passage] = []
    for path in paths:
        if is_python(path) and (text := index.tree.text(path)) is not None:
            found += passages(path, text, index.symbols(path))
    return found


def _matching(found: Sequence[Passage], counted: Sequence[Counter[str]], query: Query) -> list[tuple[Passage, Match]]:
    """Return the passages that share words, or phrases, with the query, best first."""
    matches = match_texts(dict(enumerate(counted)), query)
    ordered = sorted(matches, key=lambda number: (-matches[number].score, number))
    return [(found[number], matches[number]) for number in ordered]


def _symbols(
    index: Index, files: Sequence[RankedFile], cut: Sequence[tuple[Passage, Match]], named: Mapping[str, Named]
) -> tuple[RankedSymbol, ...]:
    scores = {file.path: file.score for file in files}
    top = max((match.score for _, match in cut), default=1.0) or 1.0
    weights: dict[tuple[str, str], float] = {}
    for passage, match in cut:
        if passage.symbol and passage.path in scores:
            key = (passage.path, passage.symbol)
            weights[key] = max(weights.get(key, 0.0), match.score / top)
    ranked: list[RankedSymbol] = []
    for path, whole in scores.items():
        by_name: Mapping[str, float] = named[path].symbols if path in named else {}
        for symbol in index.symbols(path):
            weight = weights.get((path, symbol.name), 0.0) + by_name.get(symbol.last, 0.0)
            if weight:
                score = round(whole * weight, 6)
                ranked.append(
                    RankedSymbol(path=path, name=symbol.name, start=symbol.start, end=symbol.end, score=score)
                )
    return tuple(sorted(ranked, key=lambda one: (-one.score, one.path, one.start, one.name)))


def _scaled(scores: Mapping[str, float]) -> dict[str, float]:
    """Return scores divided by the greatest."""
    top = max(scores.values(), default=0.0)
    return {path: score / top for path, score in scores.items()} if top else {}
