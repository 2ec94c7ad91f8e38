"""Our messages to LangChain's, and its answers to ours."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    InvalidToolCall,
    SystemMessage,
    ToolMessage,
)
from langchain_core.messages import ToolCall as ChainToolCall

from regoose.domain.conversation import LLMResponse, Message, Speaker, Stop, ToolCall, Usage
from regoose.domain.json import Json
from regoose.providers.langchain.wire import WRAPPER

_STOPS = {
    "length": Stop.LENGTH,
    "max_tokens": Stop.LENGTH,
    "max_output_tokens": Stop.LENGTH,
    "model_context_window_exceeded": Stop.LENGTH,
    "refusal": Stop.REFUSAL,
    "content_filter": Stop.CONTENT_FILTER,
    "safety": Stop.CONTENT_FILTER,
    "recitation": Stop.CONTENT_FILTER,
    "blocklist": Stop.CONTENT_FILTER,
    "prohibited_content": Stop.CONTENT_FILTER,
    "spii": Stop.CONTENT_FILTER,
}
"""By the words of each protocol, in lower case. What is not listed is an end."""
_SURROGATE = re.compile("[\ud800-\udfff]")
_NOTHING = "(nothing)"
"""Said in place of an empty message, which several APIs refuse."""


class Incomplete(Exception):
    """An answer that does not say that it is whole, or says that it failed."""


def to_chain(messages: Sequence[Message], *, raw_arguments: bool) -> list[BaseMessage]:
    """
    Return the conversation as LangChain's messages.

    `raw_arguments`: whether the protocol takes arguments back that are no JSON object; elsewhere they are wrapped.
    Only the first messages can be the system's; what it says later is said as the user.
    """
    turned: list[BaseMessage] = []
    for message in messages:
        text = sayable(message.text) if message.text.strip() or message.calls else _NOTHING
        match message.speaker:
            case Speaker.SYSTEM if all(isinstance(before, SystemMessage) for before in turned):
                turned.append(SystemMessage(text))
            case Speaker.SYSTEM | Speaker.USER:
                turned.append(HumanMessage(text))
            case Speaker.ASSISTANT:
                turned.append(_assistant(text, message.calls, raw_arguments=raw_arguments))
            case Speaker.TOOL:
                turned.append(ToolMessage(content=text, tool_call_id=message.answers))
    return turned


def sayable(text: str) -> str:
    """
    Return a text without halves of surrogate pairs, which no request can carry.

    Models write them, test results have them, and file names that are not UTF-8 are read as such.
    """
    return _SURROGATE.sub("\ufffd", text)


def from_chain(message: AIMessage, *, said_before: int, own_ids: bool) -> LLMResponse:
    """
    Return a complete answer; `said_before` is the number of messages before it, by which missing ids are made up.

    `own_ids`: whether the ids are the protocol's; elsewhere LangChain draws them, and another time others.

    Raises `Incomplete`. Usage is all zero where the provider did not count.
    """
    stop = _stop(message)
    calls = tuple(_calls(message, said_before, own_ids=own_ids))
    if stop is Stop.END and calls:
        stop = Stop.TOOL_CALLS
    refusal = _refusal(message)
    return LLMResponse(
        text=sayable(message.text or refusal),
        calls=calls,
        stop=Stop.REFUSAL if refusal else stop,
        usage=_usage(message),
    )


def _assistant(text: str, calls: Sequence[ToolCall], *, raw_arguments: bool) -> AIMessage:
    sound: list[ChainToolCall] = []
    broken: list[InvalidToolCall] = []
    for call in calls:
        name, arguments = sayable(call.name), sayable(call.arguments)
        given = _object(arguments)
        if given is None and raw_arguments:
            broken.append(InvalidToolCall(type="invalid_tool_call", name=name, args=arguments, id=call.id, error=None))
        else:
            given = {WRAPPER: arguments} if given is None else given
            sound.append(ChainToolCall(name=name, args=given, id=call.id))
    return AIMessage(content=text, tool_calls=sound, invalid_tool_calls=broken)


def _text(arguments: dict[str, Json]) -> str:
    wrapped = arguments.get(WRAPPER)
    return wrapped if isinstance(wrapped, str) else json.dumps(arguments, ensure_ascii=False)


def _object(text: str) -> dict[str, Json] | None:
    try:
        value: Json = json.loads(text)
        if "\\u" in text:  # an escape is half of a pair, too
            value = json.loads(sayable(json.dumps(value, ensure_ascii=False)))
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _calls(message: AIMessage, said_before: int, *, own_ids: bool) -> list[ToolCall]:
    """Return the calls; those whose arguments are no JSON object follow the others, with their text as it came."""
    found = [(call["id"], call["name"], sayable(_text(call["args"]))) for call in message.tool_calls] + [
        (call["id"], call["name"] or "", sayable(call["args"] or "{}")) for call in message.invalid_tool_calls
    ]
    return [
        ToolCall(id=(own_ids and name_of_call) or f"call_{said_before}_{number}", name=name, arguments=arguments)
        for number, (name_of_call, name, arguments) in enumerate(found)
    ]


def _stop(message: AIMessage) -> Stop:
    said: Mapping[str, object] = message.response_metadata
    if said.get("done") is False:
        raise Incomplete("the answer was cut short on the way")
    reason = said.get("finish_reason") or said.get("stop_reason") or said.get("done_reason")
    if reason is None and said.get("object") == "response":
        reason = _reason_of_response(said)
    if not isinstance(reason, str):
        raise Incomplete("the answer does not say why it ends")
    return _STOPS.get(reason.lower(), Stop.END)


def _reason_of_response(said: Mapping[str, object]) -> str | None:
    details = said.get("incomplete_details")
    if isinstance(details, dict):
        return str(details.get("reason"))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType] - JSON
    if said.get("status") != "completed":
        raise Incomplete(f"the answer has the status {said.get('status')!r}")
    return "stop"


def _refusal(message: AIMessage) -> str:
    said: object = message.additional_kwargs.get("refusal")
    blocks: Sequence[object] = message.content if isinstance(message.content, list) else []
    found = [block for block in blocks if isinstance(block, dict) and block.get("type") == "refusal"]  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - JSON
    return str(said or "") or " ".join(str(block.get("refusal", "")) for block in found)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType, reportUnknownVariableType]


_WRITTEN = ("cache_creation", "ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens")
"""LangChain's names of what was written into Anthropic's cache: the first, or the others in its place."""


def _usage(message: AIMessage) -> Usage:
    counted = message.usage_metadata
    if counted is None:
        return Usage()
    details = counted.get("input_token_details", {})
    return Usage(
        input_tokens=counted["input_tokens"],
        cached_tokens=details.get("cache_read") or 0,
        cache_write_tokens=sum(details.get(name) or 0 for name in _WRITTEN),
        output_tokens=counted["output_tokens"],
    )
