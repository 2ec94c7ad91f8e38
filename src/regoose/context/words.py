"""
Words of code and of prose, cut alike, so that the one can be looked up with the other.

`HTTPResponse.get_records` gives `http`, `response`, `httpresponse`, `get`, `record`, `get_records`: an identifier
counts as a whole and by its parts. Plurals lose their ending by the S stemmer (Harman, "How effective is suffixing?",
1991).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

_TOKEN = re.compile(r"\w+")
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\dA-Za-z_]+")
_LONGEST = 50
"""Characters of a token; longer ones are data."""
_CACHED = 300_000
_SHORTEST_PLURAL = 4

_STOP_WORDS = """
    a about after all also an and any are as at be because been before being both but by can cannot could did do does
    doing don done each even ever every few for from further get gets got had has have having he her here hers him his
    how however i if in instead into is isn it its itself just let like make makes many may me might more most must my
    no nor not now of off on once one only or other our out over own per please same she should since so some still
    such than that the their them then there these they this those though through to too under until up upon us use
    used uses using very via want was we were what when where whether which while who why will with within without
    would yet you your
    def elif else except lambda none pass return self true false cls try
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())
"""English function words, and words of Python's syntax that nearly every file has."""


class Splitter:
    """Cuts texts into words, remembering how a token was cut. One per thread."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, ...]] = {}

    def count(self, text: str) -> Counter[str]:
        """Return how often each word occurs in a text."""
        return self.count_tokens(Counter(_TOKEN.findall(text)))

    def count_tokens(self, tokens: Counter[str]) -> Counter[str]:
        """Return how often each word occurs in tokens that were counted already."""
        words: Counter[str] = Counter()
        for token, times in tokens.items():
            for word in self.split(token):
                words[word] += times
        return words

    def split(self, token: str) -> tuple[str, ...]:
        """Return the words of one token, stop words left out."""
        known = self._known.get(token)
        if known is None:
            if len(self._known) >= _CACHED:
                self._known.clear()
            known = self._known[token] = tuple(_split(token))
        return known


def tokens(text: str) -> list[str]:
    """Return the tokens of a text in order: runs of letters, digits and underscores."""
    return _TOKEN.findall(text)


def _split(token: str) -> Iterable[str]:
    if len(token) > _LONGEST:
        return []
    parts = [stem(part.lower()) for part in _PARTS.findall(token)]
    whole = token.strip("_").lower()
    words = dict.fromkeys(part for part in parts if len(part) > 1)
    if len(parts) > 1:
        words[whole] = None
    return (word for word in words if word not in STOP_WORDS)


def stem(word: str) -> str:
    """Return a word without the ending of a plural."""
    if len(word) >= _SHORTEST_PLURAL and word.endswith("s"):
        if word.endswith("ies") and not word.endswith(("aies", "eies")):
            return word[:-3] + "y"
        if not word.endswith(("us", "ss", "is")):
            return word[:-1]
    return word
