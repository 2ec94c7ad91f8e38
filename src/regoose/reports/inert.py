"""Text of others in Markdown: no test, path or message can break out of its place."""

from __future__ import annotations

import re

from regoose.reports.source import printable


def code(text: str) -> str:
    """Return a code span that holds any text, in a table too."""
    text = _bars(" ".join(printable(text).split()))
    if not text:
        return ""
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    space = " " if len(fence) > 1 else ""
    return f"{fence}{space}{text}{space}{fence}"


def prose(text: str) -> str:
    """
    Return a sentence whose HTML, mentions, links and table bars are inert; code between backticks stays code.

    GitHub looks for mentions, references (`Closes #1` would close an issue) and addresses in the page it has made of
    the Markdown, where a backslash is gone already: a space of no width keeps them apart, as Dependabot does it.
    """
    text = " ".join(printable(text).split())
    if text.count("`") % 2 or "``" in text:  # runs of different length pair in ways of their own
        text = text.replace("`", "'")
    pieces = text.split("`")
    pieces[::2] = [_words(piece) for piece in pieces[::2]]
    pieces[1::2] = [_bars(piece) for piece in pieces[1::2]]
    return "`".join(pieces)


def _words(text: str) -> str:
    text = re.sub(r"([\\|<>*_\[\]#@&~$])", r"\\\1", text)
    return re.sub(r"(\\[@#]|\bGH-(?=\d)|\bwww(?=\.)|:(?=//))", r"\1&#8203;", text, flags=re.IGNORECASE)


def _bars(text: str) -> str:
    """Escape what would end a cell; after a backslash, where that would undo itself, it is a broken bar."""
    return re.sub(r"(?<=\\)\|", "\N{BROKEN BAR}", text).replace("|", "\\|")


def block(text: str, language: str) -> str:
    """Return a block of code that holds any text."""
    fence = "`" * max(3, max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    return f"{fence}{language}\n{text}\n{fence}"
