"""LangChain's chat models against the server: a whole conversation with tools, and structured answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
from langchain_anthropic import ChatAnthropic
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_google_genai import ChatGoogleGenerativeAI
from langchain_ollama import ChatOllama
from langchain_openai import AzureChatOpenAI, ChatOpenAI

from regoose.testing.models import Answer, ModelServer, ToolCall, Turn, Usage, When, say

READ: dict[str, Any] = {
    "title": "read",
    "description": "Read a file.",
    "type": "object",
    "properties": {"path": {"type": "string"}},
    "required": ["path"],
}


def made(kind: Any, /, **given: Any) -> BaseChatModel:
    return cast("BaseChatModel", kind(**given))


MODELS: dict[str, Callable[[ModelServer], BaseChatModel]] = {
    "openai": lambda server: made(
        ChatOpenAI, model="m", base_url=server.url("openai"), api_key="k", max_retries=0, stream_usage=True
    ),
    "openai-responses": lambda server: made(
        ChatOpenAI, model="m", base_url=server.url("openai"), api_key="k", max_retries=0, use_responses_api=True
    ),
    "azure": lambda server: made(
        AzureChatOpenAI,
        azure_deployment="m",
        azure_endpoint=server.url("azure"),
        api_version="v",
        api_key="k",
        max_retries=0,
        stream_usage=True,
    ),
    "anthropic": lambda server: made(
        ChatAnthropic, model="m", base_url=server.url("anthropic"), api_key="k", max_retries=0
    ),
    "ollama": lambda server: made(ChatOllama, model="m", base_url=server.url("ollama")),
    "google": lambda server: made(
        ChatGoogleGenerativeAI, model="m", base_url=server.url("google"), api_key="k", max_retries=1
    ),
}
EACH = pytest.mark.parametrize("protocol", MODELS)


async def ask(model: Any, messages: list[BaseMessage], *, stream: bool) -> AIMessage:
    if not stream:
        return await model.ainvoke(messages)
    whole: Any = None
    async for chunk in model.astream(messages):
        whole = chunk if whole is None else whole + chunk
    return whole


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@EACH
async def test_a_conversation_with_tools(protocol: str, stream: bool) -> None:  # noqa: FBT001
    calls = (ToolCall("read", {"path": "a.py"}), ToolCall("read", {"path": "b.py"}))
    script = [
        Turn(Answer("I look.", calls, usage=Usage(40, 9)), When(system="coder", last="compare", tools=("read",))),
        Turn(say("They differ.", usage=Usage(60, 3)), When(last="B = 2")),
    ]
    with ModelServer(script, keep_alive=False) as server:
        model = MODELS[protocol](server).bind_tools([READ])
        history: list[BaseMessage] = [SystemMessage("You are the coder."), HumanMessage("compare a.py and b.py")]
        first = await ask(model, history, stream=stream)
        texts = dict(zip(("a.py", "b.py"), ("A = 1", "B = 2"), strict=True))
        answers = [ToolMessage(texts[one["args"]["path"]], tool_call_id=one["id"]) for one in first.tool_calls]
        second = await ask(model, [*history, first, *answers], stream=stream)

    assert server.problems == ()
    assert [one["args"] for one in first.tool_calls] == [{"path": "a.py"}, {"path": "b.py"}]
    assert (first.text, second.text) == ("I look.", "They differ.")
    used = [one.usage_metadata for one in (first, second)]
    assert [(one["input_tokens"], one["output_tokens"]) for one in used if one] == [(40, 9), (60, 3)]


@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
@EACH
async def test_structured_answers(protocol: str, method: str) -> None:
    called = Answer(tool_calls=(ToolCall("read", {"path": "a.py"}),))
    answer = say('{"path": "a.py"}') if method == "json_schema" else called
    with ModelServer([answer], keep_alive=False) as server:
        chosen: Any = MODELS[protocol](server).with_structured_output(READ, method=method)
        assert await chosen.ainvoke("plan it") == {"path": "a.py"}
    prompt = server.requests[0].prompt
    assert (prompt.schema is not None, prompt.tools) == ((True, ()) if method == "json_schema" else (False, ("read",)))
