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
_WINDOW = re.compile(
    r"context_length_exceeded|prompt is too long|context (?:window|length)|maximum context"
    r"|exceeds? the (?:maximum number of tokens|available context)|token limit|too many (?:input )?tokens",
    re.IGNORECASE,
)
_QUOTA = re.compile(r"insufficient_quota|credit balance|exceeded your current quota|billing", re.IGNORECASE)
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


def translate(
    error: Exception, endpoint: Endpoint, headers: Mapping[str, str], redact: Redactor
) -> tuple[RegooseError, Circumstances]:
    """Return the error of our tree that `error` amounts to, without secrets, and its circumstances."""
    heard = _listen(error)
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


def is_content_filter(error: Exception) -> bool:
    """Whether the request itself was stopped by a content filter, which Azure says with a status of 400."""
    heard = _listen(error)
    return heard.status == 400 and "content_filter" in heard.words


def refused_parameter(error: Exception) -> str:
    """Return which of `temperature`, `schema` and `limit` a status of 400 complains about, or nothing."""
    heard = _listen(error)
    if heard.status not in {400, 422}:
        return ""
    words = heard.words.lower()
    for parameter, names in (
        ("temperature", ("temperature",)),
        ("limit", ("max_completion_tokens", "max_tokens")),
        ("schema", ("json_schema", "response_format", "output_config", "output_format", "text.format")),
    ):
        if any(name in words for name in names):
            return parameter
    return ""


def _kind(status: int, words: str) -> type[RegooseError]:
    if status in {401, 403}:
        return ModelDenied
    if status == 402 or (status in {400, 429} and _QUOTA.search(words)):
        return QuotaExhausted
    if status in _WORTH_ANOTHER or status >= 500:
        return ModelUnavailable
    if status == 404:
        return UnknownModel
    if status in {400, 413, 422} and (status == 413 or _WINDOW.search(words)):
        return WindowExceeded
    return ModelRejected


def _who(endpoint: Endpoint) -> str:
    return f"{endpoint.name} at {endpoint.host}"


def _listen(error: Exception) -> _Heard:
    chain = tuple(_chain(error))
    status = next((found for part in chain if (found := _status(part))), None)
    words = next((found for part in chain if (found := _words(part))), "") or str(error) or type(error).__name__
    names = {kind.__name__ for part in chain for kind in type(part).__mro__}
    if status is None:
        words = f"{type(chain[-1]).__name__}: {words}"
    return _Heard(status, " ".join(words.split()), connected=not names & _NEVER_CONNECTED)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _status(error: BaseException) -> int | None:
    for name in ("status_code", "code"):
        found: object = getattr(error, name, None)
        if isinstance(found, int) and 300 <= found < 600:
            return found
    return None


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
