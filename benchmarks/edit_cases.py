"""Cases to apply: damaged edits that have one right place, and edits that must be refused."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from edit_corpus import TrueEdit
from edit_damage import (
    PATH_DAMAGE,
    TEXT_DAMAGE,
    Damage,
    Draft,
    blank_lines_dropped,
    dedented,
    depth_of,
    draft,
    line_missing,
    places,
    stale_comment,
    stale_line,
    trailing_blanks,
    written,
)

from regoose.workspace.edits import Edit, Replace, parse_edits

DIFF_FORMS = ("wrong numbers", "no numbers", "blank before context missing", "no a/ and b/", "envelope")


@dataclass(slots=True)
class Case:
    """One edit to be applied to a file, and what should come of it."""

    kind: str
    name: str
    files: dict[str, str]
    paths: tuple[str, ...]
    edits: Sequence[Edit]
    path: str
    wanted: str | None
    """The right result; None where only a refusal is right."""


def right_cases(edit: TrueEdit, rng: random.Random) -> Iterator[Case]:
    """Yield the edit in every damage that it can take and after which it still has one right place."""
    for kind, (damage, context) in TEXT_DAMAGE.items():
        if (made := draft(edit, rng, context)) and damage(made) and places(edit.before, made) <= 1:
            yield _case(made, kind, [_block(made)])
    if made := draft(edit, rng):
        if rng.random() < 0.5:
            text = _block(made)
            ends = replace(text, search=text.search.replace("\n", "\r\n"), replace=text.replace.replace("\n", "\r\n"))
            yield _case(made, "CRLF in the edit", [ends])
        else:
            yield _case(made, "CRLF in the file", [_block(made)], ending="\r\n")
        for kind, change in PATH_DAMAGE.items():
            path = change(edit.path)
            same = [one for one in edit.paths if one.casefold().endswith(path.casefold())]
            if path and path not in edit.paths and len(same) <= 1:
                yield _case(made, kind, [replace(_block(made), path=path)])
    if made := draft(edit, rng, 3):
        for form in DIFF_FORMS:
            if edits := parse_edits(written_diff(made, form)).edits:
                yield _case(made, f"diff: {form}", edits)


def refused_cases(edit: TrueEdit, others: Sequence[TrueEdit], rng: random.Random) -> Iterator[Case]:
    """Yield edits that have no right place: each must be refused."""
    damages: tuple[Damage, ...] = (
        dedented,
        trailing_blanks,
        stale_line,
        stale_comment,
        blank_lines_dropped,
        line_missing,
    )
    if twin := _twin(edit, rng):
        yield _case(twin, "several places", [_block(twin)], refuse=True)
    touched = any(line.strip() for line in edit.before[edit.start : edit.end])
    for damage in damages:
        if touched and (made := draft(edit, rng, 4)):
            damage(made)
            gone = edit.before[: edit.start] + edit.before[edit.end :]
            yield from _gone(made, "lines are gone", gone)
        if made := draft(edit, rng, 3):
            damage(made)
            yield from _gone(made, "definition is gone", _without_definition(edit))
        if touched and (made := draft(edit, rng, 3)):
            damage(made)
            if (changed := _changed_below(made)) is not None:
                yield from _gone(made, "lines to replace have changed", changed)
        if touched and any(line.strip() for line in edit.new) and (made := draft(edit, rng, 3)):
            damage(made)
            yield from _gone(made, "already applied", edit.after)
        other = rng.choice(others)
        if other.path != edit.path and (made := draft(edit, rng, 3)) and not places(other.before, made):
            damage(made)
            yield from _gone(made, "another file", other.before)


def _gone(made: Draft, kind: str, lines: Sequence[str]) -> Iterator[Case]:
    """Yield a case unless the text stands in the file exactly: then that is its place."""
    if _joined(made.search) not in _joined(lines):
        yield _case(made, kind, [_block(made)], lines=lines, refuse=True)


def _twin(edit: TrueEdit, rng: random.Random) -> Draft | None:
    """Write the edit with so little context that several places fit."""
    for around in (2, 1, 0):
        made = written(edit, rng, around)
        exact = sum(
            list(edit.before[at : at + len(made.search)]) == made.search
            for at in range(len(edit.before) - len(made.search) + 1)
        )
        if exact > 1 and any(line.strip() for line in made.search):
            return made
    return None


def _without_definition(edit: TrueEdit) -> tuple[str, ...]:
    """Leave out the block around the edit: from the last line above that is less indented, to the next such below."""
    around = [depth_of(line) for line in edit.before[edit.start : edit.end] if line.strip()]
    depth = min(around, default=depth_of(edit.before[edit.start - 1]) if edit.start else 0)
    start = max(0, edit.start - 3)
    while start > 0 and (not edit.before[start].strip() or depth_of(edit.before[start]) >= max(depth, 1)):
        start -= 1
    end = min(len(edit.before), edit.end + 3)
    while end < len(edit.before) and (not edit.before[end].strip() or depth_of(edit.before[end]) >= max(depth, 1)):
        end += 1
    return edit.before[:start] + edit.before[end:]


def _changed_below(made: Draft) -> tuple[str, ...] | None:
    """Change a word of the file in a line that the edit replaces."""
    rows = [at for at in range(made.edit.start, made.edit.end) if re.search(r"\w{2}", made.edit.before[at])]
    if not rows:
        return None
    at = made.rng.choice(rows)
    line = made.edit.before[at]
    found = made.rng.choice(list(re.finditer(r"\w{2,}", line)))
    changed = line[: found.start()] + found[0] + "_2" + line[found.end() :]
    return (*made.edit.before[:at], changed, *made.edit.before[at + 1 :])


def written_diff(made: Draft, form: str) -> str:
    """Write the edit as a diff with one kind of fault."""
    body = [row.sign + row.text for row in made.rows]
    if form == "blank before context missing":
        body = [line[1:] if line[:1] == " " else line for line in body]
    if form == "envelope":
        return "\n".join(["*** Begin Patch", f"*** Update File: {made.path}", "@@", *body, "*** End Patch", ""])
    old, new = (made.path, made.path) if form == "no a/ and b/" else (f"a/{made.path}", f"b/{made.path}")
    line = made.rng.randint(1, 2 * len(made.edit.before) + 1)
    head = "@@ ... @@" if form == "no numbers" else f"@@ -{line},{len(body) + 2} +{line + 3},{len(body)} @@"
    return "\n".join(["```diff", f"--- {old}", f"+++ {new}", head, *body, "```", ""])


def _block(made: Draft) -> Replace:
    return Replace(made.path, _joined(made.search), _joined(made.replace), whole_lines=True)


def _case(
    made: Draft,
    kind: str,
    edits: Sequence[Edit],
    *,
    ending: str = "\n",
    lines: Sequence[str] | None = None,
    refuse: bool = False,
) -> Case:
    before = made.edit.before if lines is None else lines
    wanted = None if refuse else "".join(line + ending for line in made.edit.after)
    files = {made.edit.path: "".join(line + ending for line in before)}
    return Case(kind, made.edit.name, files, made.edit.paths, edits, made.edit.path, wanted)


def _joined(lines: Sequence[str]) -> str:
    return "".join(line + "\n" for line in lines)
