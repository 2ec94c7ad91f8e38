"""Headers of requests that are kept without their keys, and headers of answers that speak of limits."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from regoose.testing.models.script import Answer, RateLimit

_KEYS = frozenset({"authorization", "proxy-authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie"})


def digest(secret: str) -> str:
    """Return what is kept of a secret: enough to see that two are the same."""
    return f"sha256:{hashlib.sha256(secret.encode('utf-8', 'surrogateescape')).hexdigest()[:12]}"


def kept(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the headers, names in lower case, with digests of keys in place of the keys."""
    return {
        name.lower(): digest(value.removeprefix("Bearer ")) if name.lower() in _KEYS else value
        for name, value in headers
    }


def sent_with(answer: Answer, protocol: str, number: int) -> dict[str, str]:
    """Return the headers of an answer in the way of its API."""
    headers = {"request-id" if protocol == "anthropic" else "x-request-id": f"req_{number:06d}"}
    if answer.rate_limit is not None:
        headers |= _limits(answer.rate_limit, protocol)
    if answer.fault is not None and answer.fault.retry_after is not None:
        headers["retry-after"] = _retry_after(answer.fault.retry_after, as_date=answer.fault.as_date)
    return headers | dict(answer.headers)


def _retry_after(seconds: float, *, as_date: bool) -> str:
    if as_date:
        return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)
    return f"{seconds:g}"


def _limits(limit: RateLimit, protocol: str) -> dict[str, str]:
    values = (("requests", limit.requests, limit.requests_left), ("tokens", limit.tokens, limit.tokens_left))
    if protocol == "anthropic":
        full = datetime.fromtimestamp(time.time() + limit.reset_seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {
            f"anthropic-ratelimit-{what}-{name}": value
            for what, most, left in values
            for name, value in (("limit", str(most)), ("remaining", str(left)), ("reset", full))
        }
    return {
        f"x-ratelimit-{name}-{what}": value
        for what, most, left in values
        for name, value in (("limit", str(most)), ("remaining", str(left)), ("reset", f"{limit.reset_seconds:g}s"))
    }
