"""Technical indicators over closing prices, oldest first."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import sqrt
from statistics import fmean, pstdev

TRADING_DAYS = 252


def moving_average(closes: Sequence[float], window: int) -> list[float]:
    """
    Return the mean of each `window` successive closes, oldest first; the last one ends with the latest close.

    Fewer closes than `window` give an empty list.
    """
    if window < 1:
        raise ValueError(f"window must be at least 1, got {window}")
    return [fmean(closes[end - window : end]) for end in range(window, len(closes))]


def exponential_average(closes: Sequence[float], span: int) -> list[float]:
    """Return the exponentially weighted mean up to each close, with a weight of 2 / (span + 1) for the newest."""
    if span < 1:
        raise ValueError(f"span must be at least 1, got {span}")
    weight = 2 / (span + 1)
    averages: list[float] = []
    for close in closes:
        averages.append(close if not averages else weight * close + (1 - weight) * averages[-1])
    return averages


def returns(closes: Sequence[float]) -> list[float]:
    """Return the relative change from each close to the next."""
    return [after / before - 1 for before, after in pairwise(closes)]


def volatility(closes: Sequence[float]) -> float:
    """Return the yearly volatility: standard deviation of the daily returns, scaled; 0 for fewer than two closes."""
    daily = returns(closes)
    return pstdev(daily) * sqrt(TRADING_DAYS) if daily else 0.0


def relative_strength(closes: Sequence[float], period: int = 14) -> float:
    """
    Return the relative strength index over the last `period` changes, from 0 (only losses) to 100 (only gains).

    50 where nothing changed.
    """
    recent = closes[-(period + 1) :]
    changes = [after - before for before, after in pairwise(recent)]
    gain = sum(change for change in changes if change > 0)
    loss = -sum(change for change in changes if change < 0)
    if gain + loss == 0:
        return 50.0
    return 100 * gain / (gain + loss)
