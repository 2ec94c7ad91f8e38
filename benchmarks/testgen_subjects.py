"""The modules that tests are generated for: source in a git repository of its own, environments beside it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark_tools import commit_everything, progress
from pydantic import TypeAdapter

CORPUS = Path(__file__).resolve().parent / "corpora" / "testgen.toml"
PYNGUIN = "pynguin==0.48.0"
SAMPLER = "cosmic-ray==8.7.0"
_TESTS = ("test", "tests", "testing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What the corpus says of a subject."""

    modules: tuple[str, ...]
    requirement: str = ""
    """Name and version to install; empty for a checkout."""
    checkout: str = ""
    """Name of a checkout given on the command line."""
    folder: str = ""
    """Where in the checkout the modules are."""

    @property
    def name(self) -> str:
        """Return what it is called."""
        return self.requirement.partition("==")[0] or self.checkout

    @property
    def version(self) -> str:
        """Return the version installed; empty for a checkout."""
        return self.requirement.partition("==")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One package whose modules are measured, laid out under `home`."""

    entry: Entry
    home: Path

    @property
    def tree(self) -> Path:
        """Return the git repository that holds the package's source and nothing else."""
        return self.home / "repo"

    def python(self, use: str) -> Path:
        """Return an interpreter that has the package's dependencies and pytest; `use` is `product` or `pynguin`."""
        return self.home / f"venv-{use}" / "bin" / "python"

    def file_of(self, module: str) -> Path:
        """Return the file of a module, relative to the tree."""
        base = Path(*module.split("."))
        package = base / "__init__.py"
        return package if (self.tree / package).exists() else base.with_suffix(".py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreters:
    """Which Pythons to use. Pynguin 0.48 runs on 3.10 only."""

    product: Path
    pynguin: Path | None


def read_subjects(which: str, data: Path) -> list[Subject]:
    """Read one set of the corpus."""
    corpus = TypeAdapter(dict[str, list[Entry]]).validate_python(tomllib.loads(CORPUS.read_text(encoding="utf-8")))
    return [Subject(entry=entry, home=data / which / entry.name) for entry in corpus[which]]


def lay_out(subject: Subject, interpreters: Interpreters, checkouts: Mapping[str, Path]) -> None:
    """Make what is missing of a subject. Raises CalledProcessError where its environment cannot be made."""
    subject.home.mkdir(parents=True, exist_ok=True)
    entry = subject.entry
    if not (subject.tree / ".git").exists():
        shutil.rmtree(subject.tree, ignore_errors=True)
        subject.tree.mkdir()
        if entry.requirement:
            install(["--no-deps", "--target", str(subject.tree), entry.requirement], interpreters.product)
            _keep_source(subject.tree)
        else:
            _copy_programs(subject, checkouts)
        commit_everything(subject.tree, f"Import {entry.name} {entry.version}".strip())
    wanted = [entry.requirement] if entry.requirement else []
    _environment(subject, "product", interpreters.product, [*wanted, "pytest"])
    if interpreters.pynguin:
        try:
            _environment(subject, "pynguin", interpreters.pynguin, [*wanted, "pytest", PYNGUIN])
        except subprocess.CalledProcessError:
            progress(f"{entry.name} {entry.version} and Pynguin cannot be installed together")
            (subject.home / "venv-pynguin" / "ready").touch()  # nor the next time


def install(arguments: Sequence[str], python: Path) -> None:
    """Install with uv for an interpreter."""
    command = ["uv", "pip", "install", "--quiet", "--python", str(python), *arguments]
    subprocess.run(command, check=True, env={**os.environ, "UV_PYTHON_DOWNLOADS": "never"})


def _environment(subject: Subject, use: str, python: Path, requirements: Sequence[str]) -> None:
    place = subject.home / f"venv-{use}"
    if (place / "ready").exists():
        return
    shutil.rmtree(place, ignore_errors=True)
    make_environment(place, python)
    install(requirements, place / "bin" / "python")
    # The source stands in the repository alone. What the installer wrote about it stays: packages read their version.
    for site in place.glob("lib/python3*/site-packages"):
        for entry in subject.tree.iterdir():
            _remove(site / entry.name)
    (place / "ready").touch()


def make_environment(place: Path, python: Path) -> None:
    """Make a virtual environment of exactly this interpreter."""
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    subprocess.run(["uv", "venv", "--quiet", "--python", str(python), str(place)], check=True, env=environment)


def _keep_source(tree: Path) -> None:
    for path in [*tree.glob("*.dist-info"), tree / "bin", tree / ".lock", *tree.rglob("__pycache__")]:
        _remove(path)
    for path in sorted(tree.rglob("*")):
        if (path.is_dir() and path.name in _TESTS) or (path.name.startswith("test_") and path.suffix == ".py"):
            _remove(path)


def _copy_programs(subject: Subject, checkouts: Mapping[str, Path]) -> None:
    entry = subject.entry
    if entry.checkout not in checkouts:
        raise SystemExit(f"{entry.checkout} is needed: give a checkout with --checkout {entry.checkout}=FOLDER")
    for module in entry.modules:
        shutil.copy(checkouts[entry.checkout] / entry.folder / f"{module}.py", subject.tree)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Judges:
    """Tools of the evaluation, kept out of the environments that tests run in."""

    home: Path

    @property
    def sampler(self) -> Path:
        """Return an interpreter that has cosmic-ray."""
        return self.home / "venv-sampler" / "bin" / "python"

    def coverage(self, use: str) -> Path:
        """Return a folder to import coverage.py from, on the interpreter of `use`."""
        return self.home / f"coverage-{use}"

    def lay_out(self, interpreters: Interpreters) -> None:
        """Make what is missing."""
        if not self.sampler.exists():
            make_environment(self.home / "venv-sampler", interpreters.product)
            install([SAMPLER], self.sampler)
        for use, python in (("product", interpreters.product), ("pynguin", interpreters.pynguin)):
            if python and not self.coverage(use).exists():
                install(["--target", str(self.coverage(use)), "coverage>=7.6"], python)
