"""`LLMProvider` over LangChain: one attempt, whole answers, errors of our tree."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from langchain_core.messages import AIMessage, BaseMessage
from langsmith import tracing_context  # pyright: ignore[reportUnknownVariableType] - of a parameter left alone

from regoose.domain.conversation import LLMResponse, Message, OutputFormat, Stop, ToolSpec
from regoose.errors import InvalidSetting, MissingTool, ModelUnavailable, RegooseError
from regoose.providers.attempt import Circumstances
from regoose.providers.endpoints import Endpoint
from regoose.providers.failures import Raised, refused_parameters, translate, was_filtered
from regoose.providers.langchain.request import Client, Quirks, Setup, Wanted
from regoose.providers.langchain.translation import Incomplete, from_chain, to_chain
from regoose.providers.langchain.wire import listening
from regoose.providers.names import Provider
from regoose.providers.port import Sampling
from regoose.providers.redaction import Redactor

_RAW_ARGUMENTS = {Provider.OPENAI, Provider.OPENAI_RESPONSES, Provider.AZURE, Provider.LMSTUDIO}

_TALKATIVE = ("openai", "anthropic", "httpx", "httpx2", "httpcore", "httpcore2", "langsmith", "google_genai")
_WITHOUT_IDS = {Provider.OLLAMA, Provider.GOOGLE}
"""Calls have none on the wire, or need none."""


@dataclass(frozen=True, slots=True)
class _Failed:
    error: RegooseError
    how: Circumstances


class LangChainProvider:
    """A model behind one endpoint."""

    def __init__(
        self,
        endpoint: Endpoint,
        sampling: Sampling,
        redact: Redactor,
        heard: Callable[[Mapping[str, str]], None] | None = None,
    ) -> None:
        """Take an endpoint; `heard` is told the headers of each response, their names in lower case."""
        self._endpoint = endpoint
        self._sampling = sampling
        self._redact = redact
        self._heard = heard
        self._window = sampling.window
        self._quirks = Quirks()
        self._clients: dict[tuple[str, Quirks], Client] = {}

    def get_model_name(self) -> str:
        """Return `provider:name`."""
        return str(self._endpoint.name)

    def get_max_tokens(self) -> int:
        """Return the size of the window."""
        return self._window

    async def aclose(self) -> None:
        """Close its connections."""
        while self._clients:
            _, client = self._clients.popitem()
            await client.close()

    async def generate(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[ToolSpec] = (),
        output: OutputFormat | None = None,
        max_tokens: int | None = None,
    ) -> LLMResponse:
        """
        Answer a conversation, as `LLMProvider` says. Each error's cause is a `Circumstances`.

        Where the model refuses a parameter that it need not be given (a temperature, a schema), it is asked again
        without: such a refusal costs nothing, and is remembered.
        """
        limit = max_tokens or self._sampling.max_tokens
        while True:
            before = self._quirks
            answered = await self._attempt(messages, tuple(tools), output, limit)
            if isinstance(answered, LLMResponse):
                return answered
            if self._quirks == before:
                raise answered.error from answered.how

    async def _attempt(
        self, messages: Sequence[Message], tools: tuple[ToolSpec, ...], output: OutputFormat | None, max_tokens: int
    ) -> LLMResponse | _Failed:
        try:
            client = await self._connected()
        except RegooseError as error:
            return _Failed(error, Circumstances(retryable=False, free=True))
        native = output is not None and self._natively(client, tools)
        wanted = Wanted(
            tools=tools if native or output is None else (*tools, _as_tool(output)),
            output=output if native else None,
            forced="" if native or output is None else output.name,
            max_tokens=max_tokens,
            window=self._window,
        )
        raw = self._endpoint.name.provider in _RAW_ARGUMENTS
        with listening() as headers:
            answered = await self._ask(client, to_chain(messages, raw_arguments=raw), wanted, headers)
            if self._heard and headers:
                self._heard(headers)
        if not isinstance(answered, AIMessage):
            return answered
        try:
            response = from_chain(
                answered, said_before=len(messages), own_ids=self._endpoint.name.provider not in _WITHOUT_IDS
            )
        except Incomplete as error:
            why = ModelUnavailable(f"{self._endpoint.name} at {self._endpoint.host}: {error}")
            return _Failed(why, Circumstances(retryable=True, free=False, status=200))
        return replace(_unwrapped(response, wanted.forced), model=self.get_model_name())

    async def _ask(
        self, client: Client, messages: Sequence[BaseMessage], wanted: Wanted, headers: Mapping[str, str]
    ) -> AIMessage | _Failed:
        before = sys.exception()
        try:
            with tracing_context(enabled=False):  # the environment may ask for traces, which carry everything said
                return await client.model.bind(**client.arguments(wanted)).ainvoke(list(messages))
        except Exception as error:  # noqa: BLE001 - clients let anything through; each becomes an error of the tree
            raised = Raised(error, before)
            if was_filtered(raised):
                return AIMessage("", response_metadata={"finish_reason": "content_filter"})
            self._learn(refused_parameters(raised))
            return _Failed(*translate(raised, self._endpoint, headers, self._redact))

    def _learn(self, refused: tuple[str, ...]) -> None:
        self._quirks = replace(self._quirks, **dict.fromkeys(refused, True))

    def _natively(self, client: Client, tools: Sequence[ToolSpec]) -> bool:
        return client.native_schema and not self._quirks.schema and (not tools or client.schema_beside_tools)

    async def _connected(self) -> Client:
        """Return the client, a new one where the key or what is known of the model has changed."""
        key = self._endpoint.key.read()
        self._redact.learn(key)
        if client := self._clients.get((key, self._quirks)):
            return client
        connect = await asyncio.to_thread(_family, Provider(self._endpoint.name.provider))
        if (client := self._clients.get((key, self._quirks))) is None:  # nobody made it meanwhile
            setup = Setup(
                endpoint=self._endpoint,
                key=key,
                temperature=None if self._quirks.temperature else self._sampling.temperature,
                quirks=self._quirks,
            )
            try:
                client = connect(setup)
            except ValueError as error:
                raise InvalidSetting(f"no client for {self._endpoint.name}: {self._redact(str(error))}") from None
            self._clients[key, self._quirks] = client
            if client.measure is not None:
                self._window = min(self._window, await client.measure() or self._window)
        return client


def _family(provider: Provider) -> Callable[[Setup], Client]:
    """
    Import the clients of one provider, which takes seconds; those of the others are left alone.

    What they would log is what was said and with which headers, as soon as somebody's environment asks for it
    (OPENAI_LOG, ANTHROPIC_LOG); warnings are let through.
    """
    connect = _imported(provider)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    return connect


def _imported(provider: Provider) -> Callable[[Setup], Client]:
    match provider:
        case Provider.ANTHROPIC:
            from regoose.providers.langchain.anthropic import connect
        case Provider.OLLAMA:
            from regoose.providers.langchain.ollama import connect
        case Provider.GOOGLE:
            try:
                from regoose.providers.langchain.google import connect
            except ImportError:
                raise MissingTool(
                    "Google's models need a package that is not installed", hint="pip install 'regoose[google]'"
                ) from None
        case _:
            from regoose.providers.langchain.openai import connect
    return connect


def _as_tool(output: OutputFormat) -> ToolSpec:
    """Return the tool by which a model answers in a shape that it does not know by itself."""
    return ToolSpec(name=output.name, description="Give the final answer.", parameters=output.schema)


def _unwrapped(response: LLMResponse, tool: str) -> LLMResponse:
    """Return the arguments of the call of `tool` as the answer, where there is one."""
    given = next((call for call in response.calls if tool and call.name == tool), None)
    if given is None:
        return response
    stop = Stop.END if response.stop is Stop.TOOL_CALLS else response.stop
    return replace(response, text=given.arguments, calls=(), stop=stop)
