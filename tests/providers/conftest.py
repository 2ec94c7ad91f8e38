"""The adapter in front of a scripted server, by each protocol."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from pydantic import SecretStr

from regoose.providers.endpoints import Endpoint, Key
from regoose.providers.langchain.adapter import LangChainProvider
from regoose.providers.names import ModelName, Provider
from regoose.providers.port import Sampling
from regoose.providers.redaction import Redactor
from regoose.testing.models import ModelServer

MODELS = {
    "openai": "gpt-4",
    "openai-responses": "gpt-5.1",
    "anthropic": "claude-sonnet-4-6",
    "ollama": "qwen2.5:7b",
    "azure": "gpt-4o",
    "google": "gemini-2.5-flash",
    "lmstudio": "qwen",
}
KEY = "a-key-that-nobody-may-see"

Reach = Callable[[ModelServer, str], AbstractAsyncContextManager[LangChainProvider]]
"""`(server, protocol)` → the adapter, closed at the end."""


@pytest.fixture
def reach() -> Reach:
    @asynccontextmanager
    async def reach(server: ModelServer, protocol: str) -> AsyncGenerator[LangChainProvider]:
        endpoint = Endpoint(
            name=ModelName(Provider(protocol), MODELS[protocol]),
            url=server.url(protocol),
            key=Key(variable="SOME_KEY", value=SecretStr(KEY)),
            api_version="2024-10-21",
        )
        provider = LangChainProvider(endpoint, Sampling(), Redactor())
        try:
            yield provider
        finally:
            await provider.aclose()

    return reach
