"""Environments that uv makes from wheels: one for each interpreter and set of requirements, kept and shared by runs."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

import uv
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from regoose.errors import EnvironmentUnavailable, MissingTool
from regoose.sandbox.process import Completed, HostCommand, run_process
from regoose.workspace.interpreters import Interpreter
from regoose.workspace.needs import Needs, distribution_of
from regoose.workspace.project import Project

_SECONDS = 600.0
_FORMAT = 2
"""Raise it where the way an environment is made changes, so that older ones are not taken."""
_RECORD = "environment.json"
_NOT_FOR_TESTS = re.compile(
    r"^(bandit|black|build|bump.*|check-manifest|codespell|commitizen|docutils|flake8.*|furo|isort|mkdocs.*|mypy|nox|"
    r"pip|pip-tools|pre-commit|pycodestyle|pylint|pyright|pyupgrade|ruff|sphinx.*|towncrier|tox.*|twine|ty|uv|wheel)$"
)
"""Development tools; a group's own are left out unless a test imports them."""


@dataclass(frozen=True, slots=True)
class Made:
    """An environment that uv made."""

    root: Path
    source: str
    notes: tuple[str, ...]

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.root / "bin" / "python"


@dataclass(frozen=True, slots=True)
class _Part:
    """Requirements installed together, and what it means when that fails."""

    label: str
    lines: tuple[str, ...]
    required: bool = False


class Maker:
    """Makes environments below `cache`. `env` is all of uv's environment."""

    def __init__(self, cache: Path, env: Mapping[str, str]) -> None:
        self._cache = cache
        self._env = dict(env)

    async def make(self, interpreter: Interpreter, project: Project, needs: Needs) -> Made:
        """
        Return the environment for these requirements, from the cache where it was made before.

        Raises `EnvironmentUnavailable` where pytest or what the project itself requires cannot be installed; what
        only a group or an undeclared import asks for is left out with a note.
        """
        parts, notes = _parts(project, needs)
        facts: list[object] = [
            _FORMAT,
            str(interpreter.program),
            [[part.label, part.lines] for part in parts],
            sorted(needs.imports),
        ]
        facts.append(
            sorted((name, value) for name, value in self._env.items() if "INDEX" in name or "FIND_LINKS" in name)
        )
        place = self._cache / hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:24]
        if (kept := _recorded(place)) is None:
            kept = await self._fill(place, interpreter, parts, needs)
        source = f"Python 3.{interpreter.minor} ({interpreter.program}) and wheels installed by uv"
        return Made(place, source, (*notes, *kept))

    async def _fill(
        self, place: Path, interpreter: Interpreter, parts: Sequence[_Part], needs: Needs
    ) -> tuple[str, ...]:
        self._cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".draft-", dir=self._cache, ignore_cleanup_errors=True) as name:
            draft = Path(name) / "environment"
            made = await self._uv("venv", "--no-project", "--python", str(interpreter.program), str(draft))
            if made.exit_code != 0:
                raise EnvironmentUnavailable(f"uv could not make an environment: {_words(made)}")
            installer = _Installer(self._uv, draft / "bin" / "python")
            await installer.install_all(parts)
            await installer.install_imports(draft, needs.imports)
            notes = tuple(installer.notes)
            await self._compile(interpreter, draft)
            (draft / _RECORD).write_text(json.dumps({"notes": notes}), encoding="utf-8")
            await asyncio.to_thread(_move, draft, place)
        return notes

    async def _compile(self, interpreter: Interpreter, root: Path) -> None:
        """
        Put the bytecode of what is installed beside it.

        A sandbox sees an environment read-only, so without this each run of the tests compiles pytest and all else
        anew. Without `site`, since path files of what is installed would be carried out here. A module that does not
        compile is none of ours.
        """
        argv = (str(interpreter.program), "-I", "-S", "-m", "compileall", "-q", "-q", "-j", "0", str(root / "lib"))
        await run_process(HostCommand(argv=argv, env=self._env, cwd=Path("/"), seconds=_SECONDS))

    async def _uv(self, *argv: str) -> Completed:
        try:
            program = uv.find_uv_bin()
        except FileNotFoundError as error:
            raise MissingTool("uv is not installed", hint="Install it: `pip install uv`.") from error
        command = (program, "--quiet", "--no-progress", *argv)
        return await run_process(HostCommand(argv=command, env=self._env, cwd=Path("/"), seconds=_SECONDS))


def _move(draft: Path, place: Path) -> None:
    """Give the finished environment its name; where another run was faster, its one is as good."""
    try:
        draft.rename(place)
    except OSError:
        if _recorded(place) is None:
            shutil.rmtree(place, ignore_errors=True)
            draft.rename(place)


