"""How models are named: `PROVIDER:NAME`, where the provider comes along or is an installed one of the user's own."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from regoose.errors import UnknownModel
from regoose.providers import own


class Provider(StrEnum):
    """Whose API a model is asked through."""

    OPENAI = "openai"
    """Chat completions, which many servers speak besides OpenAI's own."""
    OPENAI_RESPONSES = "openai-responses"
    ANTHROPIC = "anthropic"
    AZURE = "azure"
    """Azure OpenAI; the name is that of the deployment."""
    GOOGLE = "google"
    OLLAMA = "ollama"
    LMSTUDIO = "lmstudio"


@dataclass(frozen=True, slots=True)
class ModelName:
    """A model and whose API it is asked through."""

    provider: str
    """A `Provider`, or the name of one of the user's own."""
    model: str

    @property
    def is_own(self) -> bool:
        """Whether the provider is one of the user's own."""
        return not isinstance(self.provider, Provider)

    @classmethod
    def parse(cls, text: str, setting: str = "") -> Self:
        """Read `PROVIDER:NAME`; raises `UnknownModel`, which begins with what is said of the `setting`."""
        where = f"{setting}: " if setting else ""
        provider, colon, model = text.strip().partition(":")
        if not colon or not model:
            raise UnknownModel(f"{where}{text!r} does not name a model; expected PROVIDER:NAME, such as openai:gpt-4")
        if provider in set(Provider):
            return cls(Provider(provider), model)
        installed = own.installed()
        if provider not in installed:
            names = [*(known.value for known in Provider), *installed]
            close = difflib.get_close_matches(provider, names, 1)
            meant = f"; did you mean {close[0]!r}?" if close else ""
            raise UnknownModel(f"{where}no provider is called {provider!r}; expected one of {', '.join(names)}{meant}")
        return cls(provider, model)

    def __str__(self) -> str:
        return f"{self.provider}:{self.model}"
