"""OpenAI's chat completions and responses, Azure, LM Studio, and every server that speaks OpenAI's protocol."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import urlsplit

import httpx2
import openai
from langchain_core.language_models import LanguageModelInput
from langchain_openai import AzureChatOpenAI, ChatOpenAI
from langchain_openai.chat_models.base import BaseChatOpenAI
from pydantic import SecretStr
from typing_extensions import override

from regoose.domain.conversation import OutputFormat
from regoose.domain.json import Json
from regoose.providers.langchain.request import Arguments, Client, Setup, Wanted, function, knows_schemas
from regoose.providers.langchain.wire import hooks, read
from regoose.providers.names import Provider

_OWN = "https://api.openai.com/v1"
"""Always said aloud: without it LangChain asks the environment, which may point at LangSmith's gateway."""
_NO_KEY = "none"
"""What a local server is given; OpenAI's client insists on a key."""
_BULK = ("messages", "input", "tools")


class _Http(openai.DefaultAsyncHttpxClient):
    """Hands on whole answers whose calls LangChain can read: arguments that are no object make it fail otherwise."""

    @override
    async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        """Send a request; see `legible`."""
        return read(await super().send(request, **options))


class _Untransformed(BaseChatOpenAI):
    """
    Hands the bulk of a request past OpenAI's client, which would rename keys of it that nothing of ours has.

    It tries each message against each type that a message can have: with twenty turns said, longer than all else here.
    """

    @override
    def _get_request_payload(
        self, input_: LanguageModelInput, *, stop: list[str] | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        made = super()._get_request_payload(input_, stop=stop, **kwargs)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        payload = cast("dict[str, Any]", made)  # a bare `dict` there
        bulk = {name: payload[name] for name in _BULK if name in payload}
        stand_ins = {name: list[object]() for name in bulk}  # some of them are required
        return {**payload, **stand_ins, "extra_body": {**(payload.get("extra_body") or {}), **bulk}}


class _UntransformedChat(_Untransformed, ChatOpenAI):
    """OpenAI's own."""


class _UntransformedAzure(_Untransformed, AzureChatOpenAI):
    """Azure's."""


def connect(setup: Setup) -> Client:
    """Make a client."""
    http = _Http(event_hooks=hooks(), follow_redirects=False, timeout=None)
    model = _azure(setup, http) if setup.endpoint.name.provider is Provider.AZURE else _plain(setup, http)
    responses = setup.endpoint.name.provider is Provider.OPENAI_RESPONSES
    return Client(
        model=model,
        arguments=lambda wanted: _arguments(wanted, responses=responses),
        close=http.aclose,
        native_schema=knows_schemas(model),
        schema_beside_tools=setup.endpoint.name.provider is not Provider.LMSTUDIO,
    )


def _plain(setup: Setup, http: _Http) -> BaseChatOpenAI:
    provider = setup.endpoint.name.provider
    url = setup.endpoint.url or _OWN
    official = (urlsplit(url).hostname or "").endswith("openai.com")
    own = official or provider is Provider.OPENAI_RESPONSES or setup.quirks.limit
    kind = _UntransformedChat if own else _Untransformed
    return kind(
        model=setup.endpoint.name.model,
        api_key=SecretStr(setup.key or _NO_KEY),
        base_url=url,
        temperature=setup.temperature,
        use_responses_api=provider is Provider.OPENAI_RESPONSES,
        store=False if provider is Provider.OPENAI_RESPONSES else None,
        max_retries=0,
        http_async_client=http,
        disable_streaming=True,
        cache=False,
    )


def _azure(setup: Setup, http: _Http) -> BaseChatOpenAI:
    return _UntransformedAzure(
        azure_deployment=setup.endpoint.name.model,
        model=setup.endpoint.name.model,
        azure_endpoint=setup.endpoint.url,
        api_key=SecretStr(setup.key),
        api_version=setup.endpoint.api_version,
        temperature=setup.temperature,
        max_retries=0,
        http_async_client=http,
        disable_streaming=True,
        cache=False,
    )


def _arguments(wanted: Wanted, *, responses: bool) -> Arguments:
    arguments: Arguments = {"max_tokens": wanted.max_tokens}
    if wanted.tools:
        arguments["tools"] = [function(tool) for tool in wanted.tools]
    if wanted.forced:
        alone = len(wanted.tools) == 1
        arguments["tool_choice"] = {"type": "function", "function": {"name": wanted.forced}} if alone else "required"
    if wanted.output:
        shape: Arguments = {"type": "json_schema", "json_schema": _schema(wanted.output)}
        # as an argument of its own it would lead LangChain to a parser that raises where an answer was cut short
        arguments |= {"response_format": shape} if responses else {"extra_body": {"response_format": shape}}
    return arguments


def _schema(output: OutputFormat) -> Arguments:
    return {"name": output.name, "schema": output.schema, "strict": _is_strict(output.schema)}


def _is_strict(schema: Json) -> bool:
    """Whether OpenAI's strict mode takes the schema: each object closed, each property required."""
    if isinstance(schema, list):
        return all(_is_strict(part) for part in schema)
    if not isinstance(schema, dict):
        return True
    if schema.get("type") == "object" or "properties" in schema:
        properties, required = schema.get("properties"), schema.get("required", [])
        known = set(properties) if isinstance(properties, dict) else set[str]()
        named = {name for name in required if isinstance(name, str)} if isinstance(required, list) else set[str]()
        if schema.get("additionalProperties") is not False or known != named:
            return False
    return all(_is_strict(part) for part in schema.values())
