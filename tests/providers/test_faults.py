"""Everything that goes wrong with models, by every protocol, through the real clients over real HTTP."""

from __future__ import annotations

import asyncio

import pytest

from regoose.domain.conversation import LLMResponse, Stop, ToolSpec, user
from regoose.errors import (
    ModelDenied,
    ModelRejected,
    ModelUnavailable,
    ModelUnsuitable,
    QuotaExhausted,
    RegooseError,
    UnknownModel,
    WindowExceeded,
)
from regoose.providers.attempt import circumstances
from regoose.providers.langchain.adapter import LangChainProvider
from regoose.testing.models import Answer, Fault, FaultKind, ModelServer, ToolCall, fail

from .conftest import MODELS, Reach

PROTOCOLS = tuple(MODELS)
READ = ToolSpec(
    name="read", description="Read a file.", parameters={"type": "object", "properties": {"path": {"type": "string"}}}
)
RETRYABLE, FINAL = True, False
FREE, PAID = True, False
ANSWERED = {
    FaultKind.RATE_LIMIT: (ModelUnavailable, RETRYABLE, FREE),
    FaultKind.QUOTA: (QuotaExhausted, FINAL, FREE),
    FaultKind.SERVER_ERROR: (ModelUnavailable, RETRYABLE, PAID),
    FaultKind.UNAVAILABLE: (ModelUnavailable, RETRYABLE, FREE),
    FaultKind.OVERLOADED: (ModelUnavailable, RETRYABLE, FREE),
    FaultKind.UNAUTHORIZED: (ModelDenied, FINAL, FREE),
    FaultKind.FORBIDDEN: (ModelDenied, FINAL, FREE),
    FaultKind.UNKNOWN_MODEL: (UnknownModel, FINAL, FREE),
    FaultKind.BAD_REQUEST: (ModelRejected, FINAL, FREE),
    FaultKind.CONTEXT_OVERFLOW: (WindowExceeded, FINAL, FREE),
    FaultKind.PROMPT_FILTERED: (ModelRejected, FINAL, FREE),
    FaultKind.NO_TOOLS: (ModelUnsuitable, FINAL, FREE),
    FaultKind.RESET: (ModelUnavailable, RETRYABLE, PAID),
    FaultKind.CUT: (ModelUnavailable, RETRYABLE, PAID),
    FaultKind.TRUNCATED: (ModelUnavailable, RETRYABLE, PAID),
    FaultKind.GARBAGE: (ModelUnavailable, RETRYABLE, PAID),
    FaultKind.STREAM_ERROR: (ModelUnavailable, RETRYABLE, FREE),
}
OTHERWISE = {
    # Ollama has one status for too many requests and for a plan that is used up
    ("ollama", FaultKind.QUOTA): (QuotaExhausted, FINAL, FREE),
}
WAITS = (FaultKind.SLOW_START, FaultKind.DRIP, FaultKind.ENDLESS)


def test_every_fault_has_its_ending() -> None:
    assert set(ANSWERED) | set(WAITS) == set(FaultKind)


async def ask(provider: LangChainProvider, *tools: ToolSpec) -> LLMResponse:
    return await provider.generate([user("Go on.")], tools=tools)


