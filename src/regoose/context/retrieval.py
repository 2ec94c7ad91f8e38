"""
Passages of a tree that answer a question: by their words, and by their meaning where an embedding model is given.

Both orders are fused by reciprocal rank (Cormack, Clarke, Buettcher, "Reciprocal rank fusion outperforms Condorcet and
individual rank learning methods", 2009). Vectors are kept by the passage's text and the model's name.
"""

from __future__ import annotations

import asyncio
import math
import operator
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from regoose.context.index import Index
from regoose.context.lexical import match_files, match_texts, query_of
from regoose.context.passages import Passage, passages
from regoose.context.store import Store, key_of
from regoose.context.words import Splitter
from regoose.errors import RegooseError

_FILES = 150
"""Files, best by their words, whose passages are looked at where a tree has more."""
_EMBEDDED = 600
"""Passages that are given to an embedding model at most, best by their words first."""
_BATCH = 64
_FUSED = 60
"""The constant of reciprocal rank fusion, as published."""


class Embedder(Protocol):
    """A model that turns texts into vectors, all of one length."""

    @property
    def name(self) -> str:
        """What the vectors are kept under: another model has another name."""
        ...

    async def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """Return one vector a text, in order. Raises a `RegooseError` where the model cannot be reached."""
        ...


@dataclass(frozen=True, slots=True)
class Retrieved:
    """Passages, best first. `note` says why meanings did not count although a model was given."""

    passages: tuple[Passage, ...]
    note: str = ""


async def retrieve(
    index: Index,
    query: str,
    k: int = 10,
    *,
    wanted: Callable[[str], bool] = lambda _path: True,
    embedder: Embedder | None = None,
    store: Store | None = None,
) -> Retrieved:
    """
    Return the `k` passages that answer best, of files that are `wanted`.

    With an `embedder`, its vectors are kept in `store`, and nothing of another file is shown to it.
    """
    found, order = await asyncio.to_thread(_by_words, index, query, wanted)
    if embedder is None or not found:
        return Retrieved(tuple(found[number] for number in order[:k]))
    rest = [number for number in range(len(found)) if number not in set(order)]
    looked_at = [*order, *rest][:_EMBEDDED]
    try:
        near = await _by_meaning(query, {number: found[number] for number in looked_at}, embedder, store)
    except RegooseError as error:
        return Retrieved(tuple(found[number] for number in order[:k]), f"{embedder.name}: {error.message}")
    return Retrieved(tuple(found[number] for number in fuse([order, near])[:k]))


def fuse(orders: Sequence[Sequence[int]]) -> list[int]:
    """Return the members of several orders in one."""
    scores: dict[int, float] = {}
    for order in orders:
        for position, number in enumerate(order, 1):
            scores[number] = scores.get(number, 0.0) + 1 / (_FUSED + position)
    return sorted(scores, key=lambda number: (-scores[number], number))


def _by_words(index: Index, query: str, wanted: Callable[[str], bool]) -> tuple[list[Passage], list[int]]:
    splitter = Splitter()
    words = query_of(query, splitter)
    matches = {path: one for path, one in match_files(index, words, splitter).items() if wanted(path)}
    best = sorted(matches, key=lambda path: (-matches[path].score, path))[:_FILES]
    if len(index.records) <= _FILES:
        best += [path for path in index.records if path not in matches and wanted(path)]
    found: list[Passage] = []
    for path in best:
        if (text := index.tree.text(path)) is not None:
            found += passages(path, text, index.symbols(path))
    counted = {number: splitter.count(f"{one.path} {one.symbol} {one.text}") for number, one in enumerate(found)}
    scored = match_texts(counted, words)
    return found, sorted(scored, key=lambda number: (-scored[number].score, number))


async def _by_meaning(query: str, texts: Mapping[int, Passage], embedder: Embedder, store: Store | None) -> list[int]:
    """Return the passages in the order of the cosine between their vectors and the query's."""
    shown = {number: f"{one.path} {one.symbol}\n{one.text}" for number, one in texts.items()}
    keys = {number: key_of(f"{embedder.name}\n{text}".encode(), "vector") for number, text in shown.items()}
    known = await asyncio.to_thread(store.load_vectors, keys.values()) if store else {}
    vectors = {number: array("f", known[key]) for number, key in keys.items() if key in known}
    wanted = [number for number in keys if number not in vectors]
    for start in range(0, len(wanted), _BATCH):
        part = wanted[start : start + _BATCH]
        given = await embedder.embed([shown[number] for number in part])
        for number, vector in zip(part, given, strict=True):
            vectors[number] = array("f", vector)
        if store:
            fresh = {keys[number]: vectors[number].tobytes() for number in part}
            await asyncio.to_thread(store.save_vectors, fresh)
    (asked,) = await embedder.embed([query])
    return await asyncio.to_thread(_nearest, array("f", asked), vectors)


def _nearest(asked: array[float], vectors: Mapping[int, array[float]]) -> list[int]:
    likeness = {number: _cosine(asked, vector) for number, vector in vectors.items()}
    return sorted(likeness, key=lambda number: (-likeness[number], number))


def _cosine(one: array[float], other: array[float]) -> float:
    if len(one) != len(other):
        return -1.0
    lengths = math.sqrt(sum(map(operator.mul, one, one)) * sum(map(operator.mul, other, other)))
    return sum(map(operator.mul, one, other)) / lengths if lengths else -1.0
