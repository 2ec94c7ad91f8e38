"""Edits as data: the arguments of a tool call, or JSON in a text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import cast

from regoose.workspace.edits.forms import Delete, Edit, Move, Replace, Write
from regoose.workspace.edits.outcome import Malformed

_PATH = ("path", "file", "file_path", "filepath", "filename", "file_name", "target_file")
_SEARCH = ("search", "old", "old_string", "old_str", "old_text", "find", "original", "before")
_REPLACE = ("replace", "new", "new_string", "new_str", "new_text", "replacement", "updated", "after")
_TEXT = ("content", "text", "file_text", "contents", "code")
_TO = ("to", "new_path", "destination", "move_to")
_EVERY = ("replace_all", "every", "all")
_ACTION = ("action", "type", "op", "operation", "command", "kind")
_LISTS = ("edits", "changes", "files", "operations", "patch")


def edits_of_json(text: str) -> list[Edit | Malformed] | None:
    """Read a JSON document; None where it is none, or holds nothing like an edit."""
    try:
        data: object = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None
    return edits_of_data(data)


def edits_of_data(data: object, path: str = "") -> list[Edit | Malformed] | None:
    """Read edits from lists and mappings, by the usual names; a path given outside counts for those within."""
    if isinstance(data, list):
        each = [edits_of_data(one, path) for one in cast("Sequence[object]", data)]
        return [edit for edits in each for edit in edits or []] or None
    if not isinstance(data, Mapping):
        return None
    fields = {str(key).casefold(): value for key, value in cast("Mapping[object, object]", data).items()}
    own = _first(fields, _PATH)
    path = own if isinstance(own, str) else path
    for name in _LISTS:
        if isinstance(fields.get(name), (list, Mapping)):
            return edits_of_data(fields[name], path)
    if not path:
        return None
    edit = edit_of(path, fields)
    return None if edit is None else [edit]


def edit_of(path: str, fields: Mapping[str, object]) -> Edit | Malformed | None:
    """Read one edit; None where no field speaks of one."""
    action = str(_first(fields, _ACTION) or "").casefold()
    to = _first(fields, _TO)
    if to is not None or action in {"move", "rename"}:
        return Move(path, to) if isinstance(to, str) else _wrong(path, "to", to)
    if action in {"delete", "remove"} or fields.get("delete") is True:
        return Delete(path)
    search, replace, text = (_first(fields, names) for names in (_SEARCH, _REPLACE, _TEXT))
    if search is not None:
        replace = text if replace is None else replace
        return _replacement(path, search, replace, _first(fields, _EVERY))
    if text is None and action in {"create", "write"}:
        text = replace
    if text is None:
        return None if replace is None else _wrong(path, "search", None)
    return Write(path, text) if isinstance(text, str) else _wrong(path, "content", text)


def _replacement(path: str, search: object, replace: object, every: object) -> Replace | Malformed:
    if not isinstance(search, str):
        return _wrong(path, "search", search)
    if not isinstance(replace, str):
        return _wrong(path, "replace", replace)
    return Replace(path, search, replace, every=every is True)


def _first(fields: Mapping[str, object], names: Sequence[str]) -> object:
    return next((fields[name] for name in names if fields.get(name) is not None), None)


def _wrong(path: str, name: str, value: object) -> Malformed:
    is_what = "is missing" if value is None else f"is of type {type(value).__name__}"
    return Malformed(path, f"the field {name!r} {is_what}, and must be a string")
