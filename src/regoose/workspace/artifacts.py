"""Where a run's files live: one directory per run, each file written whole or not at all, and owned by the user."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from regoose.errors import UsageError
from regoose.sandbox.process import User
from regoose.workspace.beneath import Beneath

REPORT = "report.html"
RESULT = "result.json"
PATCH = "patch.diff"

_RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,149}")


class Artifacts:
    """
    The files of runs below one directory (of the user's state, outside every repository).

    Names are plain: letters, digits, `.`, `_` and `-`, so that nothing a run or a repository is called leads elsewhere.
    `owner` is who they belong to where root acts for somebody; None leaves them to whoever writes.
    """

    def __init__(self, state: Path, owner: User | None = None) -> None:
        self._runs = state / "runs"
        self._owner = owner

    def directory(self, run_id: str) -> Path:
        """Return the run's directory, made where it is missing; raises `UsageError` for an id that is no plain name."""
        if not _RUN.fullmatch(run_id):
            raise UsageError(
                f"{run_id!r} cannot be the id of a run", hint="`regoose runs list` shows the runs there are."
            )
        place = self._runs / run_id
        missing = [path for path in (place, *place.parents) if not path.exists()]
        place.mkdir(parents=True, exist_ok=True, mode=0o755)
        if self._owner is not None:
            for path in missing:
                os.chown(path, self._owner.uid, self._owner.gid, follow_symlinks=False)
        return place

    def write(self, run_id: str, name: str, content: bytes) -> Path:
        """Write one file at once, over an older one, and return its path; raises `SizeLimit` on a full disk."""
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"{name!r} cannot be the name of a run's file", hint="Use letters, digits, '.', '_' and '-'."
            )
        place = self.directory(run_id)
        with Beneath(place) as directory:
            directory.replace(name, content)
        return place / name

    def read(self, run_id: str, name: str) -> bytes | None:
        """Return a file's content, None where the run has no such file."""
        if not _RUN.fullmatch(run_id) or not _NAME.fullmatch(name) or not (self._runs / run_id).is_dir():
            return None
        with Beneath(self._runs / run_id) as directory:
            return directory.read(name)

    def remove(self, run_id: str) -> None:
        """Remove everything of a run. Idempotent."""
        if _RUN.fullmatch(run_id):
            shutil.rmtree(self._runs / run_id, ignore_errors=True)
