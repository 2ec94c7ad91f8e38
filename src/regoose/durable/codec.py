"""
Values to JSON and back: what the journal holds.

Steps hand over frozen dataclasses; pydantic reads their annotations, so a journal entry is plain JSON that a person can
read and a later version can still load. Errors are kept by class name, message and hint, never pickled.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TypeVar

from pydantic import TypeAdapter

from regoose.domain.conversation import LLMResponse
from regoose.domain.json import Json
from regoose.errors import RegooseError

T = TypeVar("T")

ERROR = "$error"
"""Key that holds the class of an error."""
_RESPONSE = {"text", "calls", "stop", "usage", "model"}
"""Keys by which the answer of a model is known, in this version and in older ones."""
_UNEXPECTED_HINT = "This is a defect of Regoose; please report it with the command that led here."


@cache
def _adapter(kind: type[T]) -> TypeAdapter[T]:
    return TypeAdapter(kind)


class Failed(Exception):
    """A step's error together with what the journal keeps of the step beside it."""

    def __init__(self, cause: Exception, beside: Mapping[str, Json]) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.beside = beside


def to_json(value: T, kind: type[T]) -> Json:
    """Turn a value of `kind` into plain JSON values."""
    plain = _adapter(kind).dump_python(value)  # mode="json" mangles lone surrogates in the keys of mappings
    return json.loads(json.dumps(plain, default=_set_to_list))


def from_json(value: Json, kind: type[T]) -> T:
    """Turn what `to_json` gave back into a value of `kind`; raises `ValueError` where it does not fit."""
    return _adapter(kind).validate_python(value)


def as_response(value: Json) -> LLMResponse | None:
    """Return what a model answered, None where a step gave something else."""
    if not isinstance(value, dict) or not value.keys() >= _RESPONSE:
        return None
    try:
        return from_json(value, LLMResponse)
    except ValueError:
        return None


def dumps(value: object) -> str:
    """Encode JSON values or an exception as text. Lone surrogates (bytes of non-UTF-8 files) survive as escapes."""
    return json.dumps(_error_to_json(value) if isinstance(value, BaseException) else value, separators=(",", ":"))


def loads(text: str) -> object:
    """Decode what `dumps` gave; an encoded error becomes an exception again."""
    value: Json = json.loads(text)
    return error_from_json(value) if isinstance(value, dict) and ERROR in value else value


def _set_to_list(value: object) -> list[object]:
    if isinstance(value, frozenset):
        return sorted(value, key=repr)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - of anything
    raise TypeError(f"{type(value).__name__} has no place in the journal")


def _error_to_json(error: BaseException) -> dict[str, Json]:
    if isinstance(error, Failed):
        return {**_error_to_json(error.cause), **error.beside}
    if isinstance(error, RegooseError):
        return {ERROR: type(error).__name__, "message": error.message, "hint": error.hint}
    return {ERROR: "RegooseError", "message": f"unexpected {type(error).__name__}: {error}", "hint": _UNEXPECTED_HINT}


def error_from_json(value: Mapping[str, Json]) -> RegooseError | Failed:
    """Return the error that was encoded, with what was kept beside it where there is anything."""
    kinds = {kind.__name__: kind for kind in _tree(RegooseError)}
    kind = kinds.get(str(value[ERROR]), RegooseError)
    error = kind(str(value["message"]), hint=str(value["hint"]))
    beside = {key: value[key] for key in value if key not in {ERROR, "message", "hint"}}
    return Failed(error, beside) if beside else error


def _tree(kind: type[RegooseError]) -> Iterator[type[RegooseError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _tree(below)
