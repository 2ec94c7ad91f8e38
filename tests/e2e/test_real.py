"""Targets as they are: every interpreter that is supported, and a library of the package index with its own tests."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from uv import find_uv_bin

if TYPE_CHECKING:
    from .conftest import Regoose

pytestmark = [
    pytest.mark.slow,
    pytest.mark.parametrize("account", ["root" if os.geteuid() == 0 else "self"], indirect=True),
]


@pytest.mark.parametrize("minor", range(9, 14))
def test_the_target_has_its_own_interpreter(
    regoose: Regoose, make_environment: Callable[..., Path], minor: int
) -> None:
    project = regoose.project(
        {
            "calc.py": "import sys\n\nVERSION = sys.version_info[:2]\n\n\ndef add(a, b):\n    return a - b\n",
            "tests/test_calc.py": (
                "from calc import VERSION, add\n\n\n"
                f"def test_add():\n    assert VERSION == (3, {minor})\n    assert add(1, 2) == 3\n"
            ),
        }
    )
    python = make_environment(minor, "pytest")
    with project.untouched():
        document = regoose.fix(project, "--python", str(python.parent.parent)).proves()
    assert document["environment"].startswith(f"Python 3.{minor} ")
    assert "+    return a + b" in document["patch"]


def test_a_library_with_a_planted_bug(regoose: Regoose) -> None:
    project = regoose.project({})
    install = [find_uv_bin(), "pip", "install", "--quiet", "--no-deps", "--target", regoose.place / "wheel", "toolz<2"]
    subprocess.run(install, check=True)
    for package in ("toolz", "tlz"):
        shutil.copytree(regoose.place / "wheel" / package, project.root / package)
    module = project.root / "toolz" / "itertoolz.py"
    source = module.read_text()
    right = "return len(seq) == len(set(seq))"
    assert source.count(right) == 1
    project.commit()
    module.write_text(source.replace(right, "return len(seq) != len(set(seq))"))
    project.commit()

    test = "toolz/tests/test_itertoolz.py::test_isdistinct"
    with project.untouched():
        document = regoose.fix(project, "--test", test).proves()
    assert project.changed(document["branch"]) == ["toolz/itertoolz.py"]
    assert document["evidence"]["red"] == [test]

    clone = regoose.place / "clone"
    project.git("clone", "-q", "--no-local", project.root, clone)
    again = regoose(*shlex.split(document["evidence"]["reproduce"])[1:], "--json", cwd=clone).proves()
    assert again["evidence"]["red"] == again["evidence"]["green"] == [test]
