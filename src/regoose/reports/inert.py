"""Text of others in Markdown: no test, path or message can break out of its place."""

from __future__ import annotations

import re


def code(text: str) -> str:
    """Return a code span that holds any text, in a table too."""
    text = " ".join(text.split()).replace("|", "\\|")
    if not text:
        return ""
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    space = " " if len(fence) > 1 else ""
    return f"{fence}{space}{text}{space}{fence}"


def prose(text: str) -> str:
    """Return a sentence whose HTML, mentions and table bars are inert; code between backticks stays code."""
    text = " ".join(text.split()).replace("|", "\\|")
    if text.count("`") % 2:
        text = text.replace("`", "'")
    pieces = text.split("`")
    pieces[::2] = [re.sub(r"([<>*_\[\]#@&])", r"\\\1", piece) for piece in pieces[::2]]
    return "`".join(pieces)


def block(text: str, language: str) -> str:
    """Return a block of code that holds any text."""
    fence = "`" * max(3, max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    return f"{fence}{language}\n{text}\n{fence}"
