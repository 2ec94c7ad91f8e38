"""The Python interpreters of this machine, found by their files: none is started, no shim is asked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from regoose.workspace.project import Project

OLDEST, NEWEST = 9, 13
"""Minor versions of Python 3 that run the guest and are tried by themselves."""
_NAME = re.compile(r"^python3\.(\d+)$")
_MANAGED = (".pyenv/versions", ".local/share/uv/python", ".asdf/installs/python", ".local/share/mise/installs/python")
_SYSTEM = ("/usr/bin", "/usr/local/bin")


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A base interpreter (not a virtual environment's): its program and its minor version of Python 3."""

    program: Path
    minor: int

    @property
    def prefix(self) -> Path:
        """The installation it belongs to."""
        return self.program.parent.parent


def installation(program: Path) -> Interpreter | None:
    """Return the installation a program belongs to, links resolved; None where it is not a complete one."""
    try:
        resolved = program.resolve(strict=True)
    except (OSError, RuntimeError):
        return None
    prefix = resolved.parent.parent
    match = _NAME.match(resolved.name)
    found = [int(match[1])] if match else _minors_below(prefix)
    minor = found[0] if len(found) == 1 else None
    if minor is None or not any((prefix / lib / f"python3.{minor}" / "os.py").is_file() for lib in ("lib", "lib64")):
        return None
    return Interpreter(resolved, minor)


def _minors_below(prefix: Path) -> list[int]:
    names = (path.parent.name for path in prefix.glob("lib/python3.*/os.py"))
    return [int(match[1]) for match in map(_NAME.match, names) if match]


def find_interpreters(home: Path, search: Sequence[Path]) -> tuple[Interpreter, ...]:
    """
    List one interpreter for each minor version, newest first; what comes first on `search` (a PATH) wins.

    Looks at `search`, at the places where pyenv, uv, asdf and mise keep theirs below `home`, and at the system's.
    """
    found: dict[int, Interpreter] = {}
    for place in _places(home, search):
        for program in _named(place):
            interpreter = installation(program)
            if interpreter is not None and not (interpreter.prefix / "pyvenv.cfg").exists():
                found.setdefault(interpreter.minor, interpreter)
    return tuple(found[minor] for minor in sorted(found, reverse=True) if minor >= OLDEST)


def _named(place: Path) -> list[Path]:
    """List what is called like an interpreter there; a directory of a PATH may be missing or closed to this user."""
    try:
        return sorted(path for path in place.iterdir() if _NAME.match(path.name))
    except OSError:
        return []


def _places(home: Path, search: Sequence[Path]) -> Iterable[Path]:
    yield from search
    for managed in _MANAGED:
        yield from sorted((home / managed).glob("*/bin"), reverse=True)
    yield from map(Path, _SYSTEM)


def choose(project: Project, found: Sequence[Interpreter]) -> Interpreter | None:
    """
    Choose what the project was written for.

    `.python-version` decides where it names a version that is here and allowed. Else, among those that
    `requires-python` allows, the newest that the classifiers list; where all of them are older than any here, the
    oldest; and without classifiers the newest, or the oldest for a project that names no Python 3 requirement at all
    but pins old ways by having only setup.py.
    """
    allowed = [item for item in found if item.minor <= NEWEST and _allows(project.requires_python, item.minor)]
    pinned = re.match(r"(?:cpython-?)?3\.(\d+)", project.python_version)
    for item in allowed:
        if pinned and item.minor == int(pinned[1]):
            return item
    if not allowed:
        return None
    if project.minors:
        listed = [item for item in allowed if item.minor <= max(project.minors)]
        return listed[0] if listed else allowed[-1]
    return allowed[0] if project.requires_python or not project.is_legacy else allowed[-1]


def _allows(requires: str, minor: int) -> bool:
    try:
        specifiers = SpecifierSet(requires)
    except InvalidSpecifier:
        return True
    return any(specifiers.contains(f"3.{minor}.{patch}") for patch in (0, 99))
