"""A patch as rows that a page shows: both line numbers, the sign, the coloured text, and what changed within a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from markupsafe import Markup

from regoose.domain.patch import FileEdit, Patch
from regoose.reports.matching import Lines
from regoose.reports.source import Line, Run, lines, markup, plain_lines

CONTEXT = 3
COLOURED = 150_000
"""Characters of a patch's files that are shown in colour; no reviewer waits for the colours of the rest."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a diff. A number is None on the side where the line does not exist."""

    kind: str
    """`same`, `removed`, `added` or `gap` (lines left out)."""
    old: int | None
    new: int | None
    html: Markup


@dataclass(frozen=True, slots=True)
class FileDiff:
    """The rows of one file."""

    path: str
    added: int
    removed: int
    rows: tuple[Row, ...]


def files(patch: Patch) -> tuple[FileDiff, ...]:
    """Return the rows of every file of a patch, in the patch's order."""
    done: list[FileDiff] = []
    seen = 0
    for edit in patch.edits:
        seen += len(edit.before or "") + len(edit.after or "")
        done.append(_file(edit, coloured=seen <= COLOURED))
    return tuple(done)


def small(before: str, after: str) -> tuple[Row, ...]:
    """Return the rows of a change of a few lines, without colour; numbers count from 1 in each text."""
    return tuple(_rows(*(_plain(text) for text in (before, after))))


def _plain(text: str) -> _Text:
    shown = plain_lines(text)
    return tuple((Run("", line),) for line in shown), shown


def _file(edit: FileEdit, *, coloured: bool) -> FileDiff:
    texts = [text or "" for text in (edit.before, edit.after)]
    sides = [(lines(edit.path, text), plain_lines(text)) if coloured else _plain(text) for text in texts]
    rows = _rows(*sides)
    added = sum(row.kind == "added" for row in rows)
    return FileDiff(edit.path, added, sum(row.kind == "removed" for row in rows), tuple(rows))


_Text = tuple[Sequence[Line], Sequence[str]]
"""The lines of one version, coloured and plain."""


def _rows(before: _Text, after: _Text) -> list[Row]:
    old, old_text = before
    new, new_text = after
    groups = Lines(old_text, new_text).get_grouped_opcodes(CONTEXT)
    rows: list[Row] = []
    for group in groups:
        if group[0][1] > 0 or rows:
            rows.append(Row("gap", None, None, Markup("")))
        for tag, start, end, new_start, new_end in group:
            if tag == "equal":
                rows += [
                    Row("same", start + offset + 1, new_start + offset + 1, markup(line))
                    for offset, line in enumerate(old[start:end])
                ]
            else:
                rows += _changed(_Side(old, old_text, start, end), _Side(new, new_text, new_start, new_end))
    return rows


@dataclass(frozen=True, slots=True)
class _Side:
    """The lines `start` to `end` of one version of a file, coloured and plain."""

    coloured: Sequence[Line]
    plain: Sequence[str]
    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start


def _changed(old: _Side, new: _Side) -> list[Row]:
    pairs = len(old) == len(new)
    removed: list[Row] = []
    added: list[Row] = []
    for at in range(old.start, old.end):
        mark = _mark(old.plain[at], new.plain[new.start + at - old.start])[0] if pairs else None
        removed.append(Row("removed", at + 1, None, markup(old.coloured[at], mark)))
    for at in range(new.start, new.end):
        mark = _mark(old.plain[old.start + at - new.start], new.plain[at])[1] if pairs else None
        added.append(Row("added", None, at + 1, markup(new.coloured[at], mark)))
    return removed + added


def _mark(old: str, new: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the range of each line that lies between their common beginning and their common end."""
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    return (head, len(old) - tail), (head, len(new) - tail)


def _common(one: str, other: str) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
