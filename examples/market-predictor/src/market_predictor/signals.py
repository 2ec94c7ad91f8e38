"""Buy, hold or sell."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from market_predictor.indicators import moving_average, relative_strength

OVERBOUGHT = 80.0
OVERSOLD = 20.0


class Signal(str, Enum):
    """What the figures suggest."""

    BUY = "buy"
    HOLD = "hold"
    SELL = "sell"


def signal(closes: Sequence[float], *, fast: int = 3, slow: int = 8) -> Signal:
    """
    Compare a fast moving average with a slow one.

    A fast one above the slow one is a rising market: buy, unless it is overbought. Below it is the reverse. Without
    enough closes for the slow average: hold.
    """
    slow_average = moving_average(closes, slow)
    if not slow_average:
        return Signal.HOLD
    gap = moving_average(closes, fast)[-1] - slow_average[-1]
    strength = relative_strength(closes)
    if gap > 0 and strength < OVERBOUGHT:
        return Signal.BUY
    if gap < 0 and strength > OVERSOLD:
        return Signal.SELL
    return Signal.HOLD
