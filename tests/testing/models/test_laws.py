"""Laws: whatever a script says arrives as it stands; no turn is given more often than it may be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import anthropic
import httpx
import ollama
import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regoose.domain.json import Json
from regoose.testing.models import Answer, ModelServer, Script, ToolCall, Turn, Usage, When, say

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
ARGUMENTS: st.SearchStrategy[dict[str, Json]] = st.dictionaries(st.text(max_size=8), VALUES, max_size=3)


class Stand:
    """A server that answers whatever is set, with a client of each library."""

    def __init__(self, stack: ExitStack) -> None:
        self.answer = say("")
        self.server = stack.enter_context(ModelServer([Turn(lambda _: self.answer, times=10**9)]))
        self.openai = stack.enter_context(openai.OpenAI(base_url=self.server.url("openai"), api_key="k", max_retries=0))
        self.anthropic = stack.enter_context(anthropic.Anthropic(base_url=self.server.url("anthropic"), api_key="k"))
        self.ollama = ollama.Client(self.server.url("ollama"))
        stack.callback(self.ollama._client.close)  # pyright: ignore[reportPrivateUsage, reportUnknownArgumentType, reportUnknownMemberType]  # it has no other way


@pytest.fixture(scope="module")
def stand() -> Iterator[Stand]:
    with ExitStack() as stack:
        yield Stand(stack)


def by_chat(stand: Stand) -> tuple[str, list[Any]]:
    text, raw = "", dict[int, str]()
    for chunk in stand.openai.chat.completions.create(
        model="m", messages=[{"role": "user", "content": "hi"}], stream=True
    ):
        delta = chunk.choices[0].delta
        text += delta.content or ""
        for one in delta.tool_calls or []:
            raw[one.index] = raw.get(one.index, "") + ((one.function and one.function.arguments) or "")
    return text, [json.loads(one) for one in raw.values()]


def by_messages(stand: Stand) -> tuple[str, list[Any]]:
    text, calls = "", list[Any]()
    with stand.anthropic.messages.stream(
        model="m", max_tokens=9, messages=[{"role": "user", "content": "hi"}]
    ) as stream:
        for block in stream.get_final_message().content:
            text += block.text if block.type == "text" else ""
            calls += [block.input] if block.type == "tool_use" else []
    return text, calls


def by_ollama(stand: Stand) -> tuple[str, list[Any]]:
    text, calls = "", list[Any]()
    client: Any = stand.ollama
    for part in client.chat(model="m", messages=[{"role": "user", "content": "hi"}], stream=True):
        text += part.message.content
        calls += [dict(one.function.arguments) for one in part.message.tool_calls or ()]
    return text, calls


@settings(max_examples=40, deadline=None)
@given(text=st.text(max_size=60), calls=st.lists(ARGUMENTS, max_size=3))
def test_streams_carry_any_text_and_any_arguments(stand: Stand, text: str, calls: list[dict[str, Json]]) -> None:
    stand.answer = Answer(text, tuple(ToolCall("f", one) for one in calls))
    for read in (by_chat, by_messages, by_ollama):
        assert read(stand) == (text, calls), read.__name__


@settings(max_examples=30, deadline=None)
@given(raw=st.text(min_size=1, max_size=30), cached=st.integers(0, 50), reasoning=st.integers(0, 5))
def test_whole_answers_carry_any_arguments_and_counts(stand: Stand, raw: str, cached: int, reasoning: int) -> None:
    stand.answer = Answer(tool_calls=(ToolCall("f", raw),), usage=Usage(50, 5, cached=cached, reasoning=reasoning))
    done = stand.openai.chat.completions.create(model="m", messages=[{"role": "user", "content": "hi"}])
    assert done.usage is not None
    assert [one.function.arguments for one in done.choices[0].message.tool_calls or [] if one.type == "function"] == [
        raw
    ]
    assert done.usage.total_tokens == 55
    assert done.usage.prompt_tokens_details is not None
    assert done.usage.prompt_tokens_details.cached_tokens == cached


def test_turns_are_given_as_often_as_they_may_be_to_many_at_once() -> None:
    script = Script.matched(*(Turn(say(f"{name}{n}"), When(last=name)) for name in "abc" for n in range(20)))

    def ask(name: str) -> str:
        body = {"model": "m", "messages": [{"role": "user", "content": name}]}
        answered = client.post(server.url("openai") + "/chat/completions", json=body)
        return answered.json()["choices"][0]["message"]["content"]

    with ModelServer(script) as server, httpx.Client(timeout=60) as client, ThreadPoolExecutor(8) as pool:
        given = list(pool.map(ask, "abc" * 20))
    assert sorted(given) == sorted(f"{name}{n}" for name in "abc" for n in range(20))
    assert (server.problems, server.unused, server.calls) == ((), (), 60)
    assert [one.number for one in server.requests] == list(range(1, 61))
