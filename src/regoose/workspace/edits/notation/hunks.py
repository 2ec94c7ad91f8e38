"""The body of a diff: hunks whose numbers are not believed, and lines that may have lost their first blank."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from regoose.workspace.edits.forms import Reading, Replace

_HEAD = re.compile(r"@@+(?:[ \d,+\-.]*@@+)?(.*)")
_SIGNS = "+-"
_RULE = re.compile(r"-{3,}|\+{3,}")


@dataclass(frozen=True, slots=True)
class Hunk:
    """The lines of one hunk, signs included, under its heading."""

    heading: str
    lines: tuple[str, ...]

    @property
    def added(self) -> list[str]:
        """The lines with a plus, without it."""
        return [line[1:] for line in self.lines if line.startswith("+")]

    def edit(self, path: str) -> Replace | None:
        """Return what the hunk asks for; None where it changes nothing."""
        if not any(line[:1] in _SIGNS for line in self.lines if line):
            return None
        first = self._texts(strip=True, rules=False)
        further = dict.fromkeys((self._texts(strip=False, rules=False), self._texts(strip=False, rules=True)))
        others = tuple(Reading(*texts) for texts in further if texts != first)
        return Replace(path, *first, whole_lines=True, within=self.heading, others=others)

    def _texts(self, *, strip: bool, rules: bool) -> tuple[str, str]:
        """
        Give both texts.

        `strip` tells whether a blank before a context line is the diff's own, `rules` whether a line of signs alone is
        one that underlines a heading.
        """
        search: list[str] = []
        replace: list[str] = []
        for line in self.lines:
            sign, text = line[:1], line[1:]
            if not line or sign not in _SIGNS or (rules and _RULE.fullmatch(line)):
                sign = " " if sign in _SIGNS else sign
                text = text if strip and sign == " " else line
            if sign != "+":
                search.append(text)
            if sign != "-":
                replace.append(text)
        return _joined(search), _joined(replace)


def heading(line: str) -> str | None:
    """Return what stands behind the numbers of a line that begins a hunk; None for another line."""
    found = _HEAD.match(line)
    return found[1].strip().removesuffix("@@").strip() if found else None


def hunks(lines: Sequence[str]) -> list[Hunk]:
    """Split the body of one file's diff at the lines that begin a hunk."""
    found: list[Hunk] = []
    title, body = "", list[str]()
    for line in lines:
        if (new := heading(line)) is not None:
            found.append(Hunk(title, _trimmed(body)))
            title, body = new or (title if not body else ""), []
        elif not line.startswith(("\\ No newline", "*** End of File")):
            body.append(line)
    found.append(Hunk(title, _trimmed(body)))
    return [hunk for hunk in found if hunk.lines]


def _trimmed(body: Sequence[str]) -> tuple[str, ...]:
    """Leave out empty lines at either end: they have no sign, and belong to the text around the diff."""
    start, end = 0, len(body)
    while start < end and not body[start].strip():
        start += 1
    while end > start and not body[end - 1].strip():
        end -= 1
    return tuple(body[start:end])


def _joined(lines: Sequence[str]) -> str:
    return "".join(line + "\n" for line in lines)
