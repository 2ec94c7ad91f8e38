"""
How many tokens a model's window holds.

What the user set counts first, then the table of `genai-prices`, then what is known here of whole families. For any
other model the answer is small on purpose: too small a window costs detours, too large a one costs the run.
"""

from __future__ import annotations

from collections.abc import Iterable

from regoose.errors import InvalidSetting
from regoose.providers.names import ModelName, Provider

UNKNOWN = 8192
"""Tokens, where nothing is known."""
_OLLAMA = 16_384
"""Tokens that Ollama is told to make room for; its own default is smaller, and it cuts what is longer in silence."""
_FAMILIES: dict[str, tuple[str, int]] = {
    Provider.ANTHROPIC: ("claude", 200_000),
    Provider.GOOGLE: ("gemini", 1_048_576),
}
_TABLES: dict[str, str] = {Provider.OPENAI_RESPONSES: "openai"}


class Windows:
    """The windows in force."""

    def __init__(self, own: Iterable[str] = ()) -> None:
        """Take the user's own, each `PROVIDER:NAME=TOKENS`; raises `InvalidSetting` and `UnknownModel`."""
        self._own = dict(_own_window(line) for line in own)

    def size(self, name: ModelName) -> int:
        """Return the tokens that a conversation and its answer may take together."""
        if own := self._own.get(name):
            return own
        if name.provider is Provider.OLLAMA:
            return _OLLAMA
        if name.provider is Provider.LMSTUDIO:
            return UNKNOWN
        if known := _from_table(name):
            return known
        prefix, tokens = _FAMILIES.get(name.provider, ("", UNKNOWN))
        return tokens if name.model.startswith(prefix) else UNKNOWN

    def of_user(self, name: ModelName) -> int | None:
        """Return what the user set."""
        return self._own.get(name)

    def known(self, name: ModelName) -> bool:
        """Whether the size is more than a careful guess."""
        return name in self._own or name.is_own or self.size(name) != UNKNOWN or _from_table(name) is not None


def _own_window(line: str) -> tuple[ModelName, int]:
    name, _, tokens = line.rpartition("=")
    if not tokens.strip().isdecimal() or int(tokens) == 0:
        raise InvalidSetting(f"REGOOSE_MODEL_WINDOWS has {line!r}: expected PROVIDER:NAME=TOKENS")
    return ModelName.parse(name, f"REGOOSE_MODEL_WINDOWS has {line!r}"), int(tokens)


def _from_table(name: ModelName) -> int | None:
    from genai_prices.data_snapshot import get_snapshot  # noqa: PLC0415 - its data takes a while to load

    provider = _TABLES.get(name.provider, name.provider)
    try:
        _, model = get_snapshot().find_provider_model(name.model, None, provider, None)
    except LookupError:
        return None
    return model.context_window
