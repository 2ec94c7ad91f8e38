"""
What every `LLMProvider` has to do, as checks that each adapter and the fake pass; yours can, too.

    @pytest.mark.parametrize("check", CONTRACT)
    async def test_my_provider(check: Check) -> None:
        await check(open_my_provider)

`open_my_provider` takes a script and gives, as an async context manager, a provider that is answered by it: for one
that speaks HTTP, start a `ModelServer` with the script and point the provider at its `url`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from regoose.domain.conversation import LLMResponse, Stop, ToolSpec, answer, system, user
from regoose.errors import (
    ModelDenied,
    ModelRejected,
    ModelUnavailable,
    QuotaExhausted,
    RegooseError,
    UnknownModel,
    WindowExceeded,
)
from regoose.providers.port import LLMProvider
from regoose.testing.models.script import FOREVER, Answer, FaultKind, Script, ToolCall, Turn, Usage, When, fail, say

Open = Callable[[Script], AbstractAsyncContextManager[LLMProvider]]
Check = Callable[[Open], Awaitable[None]]

_READ = ToolSpec(
    name="read",
    description="Read a file.",
    parameters={"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
)
_ENDINGS: dict[FaultKind, type[RegooseError]] = {
    FaultKind.RATE_LIMIT: ModelUnavailable,
    FaultKind.SERVER_ERROR: ModelUnavailable,
    FaultKind.UNAVAILABLE: ModelUnavailable,
    FaultKind.OVERLOADED: ModelUnavailable,
    FaultKind.RESET: ModelUnavailable,
    FaultKind.CUT: ModelUnavailable,
    FaultKind.QUOTA: QuotaExhausted,
    FaultKind.UNAUTHORIZED: ModelDenied,
    FaultKind.FORBIDDEN: ModelDenied,
    FaultKind.UNKNOWN_MODEL: UnknownModel,
    FaultKind.BAD_REQUEST: ModelRejected,
    FaultKind.CONTEXT_OVERFLOW: WindowExceeded,
}


async def it_has_a_name_and_a_window(opened: Open) -> None:
    """`provider:name`, and more than nothing."""
    async with opened(Script(())) as provider:
        before, colon, name = provider.get_model_name().partition(":")
        assert all((before, colon, name)), provider.get_model_name()
        assert provider.get_max_tokens() > 0


async def it_says_what_the_model_says(opened: Open) -> None:
    """Text, usage, the reason to stop and the model's name."""
    async with opened(Script.ordered(Answer("hello — à vous", usage=Usage(20, 4)))) as provider:
        response = await provider.generate([user("hi")])
        assert (response.text, response.calls, response.stop) == ("hello — à vous", (), Stop.END)
        assert (response.usage.input_tokens, response.usage.output_tokens) == (20, 4)
        assert response.model == provider.get_model_name()


async def it_shows_the_model_everything(opened: Open) -> None:
    """System prompt, messages, tools."""
    turn = Turn(say("fine"), When(system="You are the coder.", last="read it", anywhere="earlier", tools=("read",)))
    async with opened(Script.ordered(turn)) as provider:
        messages = [system("You are the coder."), user("earlier"), LLMResponse(text="yes").message(), user("read it")]
        response = await provider.generate(messages, tools=[_READ])
        assert response.text == "fine"


async def it_carries_a_conversation_with_tools(opened: Open) -> None:
    """Take calls in their order, each with an id of its own, and give their answers back."""
    calls = (ToolCall("read", {"path": "a.py"}), ToolCall("read", {"path": "b.py"}))
    script = Script.ordered(Answer("I look.", calls), Turn(say("They differ."), When(anywhere="A = 1", last="B = 2")))
    async with opened(script) as provider:
        asked = [user("compare a.py and b.py")]
        first = await provider.generate(asked, tools=[_READ])
        assert [(one.name, json.loads(one.arguments)) for one in first.calls] == [
            ("read", {"path": "a.py"}),
            ("read", {"path": "b.py"}),
        ]
        assert first.stop is Stop.TOOL_CALLS
        assert len({one.id for one in first.calls if one.id}) == len(calls)
        answers = [answer(one, text) for one, text in zip(first.calls, ("A = 1", "B = 2"), strict=True)]
        second = await provider.generate([*asked, first.message(), *answers], tools=[_READ])
        assert (second.text, second.stop) == ("They differ.", Stop.END)


async def it_tells_an_answer_that_was_cut_off(opened: Open) -> None:
    """Nothing cut off passes for an end."""
    async with opened(Script.ordered(say("I was abou", stop="length"))) as provider:
        assert (await provider.generate([user("hi")])).stop is Stop.LENGTH


async def it_names_what_goes_wrong(opened: Open) -> None:
    """Raise for each fault the error that the port names for it, be it after another try without what was refused."""
    turns = [Turn(fail(kind), When(last=f"Go on to {kind}."), times=2) for kind in _ENDINGS]
    async with opened(Script.matched(*turns)) as provider:
        for kind, error in _ENDINGS.items():
            given = await _outcome(provider, f"Go on to {kind}.")
            assert type(given) is error, f"{kind}: {given!r} in place of {error.__name__}"


async def _outcome(provider: LLMProvider, asked: str) -> LLMResponse | RegooseError:
    try:
        return await provider.generate([user(asked)])
    except RegooseError as raised:
        return raised


async def it_can_be_interrupted(opened: Open) -> None:
    """End with a deadline around the call."""
    async with opened(Script.ordered(fail("slow_start", seconds=FOREVER))) as provider:
        try:
            async with asyncio.timeout(0.1):
                await provider.generate([user("hi")])
        except TimeoutError:
            return
        raise AssertionError("it answered where there was no answer")


CONTRACT: tuple[Check, ...] = (
    it_has_a_name_and_a_window,
    it_says_what_the_model_says,
    it_shows_the_model_everything,
    it_carries_a_conversation_with_tools,
    it_tells_an_answer_that_was_cut_off,
    it_names_what_goes_wrong,
    it_can_be_interrupted,
)
