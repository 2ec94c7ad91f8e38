"""Interpreters and environments that tests of several rooms run targets on."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from platformdirs import user_cache_path

from regoose.workspace.interpreters import find_interpreters

_SECONDS = 300.0
"""What a test may take where it says nothing of it; as in pyproject.toml."""
SHARED = "REGOOSE_TESTS_SHARED"
"""Names a directory that all processes of this test run share; any user may pass through it."""


def pytest_configure(config: pytest.Config) -> None:
    if SHARED not in os.environ:
        os.environ[SHARED] = tempfile.mkdtemp(prefix="regoose-tests-")
        Path(os.environ[SHARED]).chmod(0o711)
        config.add_cleanup(lambda: shutil.rmtree(os.environ.pop(SHARED), ignore_errors=True))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put slow tests first, those that may take longest before the others: none begins when all else is done."""

    def rank(item: pytest.Item) -> tuple[bool, float]:
        limit = item.get_closest_marker("timeout")
        return item.get_closest_marker("slow") is None, -limit.args[0] if limit else -_SECONDS

    items.sort(key=rank)


MakeEnvironment = Callable[..., Path]
"""`(minor, *requirements)` → the program of a virtual environment on Python 3.`minor` that has them."""


@pytest.fixture(scope="session")
def make_environment() -> MakeEnvironment:
    """Make virtual environments, each once for all processes and runs: built aside, then moved into place."""
    search = [Path(place) for place in os.environ.get("PATH", "").split(":") if place.startswith("/")]
    programs = {found.minor: found.program for found in find_interpreters(Path.home(), search)}
    programs.setdefault(sys.version_info.minor, Path(sys.executable).resolve())

    def make(minor: int, *requirements: str) -> Path:
        name = hashlib.sha256(repr((minor, sorted(requirements), "compiled")).encode()).hexdigest()[:16]
        place = user_cache_path("regoose-tests") / f"3.{minor}-{name}"
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            draft = Path(tempfile.mkdtemp(dir=place.parent)) / "env"
            _build(programs[minor], draft, requirements)
            try:
                draft.rename(place)
            except OSError:  # another process was first
                assert place.exists()
            shutil.rmtree(draft.parent, ignore_errors=True)
        return place / "bin" / "python"

    return make


@pytest.fixture(scope="session")
def target(make_environment: MakeEnvironment) -> Path:
    """
    Return the directory of an environment for repositories under test, on the Python of the tests.

    It has pytest alone. The tests' own environment has plugins besides, whose code each run of a suite in a sandbox
    would import, and pytest would rewrite the assertions in it again: with hypothesis, two seconds for each run.
    """
    return make_environment(sys.version_info.minor, "pytest").parent.parent


def _build(program: Path, place: Path, requirements: tuple[str, ...]) -> None:
    uv = str(Path(sys.executable).parent / "uv")
    python = place / "bin" / "python"
    env = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    for argv in (
        [uv, "venv", "--quiet", "--relocatable", "--python", str(program), str(place)],
        # Sandboxes see it read-only: without bytecode there, each run of a suite would compile pytest again.
        [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(python), *requirements],
    ):
        done = subprocess.run(argv, env=env, capture_output=True, check=False, timeout=280)
        assert done.returncode == 0, done.stderr.decode()
