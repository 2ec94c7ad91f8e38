"""OpenAI's Responses, of the stateless kind: what went before comes along in `input`."""

from __future__ import annotations

from regoose.testing.models.request import CallSeen, MessageSeen, Prompt, Role
from regoose.testing.models.script import Fault, FaultKind
from regoose.testing.models.values import Json, JsonObject, as_number, as_object, as_objects, as_text, pieces_of
from regoose.testing.models.wire import openai_errors
from regoose.testing.models.wire.base import CREATED, Failure, Refused, Reply, sse
from regoose.testing.models.wire.openai_errors import text_of

_ROLES: dict[str, Role] = {"system": "system", "developer": "system", "assistant": "assistant"}
_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}
_WINDOW = "Your input exceeds the context window of this model. Please adjust your input and try again."


class OpenAIResponses:
    """`POST /v1/responses`."""

    name = "openai-responses"
    stream_type = "text/event-stream"

    def read(self, body: JsonObject, path: str) -> Prompt:
        """Read a request."""
        del path
        messages = tuple(map(_message, _items(body)))
        spoken = [as_text(body.get("instructions")), *(one.text for one in messages if one.role == "system")]
        return Prompt(
            model=as_text(body.get("model")),
            messages=tuple(one for one in messages if one.role != "system"),
            system="\n".join(text for text in spoken if text),
            tools=tuple(as_text(one.get("name")) for one in as_objects(body.get("tools"))),
            stream=body.get("stream") is True,
            max_tokens=as_number(body.get("max_output_tokens")),
            schema=as_object(as_object(body.get("text")).get("format")).get("schema"),
        )

    def check(self, body: JsonObject) -> Refused | None:
        """Check that every call has its output and every output its call, each once."""
        called: list[str] = []
        answered: set[str] = set()
        seen: set[str] = set()
        for item in _items(body):
            identity, call = as_text(item.get("id")), as_text(item.get("call_id"))
            if identity and identity in seen:
                return _refused(
                    f"Duplicate item found with id {identity}. Remove duplicate items from your input and try again."
                )
            seen.add(identity)
            if item.get("type") == "function_call":
                called.append(call)
            elif item.get("type") == "function_call_output":
                if call not in called or body.get("previous_response_id"):
                    return _refused(f"No tool call found for function call output with call_id {call}.")
                if call in answered:
                    return _refused(f"Duplicate tool output found for function call {call}.")
                answered.add(call)
        missing = [call for call in called if call not in answered]
        return _refused(f"No tool output found for function call {missing[0]}.") if missing else None

    def refused(self, refused: Refused) -> Failure:
        """Word a refusal of the request."""
        return openai_errors.refused(refused)

    def failure(self, fault: Fault, model: str, number: int) -> Failure:
        """Word an error of the API."""
        del number
        if fault.kind is FaultKind.CONTEXT_OVERFLOW:
            wanted = Refused(fault.message or _WINDOW, "input", "context_length_exceeded")
            return openai_errors.refused(wanted)
        return openai_errors.failure(fault, model)

    def whole(self, reply: Reply) -> JsonObject | Failure:
        """Render an answer as one body."""
        why = _INCOMPLETE.get(reply.stop)
        output: list[Json] = [*_output(reply)]
        return {
            **_base(reply),
            "status": "incomplete" if why else "completed",
            "incomplete_details": {"reason": why} if why else None,
            "output": output,
            "usage": _usage(reply),
        }

    def pieces(self, reply: Reply) -> list[bytes]:
        """Render an answer as a stream."""
        begun: JsonObject = {**_base(reply), "status": "in_progress", "output": [], "usage": None}
        events: list[JsonObject] = [
            {"type": "response.created", "response": begun},
            {"type": "response.in_progress", "response": begun},
        ]
        for index, item in enumerate(_output(reply)):
            events += _item_events(index, item)
        done = self.whole(reply)
        assert isinstance(done, dict)
        events.append({"type": f"response.{as_text(done['status'])}", "response": done})
        return [
            sse({**event, "sequence_number": number}, as_text(event["type"])) for number, event in enumerate(events)
        ]

    def stream_error(self, failure: Failure) -> bytes:
        """Render an error that a stream reports when it has begun."""
        error = as_object(failure.body.get("error"))
        code = error.get("code") or error.get("type")
        event: JsonObject = {"type": "error", "code": code, "message": error.get("message"), "param": None}
        return sse({**event, "sequence_number": 3}, "error")


