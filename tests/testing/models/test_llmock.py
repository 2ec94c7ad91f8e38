"""Another scripted model, made by others: whatever its answers have, ours have."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

import httpx
import pytest
from llmock.testing import LLMockServer

from regoose.testing.models import ModelServer, call, say

TOOL = {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}
FUNCTION = {"name": "read", "description": "Read a file.", "parameters": TOOL}
ASKED = [{"role": "user", "content": "hi"}]
GEMINI = "/v1beta/models/gemini-2.0-flash:"
REQUESTS: dict[str, tuple[str, str, dict[str, Any], dict[str, Any]]] = {
    "chat": (
        "openai",
        "/v1/chat/completions",
        {"model": "gpt-4o", "messages": ASKED, "stream_options": {"include_usage": True}},
        {"tools": [{"type": "function", "function": FUNCTION}]},
    ),
    "responses": (
        "openai",
        "/v1/responses",
        {"model": "gpt-4o", "input": "hi"},
        {"tools": [{"type": "function", **FUNCTION}]},
    ),
    "messages": (
        "anthropic",
        "/v1/messages",
        {"model": "claude-sonnet-4-5", "max_tokens": 10, "messages": ASKED},
        {"tools": [{"name": "read", "input_schema": TOOL}]},
    ),
    "gemini": (
        "gemini",
        GEMINI,
        {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
        {"tools": [{"functionDeclarations": [FUNCTION]}]},
    ),
}
ECHOED = ("tools[]",)
"""Parts of answers that repeat the request."""


@pytest.fixture(scope="module")
def theirs() -> Iterator[LLMockServer]:
    with LLMockServer() as server:
        yield server


def shape(value: Any, at: str = "") -> set[str]:
    """The places that a JSON value has."""
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        return {f"{at}.{name}" for name in fields} | {
            place for name, inner in fields.items() for place in shape(inner, f"{at}.{name}")
        }
    items = cast("list[Any]", value) if isinstance(value, list) else []
    return {place for one in items for place in shape(one, f"{at}[]")}


def bodies(base: str, name: str, *, tools: bool, stream: bool) -> list[Any]:
    _, path, body, offered = REQUESTS[name]
    asked = body | (offered if tools else {}) | ({"stream": True} if stream and name != "gemini" else {})
    if not stream:
        asked.pop("stream_options", None)
    if name == "gemini":
        path += "streamGenerateContent?alt=sse" if stream else "generateContent"
    headers = {"authorization": "Bearer k", "x-api-key": "k", "x-goog-api-key": "k", "anthropic-version": "2023-06-01"}
    answer = httpx.post(base + path, json=asked, headers=headers, timeout=20)
    assert answer.status_code == 200, answer.text
    if not stream:
        return [answer.json()]
    data = [line.removeprefix("data: ") for line in answer.text.splitlines() if line.startswith("data: {")]
    return [json.loads(line) for line in data]


@pytest.mark.parametrize("tools", [False, True], ids=["text", "tools"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("name", REQUESTS)
def test_answers_have_what_theirs_have(theirs: LLMockServer, name: str, stream: bool, tools: bool) -> None:  # noqa: FBT001
    base = theirs.base_url(REQUESTS[name][0]).removesuffix("/v1")
    wanted = bodies(base, name, tools=tools, stream=stream)
    with ModelServer([call("read", path="a") if tools else say("hello there, whoever you are")]) as server:
        given = bodies(server.address, name, tools=tools, stream=stream)

    missing = {place for one in wanted for place in shape(one)} - {place for one in given for place in shape(one)}
    assert {place for place in missing if not any(part in place for part in ECHOED)} - {
        ".choices[].message.tool_calls"  # None there, left out by the API itself
    } == set()
    assert {one.get("type") for one in wanted} - {one.get("type") for one in given} == set()
