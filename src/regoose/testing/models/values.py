"""JSON as types, and careful looks into JSON that a client sent."""

from __future__ import annotations

import json
import re
from typing import TypeAlias, cast

from regoose.domain.json import Json

_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff]")
JsonObject: TypeAlias = "dict[str, Json]"


def as_object(value: Json) -> JsonObject:
    """Return the object, or an empty one where the value is none."""
    return value if isinstance(value, dict) else {}


def as_objects(value: Json) -> list[JsonObject]:
    """Return the objects of a list; what is no list has none."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def as_text(value: Json) -> str:
    """Return the text, or an empty one where the value is none."""
    return value if isinstance(value, str) else ""


def as_number(value: Json) -> int | None:
    """Return the whole number, or None where the value is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def parsed(text: str | bytes) -> Json:
    """Return what the text says; raises `json.JSONDecodeError` where it is no JSON."""
    return cast("Json", json.loads(text))


def compact(value: Json) -> bytes:
    """Return the value as short UTF-8 JSON on one line, whatever a client takes for the end of a line."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text).encode()


def pieces_of(text: str, size: int = 12) -> list[str]:
    """Cut a text into pieces of `size` characters, as a stream carries it; an empty text has none."""
    return [text[at : at + size] for at in range(0, len(text), size)]
