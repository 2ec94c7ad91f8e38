"""Patterns of paths: `*` and `?` within a component, `**` across them, `[…]` as a set; no slash: any directory."""

from __future__ import annotations

from collections.abc import Callable

import regex

from regoose.errors import TimeLimit, UsageError

_LONGEST = 500
_SECONDS = 0.2
"""For one path; matching takes microseconds."""


def matcher(pattern: str) -> Callable[[str], bool]:
    """Return a test of paths, which raises `TimeLimit`; raises `UsageError` for a pattern that is none."""
    wanted = pattern.removeprefix("./").strip()
    if not wanted or len(wanted) > _LONGEST:
        raise UsageError(f"{pattern[:80]!r} is not a pattern of paths", hint="Give one like `src/**/*.py` or `*.toml`.")
    if wanted.endswith("/"):
        wanted += "**"
    if "/" not in wanted:
        wanted = f"**/{wanted}"
    try:
        compiled = regex.compile(_translated(wanted.removeprefix("/")))
    except regex.error as error:
        raise UsageError(f"{pattern!r} is not a pattern of paths: {error}", hint="Give one like `*.toml`.") from error

    def matches(path: str) -> bool:
        try:
            return compiled.fullmatch(path, timeout=_SECONDS) is not None
        except TimeoutError as error:
            raise TimeLimit(f"matching {path!r} with {pattern!r} takes too long", hint="Use fewer stars.") from error

    return matches


def _translated(pattern: str) -> str:
    parts: list[str] = []
    rest = pattern
    while rest:
        for sign, meaning in (("**/", "(?:[^/]+/)*"), ("**", ".*"), ("*", "[^/]*"), ("?", "[^/]")):
            if rest.startswith(sign):
                parts.append(meaning)
                rest = rest[len(sign) :]
                break
        else:
            end = rest.find("]", 2)
            if rest[0] == "[" and end > 0:
                body = rest[1:end].replace("\\", "\\\\").replace("[", "\\[")
                parts.append(f"[{'^' + body[1:] if body[0] == '!' else body}]")
                rest = rest[end + 1 :]
            else:
                parts.append(regex.escape(rest[0]))
                rest = rest[1:]
    return "".join(parts)
