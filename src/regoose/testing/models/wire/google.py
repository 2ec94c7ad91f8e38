"""
Google's Gemini.

Its server reads the model's tool calls itself: arguments that are no JSON object end as the finish reason
`MALFORMED_FUNCTION_CALL`, with no content. Calls have no id there unless they are given one.
"""

from __future__ import annotations

import json
import re

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
from regoose.testing.models.wire.base import Failure, Refused, Reply, Wording, filled, sse, wording_of

_PATH = re.compile(r"/models/([^/:]+):(\w+)$")
_FINISH = {"end": "STOP", "tool_calls": "STOP", "length": "MAX_TOKENS", "refusal": "PROHIBITED_CONTENT"}
_EXHAUSTED = "RESOURCE_EXHAUSTED"
_INVALID = "INVALID_ARGUMENT"
_QUOTA = (
    "You exceeded your current quota, please check your plan and billing details. For more information on this error, "
    "head to: https://ai.google.dev/gemini-api/docs/rate-limits."
)
_WORDINGS = {
    FaultKind.RATE_LIMIT: Wording(429, _EXHAUSTED, "Resource has been exhausted (e.g. check quota)."),
    FaultKind.QUOTA: Wording(429, _EXHAUSTED, _QUOTA),
    FaultKind.SERVER_ERROR: Wording(
        500,
        "INTERNAL",
        "An internal error has occurred. Please retry or report in "
        "https://developers.generativeai.google/guide/troubleshooting",
    ),
    FaultKind.UNAVAILABLE: Wording(503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
    FaultKind.OVERLOADED: Wording(529, "UNAVAILABLE", "The model is overloaded. Please try again later."),
    FaultKind.UNAUTHORIZED: Wording(400, _INVALID, "API key not valid. Please pass a valid API key."),
    FaultKind.FORBIDDEN: Wording(403, "PERMISSION_DENIED", "The caller does not have permission"),
    FaultKind.UNKNOWN_MODEL: Wording(
        404,
        "NOT_FOUND",
        "models/{model} is not found for API version v1beta, or is not supported for generateContent. Call ListModels "
        "to see the list of available models and their supported methods.",
    ),
    FaultKind.BAD_REQUEST: Wording(
        400,
        _INVALID,
        "* GenerateContentRequest.generation_config.temperature: temperature must be in [0, 2].",
    ),
    FaultKind.CONTEXT_OVERFLOW: Wording(
        400, _INVALID, "The input token count (1200012) exceeds the maximum number of tokens allowed (1048576)."
    ),
    FaultKind.PROMPT_FILTERED: Wording(400, _INVALID, "The prompt was blocked for safety reasons."),
    FaultKind.NO_TOOLS: Wording(400, _INVALID, "Function calling is not enabled for models/{model}"),
}


class Google:
    """`POST /v1beta/models/{model}:generateContent`, and `streamGenerateContent`."""

    name = "google"
    stream_type = "text/event-stream"

    def read(self, body: JsonObject, path: str) -> Prompt:
        """Read a request."""
        found = _PATH.search(path)
        config = as_object(body.get("generationConfig"))
        declared = [
            one for tool in as_objects(body.get("tools")) for one in as_objects(tool.get("functionDeclarations"))
        ]
        system = as_object(body.get("systemInstruction") or body.get("system_instruction"))
        return Prompt(
            model=found[1] if found else "",
            messages=tuple(map(_message, as_objects(body.get("contents")))),
            system=_text(system),
            tools=tuple(as_text(one.get("name")) for one in declared),
            stream=bool(found) and found[2] == "streamGenerateContent",
            max_tokens=as_number(config.get("maxOutputTokens")),
            schema=config.get("responseSchema") or config.get("responseJsonSchema"),
        )

    def check(self, body: JsonObject) -> Refused | None:
        """Check that turns of calls and of their results follow each other."""
        contents = as_objects(body.get("contents"))
        if not contents:
            return Refused("* GenerateContentRequest.contents: contents is not specified\n")
        before, calls = "", 0
        for at, content in enumerate(contents):
            role = as_text(content.get("role"))
            if role not in {"user", "model", "function", ""}:
                return Refused("Please use a valid role: user, model.")
            if not as_objects(content.get("parts")):
                return Refused(f"* GenerateContentRequest.contents[{at}].parts: contents.parts must not be empty.\n")
            kind, count = _kind(content)
            if wrong := _check_turn(before, calls, kind, count):
                return Refused(wrong)
            before, calls = kind, count
        return Refused(_check_turn(before, calls, "user", 0)) if before == "call" else None

    def refused(self, refused: Refused) -> Failure:
        """Word a refusal of the request."""
        return Failure(400, _error(400, _INVALID, refused.message))

    def failure(self, fault: Fault, model: str, number: int) -> Failure:
        """Word an error of the API."""
        del number
        wording = wording_of(_WORDINGS, fault.kind)
        details: list[Json] = []
        if fault.retry_after is not None:
            delay = f"{fault.retry_after:g}s"
            details.append({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay})
        if fault.kind is FaultKind.UNAUTHORIZED:
            reason: JsonObject = {"reason": "API_KEY_INVALID", "domain": "googleapis.com"}
            details.append({"@type": "type.googleapis.com/google.rpc.ErrorInfo", **reason})
        body = _error(wording.status, wording.type, filled(wording, fault, model), details)
        return Failure(wording.status, body)

    def whole(self, reply: Reply) -> JsonObject | Failure:
        """Render an answer as one body."""
        calls = _calls(reply)
        if calls is None:
            return {**_base(reply), "candidates": [_candidate([], "MALFORMED_FUNCTION_CALL")]}
        if reply.stop in {"refusal", "content_filter"}:
            parts: list[Json] = [{"text": reply.text}] if reply.text else []
            return {**_base(reply), "candidates": [_candidate(parts, _finish(reply))]}
        spoken: list[Json] = [{"text": reply.text}] if reply.text else []
        return {**_base(reply), "candidates": [_candidate([*spoken, *calls], _finish(reply))]}

    def pieces(self, reply: Reply) -> list[bytes]:
        """Render an answer as a stream."""
        calls = _calls(reply)
        if calls is None:
            return [sse(as_object(self._last(reply, [], "MALFORMED_FUNCTION_CALL")))]
        events: list[JsonObject] = [
            {**_base(reply), "candidates": [_candidate([{"text": piece}], None)]} for piece in pieces_of(reply.text)
        ]
        events.append(self._last(reply, calls or [{"text": ""}], _finish(reply)))
        return [sse(one) for one in events]

    def stream_error(self, failure: Failure) -> bytes:
        """Render an error that a stream reports when it has begun."""
        return sse(failure.body)

    def _last(self, reply: Reply, parts: list[Json], finish: str) -> JsonObject:
        return {**_base(reply), "candidates": [_candidate(parts, finish)]}


def _text(content: JsonObject) -> str:
    texts: list[str] = []
    for part in as_objects(content.get("parts")):
        texts.append(as_text(part.get("text")))
        if "functionResponse" in part:
            given = as_object(part["functionResponse"]).get("response")
            texts.append(compact(given).decode("utf-8", "replace"))
    return "\n".join(text for text in texts if text)


def _message(content: JsonObject) -> MessageSeen:
    parts = as_objects(content.get("parts"))
    results = [as_object(part["functionResponse"]) for part in parts if "functionResponse" in part]
    calls = [as_object(part["functionCall"]) for part in parts if "functionCall" in part]
    spoken = "assistant" if content.get("role") == "model" else "user"
    return MessageSeen(
        role="tool" if results else spoken,
        text=_text(content),
        calls=tuple(
            CallSeen(
                as_text(one.get("id")), as_text(one.get("name")), compact(one.get("args")).decode("utf-8", "replace")
            )
            for one in calls
        ),
        answers=tuple(as_text(one.get("id")) or as_text(one.get("name")) for one in results),
    )


def _kind(content: JsonObject) -> tuple[str, int]:
    """Return what a turn is, `call`, `response`, `model` or `user`, and how many calls or responses it has."""
    parts = as_objects(content.get("parts"))
    for kind, field in (("call", "functionCall"), ("response", "functionResponse")):
        if count := sum(field in part for part in parts):
            return kind, count
    return ("model" if content.get("role") == "model" else "user"), 0


def _check_turn(before: str, calls: int, kind: str, count: int) -> str:
    if kind == "call" and before not in {"user", "response"}:
        return (
            "Please ensure that function call turn comes immediately after a user turn or after a function response "
            "turn."
        )
    if kind == "response" and before != "call":
        return "Please ensure that function response turn comes immediately after a function call turn."
    if before == "call" and count != calls:
        return (
            "Please ensure that the number of function response parts is equal to the number of function call parts of "
            "the function call turn."
        )
    return ""


def _calls(reply: Reply) -> list[Json] | None:
    """Return the calls as parts, None where one has arguments that are no object."""
    parts: list[Json] = []
    for one in reply.calls:
        try:
            arguments = parsed(one.raw)
        except json.JSONDecodeError:
            return None
        if not isinstance(arguments, dict):
            return None
        named: JsonObject = {} if one.id is None else {"id": one.id}
        parts.append({"functionCall": {**named, "name": one.name, "args": arguments}})
    return parts


def _finish(reply: Reply) -> str:
    return _FINISH.get(reply.stop, "SAFETY")


def _candidate(parts: list[Json], finish: str | None) -> JsonObject:
    content: JsonObject = {"role": "model", "parts": parts} if parts else {}
    candidate: JsonObject = {"content": content, "index": 0}
    return {**candidate, "finishReason": finish} if finish else candidate


def _base(reply: Reply) -> JsonObject:
    usage = reply.usage
    return {
        "modelVersion": reply.model,
        "responseId": reply.id("resp"),
        "usageMetadata": {
            "promptTokenCount": usage.input,
            "cachedContentTokenCount": usage.cached,
            "candidatesTokenCount": usage.output - usage.reasoning,
            "thoughtsTokenCount": usage.reasoning,
            "totalTokenCount": usage.input + usage.output,
        },
    }


def _error(code: int, status: str, message: str, details: list[Json] | None = None) -> JsonObject:
    error: JsonObject = {"code": code, "message": message, "status": status}
    return {"error": {**error, "details": details} if details else error}
