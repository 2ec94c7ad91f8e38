"""Applying the edits of one call: all of them, or none and why."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from regoose.domain.patch import FileEdit, Patch
from regoose.workspace.edits import check, elision
from regoose.workspace.edits.forms import Delete, Edit, Move, Replace, Write
from regoose.workspace.edits.ladder import climb
from regoose.workspace.edits.outcome import (
    Applied,
    Elided,
    Missed,
    NoSuchFile,
    Outcome,
    PathTaken,
    Placed,
    Refusal,
    Refused,
    Rung,
    Unchanged,
    Undecodable,
)
from regoose.workspace.edits.paths import Found, clean, existing
from regoose.workspace.edits.source import NotText, Source, decode, split_lines

_LONG = 40
"""A file of so many lines is not replaced by less than half of it without being deleted first."""

Read = Callable[[str], bytes | None]
"""Give a file's bytes by its path, None where there is none."""


def apply_edits(edits: Sequence[Edit], read: Read, paths: Collection[str]) -> Outcome:
    """
    Apply edits one after the other, each seeing what those before it did; all or none.

    `read` gives the files as they are, `paths` lists those that are known, so that a path written slightly wrong can
    be mended. Nothing is written anywhere: the result is a patch. `read` may raise; nothing else is.
    """
    sheet = _Sheet(read, frozenset(paths))
    placed: list[Placed] = []
    refusals: list[Refusal] = []
    for edit in edits:
        result = sheet.apply(edit)
        if isinstance(result, Placed):
            placed.append(result)
        else:
            refusals.append(result)
    if refusals:
        return Refused(tuple(refusals), tuple(placed))
    patch = sheet.patch()
    if not patch.edits:
        return Refused((Unchanged(edits[0].path if edits else "(no edit)", "the edits change nothing"),))
    if broken := [refusal for one in patch.edits if (refusal := check.unparsable(one))]:
        return Refused(tuple(broken))
    return Applied(patch, tuple(placed), tuple(note for one in patch.edits for note in check.lint(one)))


@dataclass(frozen=True, slots=True)
class _Sheet:
    """The files as the edits so far would leave them."""

    read: Read
    known: frozenset[str]
    before: dict[str, bytes | None] = field(default_factory=dict[str, bytes | None])
    now: dict[str, bytes | None] = field(default_factory=dict[str, bytes | None])

    def apply(self, edit: Edit) -> Placed | Refusal:
        """Make one edit, or leave everything as it is and say why."""
        match edit:
            case Replace():
                return self._replace(edit)
            case Write():
                return self._write(edit)
            case Delete():
                found = self._existing(edit.path, partial=False)
                return found if isinstance(found, Refusal) else self._put(found, None)
            case Move():
                return self._move(edit)

    def patch(self) -> Patch:
        """Return what became of the files that the edits changed."""
        changed = [(path, self.before[path], after) for path, after in sorted(self.now.items())]
        return Patch(
            tuple(
                FileEdit(path, _as_text(before), _as_text(after)) for path, before, after in changed if before != after
            )
        )

    def _content(self, path: str) -> bytes | None:
        if path not in self.now:
            self.before[path] = self.now[path] = self.read(path)
        return self.now[path]

    def _existing(self, path: str, *, partial: bool) -> Found | Refusal:
        present = {one for one in self.known if self.now.get(one, b"") is not None}
        present |= {one for one, content in self.now.items() if content is not None}
        return existing(path, lambda one: self._content(one) is not None, present, partial=partial)

    def _put(self, found: Found, content: bytes | None) -> Placed:
        self._content(found.path)
        self.now[found.path] = content
        return Placed(found.path, Rung.WHOLE, notes=(found.note,) if found.note else ())

    def _replace(self, edit: Replace) -> Placed | Refusal:
        found = self._existing(edit.path, partial=bool(edit.search.strip()))
        if not edit.search.strip():
            return self._fill(edit, found)
        if isinstance(found, Refusal):
            return found
        try:
            source = decode(self._content(found.path) or b"", found.path)
            spliced = climb(edit, source, found.path)
            if isinstance(spliced, Refusal):
                return spliced
            self.now[found.path] = spliced.source.encode()
        except NotText as reason:
            return _undecodable(found.path, reason)
        return Placed(
            found.path, spliced.rung, spliced.line, tuple(note for note in (found.note, spliced.note) if note)
        )

    def _fill(self, edit: Replace, found: Found | Refusal) -> Placed | Refusal:
        """Write the text of a replacement that searches for nothing into a file that is new or empty."""
        if isinstance(found, Found) and (self._content(found.path) or b"").strip():
            return Missed(
                found.path,
                "the search text is empty, and the file is not",
                "Give lines to search for, also where lines are only inserted, or write the whole file.",
            )
        if isinstance(found, Refusal) and not isinstance(found, NoSuchFile):
            return found
        return self._write(Write(found.path, edit.replace))

    def _write(self, edit: Write) -> Placed | Refusal:
        path = clean(edit.path)
        if isinstance(path, Refusal):
            return path
        content = self._content(path)
        if content is None and (taken := self._taken(path)):
            return taken
        try:
            source = Source() if content is None else decode(content, path)
            if lost := _left_out(source, edit.text, path):
                return lost
            return self._put(Found(path), source.rewritten(edit.text).encode())
        except NotText as reason:
            return _undecodable(path, reason)

    def _move(self, edit: Move) -> Placed | Refusal:
        found, to = self._existing(edit.path, partial=False), clean(edit.to)
        if isinstance(found, Refusal):
            return found
        if isinstance(to, Refusal):
            return to
        content = self._content(found.path)
        if to == found.path:
            return Unchanged(to, "the file is moved to where it is")
        if self._content(to) is not None:
            return PathTaken(to, f"{found.path!r} cannot be moved there: a file is there already")
        if (taken := self._taken(to)) and to.casefold() != found.path.casefold():
            return taken
        self._put(Found(to), content)
        return self._put(found, None)

    def _taken(self, path: str) -> PathTaken | None:
        """Refuse a new file beside one whose path differs in case alone, below a file, or in place of a folder."""
        files = {one for one in self.known | self.now.keys() if self.now.get(one, b"") is not None}
        for one in sorted(files):
            if one.casefold() == path.casefold():
                return PathTaken(path, f"{one!r} is there already, and differs in upper and lower case alone")
            if path.startswith(one + "/") or one.startswith(path + "/"):
                return PathTaken(path, f"{one!r} is there already, so this cannot be a file")
        return None


def _left_out(source: Source, text: str, path: str) -> Elided | None:
    """Refuse a whole text that is an excerpt: with a placeholder, or much shorter than the file."""
    lines = split_lines(text)
    if marker := elision.only_in(lines, source.lines):
        return Elided(
            path, f"the placeholder {marker!r} stands for lines that would be lost", "Write the whole file out."
        )
    if len(source.lines) >= _LONG and 2 * len(lines) < len(source.lines):
        why = f"{len(lines)} lines are given for the whole of a file that has {len(source.lines)}"
        return Elided(path, why, "Replace a part of it, or delete the file first if the rest is meant to go.")
    return None


def _undecodable(path: str, reason: NotText) -> Undecodable:
    return Undecodable(path, f"the file is not edited: {reason}", "Leave the file as it is.")


def _as_text(content: bytes | None) -> str | None:
    return None if content is None else content.decode("utf-8", "surrogateescape")
