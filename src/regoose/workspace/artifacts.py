"""A run's files: each written whole or not at all, under plain names, and owned by whoever owns the place."""

from __future__ import annotations

import re
from pathlib import Path

from regoose.errors import UsageError
from regoose.workspace.beneath import Beneath

REPORT = "report.html"
SUMMARY = "report.md"
RESULT = "result.json"
PATCH = "patch.diff"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,149}")


class Artifacts:
    """
    The files in one run's folder, which is made where it is missing.

    Names are plain (letters, digits, `.`, `_` and `-`), so that nothing a repository is called leads elsewhere. What
    root writes belongs to the owner of the directory it is put in.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()

    def write(self, name: str, content: bytes) -> Path:
        """Write one file at once, over an older one, and return its path; raises `SizeLimit` on a full disk."""
        _check(name)
        above = next(path for path in self._folder.parents if path.is_dir())
        with Beneath(above) as directory:
            directory.make_directory(self._folder.relative_to(above).as_posix())
        with Beneath(self._folder) as directory:
            directory.replace(name, content)
        return self._folder / name

    def read(self, name: str) -> bytes | None:
        """Return a file's content, None where the run has no such file."""
        _check(name)
        if not self._folder.is_dir():
            return None
        with Beneath(self._folder) as directory:
            return directory.read(name)


def _check(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} cannot be the name of a run's file", hint="Use letters, digits, '.', '_' and '-'.")
