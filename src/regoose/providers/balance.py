"""Several endpoints of one model: which is asked next."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from regoose.providers.endpoints import Endpoint
from regoose.providers.port import LLMProvider

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_KINDS = ("requests", "tokens", "input-tokens", "output-tokens")
_LONGEST_PATIENCE = 8.0


@dataclass(slots=True)
class Place:
    """One endpoint and how it fares. Times are those of the clock that calls are made by."""

    endpoint: Endpoint
    provider: LLMProvider
    in_flight: int = 0
    avoided_until: float = 0.0
    failures: int = 0
    """In a row."""
    used: float = 0.0
    """Share of its rate limit that is used up, as it last said."""
    patience: float = 1.0
    """How many times the usual deadline an attempt is given here: doubled by each that took too long."""

    def hears(self, headers: Mapping[str, str], now: float, wall: float) -> None:
        """Take in what a response says of rate limits; `wall` is the time of day, in seconds since the epoch."""
        shares: list[float] = []
        for kind in _KINDS:
            for limit, left, reset in _names(kind):
                most, rest = _number(headers.get(limit)), _number(headers.get(left))
                if most and rest is not None:
                    shares.append(1 - rest / most)
                    if rest == 0:
                        self.avoided_until = max(self.avoided_until, now + _wait(headers.get(reset), wall))
        if shares:
            self.used = max(shares)

    def more_patience(self) -> None:
        """Give attempts here more time from now on: a model that thinks long would be paid again and again."""
        self.patience = min(self.patience * 2, _LONGEST_PATIENCE)


def choose(places: Sequence[Place], now: float) -> Place:
    """Return the place to ask: one that is not avoided, with the fewest calls in flight, then the most room left."""
    return min(
        places,
        key=lambda place: (max(0.0, place.avoided_until - now), place.in_flight, place.used, places.index(place)),
    )


def _names(kind: str) -> tuple[tuple[str, str, str], ...]:
    """Return the headers for limit, remainder and reset, as OpenAI and as Anthropic name them."""
    return (
        (f"x-ratelimit-limit-{kind}", f"x-ratelimit-remaining-{kind}", f"x-ratelimit-reset-{kind}"),
        (
            f"anthropic-ratelimit-{kind}-limit",
            f"anthropic-ratelimit-{kind}-remaining",
            f"anthropic-ratelimit-{kind}-reset",
        ),
    )


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text is not None else None
    except ValueError:
        return None


def _wait(text: str | None, wall: float) -> float:
    """Return seconds until a limit is reset: `6m0s` or `20ms` (OpenAI), a time of day (Anthropic)."""
    if not text:
        return 0.0
    if (parts := _DURATION.findall(text)) and "".join(number + unit for number, unit in parts) == text:
        return sum(float(number) * _SECONDS[unit] for number, unit in parts)
    try:
        return max(0.0, datetime.fromisoformat(text).timestamp() - wall)
    except ValueError:
        return _number(text) or 0.0
