"""Secrets taken out of text: every key that was ever read, and whatever looks like one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

REDACTED = "[redacted]"
_SHORTEST = 6
"""Characters. Shorter values are no secrets worth the name, and taking them out would shred any text."""
_SHAPES = re.compile(
    r"""
    \bsk-[A-Za-z0-9_-]{16,}                      # OpenAI, Anthropic
    | \bAIza[A-Za-z0-9_-]{30,}                   # Google
    | \b(?:ghp|gho|ghu|ghs|ghr)_[A-Za-z0-9]{20,} # GitHub
    | \bgithub_pat_[A-Za-z0-9_]{20,}
    | \bAKIA[A-Z0-9]{16}\b                       # Amazon
    | (?<=://)[^\s/:@]+:[^\s/@]+(?=@)            # user and password in an address
    | (?i:(?<=bearer\ ))[A-Za-z0-9._~+/=-]{12,}
    """,
    re.VERBOSE,
)


class Redactor:
    """
    Takes secrets out of text. Call it with the text.

    It learns each value when it is first read, so that a key is still known after it was rotated away.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: set[str] = set()
        for secret in secrets:
            self.learn(secret)

    def learn(self, secret: str) -> None:
        """Remember a value that must appear nowhere."""
        if len(secret) >= _SHORTEST:
            self._secrets |= {secret, quote(secret, safe="")}

    def __call__(self, text: str) -> str:
        """Return the text without secrets."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, REDACTED)
        return _SHAPES.sub(REDACTED, text)
