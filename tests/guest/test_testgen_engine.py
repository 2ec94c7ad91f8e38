"""The test generator on small modules: what it writes passes, and what it is given never breaks it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from regoose_guest.testgen.schema import OptionsJson, ResultJson

SHELF = '''
"""A shelf."""


class Shelf:
    def __init__(self, size):
        if size < 1:
            raise ValueError("no room")
        self.size = size
        self._items = []

    def put(self, item):
        if len(self._items) == self.size:
            raise OverflowError("full")
        self._items.append(item)

    def __len__(self):
        return len(self._items)


def grade(points: int) -> str:
    if points > 90:
        return "A"
    if points == 17:
        return "odd"
    return "B"
'''


def generate(folder: Path, text: str, *, only: list[str] | None = None) -> ResultJson:
    (folder / "subject.py").write_text(text)
    options: OptionsJson = {
        "root": str(folder),
        "path": "subject.py",
        "module": "subject",
        "only": only or [],
        "lines": [],
        "existing": [],
        "seconds": 20.0,  # four times what these modules need, for machines that are busy
        "jobs": 2,
        "seed": 7,
        "memory_bytes": 256 << 20,
        "style": {"line_length": 88, "quotes": '"', "classes": False, "own": ["subject"]},
        "result": str(folder / "result.json"),
    }
    (folder / "options.json").write_text(json.dumps(options))
    command = [sys.executable, "-m", "regoose_guest.testgen", "--options", str(folder / "options.json")]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    result: ResultJson = json.loads((folder / "result.json").read_text())
    return result


def test_writes_tests_that_pass_and_notice_a_fault(tmp_path: Path) -> None:
    text = generate(tmp_path, SHELF)["text"]
    (tmp_path / "test_subject.py").write_text(text)

    assert _passes(tmp_path)
    for before, after in (
        ("points > 90", "points > 91"),
        ('"full"', '"empty"'),
        ("== 17", "== 18"),
        ("size < 1", "size < 0"),
    ):
        (tmp_path / "subject.py").write_text(SHELF.replace(before, after))
        assert not _passes(tmp_path), after


def test_keeps_to_what_is_meant(tmp_path: Path) -> None:
    text = generate(tmp_path, SHELF, only=["grade"])["text"]

    assert "grade(" in text
    assert "Shelf" not in text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def broken(:\n", "cannot be parsed"),
        ("", "defines no function"),
        ("X = 1\n", "defines no function"),
        ("import there_is_no_such_module\n\ndef one():\n    return 1\n", "there_is_no_such_module"),
        ("import sys\nsys.exit(3)\n", "SystemExit"),
        ("import os\nos._exit(3)\n", "does not end, or ends the interpreter"),
        ("def rec():\n    return rec()\nrec()\n", "RecursionError"),
    ],
)
def test_says_why_there_is_nothing(tmp_path: Path, text: str, said: str) -> None:
    result = generate(tmp_path, text)

    assert not result["text"]
    assert said in result["note"]


def test_leaves_what_must_not_happen_undone(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    text = f"""
import os, subprocess, socket, sys, time, threading

print("noise")

def write(name):
    open({str(marker)!r}, "w").write(name)

def leave(code):
    if code > 3:
        sys.exit(code)
    if code < -3:
        os._exit(7)
    return code

def read(name):
    with open(name) as file:
        return file.read()

def fill(size):
    return "x" * size

def start():
    subprocess.run(["touch", {str(marker)!r}])

def wait(x):
    while True:
        time.sleep(1)

def double(x: int) -> int:
    return 2 * x
"""
    result = generate(tmp_path, text)

    assert not marker.exists()
    text = result["text"]
    assert all(one in text for one in ("double(", "raises(SystemExit", "read(", "fill("))
    assert "write(" not in text
    assert "`wait`" in result["note"] or "wait" not in text
    (tmp_path / "test_subject.py").write_text(text)
    assert _passes(tmp_path)


def _passes(folder: Path) -> bool:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "test_subject.py"]
    return subprocess.run(command, cwd=folder, capture_output=True, timeout=120, check=False).returncode == 0