def _recorded(place: Path) -> tuple[str, ...] | None:
    try:
        record = cast("dict[str, list[str]]", json.loads((place / _RECORD).read_text(encoding="utf-8")))
        complete = (place / "bin" / "python").exists()
    except (OSError, ValueError):
        return None
    return tuple(record["notes"]) if complete else None


def _parts(project: Project, needs: Needs) -> tuple[tuple[_Part, ...], list[str]]:
    notes: list[str] = []
    runtime = _usable(project.runtime, notes)
    tools = {canonicalize_name(distribution_of(name)) for name in needs.imports}
    groups: list[_Part] = []
    for group in project.groups:
        lines = [line for line in _usable(group.lines, notes) if _is_for_tests(line, tools)]
        groups.append(_Part(group.label, tuple(lines)))
    named = {canonicalize_name(Requirement(line).name) for part in groups for line in part.lines}
    plugins = tuple(name for name in needs.plugins if canonicalize_name(name) not in named)
    if plugins:
        notes.append(f"The tests use {', '.join(plugins)} without naming it among the requirements: installed as well.")
    return (
        _Part("the project's requirements", tuple(runtime), required=True),
        *groups,
        _Part("plugins that the tests imply", plugins),
        _Part("pytest", ("pytest",), required=True),
    ), notes


def _is_for_tests(line: str, tools: Container[str]) -> bool:
    name = canonicalize_name(Requirement(line).name)
    return name in tools or not _NOT_FOR_TESTS.match(name)


def _usable(lines: Iterable[str], notes: list[str]) -> list[str]:
    kept: list[str] = []
    for line in lines:
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            notes.append(f"The requirement {line!r} cannot be understood: left out.")
            continue
        if requirement.url:
            notes.append(f"The requirement {line!r} would have to be built from its source: left out.")
        else:
            kept.append(str(requirement))
    return kept


_NOTHING = Completed(exit_code=0, stdout=b"", stderr=b"", truncated=False, timed_out=False, seconds=0.0)


class _Call(Protocol):
    async def __call__(self, *argv: str) -> Completed: ...


class _Installer:
    """Installs parts into one environment, all at once where that works, else as much as works."""

    def __init__(self, call: _Call, python: Path) -> None:
        self.notes: list[str] = []
        self._call = call
        self._python = python

    async def install_all(self, parts: Sequence[_Part]) -> None:
        everything = [line for part in parts for line in part.lines]
        if (await self._install(everything)).exit_code == 0:
            return
        for part in sorted(parts, key=lambda part: not part.required):
            done = await self._install(part.lines)
            if done.exit_code != 0 and part.required:
                raise EnvironmentUnavailable(f"cannot install {part.label} from wheels: {_words(done)}")
            if done.exit_code != 0:
                await self._one_by_one(part)

    async def _one_by_one(self, part: _Part) -> None:
        for line in part.lines:
            if (await self._install([line])).exit_code == 0:
                continue
            requirement = Requirement(line)
            extras = ",".join(sorted(requirement.extras))
            loose = f"{requirement.name}[{extras}]" if extras else requirement.name
            done = await self._install([loose])
            if done.exit_code == 0:
                self.notes.append(f"{line} ({part.label}) has no wheel that fits: another version is installed.")
            else:
                self.notes.append(f"{line} ({part.label}) cannot be installed: {_words(done)}")

    async def install_imports(self, root: Path, imports: Iterable[str]) -> None:
        """Install what tests import and nothing provides yet."""
        provided = await asyncio.to_thread(_importable, root)
        missing = sorted(set(imports) - provided)
        lines = [distribution_of(name) for name in missing]
        if not lines:
            return
        working = set(lines)
        if (await self._install(lines)).exit_code != 0:
            working = {line for line in lines if (await self._install([line])).exit_code == 0}
        for name, line in zip(missing, lines, strict=True):
            how = f"{line} is installed for it" if line in working else "no wheel of that name fits: it is missing"
            self.notes.append(f"The tests import {name}, which no requirement names; {how}.")

    async def _install(self, lines: Sequence[str]) -> Completed:
        wheels_only = ("pip", "install", "--python", str(self._python), "--only-binary", ":all:")
        return await self._call(*wheels_only, "--", *dict.fromkeys(lines)) if lines else _NOTHING


def _importable(root: Path) -> set[str]:
    names = (path.name for path in root.glob("lib/python3.*/site-packages/*"))
    return {name.partition(".")[0] for name in names if not name.endswith((".dist-info", ".pth"))}


def _words(done: Completed) -> str:
    """Return what uv said, on one line, without its decoration."""
    if done.timed_out:
        return f"uv took more than {_SECONDS:.0f} s"
    text = re.sub(r"\s+", " ", done.stderr.decode(errors="replace")).strip(" \u00d7")
    return text[:600] or f"exit code {done.exit_code}"
