"""A patch: whole-file edits that together make one change, and the unified diff that shows it."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileEdit:
    """
    One file before and after; None where it does not exist.

    Texts are the file's bytes decoded as UTF-8 with `surrogateescape`, line endings untouched, so that encoding
    them back gives the same bytes.
    """

    path: str
    """Relative to the repository root, with forward slashes."""
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class FileStat:
    """How many lines of one file a patch adds and removes."""

    path: str
    added: int
    removed: int


@dataclass(frozen=True, slots=True)
class Patch:
    """A set of file edits."""

    edits: tuple[FileEdit, ...]

    def diff(self, context: int = 3) -> str:
        """
        Return a unified diff that `git apply` turns into exactly these bytes; encode it with `surrogateescape`.

        Paths are quoted by git's rules. With no context `git apply` needs `--unidiff-zero`.
        """
        return "".join(_file_diff(edit, context) for edit in self.edits)

    def then(self, later: Patch) -> Patch:
        """Return both as one patch, by path; `later` is of the state that this one leaves."""
        edits = {edit.path: edit for edit in self.edits}
        for edit in later.edits:
            first = edits[edit.path].before if edit.path in edits else edit.before
            edits[edit.path] = FileEdit(edit.path, first, edit.after)
        return Patch(tuple(edits[path] for path in sorted(edits) if edits[path].before != edits[path].after))

    def stat(self) -> tuple[FileStat, ...]:
        """Count the lines added and removed in each file."""
        return tuple(_stat(edit) for edit in self.edits)

    def changed_lines(self) -> int:
        """Count the lines added and removed."""
        return sum(one.added + one.removed for one in self.stat())


_ESCAPES = {7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 34: '"', 92: "\\"}


def _lines(text: str) -> list[str]:
    """Split at line feeds only: a form feed or a lone carriage return does not end a line for git."""
    parts = text.split("\n")
    return [part + "\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _file_diff(edit: FileEdit, context: int) -> str:
    if edit.before == edit.after:
        return ""
    body = list(_body(edit, context))
    # Where no hunk follows, the first line alone names the file, and a space in it would be ambiguous.
    old, new = (_quoted(f"{side}/{edit.path}", spaces=not body) for side in "ab")
    head = f"diff --git {old} {new}\n"
    if edit.before is None:
        head += "new file mode 100644\n"
    if edit.after is None:
        head += "deleted file mode 100644\n"
    if body:
        head += f"--- {'/dev/null' if edit.before is None else _ended(old)}\n"
        head += f"+++ {'/dev/null' if edit.after is None else _ended(new)}\n"
    return head + "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in body)


def _stat(edit: FileEdit) -> FileStat:
    signs = [line[0] for line in _body(edit, 0)]
    return FileStat(edit.path, signs.count("+"), signs.count("-"))


def _body(edit: FileEdit, context: int) -> Iterator[str]:
    """Yield the hunks' lines, without the two that name the file."""
    lines = difflib.unified_diff(_lines(edit.before or ""), _lines(edit.after or ""), n=context)
    return itertools.islice(lines, 2, None)


def _quoted(path: str, *, spaces: bool) -> str:
    """Quote a path as git does where it holds a quote, a backslash, a control character or a byte beyond ASCII."""
    raw = path.encode("utf-8", "surrogateescape")
    if not (spaces and " " in path) and all(0x20 <= byte < 0x7F and byte not in _ESCAPES for byte in raw):  # noqa: PLR2004 - the printable ones of ASCII
        return path
    return '"' + "".join(_escaped(byte) for byte in raw) + '"'


def _escaped(byte: int) -> str:
    if byte in _ESCAPES:
        return "\\" + _ESCAPES[byte]
    return chr(byte) if 0x20 <= byte < 0x7F else f"\\{byte:03o}"  # noqa: PLR2004 - as above


def _ended(name: str) -> str:
    """End an unquoted name that holds a space by a tab: without it, `patch` and git take what follows for a date."""
    return f"{name}\t" if " " in name and not name.startswith('"') else name
