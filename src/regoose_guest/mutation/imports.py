"""What a child that imports everything anew is spared: compiling the repository's files, importing what is not its."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import sys
from types import CodeType
from typing import Dict, FrozenSet, List, Sequence, Tuple

from regoose_guest.items import arm, disarm
from regoose_guest.mutation.live import files
from regoose_guest.mutation.reach import words_of

_SECONDS = 2.0
_NOT_OWN = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")


class Imports:
    """Codes of the repository's files, by their real paths, and the words in them."""

    def __init__(self, root: str) -> None:
        self._root = os.path.realpath(root) + os.sep
        self.codes: Dict[str, CodeType] = {}
        self.words: Dict[str, FrozenSet[str]] = {}
        """Of the texts of these files."""

    def since(self, before: Sequence[str]) -> Tuple[List[str], List[str]]:
        """Return the repository's files that this process has imported, and other modules that it did not have."""
        known = set(before)
        own = [os.path.realpath(path) for _, path in files() if self._is_own(path)]
        return own, [name for name, path in files() if name not in known and not self._is_own(path)]

    def prepare(self, own: Sequence[str], others: Sequence[str]) -> None:
        """Compile files, and import modules that another process could import."""
        for path in own:
            with contextlib.suppress(OSError, SyntaxError, ValueError, LookupError, RecursionError):
                with open(path, "rb") as file:
                    text = importlib.util.decode_source(file.read())
                self.words[path] = words_of(text)
                self.codes[path] = compile(text, path, "exec", dont_inherit=True)
        try:
            arm(_SECONDS, 2 * _SECONDS)
            for name in others:
                with contextlib.suppress(Exception):
                    importlib.import_module(name)
        except BaseException:  # noqa: BLE001 - out of time, or one that exits: what is there helps
            return
        finally:
            disarm()

    def forget(self) -> None:
        """Have the repository's modules imported anew, where something of it has been imported already."""
        for name, path in files():
            if self._is_own(path):
                del sys.modules[name]

    def _is_own(self, path: str) -> bool:
        real = os.path.realpath(path)
        return real.startswith(self._root) and real.endswith(".py") and not any(part in real for part in _NOT_OWN)
