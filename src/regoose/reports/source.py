"""Source text as lines of styled runs, ready to be shown beside line numbers."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup
from pygments.lexers import find_lexer_class_for_filename
from pygments.token import STANDARD_TYPES

HIGHLIGHT_LIMIT = 400_000
"""Characters; a longer text is shown plain, because no reviewer waits for its colours."""
STYLED = re.compile("k[cdnprt]?|ow|m[bfhio]?|il|s[12abcdehirsx]?|dl|n[cdef]|fm|c[1hmps]?")
"""Pygments' short names that the style sheet gives a colour; text of any other kind is plain."""
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROLS = {code: 0x2400 + code for code in range(32) if code not in {9, 10}} | {0x7F: 0x2421}
_REORDERING = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
"""Characters that change the direction of text: with them, code reads otherwise than it runs (CVE-2021-42574)."""
_UNSEEN = (*range(0x80, 0xA0), *range(0xE0000, 0xE0080))
"""Control characters that old terminals obey, and tags, which no one sees and a model reads."""
_INERT = _CONTROLS | dict.fromkeys((*_REORDERING, *_UNSEEN), 0xFFFD)


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of one line in one style. `style` is a Pygments short name such as `k`, or empty."""

    style: str
    text: str


Line = tuple[Run, ...]


def printable(text: str) -> str:
    """Return the text as a page can carry it: `visible`, and bytes that are no UTF-8 replaced, too."""
    return _SURROGATE.sub("\ufffd", visible(text))


def visible(text: str) -> str:
    """
    Return the text with what is not to be obeyed or passed over, each character replaced by one that is seen.

    That is what a terminal would obey, and what would make a reader see another text than the one that is there.
    """
    return text.replace("\r\n", "\n").translate(_INERT)


def plain_lines(text: str) -> list[str]:
    """Return the lines of a file as they are shown, without colour."""
    parts = printable(text).split("\n")
    return parts if parts[-1] else parts[:-1]


def lines(path: str, text: str) -> tuple[Line, ...]:
    """Return the lines of a file, coloured by the language its name suggests; as many as `plain_lines`."""
    plain = plain_lines(text)
    coloured = _coloured(path, printable(text))
    if len(coloured) == len(plain):
        return coloured
    return tuple((Run("", line),) for line in plain)  # a lexer that adds or loses a line is not worth following


def _coloured(path: str, text: str) -> tuple[Line, ...]:
    done: list[Line] = []
    current: list[Run] = []
    for style, value in _merged(_tokens(path, text)):
        first, *rest = value.split("\n")
        if first:
            current.append(Run(style, first))
        for part in rest:
            done.append(tuple(current))
            current = [Run(style, part)] if part else []
    if current:
        done.append(tuple(current))
    return tuple(done)


def _merged(tokens: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Join neighbours of one style."""
    style, texts = "", list[str]()
    for kind, text in tokens:
        if kind != style:
            yield style, "".join(texts)
            style, texts = kind, []
        texts.append(text)
    yield style, "".join(texts)


def _tokens(path: str, text: str) -> Iterator[tuple[str, str]]:
    kind = find_lexer_class_for_filename(path) if len(text) <= HIGHLIGHT_LIMIT else None
    if kind is None:
        yield "", text
        return
    names = {token: name if STYLED.fullmatch(name) else "" for token, name in STANDARD_TYPES.items()}
    for token, value in kind(stripnl=False, ensurenl=False).get_tokens(text):
        yield names.get(token, ""), value


def markup(line: Line, marked: tuple[int, int] | None = None) -> Markup:
    """Return one line as HTML; `marked` is the range of characters to set off, first to past-the-last."""
    if marked is None or marked[0] >= marked[1]:
        return _spans(line)
    start, end = marked
    before, rest = _split(line, start)
    middle, after = _split(rest, end - start)
    return Markup("{}<mark>{}</mark>{}").format(_spans(before), _spans(middle), _spans(after))


def _split(line: Line, at: int) -> tuple[Line, Line]:
    left: list[Run] = []
    right: list[Run] = []
    for run in line:
        taken = run.text[: max(at, 0)]
        kept = run.text[max(at, 0) :]
        at -= len(run.text)
        left += [Run(run.style, taken)] if taken else []
        right += [Run(run.style, kept)] if kept else []
    return tuple(left), tuple(right)


def _spans(line: Line) -> Markup:
    parts: list[str] = []
    for run in line:
        text = html.escape(run.text)
        parts.append(f'<span class="{run.style}">{text}</span>' if run.style else text)
    return Markup("".join(parts))  # noqa: S704 - each text is escaped above, and styles are Pygments' own names
