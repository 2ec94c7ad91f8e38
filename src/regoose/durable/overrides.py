"""Fields of a task that are changed after its run began: given as JSON, by the names of the fields."""

from __future__ import annotations

from collections.abc import Mapping

from regoose.domain.json import Json
from regoose.durable.codec import T, from_json, to_json
from regoose.errors import UsageError


def merged(value: Json, changes: Mapping[str, Json]) -> Json:
    """Return an object with the changes; an object within it is changed, not replaced."""
    found = dict(value) if isinstance(value, dict) else {}
    for key, change in changes.items():
        found[key] = merged(found.get(key), change) if isinstance(change, dict) else change
    return found


def require_fields(task: Json, kind: type[T], changes: Mapping[str, Json], name: str) -> None:
    """Raise `UsageError` where a task of `kind`, called `name`, has no such fields or they take no such values."""
    try:
        changed = merged(task, changes)
        whole = to_json(from_json(changed, kind), kind)
    except ValueError as error:
        raise UsageError(f"a run of {name!r} cannot take {dict(changes)!r}: {error}") from None
    unknown = _unknown(changes, whole)
    if unknown:
        known = ", ".join(whole) if isinstance(whole, dict) else ""
        raise UsageError(f"a run of {name!r} has no {unknown!r} to change", hint=f"It has: {known}.")


def _unknown(changes: Mapping[str, Json], whole: Json) -> str:
    """Return the place of the first change that a task read back does not have."""
    for key, change in changes.items():
        if not isinstance(whole, dict) or key not in whole:
            return key
        if isinstance(change, dict) and (inner := _unknown(change, whole[key])):
            return f"{key}.{inner}"
    return ""
