"""The client libraries of the APIs, each against the server: what they make of answers and of faults."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, cast

import anthropic
import httpx
import ollama
import openai
import pytest
from google import genai
from google.genai import errors as google_errors
from google.genai import types

from regoose.testing.models import FOREVER, Answer, Fault, FaultKind, ModelServer, RateLimit, ToolCall, Usage, fail, say

SYSTEM, ASKED = "You are the coder.", "Read a.py, please."
TOOL = {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}
FUNCTION: dict[str, Any] = {"name": "read", "description": "Read a file.", "parameters": TOOL}
PATIENCE = 20.0


@dataclass
class Said:
    """What a client library made of an answer."""

    text: str = ""
    calls: tuple[tuple[str, Any], ...] = ()
    stop: str | None = None
    usage: tuple[int, int] | None = None


Talk = Callable[[ModelServer, ExitStack, bool, float], Said]


def many(value: Any) -> list[Any]:
    return list(value) if value else []


def openai_client(server: ModelServer, protocol: str, patience: float) -> Any:
    given: dict[str, Any] = {"api_key": "k", "max_retries": 0, "timeout": patience}
    given["http_client"] = openai.DefaultHttpxClient(verify=False)  # a context for TLS takes long to make
    if protocol == "azure":
        return openai.AzureOpenAI(azure_endpoint=server.url("azure"), api_version="v", **given)
    return openai.OpenAI(base_url=server.url(protocol), **given)


def chat(protocol: str) -> Talk:
    def talk(server: ModelServer, stack: ExitStack, stream: bool, patience: float) -> Said:  # noqa: FBT001
        client = stack.enter_context(openai_client(server, protocol, patience))
        asked: dict[str, Any] = {
            "model": "m",
            "messages": [{"role": "system", "content": SYSTEM}, {"role": "user", "content": ASKED}],
            "tools": [{"type": "function", "function": FUNCTION}],
        }
        if not stream:
            done = client.chat.completions.create(**asked)
            message = done.choices[0].message
            calls = tuple((one.function.name, one.function.arguments) for one in many(message.tool_calls))
            spent = (done.usage.prompt_tokens, done.usage.completion_tokens)
            return Said(message.content or message.refusal or "", calls, done.choices[0].finish_reason, spent)
        said, parts = Said(), dict[int, list[str]]()
        for chunk in client.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True}):
            if chunk.usage:
                said.usage = (chunk.usage.prompt_tokens, chunk.usage.completion_tokens)
            for choice in chunk.choices:
                said.text += choice.delta.content or choice.delta.refusal or ""
                said.stop = choice.finish_reason or said.stop
                for one in many(choice.delta.tool_calls):
                    part = parts.setdefault(one.index, ["", ""])
                    part[0] += one.function.name or ""
                    part[1] += one.function.arguments or ""
        said.calls = tuple((name, raw) for name, raw in parts.values())
        return said

    return talk


def responses(server: ModelServer, stack: ExitStack, stream: bool, patience: float) -> Said:  # noqa: FBT001
    client = stack.enter_context(openai_client(server, "openai-responses", patience))
    asked: dict[str, Any] = {
        "model": "m",
        "instructions": SYSTEM,
        "input": ASKED,
        "tools": [{"type": "function", **FUNCTION}],
    }
    done = None
    if not stream:
        done = client.responses.create(**asked)
    else:
        text = ""
        for event in client.responses.create(**asked, stream=True):
            text += event.delta if event.type in {"response.output_text.delta", "response.refusal.delta"} else ""
            if event.type in {"response.completed", "response.incomplete"}:
                done = event.response
        if done is None:
            return Said(text)
    said = Said(stop=done.incomplete_details.reason if done.incomplete_details else done.status)
    for item in done.output:
        if item.type == "function_call":
            said.calls += ((item.name, item.arguments),)
        else:
            said.text += "".join(part.text if part.type == "output_text" else part.refusal for part in item.content)
    said.usage = (done.usage.input_tokens, done.usage.output_tokens)
    return said


def messages(server: ModelServer, stack: ExitStack, stream: bool, patience: float) -> Said:  # noqa: FBT001
    http = anthropic.DefaultHttpxClient(verify=False)
    client: Any = anthropic.Anthropic(
        base_url=server.url("anthropic"), api_key="k", max_retries=0, timeout=patience, http_client=http
    )
    stack.enter_context(client)
    asked: dict[str, Any] = {
        "model": "m",
        "max_tokens": 100,
        "system": SYSTEM,
        "messages": [{"role": "user", "content": ASKED}],
        "tools": [{"name": "read", "description": "Read a file.", "input_schema": TOOL}],
    }
    if not stream:
        done = client.messages.create(**asked)
        return Said(
            "".join(block.text for block in done.content if block.type == "text"),
            tuple((block.name, block.input) for block in done.content if block.type == "tool_use"),
            done.stop_reason,
            (done.usage.input_tokens, done.usage.output_tokens),
        )
    said, parts = Said(), dict[int, list[str]]()
    for event in client.messages.create(**asked, stream=True):
        if event.type == "content_block_start" and event.content_block.type == "tool_use":
            parts[event.index] = [event.content_block.name, ""]
        elif event.type == "content_block_delta" and event.delta.type == "input_json_delta":
            parts[event.index][1] += event.delta.partial_json
        elif event.type == "content_block_delta":
            said.text += event.delta.text
        elif event.type == "message_delta":
            said.stop, said.usage = event.delta.stop_reason, (event.usage.input_tokens, event.usage.output_tokens)
    said.calls = tuple((name, raw) for name, raw in parts.values())
    return said


def local(server: ModelServer, stack: ExitStack, stream: bool, patience: float) -> Said:  # noqa: FBT001
    client: Any = ollama.Client(server.url("ollama"), timeout=patience, verify=False)
    stack.callback(client._client.close)
    asked: dict[str, Any] = {
        "model": "m",
        "messages": [{"role": "system", "content": SYSTEM}, {"role": "user", "content": ASKED}],
        "tools": [{"type": "function", "function": FUNCTION}],
    }
    said = Said()
    parts = cast("Any", client.chat(**asked, stream=True) if stream else [client.chat(**asked)])
    for part in parts:
        said.text += part.message.content or ""
        calls = many(part.message.tool_calls)
        said.calls += tuple((one.function.name, one.function.arguments) for one in calls)
        if part.done:
            said.stop, said.usage = part.done_reason, (part.prompt_eval_count, part.eval_count)
    return said


def gemini(server: ModelServer, stack: ExitStack, stream: bool, patience: float) -> Said:  # noqa: FBT001
    quick: dict[str, Any] = {"verify": False}
    options = types.HttpOptions(
        base_url=server.url("google"), timeout=int(patience * 1000), client_args=quick, async_client_args=quick
    )
    client: Any = genai.Client(api_key="k", http_options=options)
    stack.callback(client.close)
    declared = types.FunctionDeclaration(name="read", description="Read a file.", parameters_json_schema=TOOL)
    config = types.GenerateContentConfig(
        system_instruction=SYSTEM, tools=[types.Tool(function_declarations=[declared])], max_output_tokens=100
    )
    asked: dict[str, Any] = {"model": "m", "contents": ASKED, "config": config}
    said = Said()
    models = client.models
    ask = models.generate_content_stream if stream else models.generate_content
    parts = cast("Any", ask(**asked) if stream else [ask(**asked)])
    for part in parts:
        for candidate in many(part.candidates):
            for one in many(candidate.content.parts if candidate.content else None):
                said.text += one.text or ""
                said.calls += ((one.function_call.name, one.function_call.args),) if one.function_call else ()
            said.stop = candidate.finish_reason.value if candidate.finish_reason else said.stop
        used = part.usage_metadata
        said.usage = (used.prompt_token_count, used.candidates_token_count + (used.thoughts_token_count or 0))
    return said


TALKS: dict[str, Talk] = {
    "openai": chat("openai"),
    "openai-responses": responses,
    "azure": chat("azure"),
    "azure-v1": chat("azure-v1"),
    "lmstudio": chat("lmstudio"),
    "anthropic": messages,
    "ollama": local,
    "google": gemini,
}
BOTH = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
EACH = pytest.mark.parametrize("protocol", TALKS)
WIRES = pytest.mark.parametrize("protocol", ["openai", "openai-responses", "anthropic", "ollama", "google"])


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def talk(protocol: str, answer: Answer, stack: ExitStack, *, stream: bool, patience: float = PATIENCE) -> Said:
    server = stack.enter_context(ModelServer([answer]))
    try:
        return TALKS[protocol](server, stack, stream, patience)
    finally:
        assert server.problems == ()


def arguments(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


@BOTH
@EACH
def test_text_tools_and_usage_arrive(protocol: str, stream: bool, stack: ExitStack) -> None:  # noqa: FBT001
    calls = (ToolCall("read", {"path": "a.py"}), ToolCall("read", {"path": "b.py"}))
    answer = Answer("I read both — à la fois.", calls, usage=Usage(30, 7, reasoning=2))
    server = stack.enter_context(ModelServer([answer]))
    said = TALKS[protocol](server, stack, stream, PATIENCE)

    assert said.text == "I read both — à la fois."
    assert [(name, arguments(value)) for name, value in said.calls] == [
        ("read", {"path": "a.py"}),
        ("read", {"path": "b.py"}),
    ]
    assert said.usage == (30, 7)
    assert (server.problems, server.calls, server.usage.reasoning) == ((), 1, 2)
    seen = server.requests[0]
    assert (seen.system, seen.last, seen.prompt.tools, seen.prompt.stream) == (SYSTEM, ASKED, ("read",), stream)
    assert (seen.prompt.model, "k" not in seen.headers.values()) == ("m", True)


STOPS = {
    "openai": ("stop", "length", "stop", "content_filter"),
    "openai-responses": ("completed", "max_output_tokens", "completed", "content_filter"),
    "anthropic": ("end_turn", "max_tokens", "refusal", "refusal"),
    "ollama": ("stop", "length", "stop", "stop"),
    "google": ("STOP", "MAX_TOKENS", "PROHIBITED_CONTENT", "SAFETY"),
}


@BOTH
@WIRES
def test_endings_have_their_names(protocol: str, stream: bool, stack: ExitStack) -> None:  # noqa: FBT001
    answers = [say("No.", stop=stop) for stop in ("end", "length", "refusal", "content_filter")]
    said = [talk(protocol, one, stack, stream=stream) for one in answers]
    assert tuple(one.stop for one in said) == STOPS[protocol]
    assert {one.text for one in said} == {"No."}


@BOTH
@WIRES
def test_an_empty_answer_is_an_answer(protocol: str, stream: bool, stack: ExitStack) -> None:  # noqa: FBT001
    said = talk(protocol, say(""), stack, stream=stream)
    assert (said.text, said.calls, said.stop) == ("", (), STOPS[protocol][0])


@BOTH
@pytest.mark.parametrize("protocol", ["openai", "openai-responses", "anthropic"])
def test_malformed_arguments_arrive_as_they_are(protocol: str, stream: bool, stack: ExitStack) -> None:  # noqa: FBT001
    answer = Answer(tool_calls=(ToolCall("read", '{"path: a.p'),))
    assert talk(protocol, answer, stack, stream=stream).calls == (("read", '{"path: a.p'),)


@BOTH
def test_ollama_reports_malformed_arguments_itself(stream: bool, stack: ExitStack) -> None:  # noqa: FBT001
    with pytest.raises(ollama.ResponseError, match=r"error parsing tool call: raw='{\"pa'.*status code: 500"):
        talk("ollama", Answer(tool_calls=(ToolCall("read", '{"pa'),)), stack, stream=stream)


@BOTH
@pytest.mark.parametrize("raw", ['{"pa', "[]"])
def test_gemini_reports_malformed_arguments_itself(raw: str, stream: bool, stack: ExitStack) -> None:  # noqa: FBT001
    said = talk("google", Answer(tool_calls=(ToolCall("read", raw),)), stack, stream=stream)
    assert (said.calls, said.stop) == ((), "MALFORMED_FUNCTION_CALL")


STATUS = {
    FaultKind.RATE_LIMIT: 429,
    FaultKind.QUOTA: 429,
    FaultKind.SERVER_ERROR: 500,
    FaultKind.UNAVAILABLE: 503,
    FaultKind.OVERLOADED: 529,
    FaultKind.UNAUTHORIZED: 401,
    FaultKind.FORBIDDEN: 403,
    FaultKind.UNKNOWN_MODEL: 404,
    FaultKind.BAD_REQUEST: 400,
    FaultKind.CONTEXT_OVERFLOW: 400,
    FaultKind.PROMPT_FILTERED: 400,
    FaultKind.NO_TOOLS: 400,
}
OTHERWISE = {("anthropic", FaultKind.QUOTA): 400, ("google", FaultKind.UNAUTHORIZED): 400}
SDK_ERRORS = (openai.APIStatusError, anthropic.APIStatusError, ollama.ResponseError, google_errors.APIError)


def status_of(error: BaseException) -> int:
    if isinstance(error, google_errors.APIError):
        return error.code
    assert isinstance(error, (openai.APIStatusError, anthropic.APIStatusError, ollama.ResponseError))
    return error.status_code


@BOTH
@pytest.mark.parametrize("protocol", [*STOPS, "azure"])
def test_errors_have_the_status_of_the_api(protocol: str, stream: bool) -> None:  # noqa: FBT001
    for kind, status in STATUS.items():
        with ExitStack() as stack, pytest.raises(SDK_ERRORS) as caught:
            talk(protocol, fail(kind), stack, stream=stream)
        assert status_of(caught.value) == OTHERWISE.get((protocol, kind), status), kind


@pytest.mark.parametrize(
    ("protocol", "kind", "code"),
    [
        ("openai", "context_overflow", "context_length_exceeded"),
        ("openai-responses", "context_overflow", "context_length_exceeded"),
        ("openai", "quota", "insufficient_quota"),
        ("openai-responses", "unknown_model", "model_not_found"),
        ("azure", "unknown_model", "DeploymentNotFound"),
        ("azure", "prompt_filtered", "content_filter"),
        ("azure", "rate_limit", "429"),
    ],
)
def test_openai_names_errors_by_codes(protocol: str, kind: str, code: str, stack: ExitStack) -> None:
    with pytest.raises(openai.APIStatusError) as caught:
        talk(protocol, fail(kind), stack, stream=False)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("protocol", "words"),
    [
        ("anthropic", r"prompt is too long: \d+ tokens > \d+ maximum"),
        ("ollama", "the input length exceeds the context length"),
        ("google", r"input token count \(\d+\) exceeds the maximum number of tokens allowed"),
    ],
)
def test_the_others_word_an_overflow(protocol: str, words: str, stack: ExitStack) -> None:
    with pytest.raises(SDK_ERRORS, match=words):
        talk(protocol, fail("context_overflow"), stack, stream=False)


LOST = (openai.APIConnectionError, anthropic.APIConnectionError, httpx.TransportError)
"""What a client library raises where the connection fails; Anthropic's lets its streams' errors through as they are."""


def lost(error: BaseException) -> bool:
    return isinstance(error, LOST) or type(error).__module__.startswith("httpx")


@BOTH
@WIRES
@pytest.mark.parametrize("kind", ["reset", "cut"])
def test_a_lost_connection_is_noticed(kind: str, protocol: str, stream: bool, stack: ExitStack) -> None:  # noqa: FBT001
    with pytest.raises(Exception) as caught:  # noqa: PT011  # of four libraries
        talk(protocol, fail(kind), stack, stream=stream)
    assert lost(caught.value), caught.value


@BOTH
@WIRES
def test_a_first_byte_that_never_comes_is_waited_for_so_long(
    protocol: str,
    stream: bool,  # noqa: FBT001
    stack: ExitStack,
) -> None:
    with pytest.raises(Exception, match=r"(?i)timed out") as caught:  # of four libraries
        talk(protocol, fail("slow_start", seconds=FOREVER), stack, stream=stream, patience=0.2)
    assert lost(caught.value), caught.value


@WIRES
def test_a_body_that_is_no_json_is_noticed(protocol: str, stack: ExitStack) -> None:
    for kind in ("truncated", "garbage"):
        with pytest.raises((json.JSONDecodeError, AttributeError)):  # OpenAI's and Anthropic's return a page as text
            talk(protocol, fail(kind), stack, stream=False)


@WIRES
def test_a_stream_that_ends_early_raises_nothing(protocol: str, stack: ExitStack) -> None:
    assert talk(protocol, fail("truncated", after=3), stack, stream=True).stop is None


@WIRES
def test_a_piece_that_is_no_json_is_noticed(protocol: str, stack: ExitStack) -> None:
    with pytest.raises((json.JSONDecodeError, google_errors.UnknownApiResponseError)):
        talk(protocol, fail("garbage"), stack, stream=True)


@WIRES
def test_a_stream_may_report_an_error(protocol: str, stack: ExitStack) -> None:
    if protocol == "openai-responses":  # its client hands the event over
        assert talk(protocol, fail("stream_error"), stack, stream=True).stop is None
        return
    errors = (openai.APIError, anthropic.APIStatusError, ollama.ResponseError, google_errors.APIError)
    with pytest.raises(errors, match=r"(?i)overloaded"):
        talk(protocol, fail("stream_error"), stack, stream=True)


def test_limits_and_waits_stand_in_headers(stack: ExitStack) -> None:
    limit = RateLimit(requests_left=3, tokens_left=100, reset_seconds=2)
    date = Fault(FaultKind.RATE_LIMIT, retry_after=60, as_date=True)
    answers = [Answer("a", rate_limit=limit), Answer("a", rate_limit=limit), fail("rate_limit", retry_after=1.5)]
    server = stack.enter_context(ModelServer([*answers, Answer(fault=date)]))
    first = raw_headers(server, "/v1/chat/completions")
    assert (first["x-ratelimit-remaining-requests"], first["x-ratelimit-reset-tokens"]) == ("3", "2s")
    second = raw_headers(server, "/v1/messages")
    assert second["anthropic-ratelimit-tokens-remaining"] == "100"
    assert second["anthropic-ratelimit-requests-reset"].endswith("Z")
    assert raw_headers(server, "/v1/chat/completions")["retry-after"] == "1.5"
    assert raw_headers(server, "/v1/chat/completions")["retry-after"].endswith(" GMT")


def raw_headers(server: ModelServer, path: str) -> httpx.Headers:
    body = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "a"}]}
    return httpx.post(server.address + path, json=body, timeout=PATIENCE).headers


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages", "/api/chat"])
@BOTH
def test_an_endless_answer_goes_on_until_the_client_has_enough(path: str, stream: bool) -> None:  # noqa: FBT001
    body = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "a"}], "stream": stream}
    with (
        ModelServer([fail("endless", seconds=0.001)]) as server,
        httpx.stream("POST", server.address + path, json=body, timeout=PATIENCE) as response,
    ):
        assert len(list(itertools.islice(response.iter_raw(), 50))) == 50


@BOTH
@WIRES
def test_a_dripping_answer_arrives_in_the_end(protocol: str, stream: bool, stack: ExitStack) -> None:  # noqa: FBT001
    said = talk(protocol, fail("drip", seconds=0.005), stack, stream=stream)
    assert (said.text, said.stop) == ("A text of several pieces, so that there is a middle.", STOPS[protocol][0])
