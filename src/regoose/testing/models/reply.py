"""From a turn's answer to a reply with everything worked out: ids, stop reason, usage."""

from __future__ import annotations

from regoose.testing.models.request import Request
from regoose.testing.models.script import Answer, Usage
from regoose.testing.models.values import JsonObject, as_object, compact
from regoose.testing.models.wire.base import Call, Reply

_BYTES_A_TOKEN = 4
_NOT_SHOWN = frozenset({"model", "stream", "stream_options"})


def reply_to(request: Request, answer: Answer) -> Reply:
    """Return the reply that an answer is to a request."""
    calls = tuple(
        Call((f"call_{request.number:06d}_{index}" if one.id is None else one.id) or None, one.name, one.raw or "{}")
        for index, one in enumerate(answer.tool_calls)
    )
    stop = answer.stop
    if stop == "auto":
        stop = "tool_calls" if calls else "end"
    options = as_object(request.body.get("stream_options"))
    return Reply(
        number=request.number,
        model=request.prompt.model,
        text=answer.text,
        calls=calls,
        stop=stop,
        usage=answer.usage or _estimated(request, answer),
        wants_usage=options.get("include_usage") is True,
    )


def tokens_of(body: JsonObject) -> int:
    """Return how many tokens a request counts as: one for each four bytes."""
    shown = {name: value for name, value in body.items() if name not in _NOT_SHOWN}
    return max(1, len(compact(shown)) // _BYTES_A_TOKEN)


def _estimated(request: Request, answer: Answer) -> Usage:
    said = answer.text + "".join(one.name + one.raw for one in answer.tool_calls)
    return Usage(input=tokens_of(request.body), output=max(1, len(said.encode("utf-8", "replace")) // _BYTES_A_TOKEN))
