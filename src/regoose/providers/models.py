"""What authors are given: models by role, within the budget of a run. Nothing is loaded before the first call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from regoose.domain.budget import Budget
from regoose.domain.conversation import LLMResponse, Message, OutputFormat, ToolSpec, Usage
from regoose.domain.run import Cost
from regoose.errors import RegooseError
from regoose.providers import own
from regoose.providers.attended import Attended
from regoose.providers.balance import Place
from regoose.providers.calls import Ask, Calls, Patience, Timing
from regoose.providers.endpoints import Endpoint
from regoose.providers.ledger import Ledger
from regoose.providers.lineup import Lineup, read_lineup, secrets
from regoose.providers.names import ModelName
from regoose.providers.port import LLMProvider, Sampling
from regoose.providers.redaction import Redactor
from regoose.providers.tokens import Calibration, size
from regoose.settings import Settings

if TYPE_CHECKING:
    from regoose.providers.langchain.adapter import LangChainProvider

Heard = Callable[[Mapping[str, str]], None]
"""Is told the headers of each response of an endpoint."""


class Connect(Protocol):
    """Makes the provider behind an endpoint."""

    async def __call__(self, endpoint: Endpoint, window: int, heard: Heard) -> LLMProvider:
        """Return it; `window` is what is known of its size."""
        ...


class _Closing(Protocol):
    async def aclose(self) -> None: ...


class Models:
    """
    The models that are set; an async context manager, which closes their connections.

    `connect` makes the provider behind an endpoint; without it, that is LangChain's, or an installed one of the user's
    own.
    """

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        *,
        connect: Connect | None = None,
        timing: Timing | None = None,
    ) -> None:
        self.redact = Redactor(secrets(settings))
        self._settings = settings
        self._ledger = ledger
        self._connect = connect or self._reach
        self._timing = timing or Timing()
        self._calibration = Calibration()
        self._places: dict[ModelName, list[Place]] = {}
        self._connecting = asyncio.Lock()
        self._read: Lineup | None = None

    async def __aenter__(self) -> Self:
        """Do nothing yet."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection."""
        while self._places:
            _, places = self._places.popitem()
            for place in places:
                close: object = getattr(place.provider, "aclose", None)
                if callable(close):
                    closing: _Closing = place.provider  # pyright: ignore[reportAssignmentType] - it has the method
                    await closing.aclose()

    def lineup(self) -> Lineup:
        """Return which models are set; raises `UnknownModel` and `InvalidSetting`."""
        if self._read is None:
            self._read = read_lineup(self._settings)
        return self._read

    def missing(self, role: str = "coder") -> RegooseError | None:
        """Return why no model can play the role, without calling any: a key or an address is not set. None: one can."""
        try:
            for endpoint in self.lineup().endpoints(self.lineup().of(role)):
                endpoint.key.read()
        except RegooseError as error:
            return error
        return None

    def for_run(self, run_id: str, budget: Budget | None = None, model: str | None = None) -> RunModels:
        """
        Return the models of a run, which spend within its budget: where it names no sum, that of `REGOOSE_MAX_COST`.

        `model` (`PROVIDER:NAME`) plays every role, whatever is set. Raises `UnknownModel` and `InvalidSetting`.
        """
        budget = budget or Budget()
        if budget.usd is None:
            budget = replace(budget, usd=self._settings.max_cost)
        return RunModels(self, self._ledger, run_id, budget, ModelName.parse(model) if model else None)

    async def check(self, name: ModelName) -> None:
        """
        Return where a model can be called and paid for, without calling it.

        Raises `NoModel`, `InvalidSetting` and `PriceUnknown`.
        """
        for place in await self.places(name):
            self.redact.learn(place.endpoint.key.read())
            self.lineup().prices.usd(place.endpoint, Usage(input_tokens=1, output_tokens=1))

    def endpoint(self, name: ModelName) -> Endpoint:
        """Return where a model is asked first; raises `InvalidSetting` where an address is missing."""
        known = self._places.get(name)
        return known[0].endpoint if known else self.lineup().endpoints(name)[0]

    def window(self, name: ModelName) -> int:
        """Return the tokens that a conversation with a model and its answer may take together, as far as is known."""
        sizes = [place.provider.get_max_tokens() for place in self._places.get(name, ())]
        return min(sizes, default=self.lineup().windows.size(name))

    async def answer(self, ask: Ask, name: ModelName) -> LLMResponse:
        """Make a call to a model, and to its backup where it goes on failing."""
        backup = self.lineup().backup
        names = [name, backup] if backup is not None and backup != name else [name]
        return await self.answer_at(ask, [await self.places(name) for name in names])

    async def answer_at(self, ask: Ask, models: Sequence[Sequence[Place]]) -> LLMResponse:
        """Make a call at the endpoints of models, those of the first while they do."""
        calls = Calls(self._ledger, self.lineup().prices, self._calibration, self._patience(), self._timing)
        return await calls.answer(ask, models)

    def estimate(self, name: ModelName, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> int:
        """Return about how many tokens a request takes."""
        return self._calibration.estimate(name, size(messages, tools))

    def default_tokens(self) -> int:
        """Return the most tokens of an answer where a call does not say."""
        return self._settings.llm_max_tokens

    def _patience(self) -> Patience:
        attempts, seconds = self._settings.model_attempts, self._settings.llm_timeout
        if seconds is None:
            return Patience(attempts=attempts)
        return Patience(attempts=attempts, hosted=seconds, local=seconds)

    async def places(self, name: ModelName) -> Sequence[Place]:
        """Return the endpoints of a model; raises `InvalidSetting` where an address is missing."""
        async with self._connecting:
            if name not in self._places:
                lineup = self.lineup()
                window = lineup.windows.size(name)
                self._places[name] = [await self._place(at, window) for at in lineup.endpoints(name)]
            return self._places[name]

    async def _place(self, endpoint: Endpoint, window: int) -> Place:
        place: Place | None = None

        def heard(headers: Mapping[str, str]) -> None:
            if place is not None:
                place.hears(headers, self._timing.now(), self._timing.wall())

        provider = await self._connect(endpoint, window, heard)
        says_local = isinstance(provider, Attended) and provider.local
        place = Place(replace(endpoint, says_local=says_local), provider)
        return place

    async def _reach(self, endpoint: Endpoint, window: int, heard: Heard) -> LLMProvider:
        if not endpoint.name.is_own:
            return await self._langchain(endpoint, window, heard)
        made = await own.make(endpoint.name.provider, endpoint.name.model)
        return Attended(made, endpoint, self.lineup().windows.of_user(endpoint.name), self.redact)

    async def _langchain(self, endpoint: Endpoint, window: int, heard: Heard) -> LLMProvider:
        sampling = Sampling(
            temperature=self._settings.llm_temperature, max_tokens=self._settings.llm_max_tokens, window=window
        )
        provider = await asyncio.to_thread(_langchain_provider)
        return provider(endpoint, sampling, self.redact, heard)


def _langchain_provider() -> type[LangChainProvider]:
    from regoose.providers.langchain.adapter import LangChainProvider  # noqa: PLC0415 - takes seconds

    return LangChainProvider


class RunModels:
    """The models of one run."""

    def __init__(self, models: Models, ledger: Ledger, run_id: str, budget: Budget, every: ModelName | None) -> None:
        self._models = models
        self._ledger = ledger
        self._run_id = run_id
        self._budget = budget
        self._every = every

    async def generate(
        self,
        role: str,
        key: str,
        messages: Sequence[Message],
        *,
        tools: Sequence[ToolSpec] = (),
        output: OutputFormat | None = None,
        max_tokens: int | None = None,
    ) -> LLMResponse:
        """
        Answer a conversation by the model of a role.

        `key` is a stable name of the call within the run, such as `coder 3`: a run that is resumed and makes the same
        call again is given the answer that was paid for. Raises `BudgetExceeded` before a call that could cost more
        than is left, `NoModel` where a key is missing, `PriceUnknown`, and what `LLMProvider` raises.
        """
        ask = Ask(
            run_id=self._run_id,
            key=key,
            budget=self._budget,
            messages=tuple(messages),
            tools=tuple(tools),
            output=output,
            max_tokens=max_tokens or self._models.default_tokens(),
        )
        return await self._models.answer(ask, self._of(role))

    async def check(self, roles: Sequence[str]) -> None:
        """
        Return where every role has a model that can be called and paid for; none is called.

        Raises `NoModel`, `UnknownModel`, `InvalidSetting` and `PriceUnknown`.
        """
        for name in dict.fromkeys(self._of(role) for role in roles):
            await self._models.check(name)

    async def cost(self) -> Cost:
        """Return what the run has spent so far; a call whose end nobody knows counts in full."""
        return await self._ledger.spent(self._run_id)

    def name(self, role: str) -> str:
        """Return the model of a role, as `provider:name`."""
        return str(self._of(role))

    def window(self, role: str) -> int:
        """Return the tokens that a conversation with the model of a role and its answer may take together."""
        return self._models.window(self._of(role))

    def tokens(self, role: str, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> int:
        """Return about how many tokens a request to the model of a role takes, by what it counted so far."""
        return self._models.estimate(self._of(role), messages, tools)

    def usd(self, role: str, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> float:
        """Return about what the model of a role costs for reading a request, in dollars; raises `PriceUnknown`."""
        lineup = self._models.lineup()
        endpoint = self._models.endpoint(self._of(role))
        return lineup.prices.usd(endpoint, Usage(input_tokens=self.tokens(role, messages, tools)))

    def missing(self, roles: Sequence[str]) -> RegooseError | None:
        """Return why a role has no model: a key, an address is not set. None where each has one. Nothing is loaded."""
        try:
            for name in dict.fromkeys(self._of(role) for role in roles):
                for endpoint in self._models.lineup().endpoints(name):
                    endpoint.key.read()
        except RegooseError as error:
            return error
        return None

    def _of(self, role: str) -> ModelName:
        return self._every or self._models.lineup().of(role)
