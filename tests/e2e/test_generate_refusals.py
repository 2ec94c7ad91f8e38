"""Modules that misbehave, targets that mean nothing: each is told, none spoils the rest, nothing is lost."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Regoose

pytestmark = pytest.mark.parametrize("account", ["root" if os.geteuid() == 0 else "self"], indirect=True)
GOOD = '''\
def grade(points):
    """Return the grade for so many points."""
    if points >= 90:
        return "A"
    return "B"
'''
HOSTILE = {
    "prints.py": f"print('x' * 100_000)\n{GOOD}",
    "sleeps.py": f"import time\n\ntime.sleep(0.3)\n{GOOD}",
    "exits.py": f"import sys\n\nsys.exit(3)\n{GOOD}",
    "ends.py": f"import os\n\nos._exit(4)\n{GOOD}",
    "connects.py": f"import socket\n\nsocket.create_connection(('198.51.100.1', 80), 1)\n{GOOD}",
    "starts.py": f"import subprocess\n\nsubprocess.Popen(['sleep', '3600'])\n{GOOD}",
    "recurses.py": "def deep(n):\n    return deep(n + 1)\n\n\ndeep(0)\n",
    "needs.py": f"import _missing_extension\n{GOOD}",
    "broken.py": "def half(:\n",
    "empty.py": "",
    "writes.py": f"open('planted', 'w').write('x')\n{GOOD}",
    "never.py": f"while True:\n    pass\n{GOOD}",
}


@pytest.mark.slow
def test_modules_that_misbehave_are_told_and_the_good_one_gets_its_tests(regoose: Regoose) -> None:
    project = regoose.project({"good.py": GOOD, **HOSTILE})
    with project.untouched():
        targets = [*HOSTILE, "good.py"]
        ran = regoose("test", *targets, "--budget", "2", "--json", cwd=project.root)
    document = ran.proves()
    tests = {module["path"]: module["tests"] for module in document["modules"]}
    notes = {module["path"]: module["notes"] for module in document["modules"]}
    assert tests["good.py"]
    assert tests["prints.py"]
    for name in ("exits.py", "ends.py", "connects.py", "recurses.py", "needs.py", "broken.py", "empty.py", "never.py"):
        assert (tests[name], len(notes[name])) == ([], 1), notes
    assert regoose.residue() == []


@pytest.mark.slow
def test_a_repository_whose_own_tests_are_broken(regoose: Regoose) -> None:
    broken = {
        "tests/test_good.py": "import nothing_of_that_name\n",
        "tests/test_red.py": "def test_red():\n    assert 0\n",
    }
    project = regoose.project({"good.py": GOOD, **broken})
    document = regoose("test", "good.py", "--budget", "2", "--json", cwd=project.root).proves()
    (file,) = document["files"]
    assert file["path"] == "tests/test_good_generated.py"
    assert project.changed(document["branch"]) == ["tests/test_good_generated.py"]
    assert "test_good.py" in "\n".join(document["notes"])


def test_targets_that_mean_nothing(regoose: Regoose) -> None:
    project = regoose.project({"pkg/good.py": GOOD, "pkg/__init__.py": "", "notes.txt": ""})
    outside = regoose.directory("outside") / "other.py"
    outside.write_text(GOOD)
    cases = {
        ("pkg/godo.py",): ("no file 'pkg/godo.py'", "pkg/good.py"),
        ("pkg.godo",): ("'pkg.godo'", "pkg.good"),
        ("pkg/good.py::grad",): ("no 'grad'", "grade"),
        ("notes.txt",): ("not a Python file",),
        (): ("nothing to test is named", "--diff"),
        ("pkg/good.py", str(outside)): ("outside the repository",),
        ("pkg/good.py", "--output", "../there"): ("outside the repository",),
        ("pkg", "--diff", "nowhere"): ("'nowhere' names no commit",),
    }
    with project.untouched():
        for arguments, words in cases.items():
            regoose("test", *arguments, "--json", cwd=project.root).fails(2, "UsageError", *words)
    assert project.branches() == []