@pytest.mark.parametrize("kind", ANSWERED)
@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_a_fault_ends_in_the_error_of_the_tree_that_names_it(
    protocol: str, kind: FaultKind, reach: Reach
) -> None:
    error, retryable, free = OTHERWISE.get((protocol, kind), ANSWERED[kind])
    with ModelServer([fail(kind), fail(kind)]) as server:
        async with reach(server, protocol) as provider:
            with pytest.raises(RegooseError) as caught:
                await ask(provider, READ)
    found = circumstances(caught.value)
    assert (type(caught.value), found.retryable, found.free) == (error, retryable, free), caught.value.message
    assert f"{protocol}:{MODELS[protocol]} at 127.0.0.1" in caught.value.message
    assert server.calls <= 2  # one attempt, and one more where a parameter was refused


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("kind", WAITS)
async def test_no_time_out_of_a_client_stands_in_the_way_of_a_deadline(
    protocol: str, kind: FaultKind, reach: Reach
) -> None:
    with ModelServer([fail(kind, seconds=30 if kind is FaultKind.SLOW_START else 0.2)]) as server:
        async with reach(server, protocol) as provider:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5):
                    await ask(provider)


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_a_refused_connection_costs_nothing(protocol: str, reach: Reach) -> None:
    with ModelServer([]) as server:
        pass
    async with reach(server, protocol) as provider:
        with pytest.raises(ModelUnavailable, match="cannot be reached") as caught:
            await ask(provider)
    assert circumstances(caught.value).free


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("as_date", [False, True])
async def test_what_the_server_asks_to_wait_is_handed_on(protocol: str, reach: Reach, *, as_date: bool) -> None:
    refused = Answer(fault=Fault(FaultKind.RATE_LIMIT, retry_after=90, as_date=as_date))
    with ModelServer([refused]) as server:
        async with reach(server, protocol) as provider:
            with pytest.raises(ModelUnavailable) as caught:
                await ask(provider)
    after = circumstances(caught.value).retry_after
    assert after is not None
    assert 60 < after <= 90


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    ("stop", "expected"),
    [("length", Stop.LENGTH), ("refusal", Stop.REFUSAL), ("content_filter", Stop.CONTENT_FILTER)],
)
async def test_an_ending_that_is_no_success_is_named(protocol: str, stop: str, expected: Stop, reach: Reach) -> None:
    said = {  # what a protocol has no word for
        ("anthropic", "content_filter"): Stop.REFUSAL,
        ("google", "refusal"): Stop.CONTENT_FILTER,
        ("ollama", "refusal"): Stop.END,
        ("ollama", "content_filter"): Stop.END,
    }
    with ModelServer([Answer(text="I can", stop=stop)]) as server:  # pyright: ignore[reportArgumentType] - one of them
        async with reach(server, protocol) as provider:
            answer = await ask(provider)
    assert answer.stop is said.get((protocol, stop), expected)
    assert answer.text == ("" if (protocol, stop) == ("azure", "content_filter") else "I can")


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_an_empty_answer_is_empty(protocol: str, reach: Reach) -> None:
    with ModelServer([Answer(text="")]) as server:
        async with reach(server, protocol) as provider:
            answer = await ask(provider)
    assert (answer.text, answer.calls, answer.stop) == ("", (), Stop.END)


@pytest.mark.parametrize("arguments", ['{"path": ', "[1]"])
@pytest.mark.parametrize("protocol", [name for name in PROTOCOLS if name not in {"ollama", "google"}])
async def test_arguments_that_are_no_object_come_through_as_they_are(
    protocol: str, arguments: str, reach: Reach
) -> None:
    with ModelServer([Answer(tool_calls=(ToolCall("read", arguments),))]) as server:
        async with reach(server, protocol) as provider:
            answer = await ask(provider, READ)
    assert [(call.name, call.arguments) for call in answer.calls] == [("read", arguments)]
    assert answer.stop is Stop.TOOL_CALLS


async def test_ollama_itself_fails_on_malformed_arguments(reach: Reach) -> None:
    with ModelServer([Answer(tool_calls=(ToolCall("read", '{"path": '),))]) as server:
        async with reach(server, "ollama") as provider:
            with pytest.raises(ModelUnavailable, match="error parsing tool call"):
                await ask(provider, READ)


async def test_google_drops_malformed_arguments_and_the_answer_is_empty(reach: Reach) -> None:
    with ModelServer([Answer(tool_calls=(ToolCall("read", '{"path": '),))]) as server:
        async with reach(server, "google") as provider:
            answer = await ask(provider, READ)
    assert (answer.text, answer.calls) == ("", ())


@pytest.mark.parametrize("arguments", ["null", "{}"])
@pytest.mark.parametrize("protocol", [name for name in PROTOCOLS if name not in {"ollama", "google"}])
async def test_no_arguments_are_an_empty_object(protocol: str, arguments: str, reach: Reach) -> None:
    with ModelServer([Answer(tool_calls=(ToolCall("read", arguments),))]) as server:
        async with reach(server, protocol) as provider:
            answer = await ask(provider, READ)
    assert [call.arguments for call in answer.calls] == ["{}"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_a_call_without_an_id_is_given_one_by_its_place(protocol: str, reach: Reach) -> None:
    calls = (ToolCall("read", {"path": "a"}, id=""), ToolCall("read", {"path": "b"}, id=""))
    with ModelServer([Answer(tool_calls=calls), Answer(tool_calls=calls)]) as server:
        async with reach(server, protocol) as provider:
            first, second = await ask(provider, READ), await ask(provider, READ)
    assert [call.id for call in first.calls] == ["call_1_0", "call_1_1"]
    assert first.calls == second.calls


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_an_unknown_tool_and_wrong_types_come_through(protocol: str, reach: Reach) -> None:
    calls = (ToolCall("delete_everything", {"path": 5}),)
    with ModelServer([Answer(tool_calls=calls)]) as server:
        async with reach(server, protocol) as provider:
            answer = await ask(provider, READ)
    assert [(call.name, call.arguments) for call in answer.calls] == [("delete_everything", '{"path": 5}')]
