"""Embeddings that follow from the words alone: texts that share words lie close together."""

from __future__ import annotations

import math
import re
import zlib

DIMENSIONS = 64
_WORD = re.compile(r"[^\W_]+")


def embed(text: str) -> list[float]:
    """Return a vector of length 1: each word, in lower case, counts in one direction that its checksum chooses."""
    vector = [0.0] * DIMENSIONS
    for word in _WORD.findall(text.lower()):
        checksum = zlib.crc32(word.encode("utf-8", "replace"))
        vector[checksum % DIMENSIONS] += 1.0 if checksum & 0x8000_0000 else -1.0
    length = math.sqrt(math.fsum(value * value for value in vector)) or 1.0
    return [value / length for value in vector]
