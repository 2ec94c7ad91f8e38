"""What the wire says besides the answer: the headers, which no client library hands on in every case."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

import httpx2

from regoose.domain.json import Json

_HEARD: ContextVar[dict[str, str]] = ContextVar("headers of the attempt in this task")

_OF_THE_BODY = {"content-length", "content-encoding", "transfer-encoding"}
_SHOWN = 60
"""Bytes of an answer that is none."""
WRAPPER = "no JSON object"
"""Key under which arguments of a call travel that are no JSON object, where a protocol or a client insists on one."""


class _Response(Protocol):
    @property
    def headers(self) -> Mapping[str, str]: ...


async def _hear(response: _Response) -> None:
    if (heard := _HEARD.get(None)) is not None:
        heard.update({name.lower(): value for name, value in response.headers.items()})


def hooks() -> dict[str, list[Callable[[_Response], Awaitable[None]]]]:
    """Return the event hooks that clients of httpx and httpx2 are made with."""
    return {"response": [_hear]}


def read(response: httpx2.Response) -> httpx2.Response:
    """Return the response with a legible body, where it is a whole answer."""
    if not (response.is_stream_consumed and response.is_success):
        return response
    kept = [(name, value) for name, value in response.headers.multi_items() if name not in _OF_THE_BODY]
    return httpx2.Response(
        response.status_code,
        headers=kept,
        content=legible(response.content),
        request=response.request,
        extensions=response.extensions,
    )


def legible(body: bytes) -> bytes:
    """
    Wrap the arguments of calls that are JSON, but no object: LangChain fails on them instead of handing them on.

    `from_chain` unwraps them. Raises `ValueError` where the body is no JSON at all.
    """
    try:
        answer: Json = json.loads(body)
    except ValueError:
        start = " ".join(body[:_SHOWN].decode("utf-8", "replace").split())
        raise ValueError(f"the answer is no JSON; it begins with {start!r}") from None
    return json.dumps(answer).encode() if _wrapped(answer) else body


def _wrapped(part: Json) -> bool:
    """Wrap within a part of an answer; returns whether there was something to wrap."""
    if isinstance(part, list):
        return bool([inner for inner in part if _wrapped(inner)])
    if not isinstance(part, dict):
        return False
    if (given := _no_object(part.get("arguments"))) is not None:  # OpenAI's: text
        part["arguments"] = json.dumps(given)
        return True
    if part.get("type") == "tool_use" and not isinstance(part.get("input"), dict):  # Anthropic's: a value
        value = part.get("input")
        part["input"] = {} if value is None else {WRAPPER: value if isinstance(value, str) else json.dumps(value)}
        return True
    return bool([inner for inner in part.values() if _wrapped(inner)])


def _no_object(text: Json) -> dict[str, Json] | None:
    """Return what stands for arguments that are JSON and no object; None where they are an object, or malformed."""
    if not isinstance(text, str):
        return None
    try:
        value: Json = json.loads(text)
    except ValueError:
        return None
    if isinstance(value, dict):
        return None
    return {} if value is None else {WRAPPER: text}


@contextmanager
def listening() -> Generator[Mapping[str, str], None, None]:
    """Collect the headers of responses to this task, in lower case."""
    heard: dict[str, str] = {}
    token = _HEARD.set(heard)
    try:
        yield heard
    finally:
        _HEARD.reset(token)
