"""What an author has changed so far: texts over a tree that stays as it is."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

from regoose.domain.patch import Patch

BaseReader = Callable[[str], bytes | None]
"""Returns a file of the tree, None where there is none."""


class Changes:
    """
    Changes over a base. Nothing is written to any disk: tests and commands get them as a patch.

    They are made again on replay by applying the recorded patches, for which the tree need not be there.
    """

    def __init__(self, base: BaseReader) -> None:
        self._base = base
        self._patch = Patch(())

    def apply(self, patch: Patch) -> None:
        """Take over a patch of the state so far."""
        self._patch = self._patch.then(patch)

    def patch(self) -> Patch:
        """Return everything that differs from the base, by path."""
        return self._patch

    def texts(self) -> Mapping[str, str | None]:
        """Return the changed files' texts, None for a deleted one."""
        return {edit.path: edit.after for edit in self._patch.edits}

    def read(self, path: str) -> bytes | None:
        """Return a file as it is now, None where there is none."""
        texts = self.texts()
        if path not in texts:
            return self._base(path)
        text = texts[path]
        return None if text is None else text.encode("utf-8", "surrogateescape")

    def state(self) -> str:
        """Return a digest of all changes: equal where nothing has changed in between."""
        digest = hashlib.sha256()
        for edit in self._patch.edits:
            for part in (edit.path, edit.after):
                digest.update(b"\0" if part is None else part.encode("utf-8", "surrogateescape") + b"\1")
        return digest.hexdigest()
