"""The HTTP interface."""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI, HTTPException, Query
from pydantic import BaseModel, Field

from market_predictor.forecast import forecast
from market_predictor.history import PriceHistory, UnknownSymbol
from market_predictor.indicators import moving_average, volatility
from market_predictor.signals import Signal, signal

TREND_WINDOW = 5


class Prices(BaseModel):
    """Closing prices, oldest first."""

    closes: list[float] = Field(min_length=1, max_length=10_000)


class Day(BaseModel):
    """The expected close some days ahead."""

    day: int
    expected: float
    low: float
    high: float


class Prediction(BaseModel):
    """What is expected of a symbol, and why."""

    symbol: str
    last_close: float
    trend: float | None
    volatility: float
    signal: Signal
    days: list[Day]


def create_app(history: PriceHistory | None = None) -> FastAPI:
    """Return the service over a price history of its own, or the one given."""
    store = history if history is not None else PriceHistory()
    app = FastAPI(title="Market Predictor", version="0.3.0")

    @app.get("/health")
    def health() -> dict[str, str | int]:
        return {"status": "ok", "symbols": len(store)}

    @app.put("/prices/{symbol}")
    def put_prices(symbol: str, prices: Prices) -> dict[str, int]:
        try:
            return {"stored": store.replace(symbol, prices.closes)}
        except ValueError as error:
            raise HTTPException(422, str(error)) from error

    @app.get("/predictions/{symbol}")
    def prediction(symbol: str, days: Annotated[int, Query(ge=1, le=30)] = 1) -> Prediction:
        try:
            closes = store.closes(symbol)
        except UnknownSymbol:
            raise HTTPException(404, f"no prices for {symbol}") from None
        if len(closes) < 2:
            raise HTTPException(409, f"{symbol} needs at least two closes, has {len(closes)}")
        trend = moving_average(closes, TREND_WINDOW)
        return Prediction(
            symbol=symbol.upper(),
            last_close=closes[-1],
            trend=trend[-1] if trend else None,
            volatility=volatility(closes),
            signal=signal(closes),
            days=[Day(**vars(day)) for day in forecast(closes, days)],
        )

    return app
