"""
A virtual environment that is already there, understood from its files alone: nothing of it runs on the host.

Editable installs that point into the user's checkout are turned round to the sandbox's tree, so that the code under
test is the run's and never the checkout's. PYTHONPATH comes before `.pth` entries and before the finders that
setuptools puts at the end of `sys.meta_path`, so it decides.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from urllib.parse import unquote, urlsplit

from packaging.utils import canonicalize_name

from regoose.sandbox.base import WORK
from regoose.workspace.interpreters import Interpreter, installation

_LIBRARY = re.compile(r"^python3\.(\d+)$")
_COMPILED_EDITABLE = re.compile(r"^_?.*(_editable_loader|editable_loader|_skbc_editable.*)\.py$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Existing:
    """One environment. Paths in `mapped` are inside the sandbox, those in `outside` on the host."""

    root: Path
    base: Interpreter
    minor: int
    site_packages: tuple[Path, ...]
    distributions: frozenset[str]
    """Normalised names of what is installed."""
    mapped: tuple[str, ...]
    """Entries for PYTHONPATH that stand for editable installs of the checkout."""
    outside: tuple[Path, ...]
    """Directories elsewhere that `.pth` files add to the path; they need a mount."""
    notes: tuple[str, ...]

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.root / "bin" / "python"

    @property
    def source(self) -> str:
        """Where the dependencies come from, for the report."""
        return f"Python 3.{self.minor} and the packages of the environment {self.root}"

    def has(self, distribution: str) -> bool:
        """Whether a distribution is installed in it."""
        return canonicalize_name(distribution) in self.distributions


def inspect_environment(root: Path, repository: Path) -> Existing | str:
    """Read the environment in `root`, or say in a few words why it cannot be used."""
    program = root / "bin" / "python"
    base = installation(_base_program(root, program))
    if base is None:
        return f"{root} has no working interpreter"
    own = sorted(root.glob("lib/python3.*/site-packages"))
    if len(own) != 1 or not (match := _LIBRARY.match(own[0].parent.name)):
        return f"{root} has no site-packages"
    site_packages = (*own, *_system_site_packages(root, base))
    links = _Links(repository, root)
    for place in site_packages:
        links.read(place)
    names = {
        canonicalize_name(path.name.split("-")[0])
        for place in site_packages
        for pattern in ("*.dist-info", "*.egg-info", "*.egg-link")
        for path in place.glob(pattern)
    }
    return Existing(
        root=root,
        base=base,
        minor=int(match[1]),
        site_packages=site_packages,
        distributions=frozenset(name.removesuffix(".egg-link") for name in names),
        mapped=tuple(dict.fromkeys(links.mapped)),
        outside=tuple(dict.fromkeys(links.outside)),
        notes=tuple(links.notes),
    )


def _base_program(root: Path, program: Path) -> Path:
    """Find the base interpreter: the link's target, or by `home` where the environment holds a copy."""
    if program.is_symlink() or not (root / "pyvenv.cfg").is_file():
        return program
    version = next((path.parent.name for path in root.glob("lib/python3.*/site-packages")), "python3")
    return Path(_configuration(root).get("home", "/nonexistent")) / version


def _configuration(root: Path) -> dict[str, str]:
    try:
        lines = (root / "pyvenv.cfg").read_text("utf-8", "replace").splitlines()
    except OSError:
        return {}
    return {key.strip(): value.strip() for key, _, value in (line.partition("=") for line in lines)}


def _system_site_packages(root: Path, base: Interpreter) -> list[Path]:
    if _configuration(root).get("include-system-site-packages", "").lower() != "true":
        return []
    library = base.prefix / "lib"
    return [
        path
        for path in (library / f"python3.{base.minor}" / "site-packages", library / "python3/dist-packages")
        if path.is_dir()
    ]


class _Links:
    """Collects where an environment's path leads: `.pth` lines, editable finders, `direct_url.json`."""

    def __init__(self, repository: Path, root: Path) -> None:
        self.mapped: list[str] = []
        self.outside: list[Path] = []
        self.notes: list[str] = []
        self._repository = repository.resolve()
        self._root = root.resolve()

    def read(self, place: Path) -> None:
        for path in sorted((*place.glob("*.pth"), *place.glob("*.egg-link"))):
            for line in _text(path).splitlines():
                if line.strip() and not line.startswith(("#", "import ", "import\t")) and line.strip() != ".":
                    self._add(Path(place, line.strip()))
        for path in sorted(place.glob("__editable___*_finder.py")):
            for name, target in _finder_mapping(_text(path)):
                self._add_package(name, Path(target))
        for path in sorted(place.glob("*.py")):
            if _COMPILED_EDITABLE.match(path.name):
                self.notes.append(
                    f"{path.name} builds extension modules on import, which does not work in the sandbox."
                )
        for path in sorted(place.glob("*.dist-info/direct_url.json")):
            self._direct_url(path)

    def _direct_url(self, path: Path) -> None:
        """Take the project directory of an editable install whose links were not understood."""
        target = _editable_project(_text(path))
        if target is not None and not self.mapped and self._inside(target) is not None:
            self._add(target / "src" if (target / "src").is_dir() else target)

    def _add_package(self, name: str, target: Path) -> None:
        if target.name.removesuffix(".py") != name.rpartition(".")[2]:
            self.notes.append(
                f"The package {name} is kept in {target}: an editable install under another name is not mapped."
            )
            return
        self._add(target.parents[name.count(".")])

    def _add(self, target: Path) -> None:
        resolved = target.resolve()
        if not resolved.is_dir() or resolved.is_relative_to(self._root):
            return
        relative = self._inside(resolved)
        if relative is not None:
            self.mapped.append(f"{WORK}/{relative}".removesuffix("/."))
        elif self._is_library(resolved):
            self.outside.append(resolved)
        else:
            self.notes.append(f"{resolved} is on the environment's path but holds no Python code of its own: left out.")

    def _inside(self, path: Path) -> Path | None:
        resolved = path.resolve()
        return resolved.relative_to(self._repository) if resolved.is_relative_to(self._repository) else None

    def _is_library(self, path: Path) -> bool:
        """Whether a directory may be shown to the sandbox: Python code, and nobody's home or the root of a disk."""
        if self._repository.is_relative_to(path) or len(path.parts) <= 2 or (path / ".ssh").exists():  # noqa: PLR2004 - `/` and a name
            return False
        return any(path.glob("*.py")) or any(path.glob("*/__init__.py"))


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


def _finder_mapping(source: str) -> Iterable[tuple[str, str]]:
    """Read the `MAPPING` of an editable finder that setuptools generated."""
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return
    for node in body:
        if not isinstance(node, ast.Assign | ast.AnnAssign) or not isinstance(node.value, ast.Dict):
            continue
        target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
        if isinstance(target, ast.Name) and target.id == "MAPPING":
            yield from cast("dict[str, str]", ast.literal_eval(node.value)).items()


def _editable_project(text: str) -> Path | None:
    try:
        data = cast("dict[str, object]", json.loads(text))
    except ValueError:
        return None
    details = data.get("dir_info")
    if not isinstance(details, dict) or not cast("dict[str, object]", details).get("editable"):
        return None
    return Path(unquote(urlsplit(str(data.get("url", ""))).path))
