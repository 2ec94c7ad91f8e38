"""Long texts cut to a limit: head and tail stay, a marker between them tells what is missing and how to read on."""

from __future__ import annotations

_HEAD = 0.6
"""Share of what is kept that comes from the start; errors stand at the end, what was run at the start."""
_SLACK = 400
"""Characters that are given up at most to end on a whole line."""


def truncate(text: str, *, limit: int = 16_000, read_on: str = "") -> str:
    """
    Return a text of at most `limit` characters, at least 200.

    `read_on` is a sentence for the marker: how the whole is read, e.g. ``read it on with `read build.log 200` ``.
    """
    limit = max(limit, 200)
    if len(text) <= limit:
        return text
    widest = _marker(len(text), text.count("\n") + 1, read_on)[: limit // 2]
    room = limit - len(widest) - 2
    head = _whole_lines(text[: int(room * _HEAD)])
    tail = _last_lines(text[len(text) - (room - int(room * _HEAD)) :])
    missing = text[len(head) : len(text) - len(tail)]
    marker = _marker(len(missing), missing.count("\n"), read_on)[: limit // 2]
    return f"{head}{_newline(head)}{marker}\n{tail}"


def _marker(characters: int, lines: int, read_on: str) -> str:
    told = f"[… {characters:,} characters, {lines:,} lines left out"
    return f"{told}; {read_on} …]" if read_on else f"{told} …]"


def _whole_lines(text: str) -> str:
    end = text.rfind("\n") + 1
    return text[:end] if end and len(text) - end <= _SLACK else text


def _last_lines(text: str) -> str:
    start = text.find("\n") + 1
    return text[start:] if start and start <= _SLACK else text


def _newline(text: str) -> str:
    return "" if text.endswith("\n") or not text else "\n"
