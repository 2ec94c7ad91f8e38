"""Tests generated for libraries of the package index, and for a module with a bug to come and with chance in it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from uv import find_uv_bin

if TYPE_CHECKING:
    from .conftest import Project, Regoose

pytestmark = [
    pytest.mark.slow,
    pytest.mark.parametrize("account", ["root" if os.geteuid() == 0 else "self"], indirect=True),
]
WriteTests = Callable[[Path, str], list[str]]
MINOR = 12
SHUFFLE = Path(__file__).resolve().parents[2] / "benchmarks" / "shuffle_plugin.py"
UNSTEADY = '''\
"""Orders of a small shop, in cents."""

import os
import random
import time
import uuid


def total(prices, pieces):
    """Return the price of all pieces: a tenth off from ten pieces on."""
    amount = sum(prices) * pieces
    if pieces >= 10:
        return amount - amount // 10
    return amount


def number(prefix):
    """Return a new order number."""
    return f"{prefix}-{uuid.uuid4().hex}"


def placed(prices):
    """Return when an order is placed, and for how much."""
    return {"at": time.time(), "amount": sum(prices)}


def winner(names):
    """Draw one of the names."""
    return random.choice(sorted(names)) + str(random.random())


def tags(words):
    """Return the words without duplicates, in any order."""
    return list({str(word) + "!" for word in words})


def worker(name):
    """Name who packs an order."""
    return f"{name}@{os.getpid()}"
'''


@dataclass(frozen=True)
class Plain:
    """An environment that has pytest and perhaps one library, and nothing of Regoose."""

    python: Path
    scratch: Path

    def run(self, folder: Path, files: Sequence[str], seed: int) -> dict[str, str]:
        """Run test files in the order of a seed and under its hash seed; return how each test ended."""
        report = self.scratch / f"junit-{seed}.xml"
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.scratch), "PYTHONPATH": str(self.scratch)}
        environment |= {"SHUFFLE": str(seed), "PYTHONHASHSEED": str(seed), "PYTHONDONTWRITEBYTECODE": "1"}
        options = ["-q", "-p", "shuffle_plugin", "-p", "no:cacheprovider", f"--junitxml={report}"]
        command = [self.python, "-m", "pytest", *options, *files]
        done = subprocess.run(
            command, cwd=folder, env=environment, check=False, capture_output=True, text=True, timeout=250
        )
        assert report.exists(), done.stdout + done.stderr
        cases = ET.parse(report).getroot().iter("testcase")
        return {
            f"{case.get('classname')}::{case.get('name')}": case[0].tag if len(case) else "passed" for case in cases
        }


@pytest.fixture
def plain(regoose: Regoose, make_environment: Callable[..., Path]) -> Callable[..., Plain]:
    """Make a new environment with pytest and the given requirements."""

    def make(*requirements: str) -> Plain:
        scratch = regoose.place / "plain"
        scratch.mkdir()
        shutil.copy(SHUFFLE, scratch)
        return Plain(make_environment(MINOR, "pytest", *requirements), scratch)

    return make


@pytest.fixture
def tests_of(regoose: Regoose, make_environment: Callable[..., Path]) -> WriteTests:
    """Run `regoose test` in a clone, on the interpreter that the tests are to run on; return the files it wrote."""

    def write(clone: Path, target: str) -> list[str]:
        python = make_environment(MINOR, "pytest").parent.parent
        done = regoose("test", target, "--json", "--apply", "--budget", "8", "--python", str(python), cwd=clone)
        assert (done.code, done.document["status"]) == (0, "proven"), done
        return [file["path"] for file in done.document["files"]]

    return write


def _clone(regoose: Regoose, project: Project) -> Path:
    clone = regoose.place / "clone"
    project.git("clone", "-q", "--no-local", project.root, clone)
    return clone


@pytest.mark.parametrize(
    ("requirement", "target"),
    [
        ("inflection==0.5.1", "inflection/__init__.py"),
        ("toolz==1.0.0", "toolz/dicttoolz.py"),
        ("semver==3.0.4", "semver/version.py"),
    ],
)
def test_generated_tests_of_a_library_stay_green_where_there_is_only_the_library_and_pytest(
    regoose: Regoose, tests_of: WriteTests, plain: Callable[..., Plain], requirement: str, target: str
) -> None:
    project = regoose.project({})
    install = [find_uv_bin(), "pip", "install", "--quiet", "--no-deps", "--target", project.root, requirement]
    subprocess.run(install, check=True)
    for unneeded in ("*.dist-info", "bin", "*/tests", ".lock"):
        for path in project.root.glob(unneeded):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    project.commit()
    clone = _clone(regoose, project)

    files = tests_of(clone, target)

    alone = regoose.place / "alone"
    alone.mkdir()
    for file in files:
        shutil.copy(clone / file, alone)
    environment = plain(requirement)
    ends = [environment.run(alone, [], seed) for seed in range(1, 11)]
    assert len(ends[0]) >= 5
    assert ends == [dict.fromkeys(ends[0], "passed")] * 10


def test_a_regression_is_noticed_and_chance_is_not_asserted(
    regoose: Regoose, tests_of: WriteTests, plain: Callable[..., Plain]
) -> None:
    clone = _clone(regoose, regoose.project({"shop.py": UNSTEADY}))
    files = tests_of(clone, "shop.py")
    environment = plain()

    before = [environment.run(clone, files, seed) for seed in range(1, 6)]
    (clone / "shop.py").write_text(UNSTEADY.replace("pieces >= 10", "pieces > 10"))
    after = environment.run(clone, files, 1)

    assert before == [dict.fromkeys(before[0], "passed")] * 5
    assert "failure" in after.values()
