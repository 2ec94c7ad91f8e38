"""Conversations, shapes, keys and quirks, through the real clients over real HTTP."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from regoose.domain.conversation import (
    Message,
    OutputFormat,
    Speaker,
    Stop,
    ToolCall,
    ToolSpec,
    Usage,
    answer,
    system,
    user,
)
from regoose.errors import InvalidSetting, ModelUnavailable, NoModel, RegooseError
from regoose.providers.endpoints import Endpoint, Key
from regoose.providers.langchain.adapter import LangChainProvider
from regoose.providers.names import ModelName, Provider
from regoose.providers.port import Sampling
from regoose.providers.redaction import Redactor
from regoose.testing import models as scripted
from regoose.testing.models import Answer, FaultKind, ModelServer, Request, Turn, call, fail, say

from .conftest import KEY, MODELS, Reach

PROTOCOLS = tuple(MODELS)
READ = ToolSpec(name="read", description="Read a file.", parameters={"type": "object", "properties": {}})
SHAPE = OutputFormat(
    name="plan",
    schema={
        "type": "object",
        "properties": {"steps": {"type": "integer"}},
        "required": ["steps"],
        "additionalProperties": False,
    },
)


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_an_answer_comes_with_its_usage(protocol: str, reach: Reach) -> None:
    used = scripted.Usage(input=100, output=20, cached=0 if protocol == "ollama" else 60)
    with ModelServer([say("hello", usage=used)]) as server:
        async with reach(server, protocol) as provider:
            got = await provider.generate([system("Be short."), user("Hi.")], max_tokens=77)
    assert (got.text, got.stop, got.model) == ("hello", Stop.END, f"{protocol}:{MODELS[protocol]}")
    assert got.usage == Usage(input_tokens=100, cached_tokens=used.cached, output_tokens=20)
    assert server.problems == ()
    (request,) = server.requests
    assert (request.system, request.last) == ("Be short.", "Hi.")
    assert "77" in json.dumps(request.body)
    assert not request.body.get("stream")


async def test_anthropic_keeps_what_was_said_for_the_next_turn_of_an_agent(reach: Reach) -> None:
    used = scripted.Usage(input=100, output=20, cached=60, cache_write=30)
    with ModelServer([say("hello", usage=used)] * 2) as server:
        async with reach(server, "anthropic") as provider:
            got = await provider.generate([user("Hi.")], tools=[READ])
            await provider.generate([user("Sum up.")])
    assert got.usage == Usage(input_tokens=100, cached_tokens=60, cache_write_tokens=30, output_tokens=20)
    assert [request.body.get("cache_control") for request in server.requests] == [{"type": "ephemeral"}, None]


async def test_a_server_that_keeps_nothing_is_not_asked_to_again(reach: Reach) -> None:
    refusal = Answer(fault=scripted.Fault(FaultKind.BAD_REQUEST, message="cache_control: extra fields not permitted"))
    with ModelServer([refusal, say("one"), say("two")]) as server:
        async with reach(server, "anthropic") as provider:
            for text in ("one", "two"):
                assert (await provider.generate([user("Hi.")], tools=[READ])).text == text
    assert ["cache_control" in request.body for request in server.requests] == [True, False, False]


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_a_conversation_with_everything_in_it_is_legal(protocol: str, reach: Reach) -> None:
    calls = (
        ToolCall(id="call_0_0", name="read", arguments='{"path": "a"}'),
        ToolCall(id="call_0_1", name="read", arguments='{"pa'),
    )
    said = [
        system("You read."),
        user("Read."),
        Message(speaker=Speaker.ASSISTANT, text="", calls=calls),
        answer(calls[0], "content"),
        answer(calls[1], ""),
        Message(speaker=Speaker.ASSISTANT, text=""),
        system("Told late."),
        user("Go on."),
    ]
    with ModelServer([say("done")]) as server:
        async with reach(server, protocol) as provider:
            assert (await provider.generate(said, tools=[READ])).text == "done"
    assert server.problems == ()
    assert "Told late." in server.requests[0].text


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_a_shape_is_kept_with_and_without_tools(protocol: str, reach: Reach) -> None:
    """A text where the model knows schemas by itself, a call of a tool of that name elsewhere; the same to us."""

    def give(request: Request) -> Answer:
        return call("plan", steps=3) if "plan" in request.prompt.tools else Answer(text='{"steps": 3}')

    with ModelServer([Turn(give), Turn(give)]) as server:
        async with reach(server, protocol) as provider:
            for tools in ((), (READ,)):
                got = await provider.generate([user("Plan.")], tools=tools, output=SHAPE)
                assert json.loads(got.text) == {"steps": 3}
                assert (got.calls, got.stop) == ((), Stop.END)
    assert all('"steps"' in json.dumps(request.body) for request in server.requests)


async def test_a_schema_that_the_model_refuses_becomes_a_tool_and_is_remembered(reach: Reach) -> None:
    refusal = Answer(fault=scripted.Fault(FaultKind.BAD_REQUEST, message="response_format is not supported"))
    with ModelServer([refusal, call("plan", steps=1), call("plan", steps=2)]) as server:
        async with reach(server, "openai-responses") as provider:
            for steps in (1, 2):
                got = await provider.generate([user("Plan.")], output=SHAPE)
                assert json.loads(got.text) == {"steps": steps}
    assert server.calls == 3


@pytest.mark.parametrize("protocol", ["openai", "anthropic", "azure", "ollama"])
async def test_a_temperature_that_the_model_refuses_is_left_out_from_then_on(protocol: str, reach: Reach) -> None:
    refusal = Answer(fault=scripted.Fault(FaultKind.BAD_REQUEST, message="temperature is not supported"))
    with ModelServer([refusal, say("one"), say("two")]) as server:
        async with reach(server, protocol) as provider:
            assert (await provider.generate([user("1")])).text == "one"
            assert (await provider.generate([user("2")])).text == "two"
    assert ["temperature" in json.dumps(request.body) for request in server.requests] == [True, False, False]


async def test_a_limit_is_named_in_the_old_way_until_it_is_refused(reach: Reach) -> None:
    refusal = Answer(fault=scripted.Fault(FaultKind.BAD_REQUEST, message="use max_completion_tokens"))
    with ModelServer([refusal, say("one")]) as server:
        async with reach(server, "openai") as provider:
            await provider.generate([user("1")])
    assert ["max_tokens" in request.body for request in server.requests] == [True, False]
    assert "max_completion_tokens" in server.requests[1].body


async def test_a_refusal_that_goes_on_is_final(reach: Reach) -> None:
    refusal = Answer(fault=scripted.Fault(FaultKind.BAD_REQUEST, message="temperature is not supported"))
    with ModelServer([refusal] * 9) as server:
        async with reach(server, "openai") as provider:
            with pytest.raises(RegooseError):
                await provider.generate([user("1")])
    assert server.calls == 2


def endpoint(server: ModelServer, key: Key) -> Endpoint:
    return Endpoint(name=ModelName(Provider.OPENAI, "gpt-4"), url=server.url("openai"), key=key)


async def test_a_key_in_a_file_is_read_again_when_it_was_rotated(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("the-first-key\n")
    redact = Redactor()
    with ModelServer([say("one")], key="the-second-key") as server:
        provider = LangChainProvider(endpoint(server, Key(variable="A_KEY", file=file)), Sampling(), redact)
        with pytest.raises(RegooseError, match="401"):
            await provider.generate([user("1")])
        file.write_text("the-second-key\n")
        assert (await provider.generate([user("1")])).text == "one"
        await provider.aclose()
    assert redact("the-first-key the-second-key") == "[redacted] [redacted]"


@pytest.mark.parametrize(
    ("key", "error", "says"),
    [
        (Key(variable="A_KEY"), NoModel, "A_KEY is not set"),
        (Key(variable="A_KEY", value=SecretStr(" ")), NoModel, "A_KEY is not set"),
        (Key(variable="A_KEY", file=Path("/dev/null")), NoModel, "the file /dev/null is empty"),
        (Key(variable="A_KEY", file=Path("/nowhere/key")), InvalidSetting, "A_KEY_FILE names /nowhere/key"),
    ],
)
async def test_a_missing_key_is_named(key: Key, error: type[RegooseError], says: str) -> None:
    with ModelServer([]) as server:
        provider = LangChainProvider(endpoint(server, key), Sampling(), Redactor())
        with pytest.raises(error, match=says):
            await provider.generate([user("1")])
    assert server.calls == 0


async def test_ollama_is_told_the_window_but_no_larger_one_than_the_model_has() -> None:
    with ModelServer([say("one")]) as server:
        at = Endpoint(
            name=ModelName(Provider.OLLAMA, "llama"), url=server.url("ollama"), key=Key(variable="K", needed=False)
        )
        provider = LangChainProvider(at, Sampling(window=10_000_000), Redactor())
        await provider.generate([user("1")])
        await provider.aclose()
    options = server.requests[0].body["options"]
    assert isinstance(options, dict)
    assert options["num_ctx"] == provider.get_max_tokens() < 10_000_000


async def test_an_earlier_failure_that_is_being_handled_does_not_colour_the_next(reach: Reach) -> None:
    with ModelServer([]) as server:
        pass
    with ModelServer([fail(FaultKind.RESET)]) as there:
        async with reach(server, "openai") as gone, reach(there, "openai") as present:
            with pytest.raises(ModelUnavailable, match="did not answer in full"):
                await _instead(gone, present)


async def _instead(gone: LangChainProvider, present: LangChainProvider) -> None:
    try:
        await gone.generate([user("1")])
    except ModelUnavailable:
        await present.generate([user("1")])


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_no_redirect_is_followed_with_a_key(protocol: str) -> None:
    async def redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = ("HTTP/1.1 307 Elsewhere", f"Location: {elsewhere.address}/x", "Content-Length: 0", "Connection: close")
        writer.write("".join(f"{line}\r\n" for line in (*head, "")).encode())
        await writer.drain()
        writer.close()

    with ModelServer([]) as elsewhere:
        server = await asyncio.start_server(redirect, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        at = Endpoint(
            name=ModelName(Provider(protocol), MODELS[protocol]),
            url=f"http://127.0.0.1:{port}",
            key=Key(variable="K", value=SecretStr(KEY)),
            api_version="1",
        )
        provider = LangChainProvider(at, Sampling(), Redactor())
        with pytest.raises(RegooseError, match="307"):
            await provider.generate([user("1")])
        await provider.aclose()
        server.close()
    assert elsewhere.problems == ()
    assert elsewhere.calls == 0


@pytest.mark.parametrize("protocol", [name for name in PROTOCOLS if name != "ollama"])
async def test_halves_of_surrogate_pairs_are_neither_sent_nor_kept(protocol: str, reach: Reach) -> None:
    """A test may fail over one, a file name that is not UTF-8 has some, and models write them."""
    broken = Answer(text="a\ud800b", tool_calls=(scripted.ToolCall("read", {"path": "\udce9"}),))
    with ModelServer([broken, say("Fine.")]) as server:
        async with reach(server, protocol) as provider:
            asked = [user("caf\udce9 \ud800")]
            first = await provider.generate(asked, tools=[READ])
            said = replace(
                first.message(), calls=tuple(replace(one, arguments=r'{"a": "\ud800"}') for one in first.calls)
            )
            after = [*asked, said, *(answer(one, "no \udfff") for one in first.calls)]
            second = await provider.generate(after, tools=[READ])
    assert (first.text, [one.arguments for one in first.calls]) == ("a\ufffdb", ['{"path": "\ufffd"}'])
    assert second.text == "Fine."
    assert server.problems == ()
    assert "no \ufffd" in server.requests[1].last
