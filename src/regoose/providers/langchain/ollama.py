"""Ollama's own protocol, which says the window aloud: with OpenAI's, Ollama cuts long conversations in silence."""

from __future__ import annotations

import httpx
import ollama
from langchain_ollama import ChatOllama

from regoose.providers.langchain.request import Arguments, Client, Setup, Wanted, function
from regoose.providers.langchain.wire import hooks


def connect(setup: Setup) -> Client:
    """Make a client."""
    headers = {"authorization": f"Bearer {setup.key}"} if setup.key else {}
    model = ChatOllama(
        model=setup.endpoint.name.model,
        base_url=setup.endpoint.url,
        temperature=setup.temperature,
        async_client_kwargs={"event_hooks": hooks(), "headers": headers, "follow_redirects": False},
        disable_streaming=True,
        cache=False,
    )

    async def close() -> None:
        await model._async_client.close()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - there is no public way

    def arguments(wanted: Wanted) -> Arguments:
        options: Arguments = {"num_ctx": wanted.window, "num_predict": wanted.max_tokens}
        if setup.temperature is not None:
            options["temperature"] = setup.temperature
        made: Arguments = {"stream": False, "options": options}  # its stream hides that it was cut short
        if wanted.tools:
            made["tools"] = [function(tool) for tool in wanted.tools]
        if wanted.output:
            made["format"] = wanted.output.schema
        return made

    async def measure() -> int | None:
        try:
            shown = await model._async_client.show(setup.endpoint.name.model)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - as above
        except (ollama.ResponseError, httpx.HTTPError, ConnectionError, ValueError):
            return None  # the call that follows will say what is wrong
        sizes = [value for key, value in (shown.modelinfo or {}).items() if key.endswith(".context_length")]
        return next((size for size in sizes if isinstance(size, int)), None)

    return Client(
        model=model,
        arguments=arguments,
        close=close,
        native_schema=True,
        schema_beside_tools=False,
        measure=measure,
    )
