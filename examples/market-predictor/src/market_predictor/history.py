"""Closing prices by symbol, in memory."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite


class UnknownSymbol(KeyError):
    """No prices were stored for this symbol."""


class PriceHistory:
    """The closes of each symbol, oldest first."""

    def __init__(self) -> None:
        self._closes: dict[str, list[float]] = {}

    def replace(self, symbol: str, closes: Iterable[float]) -> int:
        """Store the closes of a symbol in place of what was there, and return how many there are."""
        checked = list(closes)
        for close in checked:
            if not isfinite(close) or close <= 0:
                raise ValueError(f"a close is a positive number, got {close}")
        self._closes[symbol.upper()] = checked
        return len(checked)

    def closes(self, symbol: str) -> list[float]:
        """Return the closes of a symbol."""
        try:
            return list(self._closes[symbol.upper()])
        except KeyError:
            raise UnknownSymbol(symbol) from None

    def __len__(self) -> int:
        return len(self._closes)
