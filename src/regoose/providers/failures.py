"""
What clients raise, to our tree: by what the server said (status, code, words), else by how the connection ended.

The clients' own classes are not asked for: there are four libraries over two HTTP stacks, some of which let the
errors below them through. What counts is found on the error or on what caused it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from regoose.errors import (
    ModelDenied,
    ModelRejected,
    ModelUnavailable,
    ModelUnsuitable,
    QuotaExhausted,
    RegooseError,
    UnknownModel,
    WindowExceeded,
)
from regoose.providers.attempt import Circumstances
from regoose.providers.endpoints import Endpoint
from regoose.providers.redaction import Redactor

_LONGEST = 400
"""Characters of a provider's own words in a message."""
_NEVER_CONNECTED = {
    "ConnectError",
    "ConnectTimeout",
    "ConnectionError",
    "ConnectionRefusedError",
    "UnsupportedProtocol",
}
"""Names of the classes themselves: some of their subclasses befall connections that stood."""
_NO_TOOLS = re.compile(
    r"(?:does not|doesn't|not) support(?:ed)?.{0,40}\btool|\btools?\b.{0,40}not support|function calling is not",
    re.IGNORECASE,
)
_WINDOW = re.compile(
    r"context_length_exceeded|prompt is too long|context (?:window|length)|maximum context"
    r"|exceeds? the (?:maximum number of tokens|available context)|token limit|too many (?:input )?tokens",
    re.IGNORECASE,
)
_QUOTA = re.compile(r"insufficient_quota|credit balance|exceeded your current quota|billing|usage limit", re.IGNORECASE)
_PARAMETERS = {
    "temperature": ("temperature",),
    "limit": ("max_completion_tokens", "max_tokens"),
    "schema": ("json_schema", "response_format", "output_config", "output_format", "text.format"),
    "cache": ("cache_control",),
}
_KEY = re.compile(r"api.key.(?:not.valid|invalid)", re.IGNORECASE)
_DECLINED = {429, 503, 529}
"""The server did not begin to work on it."""
_WORTH_ANOTHER = {408, 409, 425, 429}


@dataclass(frozen=True, slots=True)
class _Heard:
    """What an error says about itself."""

    status: int | None
    words: str
    """The server's own, with the code it gave."""
    connected: bool


@dataclass(frozen=True, slots=True)
class Raised:
    """What a client raised."""

    error: Exception
    before: BaseException | None
    """What was being handled already when the client was called, and has nothing to do with it."""


def translate(
    raised: Raised, endpoint: Endpoint, headers: Mapping[str, str], redact: Redactor
) -> tuple[RegooseError, Circumstances]:
    """Return the error of our tree that it amounts to, without secrets, and its circumstances."""
    heard = _listen(raised)
    status, words = heard.status, redact(heard.words)[:_LONGEST]
    found = Circumstances(
        retryable=status is None or status in _WORTH_ANOTHER or status >= 500,
        free=not heard.connected or (status is not None and (300 <= status < 500 or status in _DECLINED)),
        retry_after=_retry_after(headers),
        status=status,
    )
    if status is None:
        how = "did not answer in full" if heard.connected else "cannot be reached"
        return ModelUnavailable(f"{_who(endpoint)} {how}: {words}"), found
    kind = _kind(status, heard.words)
    if kind is not ModelUnavailable:
        found.retryable = False
    return kind(f"{_who(endpoint)} answered with status {status}: {words}"), found


def was_filtered(raised: Raised) -> bool:
    """Whether a client raised because of a content filter, as LangChain's for Azure does in place of the answer."""
    return isinstance(raised.error, ValueError) and "content filter being triggered" in str(raised.error)


def refused_parameters(raised: Raised) -> tuple[str, ...]:
    """Return which of the parameters that `Quirks` names a status of 400 complains about."""
    heard = _listen(raised)
    if heard.status not in {400, 422} or _WINDOW.search(heard.words):
        return ()
    words = heard.words.lower()
    return tuple(parameter for parameter, names in _PARAMETERS.items() if any(name in words for name in names))


def _kind(status: int, words: str) -> type[RegooseError]:
    if status in {401, 403} or (status == 400 and _KEY.search(words)):
        return ModelDenied
    if status == 402 or (status in {400, 429} and _QUOTA.search(words)):
        return QuotaExhausted
    if status in _WORTH_ANOTHER or status >= 500:
        return ModelUnavailable
    if status == 404:
        return UnknownModel
    if status in {400, 413, 422} and (status == 413 or _WINDOW.search(words)):
        return WindowExceeded
    return ModelUnsuitable if status == 400 and _NO_TOOLS.search(words) else ModelRejected


def _who(endpoint: Endpoint) -> str:
    return f"{endpoint.name} at {endpoint.host}"


def _listen(raised: Raised) -> _Heard:
    error, chain = raised.error, tuple(_chain(raised.error, raised.before))
    status = next((found for part in chain if (found := _status(part))), None)
    words = next((found for part in chain if (found := _words(part))), "") or str(error) or type(error).__name__
    root = next((part for part in reversed(chain) if str(part)), error)
    names = {type(part).__name__ for part in chain}
    if status is None:
        words = f"{type(root).__name__}: {root}"
    return _Heard(status, " ".join(words.split()), connected=not names & _NEVER_CONNECTED)


def _chain(error: BaseException | None, before: BaseException | None) -> Iterator[BaseException]:
    seen = {id(before)}
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _status(error: BaseException) -> int | None:
    for name in ("status_code", "code"):
        for holder in (error, _response(error)):
            found: object = getattr(holder, name, None)
            if isinstance(found, int) and 300 <= found < 600:
                return found
    return None


def headers_of(error: BaseException) -> dict[str, str]:
    """Return the headers of the response that an error carries, their names in lower case; none where it has none."""
    found: object = getattr(_response(error), "headers", None)
    if not isinstance(found, Mapping):
        return {}
    return {str(name).lower(): str(value) for name, value in found.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def _response(error: BaseException) -> object:
    """Return the response that httpx, requests and others put into their errors."""
    return getattr(error, "response", None)


def _words(error: BaseException) -> str:
    """Return the code and message of the body that a client found, in one of the shapes that servers give them."""
    for name in ("body", "details", "error"):
        found: object = getattr(error, name, None)
        if isinstance(found, str) and found:
            return found
        if isinstance(found, dict):
            inner: object = found.get("error", found)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - JSON
            if isinstance(inner, dict):
                parts = [inner.get(key) for key in ("code", "type", "message", "param")]  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
                return ": ".join(str(part) for part in parts if part)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
            return str(inner)  # pyright: ignore[reportUnknownArgumentType]
    return ""


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Return seconds: RFC 9110's header in both of its forms, and the milliseconds that OpenAI and Azure give."""
    try:
        if "retry-after-ms" in headers:
            return max(0.0, float(headers["retry-after-ms"]) / 1000)
        return max(0.0, float(headers["retry-after"]))
    except KeyError:
        return None
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(headers["retry-after"]) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
