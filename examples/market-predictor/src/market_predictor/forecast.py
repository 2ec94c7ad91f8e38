"""Forecasts by Holt's linear trend: a level and a slope, each smoothed exponentially."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

BAND = 1.96
"""Standard deviations on each side of a 95 % band."""


@dataclass(frozen=True)
class Forecast:
    """The expected close some days ahead, with a 95 % band."""

    day: int
    expected: float
    low: float
    high: float


def forecast(
    closes: Sequence[float], days: int, *, level_weight: float = 0.5, trend_weight: float = 0.3
) -> list[Forecast]:
    """Return one forecast for each of the next `days`; at least two closes are needed."""
    if len(closes) < 2:
        raise ValueError(f"a trend needs at least two closes, got {len(closes)}")
    level, trend = closes[0], closes[1] - closes[0]
    errors: list[float] = []
    for close in closes[1:]:
        expected = level + trend
        errors.append(close - expected)
        previous = level
        level = level_weight * close + (1 - level_weight) * expected
        trend = trend_weight * (level - previous) + (1 - trend_weight) * trend
    spread = BAND * sqrt(sum(error * error for error in errors) / len(errors))
    return [_ahead(day, level + day * trend, spread * sqrt(day)) for day in range(1, days + 1)]


def _ahead(day: int, expected: float, spread: float) -> Forecast:
    """Prices do not fall below zero, and neither does the band."""
    return Forecast(day, max(expected, 0.0), max(expected - spread, 0.0), max(expected + spread, 0.0))
