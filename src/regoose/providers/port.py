"""The port to a language model: what a provider must be able to do, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from regoose.domain.conversation import LLMResponse, Message, OutputFormat, ToolSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How answers are drawn where a call does not say. Sizes are in tokens."""

    temperature: float | None = 0.1
    """None: the model's own."""
    max_tokens: int = 4000
    """Of one answer."""
    window: int = 8192


class LLMProvider(Protocol):
    """
    A model that can be asked. Implement these three methods to bring one of your own; docs/extending.md shows how.

    A provider makes one attempt: retries, deadlines, budgets and fallbacks are made around it, in one place.

    What else a provider of your own may have: `local = True` says that nobody charges for it (without that, or a price
    in `REGOOSE_MODEL_PRICES`, it is refused) and that it may be slow; `secrets`, a sequence of texts, is taken out
    of all that is shown or kept; `async def aclose(self)` is called at the end.
    """

    async def generate(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[ToolSpec] = (),
        output: OutputFormat | None = None,
        max_tokens: int | None = None,
    ) -> LLMResponse:
        """
        Answer a conversation, using at most `max_tokens` (None: what is usual for it) for the answer.

        Returns complete answers alone; one cut short by the limit has `Stop.LENGTH`. Raises `ModelUnavailable` where
        another attempt may do better, `ModelDenied`, `UnknownModel`, `QuotaExhausted`, `WindowExceeded`,
        `ModelUnsuitable` or `ModelRejected` where it will not.
        """
        ...

    def get_model_name(self) -> str:
        """Return `provider:name`."""
        ...

    def get_max_tokens(self) -> int:
        """Return the size of the window: tokens that the conversation and its answer may take together."""
        ...
