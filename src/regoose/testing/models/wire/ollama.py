"""
Ollama's chat.

Its server reads the model's tool calls itself: arguments that are no JSON end as its own error 500, and calls have no
id. It accepts any history; those that its models' templates have no place for are refused here all the same.
"""

from __future__ import annotations

import json

from regoose.testing.models.request import CallSeen, MessageSeen, Prompt, Role
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
from regoose.testing.models.wire.base import Failure, Refused, Reply, Wording, filled, wording_of

_ROLES: dict[str, Role] = {"system": "system", "assistant": "assistant", "tool": "tool", "user": "user"}
_WORDINGS = {
    FaultKind.RATE_LIMIT: Wording(429, "", "too many concurrent requests"),
    FaultKind.QUOTA: Wording(429, "", "you've reached your hourly usage limit, please upgrade to continue"),
    FaultKind.SERVER_ERROR: Wording(
        500,
        "",
        "model runner has unexpectedly stopped, this may be due to resource limitations or an internal error, check "
        "ollama server logs for details",
    ),
    FaultKind.UNAVAILABLE: Wording(503, "", "server busy, please try again.  maximum pending requests exceeded"),
    FaultKind.OVERLOADED: Wording(529, "", "Server overloaded, please retry shortly (ref: scripted)"),
    FaultKind.UNAUTHORIZED: Wording(401, "", "unauthorized"),
    FaultKind.FORBIDDEN: Wording(403, "", "forbidden"),
    FaultKind.UNKNOWN_MODEL: Wording(404, "", "model '{model}' not found"),
    FaultKind.BAD_REQUEST: Wording(400, "", 'invalid option provided: "temprature"'),
    FaultKind.CONTEXT_OVERFLOW: Wording(400, "", "the input length exceeds the context length"),
    FaultKind.PROMPT_FILTERED: Wording(400, "", "prompt was rejected"),
    FaultKind.NO_TOOLS: Wording(400, "", "registry.ollama.ai/library/{model} does not support tools"),
}


class Ollama:
    """`POST /api/chat`."""

    name = "ollama"
    stream_type = "application/x-ndjson"

    def read(self, body: JsonObject, path: str) -> Prompt:
        """Read a request."""
        del path
        messages = tuple(_message(one) for one in as_objects(body.get("messages")))
        tools = [as_object(one.get("function")) for one in as_objects(body.get("tools"))]
        wanted = body.get("format")
        return Prompt(
            model=as_text(body.get("model")),
            messages=tuple(one for one in messages if one.role != "system"),
            system="\n".join(one.text for one in messages if one.role == "system"),
            tools=tuple(as_text(one.get("name")) for one in tools),
            stream=body.get("stream") is not False,
            max_tokens=as_number(as_object(body.get("options")).get("num_predict")),
            schema=wanted if isinstance(wanted, dict) else None,
        )

    def check(self, body: JsonObject) -> Refused | None:
        """Check that calls are followed by as many results."""
        waiting = 0
        for at, message in enumerate(as_objects(body.get("messages"))):
            role = as_text(message.get("role"))
            if role not in _ROLES:
                return Refused(f'invalid role "{role}" in message {at}')
            if role == "tool":
                waiting -= 1
                if waiting < 0:
                    return Refused(f"message {at} is the result of a tool that was not called")
                continue
            if waiting:
                break
            waiting = len(as_objects(message.get("tool_calls")))
        return Refused(f"{waiting} tool calls have no result") if waiting else None

    def refused(self, refused: Refused) -> Failure:
        """Word a refusal of the request."""
        return Failure(400, {"error": refused.message})

    def failure(self, fault: Fault, model: str, number: int) -> Failure:
        """Word an error of the API."""
        del number
        wording = wording_of(_WORDINGS, fault.kind)
        return Failure(wording.status, {"error": filled(wording, fault, model)})

    def whole(self, reply: Reply) -> JsonObject | Failure:
        """Render an answer as one body."""
        calls = _calls(reply)
        if isinstance(calls, Failure):
            return calls
        return {**_end(reply), "message": _said(reply.text, calls)}

    def pieces(self, reply: Reply) -> list[bytes]:
        """Render an answer as a stream."""
        calls = _calls(reply)
        if isinstance(calls, Failure):
            return [_line(calls.body)]
        parts = [_said(piece, []) for piece in pieces_of(reply.text)]
        parts += [_said("", [one]) for one in calls]
        lines: list[JsonObject] = [{**_base(reply), "message": part, "done": False} for part in parts]
        lines.append({**_end(reply), "message": _said("", [])})
        return [_line(one) for one in lines]

    def stream_error(self, failure: Failure) -> bytes:
        """Render an error that a stream reports when it has begun."""
        return _line(failure.body)


def _message(one: JsonObject) -> MessageSeen:
    functions = [as_object(call.get("function")) for call in as_objects(one.get("tool_calls"))]
    answered = as_text(one.get("tool_call_id")) or as_text(one.get("tool_name"))
    return MessageSeen(
        role=_ROLES.get(as_text(one.get("role")), "user"),
        text=as_text(one.get("content")),
        calls=tuple(
            CallSeen("", as_text(call.get("name")), compact(call.get("arguments")).decode("utf-8", "replace"))
            for call in functions
        ),
        answers=(answered,) if answered else (),
    )


def _calls(reply: Reply) -> list[Json] | Failure:
    calls: list[Json] = []
    for index, one in enumerate(reply.calls):
        try:
            arguments = parsed(one.raw or "{}")
        except json.JSONDecodeError as wrong:
            return Failure(500, {"error": f"error parsing tool call: raw='{one.raw}', err={wrong.msg}"})
        calls.append({"function": {"index": index, "name": one.name, "arguments": arguments}})
    return calls


def _said(text: str, calls: list[Json]) -> JsonObject:
    message: JsonObject = {"role": "assistant", "content": text}
    return {**message, "tool_calls": calls} if calls else message


def _base(reply: Reply) -> JsonObject:
    return {"model": reply.model, "created_at": "2026-01-01T00:00:00.000000000Z"}


def _end(reply: Reply) -> JsonObject:
    return {
        **_base(reply),
        "done": True,
        "done_reason": "length" if reply.stop == "length" else "stop",
        "total_duration": 2_000_000,
        "load_duration": 1_000_000,
        "prompt_eval_count": reply.usage.input,
        "prompt_eval_duration": 500_000,
        "eval_count": reply.usage.output,
        "eval_duration": 500_000,
    }


def _line(value: JsonObject) -> bytes:
    return compact(value) + b"\n"
