"""
What a task's text names outright: files, lines of a traceback, tests, dotted names, code in quotes.

Mentions are what a person would follow first, so they weigh most in a ranking.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_FRAME = re.compile(r'File "([^"\n]{1,400})", line (\d{1,7})(?:, in ([\w<>.]{1,200}))?')
_SHORT_FRAME = re.compile(r"^[ \t>E]*([\w./\\-]{1,300}\.pyi?):(\d{1,7}):(?: in (\w{1,200}))?", re.MULTILINE)
_TEST = re.compile(r"([\w./-]{1,300}\.py)::([\w:\[\].-]{1,300})")
_PATH = re.compile(
    r"(?<![\w./\\-])((?:[A-Za-z]:)?[\w./\\-]{0,300}?[\w-]{1,100}\.(?:pyi?|toml|cfg|ini|md|rst|txt|json|ya?ml))\b(?::(\d{1,7}))?"
)
_DOTTED = re.compile(r"(?<![\w.])[A-Za-z_]\w{0,99}(?:\.[A-Za-z_]\w{0,99}){1,9}(?![\w])")
_QUOTED = re.compile(r"``([^`\n]{1,300})``|`([^`\n]{1,300})`|'([\w.()-]{2,100})'|\"([\w.()-]{2,100})\"")
_FENCED = re.compile(r"^```[^\n]*\n(.*?)(?:^```|\Z)", re.MULTILINE | re.DOTALL)
_NAME = re.compile(r"[A-Za-z_]\w*")
_CODE_LIKE = re.compile(
    r"\b(?:[A-Za-z]+_\w+|_+[A-Za-z]\w*|[A-Z]?[a-z0-9]+(?:[A-Z][a-z0-9]*)+|[A-Z][A-Z0-9]{2,}_\w+|\w+(?=\(\)))"
)
_SHORTEST = 3
"""Characters of a name that says something."""


@dataclass(frozen=True, slots=True)
class Place:
    """A file that the text names, with a line (0 where none is given) and how it is named."""

    path: str
    line: int
    how: str
    """`traceback`, `test` or `path`."""
    function: str = ""


@dataclass(frozen=True, slots=True)
class Mentions:
    """What a text names, in order of first mention."""

    places: tuple[Place, ...]
    dotted: tuple[str, ...]
    names: tuple[str, ...]
    """Identifiers in quotes, or that look like code."""
    fenced: tuple[str, ...]
    """Identifiers in code blocks and no other place."""


def find_mentions(text: str) -> Mentions:
    """Return what a text names."""
    places = tuple(dict.fromkeys(_places(text)))
    blocks = "\n".join(_FENCED.findall(text))
    prose = _FENCED.sub("\n", text)
    dotted = tuple(dict.fromkeys(_DOTTED.findall(prose)))
    quoted = [part for groups in _QUOTED.findall(prose) for part in groups if part]
    names = [name for part in quoted for name in _NAME.findall(part)] + _CODE_LIKE.findall(prose)
    names += [part for name in dotted for part in name.split(".")]
    kept = dict.fromkeys(name for name in names if len(name) >= _SHORTEST)
    fenced = dict.fromkeys(name for name in _NAME.findall(blocks) if len(name) >= _SHORTEST and name not in kept)
    return Mentions(places, dotted, tuple(kept), tuple(fenced))


def _places(text: str) -> Iterator[Place]:
    for path, line, function in _FRAME.findall(text):
        yield Place(_slashes(path), int(line), "traceback", function)
    for path, line, function in _SHORT_FRAME.findall(text):
        yield Place(_slashes(path), int(line), "traceback", function)
    for path, name in _TEST.findall(text):
        yield Place(_slashes(path), 0, "test", name.partition("[")[0].rpartition("::")[2] or name.partition("[")[0])
    for path, line in _PATH.findall(text):
        yield Place(_slashes(path), int(line or 0), "path")


def _slashes(path: str) -> str:
    return path.replace("\\", "/")
