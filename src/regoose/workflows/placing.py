"""Where a file of generated tests goes: beside the repository's own tests, and never over one of them."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from regoose.domain.generation import Target
from regoose.errors import UsageError
from regoose.workspace.project import read_project

_USUAL = ("tests", "test")


class Places:
    """
    Gives each target a new file for its tests.

    pytest imports test files of directories without `__init__.py` by their base names alone, so a base name is given
    once in the whole tree.
    """

    def __init__(self, tree: Path, within: str = "", output: str | None = None) -> None:
        """Look at the tests of the project in `within`. Raises `UsageError` for an `output` outside the tree."""
        self._tree = tree.resolve()
        self._within = within
        self._output = None if output is None else self._inside(output)
        self._taken = {path.name for path in self._tree.rglob("test_*.py")}
        self._default = self._usual_directory()

    def give(self, target: Target) -> str:
        """Return the path of a file that is not there yet, relative to the tree."""
        directory = self._output or self._directory_for(target)
        parts = target.module.strip("_").split(".")
        stem = f"test_{parts[-1].strip('_') or 'module'}"
        longer = f"test_{'_'.join(part.strip('_') for part in parts)}"
        for name in (stem, longer, f"{stem}_generated", *(f"{stem}_generated_{n}" for n in range(2, 1000))):
            if f"{name}.py" not in self._taken and not (self._tree / directory / f"{name}.py").exists():
                self._taken.add(f"{name}.py")
                return str(PurePosixPath(directory, f"{name}.py"))
        raise UsageError(f"there are a thousand files of tests for {target.module}", hint="Remove the old ones.")

    def existing(self, target: Target) -> str | None:
        """Return the file of tests that is there already under the name that a new one would have, if any."""
        directory = self._output or self._directory_for(target)
        path = PurePosixPath(directory, f"test_{target.module.strip('_').rpartition('.')[2].strip('_')}.py")
        return str(path) if (self._tree / path).is_file() else None

    def _inside(self, output: str) -> str:
        place = (self._tree / output).resolve()
        if not place.is_relative_to(self._tree):
            raise UsageError(
                f"--output {output!r} lies outside the repository",
                hint="Give a directory inside it: the tests become part of a commit.",
            )
        if place.exists() and not place.is_dir():
            raise UsageError(f"--output {output!r} is a file", hint="Give a directory.")
        return place.relative_to(self._tree).as_posix()

    def _usual_directory(self) -> str:
        """Return the directory that pytest is configured for, or the usual one, whether it exists or not."""
        options = read_project(self._tree / self._within).pytest_options
        configured = re.search(r"^\s*testpaths\s*=\s*(.+?)\s*$", options, re.MULTILINE)
        names = re.findall(r"[\w./-]+", configured[1]) if configured else []
        for name in (*names, *_USUAL):
            if (self._tree / self._within / name).is_dir():
                return str(PurePosixPath(self._within, name))
        return str(PurePosixPath(self._within, _USUAL[0]))

    def _directory_for(self, target: Target) -> str:
        """Return the nearest directory of tests inside the target's own packages, else the project's."""
        for parent in PurePosixPath(target.path).parents:
            if str(parent) == "." or str(parent) == self._within:
                break
            for name in _USUAL:
                if any((self._tree / parent / name).glob("test_*.py")):
                    return str(parent / name)
        return self._default
