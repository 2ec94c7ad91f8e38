"""Outputs of tools: a model is shown the head and the tail of a long one, and can read on in the rest."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from regoose.context.truncation import truncate

PREFIX = "output:"
SHOWN = 12_000
"""Characters of one output that a model is shown."""
_NAME = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Outputs:
    """Whole outputs, one file each in a run's folder, named by what they hold."""

    folder: Path
    shown: int = SHOWN

    def shorten(self, text: str) -> str:
        """Return a text as it is shown; where something is left out, the whole is kept and its name told."""
        if len(text) <= self.shown:
            return text
        return truncate(text, limit=self.shown, read_on=f"`read` with the path {PREFIX}{self._keep(text)} shows it")

    def read(self, path: str) -> str | None:
        """Return the whole output that `path` (`output:NAME`) names, None where there is none."""
        name = path.removeprefix(PREFIX)
        file = self.folder / f"{name}.txt"
        if not _NAME.fullmatch(name) or not file.is_file():
            return None
        return file.read_text("utf-8", "surrogateescape")

    def _keep(self, text: str) -> str:
        content = text.encode("utf-8", "surrogateescape")
        name = hashlib.sha256(content).hexdigest()[:12]
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / f"{name}.txt").write_bytes(content)
        return name
