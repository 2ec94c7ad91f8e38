"""
A task's text without what says nothing of it: a template's comments and headings, what the machine was, addresses.

Issues of most projects are filled-in forms. Their headings are the same in every issue, and the section on versions and
systems names much that the code names too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_NOISE = re.compile(r"<!--.*?(?:-->|\Z)|https?://\S+", re.DOTALL)
_HEADING = re.compile(r"\s{0,3}(?:#{1,6}\s+(.+?)[\s:#]*|\*\*(.+?):?\*\*:?\s*)")
_FENCE = re.compile(r"\s{0,3}(?:```|~~~)")
_FORM = re.compile(
    r"(?:describe the )?(?:bug|issue|problem)(?: (?:description|summary|report))?|description|summary"
    r"|(?:steps |how )?to reproduce.*|reproduc.*|minimal .*example.*|code(?: sample)?.*|command used"
    r"|(?:expected|actual|observed|current)(?: (?:behaviou?r|results?|outcome|output))?"
    r"|what (?:happened|did you|you ).*|.* output|additional .*|anything else.*|context|screenshots?"
    r"|possible solutions?|is there an existing issue.*"
)
_MACHINE = re.compile(
    r"(?:your )?environment.*|(?:system|platform|python|package)?\s*(?:versions?|info(?:rmation)?|details)\b.*"
    r"|system|os|operating system|.*--version.*|output of .*version.*"
)
_LONGEST_HEADING = 200
_SHORTEST = 40
"""Characters; where less would be left, all is kept."""


@dataclass(frozen=True, slots=True)
class TaskText:
    """What people wrote, its first line, and the code blocks between."""

    title: str
    prose: str
    blocks: str

    @property
    def all(self) -> str:
        """Prose and blocks."""
        return f"{self.prose}\n{self.blocks}"


def read_task(text: str) -> TaskText:
    """Return what a text says."""
    plain = _NOISE.sub(" ", text)
    lines = list(_lines(plain))
    if sum(len(line) for line, _ in lines) < _SHORTEST:
        lines = [(line, False) for line in plain.splitlines()]
    return TaskText(
        title=plain.strip().partition("\n")[0],
        prose="\n".join(line for line, fenced in lines if not fenced),
        blocks="\n".join(line for line, fenced in lines if fenced),
    )


def _lines(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the lines that count, each with whether it is in a code block."""
    fenced = left_out = False
    for line in text.splitlines():
        if _FENCE.match(line):
            fenced = not fenced
            continue
        heading = None if fenced or len(line) > _LONGEST_HEADING else _HEADING.fullmatch(line)
        if heading:
            title = (heading[1] or heading[2]).strip(" :*").lower()
            left_out = _MACHINE.fullmatch(title) is not None
            if left_out or _FORM.fullmatch(title):
                continue
        if not left_out:
            yield line, fenced
