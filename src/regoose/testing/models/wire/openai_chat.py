"""OpenAI's Chat Completions, which LM Studio, vLLM and others speak too."""

from __future__ import annotations

from regoose.testing.models.request import CallSeen, MessageSeen, Prompt, Role
from regoose.testing.models.script import Fault
from regoose.testing.models.values import Json, JsonObject, as_number, as_object, as_objects, as_text, pieces_of
from regoose.testing.models.wire import openai_errors
from regoose.testing.models.wire.base import CREATED, Failure, Refused, Reply, sse
from regoose.testing.models.wire.openai_errors import text_of

_ROLES: dict[str, Role] = {"system": "system", "developer": "system", "assistant": "assistant", "tool": "tool"}
_FINISH = {"end": "stop", "refusal": "stop", "tool_calls": "tool_calls"}


class OpenAIChat:
    """`POST /v1/chat/completions`."""

    name = "openai"
    stream_type = "text/event-stream"

    def read(self, body: JsonObject, path: str) -> Prompt:
        """Read a request."""
        del path
        messages = tuple(_message(one) for one in as_objects(body.get("messages")))
        tools = [as_object(one.get("function")) for one in as_objects(body.get("tools"))]
        return Prompt(
            model=as_text(body.get("model")),
            messages=tuple(one for one in messages if one.role != "system"),
            system="\n".join(one.text for one in messages if one.role == "system"),
            tools=tuple(as_text(one.get("name")) for one in tools),
            stream=body.get("stream") is True,
            max_tokens=as_number(body.get("max_completion_tokens")) or as_number(body.get("max_tokens")),
            schema=as_object(as_object(body.get("response_format")).get("json_schema")).get("schema"),
        )

    def check(self, body: JsonObject) -> Refused | None:
        """Check that every tool call is answered right after it, once, and that nothing else is answered."""
        messages = as_objects(body.get("messages"))
        if not messages:
            wanted = "Expected an array with minimum length 1, but got an empty array instead."
            return Refused(f"Invalid 'messages': empty array. {wanted}", "messages", "empty_array")
        waiting: dict[str, int] = {}
        for at, message in enumerate(messages):
            role = as_text(message.get("role"))
            if role == "tool":
                if wrong := _check_answer(at, as_text(message.get("tool_call_id")), waiting):
                    return wrong
                continue
            if wrong := _unanswered(waiting) or _check_message(at, role, message):
                return wrong
            waiting = {as_text(one.get("id")): 0 for one in as_objects(message.get("tool_calls"))}
        return _unanswered(waiting)

    def refused(self, refused: Refused) -> Failure:
        """Word a refusal of the request."""
        return openai_errors.refused(refused)

    def failure(self, fault: Fault, model: str, number: int) -> Failure:
        """Word an error of the API."""
        del number
        return openai_errors.failure(fault, model)

    def whole(self, reply: Reply) -> JsonObject | Failure:
        """Render an answer as one body."""
        calls: list[Json] = [_call(one.id, one.name, one.raw) for one in reply.calls]
        message: JsonObject = {"role": "assistant", "content": reply.text or None, "refusal": None, "annotations": []}
        if reply.stop == "refusal":
            message |= {"content": None, "refusal": reply.text}
        if calls:
            message["tool_calls"] = calls
        choice: JsonObject = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(reply)}
        return {**_base(reply, "chat.completion"), "choices": [choice], "usage": _usage(reply)}

    def pieces(self, reply: Reply) -> list[bytes]:
        """Render an answer as a stream."""
        spoken = "refusal" if reply.stop == "refusal" else "content"
        deltas: list[JsonObject] = [{"role": "assistant", "content": "", "refusal": None}]
        deltas.extend({spoken: piece} for piece in pieces_of(reply.text))
        for index, one in enumerate(reply.calls):
            first: JsonObject = {"index": index, **_call(one.id, one.name, "")}
            deltas.append({"tool_calls": [first]})
            deltas.extend(
                {"tool_calls": [{"index": index, "function": {"arguments": piece}}]} for piece in pieces_of(one.raw)
            )
        events = [_chunk(reply, delta, None) for delta in deltas] + [_chunk(reply, {}, _finish(reply))]
        if reply.wants_usage:
            events.append({**_base(reply, "chat.completion.chunk"), "choices": [], "usage": _usage(reply)})
        return [*(sse(one) for one in events), b"data: [DONE]\n\n"]

    def stream_error(self, failure: Failure) -> bytes:
        """Render an error that a stream reports when it has begun."""
        return sse(failure.body)


