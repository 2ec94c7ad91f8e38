"""
What a call costs.

A price that the user set counts first, then the table of `genai-prices` (offline data), then zero for a local
model, or one of the user's own that says that nobody charges for it. For any other model there is no price, and
without one no budget can be kept: it is refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from regoose.domain.conversation import Usage
from regoose.errors import InvalidSetting, PriceUnknown
from regoose.providers.endpoints import Endpoint
from regoose.providers.names import ModelName, Provider

_PER = 1_000_000
_TABLES: dict[str, str] = {Provider.OPENAI_RESPONSES: "openai", Provider.AZURE: "azure"}
_FREE_OF_CHARGE = {Provider.OLLAMA, Provider.LMSTUDIO}
_CACHE_WRITE = 1.25
"""
Price of input that is written into the provider's cache, as a share of the price of other input.

Anthropic's, for a cache of five minutes; others write without charge, and do not tell of it.
Source: Anthropic's documentation of prompt caching.
"""
_FORMAT = "expected PROVIDER:NAME=INPUT/OUTPUT or INPUT/CACHED/OUTPUT in USD per million tokens"


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """US dollars per million tokens."""

    input: float
    output: float
    cached: float | None = None
    """Of input read from the provider's cache; None: as other input."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `INPUT/OUTPUT` or `INPUT/CACHED/OUTPUT`; raises `ValueError`."""
        numbers = [float(part) for part in text.split("/")]
        if any(not 0 <= number < float("inf") for number in numbers):
            raise ValueError(text)
        match numbers:
            case [before, after]:
                return cls(input=before, output=after)
            case [before, cached, after]:
                return cls(input=before, cached=cached, output=after)
            case _:
                raise ValueError(text)

    def usd(self, usage: Usage) -> float:
        """Return what the tokens cost."""
        fresh = max(0, usage.input_tokens - usage.cached_tokens) + (_CACHE_WRITE - 1) * usage.cache_write_tokens
        cached = self.input if self.cached is None else self.cached
        return (fresh * self.input + usage.cached_tokens * cached + usage.output_tokens * self.output) / _PER


class Prices:
    """The prices in force."""

    def __init__(self, own: Iterable[str] = ()) -> None:
        """Take the user's own prices, each `PROVIDER:NAME=PRICE`; raises `InvalidSetting` and `UnknownModel`."""
        self._own = dict(_own_price(line) for line in own)

    def most(self, endpoint: Endpoint, *, input_tokens: int, output_tokens: int) -> float:
        """Return the most that so many tokens can cost there, cached or not; raises `PriceUnknown`."""
        writes = endpoint.name.is_own or endpoint.name.provider is Provider.ANTHROPIC
        written = input_tokens if writes else 0
        most = Usage(input_tokens=input_tokens, cache_write_tokens=written, output_tokens=output_tokens)
        return self.usd(endpoint, most)

    def usd(self, endpoint: Endpoint, usage: Usage) -> float:
        """Return what the tokens cost there; raises `PriceUnknown`."""
        name = endpoint.name
        if own := self._own.get(name):
            return own.usd(usage)
        if endpoint.says_local or (name.provider in _FREE_OF_CHARGE and endpoint.local):
            return 0.0
        try:
            return _from_table(name, usage)
        except LookupError:
            if endpoint.local:
                return 0.0
        raise PriceUnknown(
            f"nobody knows the price of {name}, so no budget can be kept",
            hint=f"Set it: REGOOSE_MODEL_PRICES={name}=INPUT/OUTPUT (USD per million tokens).",
        )


def _own_price(line: str) -> tuple[ModelName, Price]:
    name, _, price = line.rpartition("=")
    try:
        return ModelName.parse(name, f"REGOOSE_MODEL_PRICES has {line!r}"), Price.parse(price)
    except ValueError:
        raise InvalidSetting(f"REGOOSE_MODEL_PRICES has {line!r}: {_FORMAT}") from None


def _from_table(name: ModelName, usage: Usage) -> float:
    from genai_prices import Usage as Tokens  # noqa: PLC0415 - its data takes a while to load, and few commands need it
    from genai_prices import calc_price  # noqa: PLC0415

    cached = min(usage.cached_tokens, usage.input_tokens)
    tokens = Tokens(
        input_tokens=usage.input_tokens,
        cache_read_tokens=cached,
        cache_write_tokens=min(usage.cache_write_tokens, usage.input_tokens - cached),
        output_tokens=usage.output_tokens,
    )
    provider = _TABLES.get(name.provider, name.provider)
    return float(calc_price(tokens, name.model, provider_id=provider).total_price)
