"""
The target's own interpreter and dependencies: an environment that is there already, else one made by uv and kept.

Nothing of the target runs on the host: existing environments are read, not started; dependencies come as wheels only,
so nobody's build code runs; the project itself is not built, its directories go on PYTHONPATH.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from regoose.errors import EnvironmentUnavailable, GitFailed, NotARepository, UsageError
from regoose.sandbox.base import WORK, Mount
from regoose.workspace.existing import Existing, inspect_environment
from regoose.workspace.git import find_repository, open_git
from regoose.workspace.indexes import uv_environment
from regoose.workspace.interpreters import NEWEST, OLDEST, Interpreter, choose, find_interpreters, installation
from regoose.workspace.made import Made, Maker
from regoose.workspace.metadata import provide_metadata, write_version_files
from regoose.workspace.needs import read_needs
from regoose.workspace.project import Project, read_project

_NAMES = (".venv", "venv", "env", ".env")
_SYSTEM_PATH = ("/usr/local/bin", "/usr/bin", "/bin")


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetEnvironment:
    """What a sandbox needs to run the target: give `python`, `mounts` and `env` to it as they are."""

    python: Path
    """Interpreter of the environment, at the same path inside the sandbox."""
    version: str
    """`3.11`."""
    mounts: tuple[Mount, ...]
    env: Mapping[str, str]
    """PYTHONPATH and PATH inside the sandbox; put more in front of the former where needed."""
    source: str
    """Where it came from, one sentence."""
    notes: tuple[str, ...]


async def _tagged_version(repository: Path) -> str:
    """Return the version that the last tag names, as tools that take it from git do; empty where there is none."""
    try:
        found = await find_repository(repository)
        async with open_git(found) as git:
            tag = await git.nearest_tag(found.head) or ""
    except (NotARepository, GitFailed):
        return ""
    match = re.search(r"\d+(\.\d+)+((a|b|rc|\.post)\d+)?", tag)
    return match[0] if match else ""


def _inside(tree: Path, within: str) -> Path:
    """Return the project's directory; it may be missing, or lead elsewhere, in the commit of this run."""
    place = (tree / within).resolve()
    if not place.is_relative_to(tree.resolve()) or not place.is_dir():
        raise UsageError(f"{within!r} is not a directory of the commit", hint="Give the path of one that is.")
    return place


