"""JSON of the guest, checked field by field: the target's own code may have written it."""

from __future__ import annotations

from typing import Any, Generic, TypeVar, cast, get_args, get_origin, get_type_hints, is_typeddict

from pydantic import BaseModel, create_model

T = TypeVar("T")


class Checked(Generic[T]):
    """
    Reads JSON as a TypedDict of the guest.

    The guest has only `typing.TypedDict`, which pydantic refuses before Python 3.12: a model is made of its fields.
    """

    def __init__(self, kind: type[T]) -> None:
        self._model = cast("type[BaseModel]", _model(kind))

    def read(self, raw: bytes) -> T:
        """Return the value; raises pydantic's `ValidationError`."""
        return cast("T", self._model.model_validate_json(raw).model_dump())


def _model(kind: object) -> object:
    if is_typeddict(kind):
        of = cast("type[object]", kind)
        fields: dict[str, Any] = {name: (_model(hint), ...) for name, hint in get_type_hints(of).items()}
        return create_model(of.__name__, **fields)
    if get_origin(kind) is list:
        (item,) = get_args(kind)
        return list[cast("Any", _model(item))]
    return kind
