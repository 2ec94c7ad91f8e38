"""The history of a library as bugs are taken from it: git queries, trees, environments, test runs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import cast

HERE = Path(__file__).resolve().parent
CORPORA = HERE / "corpora"


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """One library of `corpora/libraries.toml`."""

    name: str
    repository: str
    pythons: tuple[str, ...]
    requirements: tuple[str, ...]
    tests: tuple[str, ...] = ()
    """Arguments that make pytest find the tests; empty where it finds them by itself."""
    measure: bool = False


def load_libraries(path: Path = CORPORA / "libraries.toml") -> dict[str, Library]:
    """Read the table of libraries."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return {
        name: Library(
            name=name,
            repository=entry["repository"],
            pythons=tuple(entry["pythons"]),
            requirements=tuple(entry["requirements"]),
            tests=tuple(entry.get("tests", ())),
            measure=entry.get("measure", False),
        )
        for name, entry in table.items()
    }


def git(git_dir: Path, *arguments: str) -> str:
    """Run git on a bare repository and return what it prints; undecodable bytes survive as surrogates."""
    command = ["git", f"--git-dir={git_dir}", *arguments]
    output = subprocess.run(command, check=True, capture_output=True).stdout
    return output.decode("utf-8", "surrogateescape")


def is_test_path(path: str) -> bool:
    """Tell whether a file belongs to the tests, data files beside them included."""
    parts = PurePosixPath(path)
    folders = {part.lower() for part in parts.parts[:-1]}
    if folders & {"test", "tests", "testing"}:
        return True
    name = parts.name
    return name in {"test.py", "tests.py"} or (
        name.endswith(".py") and (name.startswith("test_") or name.endswith(("_test.py", "_tests.py")))
    )


def export_tree(git_dir: Path, commit: str, target: Path) -> None:
    """Write the tree of a commit below `target`."""
    target.mkdir(parents=True)
    archive = subprocess.run(["git", f"--git-dir={git_dir}", "archive", commit], check=True, capture_output=True).stdout
    subprocess.run(["tar", "-x", "-C", str(target)], input=archive, check=True)


def overlay(git_dir: Path, commit: str, paths: Sequence[str], target: Path) -> None:
    """Bring `paths` below `target` to their state in `commit`; files the commit lacks are removed."""
    for path in paths:
        place = target / path
        listed = git(git_dir, "ls-tree", "--name-only", commit, "--", path).strip()
        if not listed:
            place.unlink(missing_ok=True)
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        text = git(git_dir, "show", f"{commit}:{path}")
        place.write_bytes(text.encode("utf-8", "surrogateescape"))


def prepare_interpreter(library: Library, version: str, folder: Path) -> Path:
    """Make, or find, the virtual environment of a library on one Python version and return its interpreter."""
    place = folder / f"{library.name}-{version}"
    python = place / "bin" / "python"
    if python.exists():
        return python
    scratch = folder / f".{library.name}-{version}-{os.getpid()}"
    subprocess.run(["uv", "venv", "-q", "--python", version, str(scratch)], check=True)
    packages = ["pytest", "pytest-cov", "pytest-timeout", *library.requirements]
    install = ["uv", "pip", "install", "-q", "--python", str(scratch / "bin" / "python"), *packages]
    subprocess.run(install, check=True)
    scratch.rename(place)
    return python


Outcomes = dict[str, tuple[str, str]]
"""Test id to outcome and, for a failure, its kind; see `outcome_plugin`."""


def package_path(tree: Path) -> str:
    """Return the PYTHONPATH under which the package of a source tree is found without installing it."""
    return os.pathsep.join(str(place) for place in (HERE, tree / "src", tree) if place.is_dir())


def run_tests(
    tree: Path,
    python: Path,
    arguments: Sequence[str] = (),
    *,
    seconds: float = 60,
    extra_environment: Mapping[str, str] | None = None,
) -> Outcomes | None:
    """Run pytest in a source tree; None where it did not end in time or wrote nothing."""
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "outcomes.json"
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": scratch,
            "LANG": "C.UTF-8",
            "PYTHONPATH": package_path(tree),
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            "OUTCOMES": str(report),
            **(extra_environment or {}),
        }
        command = [
            str(python), "-m", "pytest", "-q", "-p", "outcome_plugin", "-p", "no:cacheprovider", "--tb=no",
            "--continue-on-collection-errors", *arguments,
        ]  # fmt: skip
        try:
            subprocess.run(
                command,
                cwd=tree,
                env=environment,
                timeout=seconds,
                check=False,
                capture_output=True,
                stdin=subprocess.DEVNULL,
            )
        except subprocess.TimeoutExpired:
            return None
        if not report.exists():
            return None
        raw = cast("dict[str, list[str]]", json.loads(report.read_text(encoding="utf-8")))
        return {test: (entry[0], entry[1]) for test, entry in raw.items()}


def remove_tree(path: Path) -> None:
    """Delete a scratch tree, whatever its state."""
    shutil.rmtree(path, ignore_errors=True)
