"""An embedding model that knows some words to mean the same: the fake of `regoose.context.retrieval.Embedder`."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from regoose.errors import RegooseError

_LENGTH = 256


@dataclass(slots=True)
class WordEmbedder:
    """Counts words at places of a vector; words that mean the same share one. It keeps what it was asked."""

    meanings: Mapping[str, str] = field(default_factory=dict[str, str])
    """Word → the word that it means."""
    failure: RegooseError | None = None
    """Raised instead of an answer."""
    name: str = "words"
    asked: list[tuple[str, ...]] = field(default_factory=list[tuple[str, ...]])

    async def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """Return one vector a text."""
        self.asked.append(tuple(texts))
        if self.failure is not None:
            raise self.failure
        return [self._vector(text) for text in texts]

    def _vector(self, text: str) -> list[float]:
        vector = [0.0] * _LENGTH
        for word in re.findall(r"[a-z]+", text.lower()):
            vector[zlib.crc32(self.meanings.get(word, word).encode()) % _LENGTH] += 1.0
        return vector
