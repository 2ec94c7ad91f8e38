"""Histories that the APIs refuse, in their words; those that client libraries make are accepted."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from regoose.testing.models import ModelServer, say

USER = {"role": "user", "content": "hi"}


def openai_calls(*ids: str | None) -> dict[str, Any]:
    calls = [
        {"type": "function", "function": {"name": "f", "arguments": "{}"}} | ({} if one is None else {"id": one})
        for one in ids
    ]
    return {"role": "assistant", "content": None, "tool_calls": calls}


def openai_result(identity: str) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": identity, "content": "done"}


def uses(*ids: str) -> dict[str, Any]:
    return {"role": "assistant", "content": [{"type": "tool_use", "id": one, "name": "f", "input": {}} for one in ids]}


def results(*ids: str, before: str = "") -> dict[str, Any]:
    texts = [{"type": "text", "text": before}] if before else []
    found = [{"type": "tool_result", "tool_use_id": one, "content": "done"} for one in ids]
    return {"role": "user", "content": [*texts, *found]}


def item(identity: str) -> dict[str, Any]:
    return {"type": "function_call", "call_id": identity, "name": "f", "arguments": "{}"}


def output(identity: str) -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": identity, "output": "done"}


def ollama_calls(count: int) -> dict[str, Any]:
    return {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "f", "arguments": {}}}] * count}


OLLAMA_RESULT = {"role": "tool", "tool_name": "f", "content": "done"}
ASKS = {"role": "user", "parts": [{"text": "hi"}]}


def gemini_calls(count: int) -> dict[str, Any]:
    return {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}}] * count}


def gemini_results(count: int) -> dict[str, Any]:
    return {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {}}}] * count}


PATHS = {
    "chat": ("/v1/chat/completions", "messages"),
    "responses": ("/v1/responses", "input"),
    "anthropic": ("/v1/messages", "messages"),
    "ollama": ("/api/chat", "messages"),
    "gemini": ("/v1beta/models/m:generateContent", "contents"),
}
ILLEGAL: list[tuple[str, list[dict[str, Any]], str]] = [
    ("chat", [], "Invalid 'messages': empty array."),
    ("chat", [{"role": "robot", "content": "x"}], "Invalid value: 'robot'."),
    ("chat", [USER, openai_result("a")], "messages with role 'tool' must be a response to a preceeding message"),
    ("chat", [USER, openai_calls("a")], "tool_call_ids did not have response messages: a"),
    ("chat", [USER, openai_calls("a", "b"), openai_result("a"), USER], "did not have response messages: b"),
    ("chat", [openai_calls("a"), openai_result("a"), openai_result("a")], "Duplicate value for 'tool_call_id' of 'a'"),
    ("chat", [openai_calls("a", "a"), openai_result("a")], "Duplicate value for 'tool_call_id' of 'a'"),
    ("chat", [openai_calls(None)], "Missing required parameter: 'messages[0].tool_calls[0].id'."),
    ("chat", [{"role": "assistant", "content": None}], "Invalid value for 'content': expected a string, got null."),
    ("responses", [output("a")], "No tool call found for function call output with call_id a."),
    ("responses", [USER, item("a")], "No tool output found for function call a."),
    ("responses", [item("a"), output("a"), output("a")], "Duplicate tool output found for function call a."),
    ("responses", [USER | {"id": "msg_1"}, USER | {"id": "msg_1"}], "Duplicate item found with id msg_1."),
    ("anthropic", [], "messages: at least one message is required"),
    ("anthropic", [{"role": "system", "content": "x"}], 'messages: Unexpected role "system".'),
    ("anthropic", [uses("a"), results("a")], 'messages: first message must use the "user" role'),
    ("anthropic", [USER, uses("a")], "messages.1: `tool_use` ids were found without `tool_result` blocks"),
    ("anthropic", [USER, uses("a"), USER], "messages.1: `tool_use` ids were found without `tool_result` blocks"),
    ("anthropic", [USER, uses("a"), results("a", before="so")], "without `tool_result` blocks immediately after: a."),
    ("anthropic", [USER, uses("a", "b"), results("a"), results("b")], "immediately after: b."),
    ("anthropic", [USER, results("a")], "messages.1.content.0: unexpected `tool_use_id` found in `tool_result` blocks"),
    ("anthropic", [results("a")], "messages.0.content.0: unexpected `tool_use_id` found in `tool_result` blocks: a."),
    ("anthropic", [USER, uses("a"), results("a", "a")], "each tool_use must have a single result."),
    ("anthropic", [USER, uses("a", "a"), results("a")], "messages.1.content.1: `tool_use` ids must be unique"),
    ("anthropic", [USER, uses(""), results("")], "messages.1.content.0.tool_use.id: Field required"),
    ("anthropic", [{"role": "user", "content": ""}], "messages.0: all messages must have non-empty content"),
    ("anthropic", [{"role": "user", "content": [{"type": "text", "text": ""}]}], "content blocks must be non-empty"),
    ("anthropic", [{"role": "user", "content": " "}], "must contain non-whitespace text"),
    ("anthropic", [USER, {"role": "assistant", "content": "so "}], "cannot end with trailing whitespace"),
    ("ollama", [USER, OLLAMA_RESULT], "message 1 is the result of a tool that was not called"),
    ("ollama", [USER, ollama_calls(2), OLLAMA_RESULT, USER], "1 tool calls have no result"),
    ("ollama", [{"role": "robot", "content": "x"}], 'invalid role "robot" in message 0'),
    ("gemini", [], "contents is not specified"),
    ("gemini", [{"role": "system", "parts": [{"text": "x"}]}], "Please use a valid role: user, model."),
    ("gemini", [{"role": "user", "parts": []}], "contents.parts must not be empty."),
    ("gemini", [ASKS, gemini_results(1)], "function response turn comes immediately after a function call turn."),
    ("gemini", [gemini_calls(1), gemini_results(1)], "function call turn comes immediately after a user turn"),
    ("gemini", [ASKS, gemini_calls(2), gemini_results(1)], "number of function response parts is equal"),
    ("gemini", [ASKS, gemini_calls(1)], "number of function response parts is equal"),
]
LEGAL: list[tuple[str, list[dict[str, Any]]]] = [
    (
        "chat",
        [{"role": "system", "content": "s"}, USER, openai_calls("a", "b"), openai_result("b"), openai_result("a")],
    ),
    ("chat", [USER, USER, {"role": "assistant", "content": "so"}, {"role": "developer", "content": "s"}, USER]),
    ("chat", [openai_calls("a"), openai_result("a"), openai_calls("a"), openai_result("a")]),
    ("responses", [USER, item("a"), item("b"), output("a"), output("b"), USER]),
    ("anthropic", [USER, USER, uses("a", "b"), results("b", "a"), {"role": "assistant", "content": "so"}]),
    ("ollama", [USER, ollama_calls(2), OLLAMA_RESULT, OLLAMA_RESULT, USER]),
    ("gemini", [ASKS, gemini_calls(2), gemini_results(2), gemini_calls(1), gemini_results(1), ASKS]),
]


def post(server: ModelServer, protocol: str, history: list[dict[str, Any]], **more: Any) -> httpx.Response:
    path, field = PATHS[protocol]
    tools = [{"name": "f", "input_schema": {"type": "object"}}] if protocol == "anthropic" else None
    body: dict[str, Any] = {"model": "m", "stream": False, field: history, "max_tokens": 10, "tools": tools} | more
    return httpx.post(server.address + path, json={name: value for name, value in body.items() if value is not None})


@pytest.mark.parametrize(("protocol", "history", "words"), ILLEGAL)
def test_an_illegal_history_is_refused_and_a_problem(protocol: str, history: list[dict[str, Any]], words: str) -> None:
    with ModelServer([say("fine")]) as server:
        refused = post(server, protocol, history)
    error = refused.json()["error"]
    assert (refused.status_code, words in (error if isinstance(error, str) else error["message"])) == (400, True), error
    assert words in server.problems[0]
    assert server.unused != ()  # it takes no turn


@pytest.mark.parametrize(("protocol", "history"), LEGAL)
def test_a_legal_history_is_answered(protocol: str, history: list[dict[str, Any]]) -> None:
    with ModelServer([say("fine")]) as server:
        assert post(server, protocol, history).status_code == 200
    assert server.problems == ()


def test_anthropic_wants_a_limit() -> None:
    with ModelServer([]) as server:
        assert (
            post(server, "anthropic", [USER], max_tokens=None).json()["error"]["message"]
            == "max_tokens: Field required"
        )


def test_anthropic_wants_the_tools_that_a_history_speaks_of() -> None:
    with ModelServer([]) as server:
        refused = post(server, "anthropic", [USER, uses("a"), results("a")], tools=None)
    assert "must define tools" in refused.json()["error"]["message"]
