"""The provider without a wire."""

from __future__ import annotations

import asyncio

import pytest

from regoose.domain.conversation import LLMResponse, Message, OutputFormat, Stop, ToolSpec, answer, system, user
from regoose.domain.conversation import ToolCall as Called
from regoose.errors import (
    ModelDenied,
    ModelRejected,
    ModelUnavailable,
    QuotaExhausted,
    RegooseError,
    UnknownModel,
    WindowExceeded,
)
from regoose.providers.attempt import circumstances
from regoose.providers.port import LLMProvider
from regoose.testing.models import (
    FOREVER,
    Answer,
    FaultKind,
    ScriptedProvider,
    ToolCall,
    Turn,
    Unscripted,
    Usage,
    When,
    call,
    fail,
    say,
)

CALL = Called(id="one", name="read", arguments="{}")
READ = ToolSpec(name="read", description="Read a file.", parameters={"type": "object"})


async def ask(provider: LLMProvider, text: str = "hi") -> LLMResponse:
    return await provider.generate([system("You are the coder."), user(text)], tools=[READ])


async def test_it_answers_by_the_script() -> None:
    provider = ScriptedProvider(
        [
            Turn(call("read", path="a"), When(system="coder", last="hi", tools=("read",))),
            Answer("cut", stop="length", usage=Usage(10, 2, cached=4)),
            Answer(tool_calls=(ToolCall("read", "{", id=""),)),
        ]
    )
    first, second, third = [await ask(provider) for _ in range(3)]

    assert (first.stop, first.calls[0].name, first.calls[0].arguments) == (Stop.TOOL_CALLS, "read", '{"path": "a"}')
    assert (second.stop, second.text, second.usage.cached_tokens) == (Stop.LENGTH, "cut", 4)
    assert (third.calls[0].arguments, third.calls[0].id != "") == ("{", True)
    assert (first.usage.estimated, second.usage.estimated) == (True, False)
    assert provider.unused == ()


async def test_it_shows_what_it_was_asked() -> None:
    provider = ScriptedProvider([say("{}")], name="local:tiny", window=4096)
    output = OutputFormat(name="plan", schema={"type": "object"})
    await provider.generate([user("plan it")], output=output, max_tokens=7)

    prompt = provider.requests[0].prompt
    assert (prompt.schema, prompt.max_tokens, prompt.messages[0].text) == ({"type": "object"}, 7, "plan it")
    assert (provider.get_model_name(), provider.get_max_tokens()) == ("local:tiny", 4096)


@pytest.mark.parametrize(
    ("history", "words"),
    [
        ([], "empty array"),
        ([user("hi"), answer(CALL, "A = 1")], "must be a response to a preceeding message"),
        ([user("hi"), LLMResponse(text="", calls=(CALL,)).message()], "did not have response messages: one"),
        ([LLMResponse(text="", calls=(CALL, CALL)).message(), answer(CALL, "A = 1")], "Duplicate value"),
    ],
)
async def test_a_history_that_no_api_takes_is_a_problem(history: list[Message], words: str) -> None:
    provider = ScriptedProvider([say("fine")])
    with pytest.raises(ModelRejected, match=words):
        await provider.generate(history)
    assert words in provider.problems[0]
    assert provider.unused != ()


async def test_a_history_with_answered_calls_is_none() -> None:
    provider = ScriptedProvider([say("fine")])
    await provider.generate([user("hi"), LLMResponse(text="", calls=(CALL,)).message(), answer(CALL, "A = 1")])
    assert provider.problems == []
    assert provider.requests[0].prompt.messages[1].calls[0].id == provider.requests[0].prompt.messages[2].answers[0]


async def test_a_call_without_a_turn_is_a_problem() -> None:
    provider = ScriptedProvider([])
    with pytest.raises(Unscripted, match="has no turn in the script"):
        await ask(provider)
    assert len(provider.problems) == 1


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("rate_limit", ModelUnavailable),
        ("overloaded", ModelUnavailable),
        ("reset", ModelUnavailable),
        ("quota", QuotaExhausted),
        ("unauthorized", ModelDenied),
        ("unknown_model", UnknownModel),
        ("context_overflow", WindowExceeded),
        ("bad_request", ModelRejected),
    ],
)
async def test_faults_are_the_errors_of_the_port(kind: str, error: type[RegooseError]) -> None:
    provider = ScriptedProvider([fail(kind), say("fine")])
    with pytest.raises(error):
        await ask(provider)
    assert (await ask(provider)).text == "fine"


async def test_a_fault_tells_whether_to_try_again_and_when() -> None:
    with pytest.raises(ModelUnavailable) as caught:
        await ask(ScriptedProvider([fail("rate_limit", retry_after=7)]))
    found = circumstances(caught.value)
    assert (found.retryable, found.free, found.retry_after) == (True, True, 7)
    with pytest.raises(ModelUnavailable) as caught:
        await ask(ScriptedProvider([fail("reset")]))
    assert not circumstances(caught.value).free


@pytest.mark.parametrize("kind", [FaultKind.ENDLESS, FaultKind.SLOW_START])
async def test_what_takes_for_ever_ends_with_the_patience_of_who_asks(kind: FaultKind) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await ask(ScriptedProvider([fail(kind, seconds=FOREVER)]))
