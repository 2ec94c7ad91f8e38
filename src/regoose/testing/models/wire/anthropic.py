"""Anthropic's Messages."""

from __future__ import annotations

import json

from regoose.testing.models.request import CallSeen, MessageSeen, Prompt
from regoose.testing.models.script import Fault, FaultKind
from regoose.testing.models.values import (
    Json,
    JsonObject,
    as_number,
    as_object,
    as_objects,
    as_text,
    compact,
    parsed,
    pieces_of,
)
from regoose.testing.models.wire.anthropic_history import blocks_of, check
from regoose.testing.models.wire.base import Failure, Refused, Reply, Wording, filled, sse, wording_of

_INVALID = "invalid_request_error"
_STOP = {
    "end": "end_turn",
    "tool_calls": "tool_use",
    "length": "max_tokens",
    "refusal": "refusal",
    "content_filter": "refusal",
}
_WORDINGS = {
    FaultKind.RATE_LIMIT: Wording(
        429,
        "rate_limit_error",
        "This request would exceed your organization's rate limit of 30,000 input tokens per minute (model: {model}). "
        "For details, refer to: https://docs.claude.com/en/api/rate-limits. You can see the response headers for "
        "current usage. Please reduce the prompt length or the maximum tokens requested, or try again later.",
    ),
    FaultKind.QUOTA: Wording(
        400,
        _INVALID,
        "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or "
        "purchase credits.",
    ),
    FaultKind.SERVER_ERROR: Wording(500, "api_error", "Internal server error"),
    FaultKind.UNAVAILABLE: Wording(503, "api_error", "Service Unavailable"),
    FaultKind.OVERLOADED: Wording(529, "overloaded_error", "Overloaded"),
    FaultKind.UNAUTHORIZED: Wording(401, "authentication_error", "invalid x-api-key"),
    FaultKind.FORBIDDEN: Wording(
        403, "permission_error", "Your API key does not have permission to use the specified resource."
    ),
    FaultKind.UNKNOWN_MODEL: Wording(404, "not_found_error", "model: {model}"),
    FaultKind.BAD_REQUEST: Wording(400, _INVALID, "temperature: range: 0..1"),
    FaultKind.CONTEXT_OVERFLOW: Wording(400, _INVALID, "prompt is too long: 208310 tokens > 200000 maximum"),
    FaultKind.PROMPT_FILTERED: Wording(400, _INVALID, "Output blocked by content filtering policy"),
    FaultKind.NO_TOOLS: Wording(400, _INVALID, "'{model}' does not support tool use."),
}


class Anthropic:
    """`POST /v1/messages`."""

    name = "anthropic"
    stream_type = "text/event-stream"

    def read(self, body: JsonObject, path: str) -> Prompt:
        """Read a request."""
        del path
        output = as_object(as_object(body.get("output_config")).get("format") or body.get("output_format"))
        return Prompt(
            model=as_text(body.get("model")),
            messages=tuple(_message(one) for one in as_objects(body.get("messages"))),
            system="\n".join(as_text(block.get("text")) for block in blocks_of(body.get("system"))),
            tools=tuple(as_text(one.get("name")) for one in as_objects(body.get("tools"))),
            stream=body.get("stream") is True,
            max_tokens=as_number(body.get("max_tokens")),
            schema=output.get("schema"),
        )

    def check(self, body: JsonObject) -> Refused | None:
        """Say what the API would not accept about the request, if anything."""
        return check(body)

    def refused(self, refused: Refused) -> Failure:
        """Word a refusal of the request."""
        return Failure(400, _error(_INVALID, refused.message, 0))

    def failure(self, fault: Fault, model: str, number: int) -> Failure:
        """Word an error of the API."""
        wording = wording_of(_WORDINGS, fault.kind)
        return Failure(wording.status, _error(wording.type, filled(wording, fault, model), number))

    def whole(self, reply: Reply) -> JsonObject | Failure:
        """Render an answer as one body; arguments that are no JSON object stand as the text they are."""
        content: list[Json] = []
        if reply.text:
            content.append({"type": "text", "text": reply.text, "citations": None})
        content += [_tool_use(one.id, one.name, _arguments(one.raw)) for one in reply.calls]
        return {**_head(reply), "content": content, "stop_reason": _STOP.get(reply.stop, reply.stop)}

    def pieces(self, reply: Reply) -> list[bytes]:
        """Render an answer as a stream."""
        usage = _usage(reply)
        head: JsonObject = {**_head(reply), "content": [], "stop_reason": None, "usage": {**usage, "output_tokens": 1}}
        events: list[JsonObject] = [{"type": "message_start", "message": head}, {"type": "ping"}]
        blocks: list[tuple[JsonObject, list[JsonObject]]] = []
        if reply.text:
            deltas: list[JsonObject] = [{"type": "text_delta", "text": piece} for piece in pieces_of(reply.text)]
            blocks.append(({"type": "text", "text": ""}, deltas))
        for one in reply.calls:
            deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in ["", *pieces_of(one.raw)]]
            blocks.append((_tool_use(one.id, one.name, {}), deltas))
        for index, (block, deltas) in enumerate(blocks):
            events.append({"type": "content_block_start", "index": index, "content_block": block})
            events.extend({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas)
            events.append({"type": "content_block_stop", "index": index})
        stop: JsonObject = {"stop_reason": _STOP.get(reply.stop, reply.stop), "stop_sequence": None}
        events.append({"type": "message_delta", "delta": stop, "usage": usage})
        events.append({"type": "message_stop"})
        return [sse(one, as_text(one["type"])) for one in events]

    def stream_error(self, failure: Failure) -> bytes:
        """Render an error that a stream reports when it has begun."""
        return sse(failure.body, "error")


def _message(one: JsonObject) -> MessageSeen:
    blocks = blocks_of(one.get("content"))
    results = [block for block in blocks if block.get("type") == "tool_result"]
    texts = [
        as_text(inner.get("text"))
        for block in blocks
        for inner in ([block] if block.get("type") != "tool_result" else blocks_of(block.get("content")))
    ]
    spoken = "assistant" if one.get("role") == "assistant" else "user"
    return MessageSeen(
        role="tool" if results else spoken,
        text="\n".join(text for text in texts if text),
        calls=tuple(
            CallSeen(
                as_text(block.get("id")),
                as_text(block.get("name")),
                compact(block.get("input")).decode("utf-8", "replace"),
            )
            for block in blocks
            if block.get("type") == "tool_use"
        ),
        answers=tuple(as_text(block.get("tool_use_id")) for block in results),
    )


def _arguments(raw: str) -> Json:
    try:
        return parsed(raw) if raw else {}
    except json.JSONDecodeError:
        return raw


def _tool_use(identity: str | None, name: str, arguments: Json) -> JsonObject:
    named: JsonObject = {} if identity is None else {"id": identity}
    return {"type": "tool_use", **named, "name": name, "input": arguments}


def _head(reply: Reply) -> JsonObject:
    return {
        "id": reply.id("msg_"),
        "type": "message",
        "role": "assistant",
        "model": reply.model,
        "stop_sequence": None,
        "usage": _usage(reply),
    }


def _usage(reply: Reply) -> JsonObject:
    usage = reply.usage
    return {
        "input_tokens": usage.input - usage.cached - usage.cache_write,
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cached,
        "output_tokens": usage.output,
        "service_tier": "standard",
    }


def _error(kind: str, message: str, number: int) -> JsonObject:
    return {
        "type": "error",
        "error": {"type": kind, "message": message},
        "request_id": f"req_{number:06d}",
    }
