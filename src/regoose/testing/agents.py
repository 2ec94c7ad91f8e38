"""Models for agents without a wire and without a bill: one provider, or one a role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from regoose.domain.budget import Budget
from regoose.domain.conversation import LLMResponse, Message, ToolSpec
from regoose.domain.run import Cost
from regoose.errors import NoModel, RegooseError
from regoose.providers.port import LLMProvider


@dataclass
class FakeModels:
    """
    The models of a run, by role; a role that has none gets the one called `""`.

    It is both a source of models and what the source gives.
    """

    providers: Mapping[str, LLMProvider]
    keys: list[str] = field(default_factory=list[str])
    """The name of each call, in order."""
    spent: Cost = field(default_factory=Cost)
    price: float = 0.0
    """Dollars of a character that is read."""

    def for_run(self, run_id: str, budget: Budget, *, model: str | None) -> FakeModels:
        """Return these models for whatever run."""
        del run_id, budget, model
        return self

    async def generate(
        self, role: str, key: str, messages: Sequence[Message], *, tools: Sequence[ToolSpec] = (), max_tokens: int
    ) -> LLMResponse:
        """Ask the role's provider."""
        self.keys.append(key)
        response = await self._provider(role).generate(messages, tools=tools, max_tokens=max_tokens)
        usage = response.usage
        self.spent += Cost(input_tokens=usage.input_tokens, output_tokens=usage.output_tokens, calls=1)
        return response

    async def check(self, roles: Sequence[str]) -> None:
        """Return where every role has a provider."""
        for role in roles:
            self._provider(role)

    def missing(self, roles: Sequence[str]) -> RegooseError | None:
        """Return why a role has no provider."""
        try:
            for role in roles:
                self._provider(role)
        except NoModel as error:
            return error
        return None

    def usd(self, role: str, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> float:
        """Return the price of the characters; tools are free."""
        del role, tools
        return self.price * sum(len(message.text) for message in messages)

    def name(self, role: str) -> str:
        """Return the name of a role's model."""
        return self._provider(role).get_model_name()

    def window(self, role: str) -> int:
        """Return the size of its window."""
        return self._provider(role).get_max_tokens()

    async def cost(self) -> Cost:
        """Return what was counted."""
        return self.spent

    def _provider(self, role: str) -> LLMProvider:
        provider = self.providers.get(role) or self.providers.get("")
        if provider is None:
            raise NoModel(f"no model plays the {role}")
        return provider
