"""Google's Gemini API (the extra `google`)."""

from __future__ import annotations

from dataclasses import replace

from langchain_google_genai import ChatGoogleGenerativeAI
from pydantic import SecretStr

from regoose.domain.json import Json
from regoose.providers.langchain.request import Arguments, Client, Setup, Wanted, function, knows_schemas
from regoose.providers.langchain.wire import hooks


def connect(setup: Setup) -> Client:
    """Make a client."""
    model = ChatGoogleGenerativeAI(
        model=setup.endpoint.name.model,
        google_api_key=SecretStr(setup.key),
        base_url=setup.endpoint.url,
        temperature=setup.temperature,
        max_retries=1,  # one attempt; 0 means Google's default there
        client_args={"event_hooks": hooks(), "follow_redirects": False},
        vertexai=False,
        disable_streaming=True,
        cache=False,
    )
    return Client(
        model=model,
        arguments=_arguments,
        close=model.aclose,
        native_schema=knows_schemas(model),
        schema_beside_tools=False,
    )


def _known(schema: dict[str, Json]) -> dict[str, Json]:
    """Return a schema of arguments without what LangChain leaves out of it, with a line in the log for each."""
    return {
        key: _known(value) if isinstance(value, dict) else value
        for key, value in schema.items()
        if key not in {"additionalProperties", "$schema"}
    }


def _arguments(wanted: Wanted) -> Arguments:
    arguments: Arguments = {"max_output_tokens": wanted.max_tokens}
    if wanted.tools:
        arguments["tools"] = [function(replace(tool, parameters=_known(tool.parameters))) for tool in wanted.tools]
    if wanted.forced:
        arguments["tool_choice"] = wanted.forced if len(wanted.tools) == 1 else "any"
    if wanted.output:
        arguments |= {"response_mime_type": "application/json", "response_json_schema": wanted.output.schema}
    return arguments