def _items(body: JsonObject) -> list[JsonObject]:
    asked = body.get("input")
    return [{"role": "user", "content": asked}] if isinstance(asked, str) else as_objects(asked)


def _message(item: JsonObject) -> MessageSeen:
    call = as_text(item.get("call_id"))
    match item.get("type"):
        case "function_call":
            seen = CallSeen(call, as_text(item.get("name")), as_text(item.get("arguments")))
            return MessageSeen("assistant", "", calls=(seen,))
        case "function_call_output":
            return MessageSeen("tool", text_of(item.get("output")), answers=(call,))
        case _:
            return MessageSeen(_ROLES.get(as_text(item.get("role")), "user"), text_of(item.get("content")))


def _refused(message: str) -> Refused:
    return Refused(message, "input")


def _output(reply: Reply) -> list[JsonObject]:
    items: list[JsonObject] = []
    status = "incomplete" if reply.stop in _INCOMPLETE else "completed"
    if reply.text or not reply.calls:
        part: JsonObject = {"type": "output_text", "text": reply.text, "annotations": [], "logprobs": []}
        if reply.stop == "refusal":
            part = {"type": "refusal", "refusal": reply.text}
        message: JsonObject = {"type": "message", "id": reply.id("msg_"), "status": status, "role": "assistant"}
        items.append({**message, "content": [part]})
    for index, one in enumerate(reply.calls):
        named: JsonObject = {} if one.id is None else {"call_id": one.id}
        call: JsonObject = {"type": "function_call", "id": f"{reply.id('fc_')}_{index}", "status": status, **named}
        items.append({**call, "name": one.name, "arguments": one.raw})
    return items


def _item_events(index: int, item: JsonObject) -> list[JsonObject]:
    """Return the events in which one item of the output comes."""
    at: JsonObject = {"output_index": index, "item_id": item["id"]}
    begun: JsonObject = {**item, "status": "in_progress"}
    if item["type"] == "function_call":
        raw = as_text(item["arguments"])
        name = "response.function_call_arguments"
        inner: list[JsonObject] = [{"type": f"{name}.delta", **at, "delta": piece} for piece in pieces_of(raw)]
        inner.append({"type": f"{name}.done", **at, "name": item["name"], "arguments": raw})
        begun["arguments"] = ""
    else:
        part = as_objects(item["content"])[0]
        inner = _part_events({**at, "content_index": 0}, part)
        begun["content"] = []
    return [
        {"type": "response.output_item.added", "output_index": index, "item": begun},
        *inner,
        {"type": "response.output_item.done", "output_index": index, "item": item},
    ]


def _part_events(at: JsonObject, part: JsonObject) -> list[JsonObject]:
    is_text = part["type"] == "output_text"
    field, name = ("text", "response.output_text") if is_text else ("refusal", "response.refusal")
    text = as_text(part[field])
    extra: JsonObject = {"logprobs": []} if is_text else {}
    events: list[JsonObject] = [{"type": "response.content_part.added", **at, "part": {**part, field: ""}}]
    events.extend({"type": f"{name}.delta", **at, "delta": piece, **extra} for piece in pieces_of(text))
    events.append({"type": f"{name}.done", **at, field: text, **extra})
    events.append({"type": "response.content_part.done", **at, "part": part})
    return events


def _base(reply: Reply) -> JsonObject:
    return {
        "id": reply.id("resp_"),
        "object": "response",
        "created_at": CREATED,
        "model": reply.model,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "truncation": "disabled",
    }


def _usage(reply: Reply) -> JsonObject:
    usage = reply.usage
    return {
        "input_tokens": usage.input,
        "input_tokens_details": {"cached_tokens": usage.cached, "cache_write_tokens": usage.cache_write},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.input + usage.output,
    }
