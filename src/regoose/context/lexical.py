"""
BM25 over fields: which files, or which passages, speak the words of a query.

BM25F (Robertson, Zaragoza, Taylor, "Simple BM25 extension to multiple weighted fields", 2004): each field's counts are
normalised by the field's length, weighted and added up before they saturate.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from regoose.context.index import Index
from regoose.context.task_text import read_task
from regoose.context.words import STOP_WORDS, Splitter, tokens

_FILES_SATURATE = 2.5
"""k1 of BM25 for files: long texts, in which a word that comes again still says more."""
_PASSAGES_SATURATE = 1.2
_MOST_WORDS = 400
"""Words of a query that count, most frequent first."""
_MOST_PHRASES = 1_000
_BLOCKS = 0.4
"""What a word counts that is in code blocks alone."""
_SHOWN_WORDS = 4


@dataclass(frozen=True, slots=True)
class Field:
    """How much a field's words count, and how much its length takes off them (0 to 1)."""

    weight: float
    normalised: float


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of a file."""

    path: Field = Field(3.0, 0.3)
    definitions: Field = Field(2.0, 0.5)
    documentation: Field = Field(1.5, 0.5)
    body: Field = Field(1.0, 0.7)


@dataclass(frozen=True, slots=True)
class Match:
    """How well a file or passage answers a query, and the words that weigh most in that."""

    score: float
    words: tuple[str, ...]


_Name = TypeVar("_Name", str, int)

Query = Mapping[str, float]
"""Word → how much it counts."""


def query_of(text: str, splitter: Splitter) -> Query:
    """Return the words of a task's text; repeated ones count more, those of code blocks alone less."""
    task = read_task(text)
    prose = splitter.count(f"{task.title}\n{task.prose}")
    query = {word: 1 + math.log(times) for word, times in prose.most_common(_MOST_WORDS)}
    for word, times in splitter.count(task.blocks).most_common(_MOST_WORDS):
        query.setdefault(word, _BLOCKS * (1 + math.log(times)))
    return query


def phrases_of(text: str) -> Counter[str]:
    """Return the pairs of words that follow each other in a line, such as a message has them."""
    found: Counter[str] = Counter()
    for line in text.lower().split("\n"):
        found.update(f"{one} {other}" for one, other in pairwise(tokens(line)) if {one, other} - STOP_WORDS)
    return found


def phrase_query(text: str) -> Query:
    """Return the phrases of a task's text."""
    return {phrase: 1.0 for phrase, _ in phrases_of(read_task(text).all).most_common(_MOST_PHRASES)}


def match_files(index: Index, query: Query, splitter: Splitter, fields: Fields | None = None) -> dict[str, Match]:
    """Return the files that share a word with the query."""
    fields = fields or Fields()
    kinds = (fields.path, fields.definitions, fields.documentation, fields.body)
    counts: dict[str, dict[str, tuple[int, int, int, int]]] = {}
    lengths: dict[str, tuple[int, int, int, int]] = {}
    for path, record in index.records.items():
        names = splitter.count(path)
        lengths[path] = (names.total(), record.definitions, record.documentation, record.body)
        place = {word: number for number, word in enumerate(record.words.split()) if word in query}
        found = {word: (names[word], *record.counts[3 * number : 3 * number + 3]) for word, number in place.items()} | {
            word: (times, 0, 0, 0) for word, times in names.items() if word in query and word not in place
        }
        if found:
            counts[path] = found  # type: ignore[assignment]
    averages = _averages(lengths.values())
    ratios = {path: _divisors(lengths[path], averages, kinds) for path in counts}
    weighted = {
        path: {
            word: sum(kind.weight * times / ratio for kind, times, ratio in zip(kinds, four, ratios[path], strict=True))
            for word, four in found.items()
        }
        for path, found in counts.items()
    }
    return _scored(weighted, query, len(index.records), _FILES_SATURATE)


def match_texts(texts: Mapping[int, Counter[str]], query: Query, normalised: float = 0.6) -> dict[int, Match]:
    """Return the texts, given by number as counted words, that share a word with the query: plain BM25."""
    average = sum(words.total() for words in texts.values()) / max(len(texts), 1) or 1.0
    weighted: dict[int, dict[str, float]] = {}
    for number, words in texts.items():
        divisor = 1 - normalised + normalised * words.total() / average
        if found := {word: words[word] / divisor for word in query.keys() & words.keys()}:
            weighted[number] = found
    return _scored(weighted, query, len(texts), _PASSAGES_SATURATE)


def _averages(lengths: Iterable[Sequence[int]]) -> list[float]:
    """Return each field's mean length over the files that have the field."""
    columns = list(zip(*lengths, strict=True)) or [()] * 4
    return [sum(column) / max(sum(length > 0 for length in column), 1) or 1.0 for column in columns]


def _divisors(lengths: Sequence[int], averages: Sequence[float], kinds: Sequence[Field]) -> list[float]:
    return [
        1 - kind.normalised + kind.normalised * length / average
        for kind, length, average in zip(kinds, lengths, averages, strict=True)
    ]


def _scored(
    weighted: Mapping[_Name, Mapping[str, float]], query: Query, total: int, saturation: float
) -> dict[_Name, Match]:
    having = Counter(word for found in weighted.values() for word in found)
    rarity = {word: math.log(1 + (total - times + 0.5) / (times + 0.5)) for word, times in having.items()}
    matches: dict[_Name, Match] = {}
    for name, found in weighted.items():
        parts = {
            word: query[word] * rarity[word] * times * (saturation + 1) / (times + saturation)
            for word, times in found.items()
        }
        best = sorted(parts, key=lambda word: (-parts[word], word))[:_SHOWN_WORDS]
        matches[name] = Match(math.fsum(parts.values()), tuple(best))
    return matches
