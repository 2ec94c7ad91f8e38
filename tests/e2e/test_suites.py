"""Tests that cannot be worked with, each with what to do about it, and odd ones that can."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Regoose

ADD = "def add(a, b):\n    return a - b\n"
RIGHT = ADD.replace("-", "+")
TEST = "from calc import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n"

ONCE = pytest.mark.parametrize("account", ["root" if os.geteuid() == 0 else "self"], indirect=True)
"""For what does not depend on who runs it."""


@ONCE
def test_no_tests(regoose: Regoose) -> None:
    project = regoose.project({"calc.py": ADD})
    with project.untouched():
        regoose.fix(project).fails(2, "NoTests", "collects no test", "--test")


@ONCE
def test_all_pass(regoose: Regoose) -> None:
    project = regoose.project({"calc.py": RIGHT, "test_calc.py": TEST})
    with project.untouched():
        regoose.fix(project).fails(2, "NothingToFix", "all 1 tests pass", "--test")


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (
            {"calc.py": ADD, "test_calc.py": "from calc import sub\n\n\ndef test_sub():\n    assert sub(2, 1) == 1\n"},
            ("test_calc.py cannot be collected", "ImportError", "cannot import name 'sub'"),
        ),
        (
            {"calc.py": ADD, "test_calc.py": TEST.replace("):\n", ")\n")},
            ("test_calc.py cannot be collected", "SyntaxError", "test_calc.py, line 4"),
        ),
        (
            {"calc.py": ADD.replace(":", ""), "test_calc.py": TEST},
            ("test_calc.py cannot be collected", "SyntaxError", "calc.py, line 1"),
        ),
        (
            {"calc.py": ADD, "conftest.py": "1 / 0\n", "test_calc.py": TEST},
            ("conftest.py cannot be collected", "ZeroDivisionError", "line 1"),
        ),
        (
            {"calc.py": ADD, "pytest.ini": "[pytest\n", "test_calc.py": TEST},
            ("cannot be collected", "pytest.ini"),
        ),
    ],
    ids=["import", "syntax of the test", "syntax of the source", "conftest", "pytest.ini"],
)
@ONCE
def test_not_collected(regoose: Regoose, files: dict[str, str | bytes], words: tuple[str, ...]) -> None:
    project = regoose.project(files)
    with project.untouched():
        regoose.fix(project).fails(2, "CollectionFailed", *words, "then run again")


@ONCE
def test_a_missing_dependency(regoose: Regoose) -> None:
    project = regoose.project({"test_calc.py": "import regoose_missing_thing\n\n\ndef test_it():\n    assert False\n"})
    with project.untouched():
        regoose.fix(project).fails(3, "EnvironmentUnavailable", "regoose_missing_thing", ".venv", "run again")


@ONCE
def test_a_test_that_never_ends(everywhere: Regoose) -> None:
    project = everywhere.project(
        {
            "calc.py": RIGHT + "\n\ndef count(n):\n    while n != 0:\n        n -= 2\n    return True\n",
            "test_calc.py": TEST + "\n\ndef test_count():\n    from calc import count\n\n    assert count(3)\n",
        }
    )
    with project.untouched():
        ran = everywhere.fix(project, "--budget", "10", env={"TESTING_TIMEOUT": "15"})
    assert ran.code in {0, 1}, ran
    assert ran.document["evidence"]["red"] == ["test_calc.py::test_count"]
    (failure,) = ran.document["evidence"]["failures"]
    assert failure["exception"] == "TestTimeLimit"


@ONCE
def test_a_suite_that_never_ends(everywhere: Regoose) -> None:
    sleep = "\n\n@pytest.mark.parametrize('n', range(99))\ndef test_slow(n):\n    time.sleep(1)\n"
    project = everywhere.project({"test_slow.py": "import time\nimport pytest\n" + sleep})
    with project.untouched():
        everywhere.fix(project, env={"TESTING_TIMEOUT": "5"}).fails(4, "TimeLimit", "5 s", "--test", "TESTING_TIMEOUT")


def test_tests_that_need_the_network(everywhere: Regoose) -> None:
    needs = (
        "import socket\nimport urllib.request\n\n\n"
        "def test_name():\n    socket.getaddrinfo('example.org', 80)\n\n\n"
        "def test_address():\n    socket.create_connection(('192.0.2.1', 80), 5)\n\n\n"
        "def test_page():\n    urllib.request.urlopen('http://example.org')\n"
    )
    project = everywhere.project({"test_net.py": needs})
    with project.untouched():
        everywhere.fix(project).fails(3, "EnvironmentUnavailable", "network", "test_net.py::test_name")


@ONCE
def test_the_network_does_not_hide_a_bug(regoose: Regoose) -> None:
    net = "import socket\n\n\ndef test_net():\n    socket.getaddrinfo('example.org', 80)\n"
    project = regoose.project({"calc.py": ADD, "test_calc.py": TEST, "test_net.py": net})
    with project.untouched():
        document = regoose.fix(project).proves()
    assert document["evidence"]["red"] == ["test_calc.py::test_add"]
    assert document["evidence"]["suite"]["after"]["failed"] == 1


@ONCE
def test_a_syntax_error_elsewhere(regoose: Regoose) -> None:
    project = regoose.project(
        {
            "calc.py": ADD,
            "tests/test_calc.py": TEST,
            "legacy.py": "print 'hello'\n",
            "tests/data/broken.py": "def (:\n",
            "tests/test_legacy.py": "import legacy\n\n\ndef test_it():\n    assert legacy\n",
        }
    )
    with project.untouched():
        document = regoose.fix(project).proves()
    assert project.changed(document["branch"]) == ["calc.py"]


@ONCE
@pytest.mark.parametrize(
    ("name", "code", "kind", "words"),
    [
        ("tests/test_calc.py::test_ad", 2, "UsageError", ("is not a test", "tests/test_calc.py::test_add")),
        ("tests/test_calc.py::test_zero", 2, "NothingToFix", ("pass on the base",)),
    ],
    ids=["no such test", "a test that passes"],
)
def test_a_name_that_is_of_no_use(regoose: Regoose, name: str, code: int, kind: str, words: tuple[str, ...]) -> None:
    zero = "\n\ndef test_zero():\n    assert add(0, 0) == 0\n"
    project = regoose.project({"calc.py": ADD, "tests/test_calc.py": TEST + zero})
    with project.untouched():
        regoose.fix(project, "--test", name).fails(code, kind, *words)


@ONCE
def test_unittest_style_and_outside_of_tests(regoose: Regoose) -> None:
    case = (
        "import unittest\n\nfrom shop.calc import add\n\n\nclass Adding(unittest.TestCase):\n"
        "    def test_add(self):\n        self.assertEqual(add(1, 2), 3)\n"
    )
    project = regoose.project({"shop/__init__.py": "", "shop/calc.py": ADD, "shop/check/test_adding.py": case})
    with project.untouched():
        document = regoose.fix(project).proves()
    assert document["evidence"]["green"] == ["shop/check/test_adding.py::Adding::test_add"]