class Environments:
    """Provides environments. `caller` is the user's environment, for HOME, PATH, VIRTUAL_ENV and the index settings."""

    def __init__(self, cache: Path, caller: Mapping[str, str]) -> None:
        self._cache = cache
        self._caller = dict(caller)
        self._maker = Maker(cache / "environments", uv_environment(caller))

    async def provide(
        self, tree: Path, repository: Path, *, python: str | None = None, within: str = ""
    ) -> TargetEnvironment:
        """
        Provide the environment for the project in `within` of `tree`, a private tree of the checkout `repository`.

        `python` is an environment's directory, an interpreter's path or a version such as `3.11`; without it, an
        environment in or of the checkout is taken where it has pytest, else one is made. Version files that only a
        build would write are put into `tree`. Raises `EnvironmentUnavailable`.
        """
        place = await asyncio.to_thread(_inside, tree, within)
        project = await asyncio.to_thread(read_project, place)
        if not project.version:
            project = replace(project, version=await _tagged_version(repository))
        generated = await asyncio.to_thread(write_version_files, place, repository / within, project)
        notes = [
            f"{path} is written by the build and not part of the commit: a stand-in is used." for path in generated
        ]
        existing: Existing | None = None
        if python is None or not re.fullmatch(r"3\.\d+(\.\d+)?", python):
            existing, why = self._existing(tree, repository, python, within)
            notes += why
        placed = replace(project, roots=tuple(f"{within}/{root}".strip("/") for root in project.roots))
        if existing is not None:
            return self._target(existing.base, placed, existing, [*notes, *existing.notes])
        interpreter = self._interpreter(project, python)
        needs = await asyncio.to_thread(read_needs, place, project)
        made = await self._maker.make(interpreter, project, needs)
        notes += made.notes
        if project.compiled:
            notes.append(
                "The project declares extension modules, which are not built here: where its tests need them, build it "
                "into a virtual environment `.venv` in the repository."
            )
        return self._target(interpreter, placed, made, notes)

    def _existing(
        self, tree: Path, repository: Path, python: str | None, within: str
    ) -> tuple[Existing | None, list[str]]:
        notes: list[str] = []
        places = self._candidates(tree / within, repository / within, python, notes)
        if within and python is None:
            places += self._candidates(tree, repository, python, notes)
        for root in dict.fromkeys(places):
            found = inspect_environment(root, repository)
            if isinstance(found, str):
                notes.append(f"Not used: {found}.")
            elif found.minor < OLDEST:
                notes.append(f"Not used: {root} has Python 3.{found.minor}; 3.{OLDEST} is the oldest that works.")
            elif not found.has("pytest"):
                notes.append(f"Not used: {root} has no pytest. Install it there to have your own versions used.")
            else:
                return found, notes
        if python is not None and notes and not installation(Path(python)):
            raise EnvironmentUnavailable(f"the environment {python!r} cannot be used: {notes[-1]}")
        return None, notes

    def _candidates(self, tree: Path, repository: Path, python: str | None, notes: list[str]) -> list[Path]:
        if python is not None:
            given = Path(python).absolute()
            if not given.exists():
                raise EnvironmentUnavailable(
                    f"the interpreter {python!r} does not exist",
                    hint="Give the path of a virtual environment, of an interpreter, or a version such as 3.11.",
                )
            return [given if given.is_dir() else given.parent.parent]
        places: list[Path] = []
        for name in _NAMES:
            if (tree / name).is_dir():
                notes.append(f"Not used: {name} is committed to the repository.")
            elif (repository / name / "bin" / "python").exists() or (repository / name / "pyvenv.cfg").exists():
                places.append(repository / name)
        active = self._caller.get("VIRTUAL_ENV") or self._caller.get("CONDA_PREFIX")
        if active and Path(active).is_dir() and Path(active) not in places and self._belongs(Path(active), repository):
            places.append(Path(active))
        return places

    def _belongs(self, root: Path, repository: Path) -> bool:
        """Whether the caller's active environment is this repository's: inside it, or with it installed editable."""
        if root.resolve().is_relative_to(repository.resolve()):
            return True
        found = inspect_environment(root, repository)
        return not isinstance(found, str) and bool(found.mapped)

    def _interpreter(self, project: Project, python: str | None) -> Interpreter:
        if python is not None and (given := installation(Path(python))) is not None:
            return given
        search = [Path(place) for place in self._caller.get("PATH", "").split(":") if place.startswith("/")]
        found = find_interpreters(Path(self._caller.get("HOME", "/nonexistent")), search)
        here = ", ".join(f"3.{item.minor}" for item in found) or "none"
        if python is not None:
            chosen = next((item for item in found if f"{python}.".startswith(f"3.{item.minor}.")), None)
            wanted = f"Python {python}"
        else:
            chosen = choose(project, found)
            wanted = (
                f"a Python {project.requires_python or f'3.{OLDEST} to 3.{NEWEST}'} (3.{OLDEST} to 3.{NEWEST} work)"
            )
        if chosen is None:
            raise EnvironmentUnavailable(
                f"{wanted} is not installed; found: {here}",
                hint="Install one, e.g. with `uv python install 3.12`, or name one with --python.",
            )
        return chosen

    def _target(
        self, base: Interpreter, project: Project, found: Existing | Made, notes: list[str]
    ) -> TargetEnvironment:
        roots = [f"{WORK}/{place}".rstrip("/") for place in project.roots]
        shown = [found.root, base.prefix]
        if isinstance(found, Existing):
            roots, shown = [*found.mapped, *roots], [*shown, *found.outside]
        search = [str(found.root / "bin"), *_SYSTEM_PATH]
        if project.name and not (isinstance(found, Existing) and found.has(project.name)):
            metadata = provide_metadata(self._cache / "metadata", project, found.python)
            roots.append(str(metadata))
            shown.append(metadata)
            search.insert(1, str(metadata / "bin"))
        return TargetEnvironment(
            python=found.python,
            version=f"3.{base.minor}",
            mounts=tuple(Mount(path, str(path)) for path in dict.fromkeys(shown)),
            env={"PYTHONPATH": ":".join(dict.fromkeys(roots)), "PATH": ":".join(search)},
            source=found.source,
            notes=tuple(notes),
        )
