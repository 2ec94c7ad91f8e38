"""A patch: whole-file edits that together make one change, and the unified diff that shows it."""

from __future__ import annotations

import difflib
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
class Patch:
    """A set of file edits."""

    edits: tuple[FileEdit, ...]

    def diff(self, context: int = 3) -> str:
        """Return a unified diff that `git apply` accepts."""
        return "".join(_file_diff(edit, context) for edit in self.edits)

    def changed_lines(self) -> int:
        """Count the lines added and removed."""
        return sum(
            1
            for line in self.diff(context=0).splitlines()
            if line[:1] in {"+", "-"} and not line.startswith(("+++ ", "--- "))
        )


def _lines(text: str) -> list[str]:
    """Split at line feeds only: a form feed or a lone carriage return does not end a line for git."""
    parts = text.split("\n")
    return [part + "\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _file_diff(edit: FileEdit, context: int) -> str:
    old = "/dev/null" if edit.before is None else f"a/{edit.path}"
    new = "/dev/null" if edit.after is None else f"b/{edit.path}"
    head = f"diff --git a/{edit.path} b/{edit.path}\n"
    if edit.before is None:
        head += "new file mode 100644\n"
    if edit.after is None:
        head += "deleted file mode 100644\n"
    body = difflib.unified_diff(_lines(edit.before or ""), _lines(edit.after or ""), old, new, n=context)
    return head + "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in body)
