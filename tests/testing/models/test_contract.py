"""The contract of providers: kept by the fake, and by the adapter through every protocol."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from pydantic import SecretStr

from regoose.providers.endpoints import Endpoint, Key
from regoose.providers.langchain.adapter import LangChainProvider
from regoose.providers.names import ModelName, Provider
from regoose.providers.port import LLMProvider, Sampling
from regoose.providers.redaction import Redactor
from regoose.testing.models import ModelServer, Script, ScriptedProvider
from regoose.testing.models.contract import CONTRACT, Check, Open

MODELS = {
    "openai": "gpt-4o",
    "openai-responses": "gpt-5.1",
    "azure": "gpt-4o",
    "lmstudio": "qwen",
    "anthropic": "claude-sonnet-4-6",
    "ollama": "qwen2.5:7b",
    "google": "gemini-2.5-flash",
}
EACH = pytest.mark.parametrize("check", CONTRACT, ids=lambda check: check.__name__)


@asynccontextmanager
async def fake(script: Script) -> AsyncGenerator[LLMProvider]:
    provider = ScriptedProvider(script)
    yield provider
    assert provider.problems == []


def through(protocol: str) -> Open:
    @asynccontextmanager
    async def opened(script: Script) -> AsyncGenerator[LLMProvider]:
        with ModelServer(script) as server:
            endpoint = Endpoint(
                name=ModelName(Provider(protocol), MODELS[protocol]),
                url=server.url(protocol),
                key=Key(variable="SOME_KEY", value=SecretStr("k")),
                api_version="2024-10-21",
            )
            provider = LangChainProvider(endpoint, Sampling(), Redactor())
            try:
                yield provider
            finally:
                await provider.aclose()
        assert server.problems == ()

    return opened


@EACH
async def test_the_fake(check: Check) -> None:
    await check(fake)


@pytest.mark.parametrize("protocol", MODELS)
@EACH
async def test_the_adapter(check: Check, protocol: str) -> None:
    await check(through(protocol))
