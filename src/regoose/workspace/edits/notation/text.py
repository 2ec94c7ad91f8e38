"""Reading the edits out of what a model wrote, for models that call no tools."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from regoose.workspace.edits.forms import Edit, Replace, Write
from regoose.workspace.edits.notation.blocks import begins_block, read_block
from regoose.workspace.edits.notation.data import edits_of_json
from regoose.workspace.edits.notation.diffs import (
    Part,
    begins_diff,
    begins_envelope,
    read_diff,
    read_envelope,
    read_hunks,
)
from regoose.workspace.edits.notation.hunks import heading
from regoose.workspace.edits.notation.names import from_info, named
from regoose.workspace.edits.outcome import Malformed
from regoose.workspace.edits.source import split_lines

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*(.*)")
_LOOK_BACK = 3


@dataclass(frozen=True, slots=True)
class Parsed:
    """The edits of a text in their order, and what looked like one and could not be read."""

    edits: tuple[Edit, ...]
    problems: tuple[Malformed, ...] = ()


def parse_edits(text: str) -> Parsed:
    """
    Read edits in any of the known notations, with any prose around them.

    Search/replace blocks, unified diffs, `*** Begin Patch` envelopes, JSON, and whole files in fences whose path stands
    on the line before or behind the fence. A fence without a path is an example, not an edit.
    """
    if text.lstrip()[:1] in {"{", "["} and (data := edits_of_json(text)) is not None:
        return _parsed(data)
    reader = _Reader(split_lines(text))
    while reader.at < len(reader.lines):
        reader.step()
    if not reader.found:
        forms = "search/replace blocks, a unified diff, JSON, or whole files in fences under their path"
        return Parsed((), (Malformed("(no path)", "the text holds no edit", f"Write edits as {forms}."),))
    return _parsed(reader.found)


def _parsed(found: Sequence[Edit | Malformed]) -> Parsed:
    edits = tuple(one for one in found if not isinstance(one, Malformed))
    return Parsed(edits, tuple(one for one in found if isinstance(one, Malformed)))


@dataclass(slots=True)
class _Reader:
    """Walks through the lines once."""

    lines: list[str]
    at: int = 0
    fence: str = ""
    """The fence that was entered, to step over what closes it."""
    path: str = ""
    """The file that the last block was for: the next may leave it out."""
    found: list[Edit | Malformed] = field(default_factory=list[Edit | Malformed])

    def step(self) -> None:
        line = self.lines[self.at]
        if begins_envelope(line):
            self._take(read_envelope(self.lines, self.at))
        elif begins_block(line):
            self._block()
        elif begins_diff(self.lines, self.at):
            self._take(read_diff(self.lines, self.at, fenced=bool(self.fence)))
        elif self.fence and heading(line) is not None and (path := self._above() or self.path):
            self._take(read_hunks(self.lines, self.at, path))
        elif found := _FENCE.fullmatch(line):
            self._fenced(found[1], found[2])
        else:
            self.at += 1

    def _take(self, part: Part) -> None:
        self.found += part.edits
        self.path = part.edits[-1].path if part.edits else self.path
        self.at = max(part.end, self.at + 1)

    def _block(self) -> None:
        block = read_block(self.lines, self.at, self._above() or self.path)
        self.found.append(block.edit)
        if isinstance(block.edit, Replace):
            self.path = block.edit.path
        self.at = block.end

    def _above(self) -> str:
        """Return the path that stands on a line just above, fences and empty lines aside."""
        seen = 0
        for row in range(self.at - 1, -1, -1):
            line = self.lines[row]
            if found := _FENCE.fullmatch(line):
                if path := from_info(found[2]):
                    return path
            elif line.strip():
                seen += 1
                if path := named(line):
                    return path
                break
            if seen > _LOOK_BACK or self.at - row > 2 * _LOOK_BACK:
                break
        return ""

    def _fenced(self, fence: str, info: str) -> None:
        if self.fence and not info and fence.startswith(self.fence):
            self.fence = ""
            self.at += 1
            return
        end = self._closing(fence)
        body = self.lines[self.at + 1 : end]
        path = from_info(info) or self._above()
        if self._has_edits(body, info):
            self.fence = fence
            self.at += 1
            return
        language = info.split(maxsplit=1)[0].casefold() if info else ""
        if language.startswith("json") and not path and (data := edits_of_json("\n".join(body))) is not None:
            self.found += data
        elif path:
            self.found.append(self._whole(path, body, closed=end < len(self.lines)))
        self.at = end + 1

    def _has_edits(self, body: Sequence[str], info: str) -> bool:
        """Whether a fence holds edits in a notation of their own."""
        if info.split()[:1] in (["diff"], ["patch"], ["udiff"]):
            return True
        first = [line for line in body if line.strip()][:2]
        return any(begins_block(line) or begins_envelope(line) or line.startswith("diff --git ") for line in first) or (
            bool(first) and begins_diff(first, 0)
        )

    def _closing(self, fence: str) -> int:
        """Find the line that closes a fence; a fence within that names a language opens another."""
        depth = 0
        for row in range(self.at + 1, len(self.lines)):
            found = _FENCE.fullmatch(self.lines[row])
            if not found or not found[1].startswith(fence):
                continue
            if found[2].strip():
                depth += 1
            elif depth:
                depth -= 1
            else:
                return row
        return len(self.lines)

    def _whole(self, path: str, body: Sequence[str], *, closed: bool) -> Write | Malformed:
        hint = "Use a longer fence around the file than any within it."
        if not closed:
            return Malformed(path, "the fence around the whole file is never closed", hint)
        bare = sum(1 for line in self.lines if (found := _FENCE.fullmatch(line)) and not found[2].strip())
        opened = sum(1 for line in self.lines if (found := _FENCE.fullmatch(line)) and found[2].strip())
        if (bare + opened) % 2:
            return Malformed(path, "the fences of the text do not pair, so where the file ends is not certain", hint)
        return Write(path, "".join(line + "\n" for line in body))
