"""What the wire says besides the answer: the headers, which no client library hands on in every case."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

_HEARD: ContextVar[dict[str, str]] = ContextVar("headers of the attempt in this task")


class _Response(Protocol):
    @property
    def headers(self) -> Mapping[str, str]: ...


async def _hear(response: _Response) -> None:
    if (heard := _HEARD.get(None)) is not None:
        heard.update({name.lower(): value for name, value in response.headers.items()})


def hooks() -> dict[str, list[Callable[[_Response], Awaitable[None]]]]:
    """Return the event hooks that clients of httpx and httpx2 are made with."""
    return {"response": [_hear]}


@contextmanager
def listening() -> Generator[Mapping[str, str], None, None]:
    """Collect the headers of responses to this task, in lower case."""
    heard: dict[str, str] = {}
    token = _HEARD.set(heard)
    try:
        yield heard
    finally:
        _HEARD.reset(token)