def _message(one: JsonObject) -> MessageSeen:
    calls = [(one, as_object(one.get("function"))) for one in as_objects(one.get("tool_calls"))]
    answered = as_text(one.get("tool_call_id"))
    return MessageSeen(
        role=_ROLES.get(as_text(one.get("role")), "user"),
        text=text_of(one.get("content")),
        calls=tuple(
            CallSeen(as_text(call.get("id")), as_text(function.get("name")), as_text(function.get("arguments")))
            for call, function in calls
        ),
        answers=(answered,) if answered else (),
    )


def _check_message(at: int, role: str, message: JsonObject) -> Refused | None:
    if role not in {*_ROLES, "user", "function"}:
        supported = "'system', 'assistant', 'user', 'function', 'tool', and 'developer'"
        return Refused(
            f"Invalid value: '{role}'. Supported values are: {supported}.", f"messages[{at}].role", "invalid_value"
        )
    calls = as_objects(message.get("tool_calls"))
    if message.get("content") is None and not calls and not message.get("refusal"):
        return Refused("Invalid value for 'content': expected a string, got null.", f"messages.[{at}].content")
    seen: set[str] = set()
    for index, one in enumerate(calls):
        identity, where = as_text(one.get("id")), f"messages[{at}].tool_calls[{index}].id"
        if not identity:
            return Refused(f"Missing required parameter: '{where}'.", where, "missing_required_parameter")
        if identity in seen:
            return Refused(f"Invalid parameter: Duplicate value for 'tool_call_id' of '{identity}'.", where)
        seen.add(identity)
    return None


def _check_answer(at: int, answered: str, waiting: dict[str, int]) -> Refused | None:
    """Check an answer to one of the calls that wait, and note its place there."""
    if answered not in waiting:
        return Refused(
            "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with "
            "'tool_calls'.",
            f"messages.[{at}].role",
        )
    if earlier := waiting[answered]:
        return Refused(
            f"Invalid parameter: Duplicate value for 'tool_call_id' of '{answered}', in messages[{earlier}] and "
            f"messages[{at}].",
            f"messages.[{at}].tool_call_id",
        )
    waiting[answered] = at
    return None


def _unanswered(waiting: dict[str, int]) -> Refused | None:
    left = [identity for identity, at in waiting.items() if not at]
    if not left:
        return None
    return Refused(
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. "
        f"The following tool_call_ids did not have response messages: {', '.join(left)}",
        "messages",
    )


def _call(identity: str | None, name: str, raw: str) -> JsonObject:
    named: JsonObject = {} if identity is None else {"id": identity}
    return {**named, "type": "function", "function": {"name": name, "arguments": raw}}


def _finish(reply: Reply) -> str:
    return _FINISH.get(reply.stop, reply.stop)


def _base(reply: Reply, kind: str) -> JsonObject:
    return {
        "id": reply.id("chatcmpl-"),
        "object": kind,
        "created": CREATED,
        "model": reply.model,
        "system_fingerprint": "fp_scripted",
    }


def _chunk(reply: Reply, delta: JsonObject, finish: str | None) -> JsonObject:
    choice: JsonObject = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return {**_base(reply, "chat.completion.chunk"), "choices": [choice]}


def _usage(reply: Reply) -> JsonObject:
    usage = reply.usage
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cached, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning, "audio_tokens": 0},
    }
