"""Anthropic's messages."""

from __future__ import annotations

from functools import cached_property, partial
from typing import Any

import anthropic
import httpx2
from langchain_anthropic import ChatAnthropic
from pydantic import SecretStr
from typing_extensions import override

from regoose.providers.langchain.request import Arguments, Client, Setup, Wanted, knows_schemas
from regoose.providers.langchain.wire import hooks, read

_OWN = "https://api.anthropic.com"
"""Always said aloud: without it LangChain asks the environment, which may point at LangSmith's gateway."""


class _Http(anthropic.DefaultAsyncHttpxClient):
    """Hands on whole answers whose calls LangChain can read: arguments that are no object make it fail otherwise."""

    @override
    async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        """Send a request; see `legible`."""
        return read(await super().send(request, **options))


class _Chat(ChatAnthropic):
    """LangChain's class with a connection of its own: LangChain shares one between event loops, which must not be."""

    @cached_property
    @override
    def _async_client(self) -> anthropic.AsyncAnthropic:
        return anthropic.AsyncAnthropic(
            api_key=self.anthropic_api_key.get_secret_value(),
            base_url=self.anthropic_api_url,
            max_retries=0,
            timeout=None,
            http_client=_Http(event_hooks=hooks(), follow_redirects=False, timeout=None),
        )

    async def aclose(self) -> None:
        """Close the connection, if there is one."""
        if "_async_client" in self.__dict__:
            await self._async_client.close()


def connect(setup: Setup) -> Client:
    """Make a client."""
    model = _Chat(
        model_name=setup.endpoint.name.model,
        api_key=SecretStr(setup.key),
        base_url=setup.endpoint.url or _OWN,
        temperature=setup.temperature,
        max_retries=0,
        timeout=None,
        stop=None,
        disable_streaming=True,
        cache=False,
    )
    return Client(
        model=model,
        arguments=partial(_arguments, keeps=not setup.quirks.cache),
        close=model.aclose,
        native_schema=knows_schemas(model),
        schema_beside_tools=True,
    )


def _arguments(wanted: Wanted, *, keeps: bool) -> Arguments:
    arguments: Arguments = {"max_tokens": wanted.max_tokens}
    if keeps and wanted.tools:
        # What was said up to here begins the next request of the conversation, and is read at a tenth of the price.
        arguments["cache_control"] = {"type": "ephemeral"}
    if wanted.tools:
        arguments["tools"] = [
            {"name": tool.name, "description": tool.description, "input_schema": tool.parameters}
            for tool in wanted.tools
        ]
    if wanted.forced:
        alone = len(wanted.tools) == 1
        arguments["tool_choice"] = {"type": "tool", "name": wanted.forced} if alone else {"type": "any"}
    if wanted.output:
        arguments["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": wanted.output.name, "schema": wanted.output.schema},
        }
    return arguments
