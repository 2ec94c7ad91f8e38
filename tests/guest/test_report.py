"""The runner on real interpreters and pytest versions: the oldest supported to the newest, with plugins and without."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from regoose.domain.evidence import Outcome

RunTests = Callable[..., Any]

PLUGINS = (
    "pytest-xdist",
    "pytest-randomly",
    "pytest-timeout",
    "pytest-cov",
    "pytest-asyncio",
    "pytest-rerunfailures",
    "pytest-random-order",
)
TARGETS = {
    "3.9-oldest": (9, ("pytest==6.2.5",)),
    "3.9-plugins": (9, ("pytest<9", "pytest-subtests", *PLUGINS)),
    "3.10": (10, ("pytest==7.4.4",)),
    "3.11": (11, ("pytest==8.3.5",)),
    "3.12": (12, ("pytest<9",)),
    "3.13-plugins": (13, ("pytest", *PLUGINS)),
}


@pytest.fixture(params=TARGETS)
def python(request: pytest.FixtureRequest, make_environment: Callable[..., Path]) -> Path:
    minor, requirements = TARGETS[request.param]
    return make_environment(minor, *requirements)


@pytest.fixture
def newest(make_environment: Callable[..., Path]) -> Path:
    minor, requirements = TARGETS["3.13-plugins"]
    return make_environment(minor, *requirements)


EVERYTHING = """\
import sys
import unittest
import pytest
from pkg import divide


@pytest.fixture
def broken_setup():
    raise RuntimeError("no setup")


@pytest.fixture
def broken_teardown():
    yield
    raise RuntimeError("no teardown")


@pytest.fixture(scope="session")
def shared():
    return []


def test_passes(shared):
    assert divide(4, 2) == 2

def test_asserts():
    assert divide(4, 2) == 3

def test_raises():
    divide(1, 0)

def test_setup(broken_setup):
    pass

def test_teardown(broken_teardown):
    pass

def test_both(broken_teardown):
    assert False

def test_skips():
    pytest.skip("not here")

@pytest.mark.skipif(True, reason="never")
def test_skipped_by_mark():
    pass

@pytest.mark.xfail
def test_expected():
    assert False

@pytest.mark.xfail(strict=False)
def test_unexpected():
    pass

@pytest.mark.xfail(strict=True)
def test_strict():
    pass

@pytest.mark.xfail(raises=KeyError)
def test_other_exception():
    raise ValueError

def test_imperative_xfail():
    pytest.xfail("known")

def test_exits():
    sys.exit(0)

def test_imports():
    import no_such_module_here

@pytest.mark.parametrize("value", ["a b", "::[x]", "\\n", b"\\xff", "\\u00fc"])
def test_odd_names(value):
    pass


class Hostile(Exception):
    def __str__(self):
        raise KeyError("x")


def test_message_raises():
    raise Hostile


class TestUnit(unittest.TestCase):
    def test_equal(self):
        self.assertEqual(divide(1, 1), 2)

    def test_skip(self):
        self.skipTest("no")

    @unittest.expectedFailure
    def test_expected(self):
        self.fail("x")

    @unittest.expectedFailure
    def test_unexpected(self):
        pass

    def test_subtests(self):
        for i in range(3):
            with self.subTest(i=i):
                self.assertEqual(i, 0)
"""
PACKAGE = '''\
def divide(a, b):
    """
    >>> divide(6, 2)
    4.0
    """
    return a / b
'''
EXPECTED = {
    "test_passes": "passed",
    "test_asserts": "failed",
    "test_raises": "failed",
    "test_setup": "error",
    "test_teardown": "error",
    "test_both": "failed",
    "test_skips": "skipped",
    "test_skipped_by_mark": "skipped",
    "test_expected": "xfailed",
    "test_unexpected": "xpassed",
    "test_strict": "failed",
    "test_other_exception": "failed",
    "test_imperative_xfail": "xfailed",
    "test_exits": "failed",
    "test_imports": "failed",
    "test_message_raises": "failed",
    "TestUnit::test_equal": "failed",
    "TestUnit::test_skip": "skipped",
    "TestUnit::test_expected": "xfailed",
    "TestUnit::test_unexpected": "failed",
    "TestUnit::test_subtests": "failed",
}


def test_every_kind_of_outcome(python: Path, run_tests: RunTests) -> None:
    ran = run_tests(
        python, {"test_all.py": EVERYTHING, "pkg.py": PACKAGE, "test_cut.py": "def (", "test_no.py": "import nix"}
    )
    outcomes = {name.partition("::")[2]: outcome.value for name, outcome in ran.outcomes().items()}
    odd = {name: outcomes.pop(name) for name in list(outcomes) if "test_odd_names" in name}
    assert outcomes == EXPECTED
    assert list(odd.values()) == ["passed"] * 5
    assert ran.exit_code == ran.run.exit_code == 1
    assert ran.run.ended
    assert not ran.run.problems
    assert set(ran.outcomes()) == set(ran.run.collected)


def test_failures_say_what_and_where(python: Path, run_tests: RunTests) -> None:
    ran = run_tests(python, {"test_all.py": EVERYTHING, "pkg.py": PACKAGE}, select=["test_all.py"])
    by_zero = ran.case("test_raises").failure
    assert (by_zero.phase, by_zero.exception, by_zero.path, by_zero.line) == ("call", "ZeroDivisionError", "pkg.py", 6)
    compared = ran.case("test_asserts").failure
    assert (compared.exception, compared.path, compared.is_import) == ("AssertionError", "test_all.py", False)
    assert "assert 2.0 == 3" in compared.message
    assert ran.case("test_setup").failure.phase == "setup"
    assert ran.case("test_teardown").failure.phase == "teardown"
    assert ran.case("test_both").failure.phase == "call"
    assert ran.case("test_imports").failure.exception == "ModuleNotFoundError"
    assert ran.case("test_imports").failure.is_import
    assert ran.case("test_message_raises").failure.exception == "test_all.Hostile"
    assert "KeyError" in ran.case("test_message_raises").failure.message
    assert ran.case("test_strict").failure.exception == "XPASS(strict)"


def test_files_that_cannot_be_collected_do_not_stop_the_rest(python: Path, run_tests: RunTests) -> None:
    files = {
        "test_cut.py": "x = 1\ndef (",
        "test_missing.py": "import no_such_module_here",
        "test_deep.py": "import lib",
        "lib.py": "\n\nimport no_such_module_there",
        "test_exit.py": "import sys\nsys.exit(0)",
        "test_stop.py": "import pytest\npytest.exit('enough')",
        "test_fine.py": "def test_fine(): pass",
    }
    ran = run_tests(python, files)
    assert ran.outcomes() == {"test_fine.py::test_fine": Outcome.PASSED}
    broken = {error.path: (error.exception.rpartition(".")[2], error.source, error.line) for error in ran.run.broken}
    assert broken == {
        "test_cut.py": ("SyntaxError", "test_cut.py", 2),
        "test_missing.py": ("ModuleNotFoundError", "test_missing.py", 1),
        "test_deep.py": ("ModuleNotFoundError", "lib.py", 3),
        "test_exit.py": ("SystemExit", "test_exit.py", 2),
        "test_stop.py": ("Exit", "test_stop.py", 2),
    }
    assert ran.exit_code == 1


def test_doctests_say_where_they_fail(python: Path, run_tests: RunTests) -> None:
    raising = 'def f():\n    """\n    >>> f()\n    1\n    """\n    raise KeyError("k")\n'
    ran = run_tests(
        python, {"pkg.py": PACKAGE, "other.py": raising, "pytest.ini": "[pytest]\naddopts = --doctest-modules"}
    )
    wrong = ran.case("pkg.py::pkg.divide")
    assert wrong.outcome is Outcome.FAILED
    assert (wrong.failure.exception, wrong.failure.path, wrong.failure.line) == ("doctest.DocTestFailure", "pkg.py", 3)
    assert wrong.failure.message == "expected '4.0', got '3.0'"
    assert ran.case("other.f").failure.exception == "KeyError"
    assert ran.case("other.f").failure.line == 6


def test_own_options_of_the_repository_hold_unless_they_would_break_the_run(python: Path, run_tests: RunTests) -> None:
    files = {
        "pytest.ini": "[pytest]\nxfail_strict = true\n"
        "addopts = -x --maxfail=1 -n 2 --cov=pkg --cov-fail-under=100 --lf --random-order --ours\n",
        "conftest.py": "def pytest_addoption(parser):\n    parser.addoption('--ours', action='store_true')\n",
        "test_a.py": "import pytest\ndef test_1(): assert 0\n"
        "def test_2(request): assert request.config.getoption('--ours')\n"
        "@pytest.mark.xfail\ndef test_3(): pass\n",
    }
    ran = run_tests(python, files)
    assert [outcome.value for outcome in ran.outcomes().values()] == ["failed", "passed", "failed"]
    assert ran.exit_code == 1


def test_lines_of_each_test(python: Path, run_tests: RunTests) -> None:
    files = {
        "pkg.py": "def f(x):\n    if x:\n        return 1\n    return 2\n",
        "test_a.py": "import pkg\ndef test_1():\n    pkg.f(0)\ndef test_2():\n    pkg.f(1)\ndef test_3():\n    pass\n",
    }
    ran = run_tests(python, files, coverage=True)
    lines = {name.rpartition("_")[2]: dict(found) for name, found in ran.run.lines.items()}
    assert lines["1"] == {"pkg.py": {2, 4}, "test_a.py": {3}}
    assert lines["2"] == {"pkg.py": {2, 3}, "test_a.py": {5}}
    assert lines["3"] == {"test_a.py": {7}}
    assert ran.run.import_lines["pkg.py"] == {1}


def test_a_seed_shuffles_the_same_way_and_keeps_files_and_classes_together(python: Path, run_tests: RunTests) -> None:
    body = (
        "".join(f"def test_{i}(): pass\n" for i in range(6))
        + "class TestC:\n"
        + "".join(f"    def test_{i}(self): pass\n" for i in range(6))
    )
    files = {f"sub{i}/test_{i}.py": body for i in range(3)}
    one, same, other = (run_tests(python, files, seed=seed).run.collected for seed in (1, 1, 2))
    plain = run_tests(python, files).run.collected
    assert one == same != other
    assert sorted(one) == sorted(plain)
    assert one != plain
    changes = sum(a.partition("::")[0] != b.partition("::")[0] for a, b in pairwise(one))
    assert changes == 2
    inside = ["TestC" in name for name in one if name.startswith("sub0")]
    assert sum(a != b for a, b in pairwise(inside)) <= 2


def test_thousands_of_tests_are_chosen_by_name(newest: Path, run_tests: RunTests) -> None:
    many = "import pytest\n@pytest.mark.parametrize('i', range(3000))\ndef test_many(i): pass\n"
    names = [f"test_many.py::test_many[{i}]" for i in range(2, 3000)]
    files = {"test_many.py": many, "test_other.py": "raise RuntimeError('is not imported')"}
    ran = run_tests(newest, files, select=names)
    assert list(ran.run.collected) == names
    assert not ran.run.broken


def test_tests_are_chosen_by_file_class_function_and_id(newest: Path, run_tests: RunTests) -> None:
    files = {
        "test_a.py": "import pytest\n@pytest.mark.parametrize('i', [1, 2])\ndef test_p(i): pass\ndef test_q(): pass\n"
        "class TestA:\n    def test_m(self): pass\n",
        "test_b.py": "def test_b(): pass\n",
        "checks/odd.py": "def test_odd(): pass\n",
        "pytest.ini": "[pytest]\ntestpaths = test_a.py test_b.py\naddopts = -m 'not slow'\nmarkers =\n  slow: slow\n",
    }
    chosen = {
        ("test_b.py",): ["test_b.py::test_b"],
        ("test_a.py::TestA",): ["test_a.py::TestA::test_m"],
        ("test_a.py::test_p",): ["test_a.py::test_p[1]", "test_a.py::test_p[2]"],
        ("test_a.py::test_p[2]", "test_a.py::test_q"): ["test_a.py::test_p[2]", "test_a.py::test_q"],
        ("checks/odd.py::test_odd",): ["checks/odd.py::test_odd"],
        ("test_a.py::gone",): [],
        ("gone.py::gone",): [],
    }
    for select, expected in chosen.items():
        assert list(run_tests(newest, files, select=list(select)).run.collected) == expected
    left = run_tests(newest, files, exclude=["test_a.py::test_q"], ignore=["test_b.py"]).run.collected
    assert list(left) == ["test_a.py::test_p[1]", "test_a.py::test_p[2]", "test_a.py::TestA::test_m"]


def test_async_tests_run(newest: Path, run_tests: RunTests) -> None:
    files = {
        "pytest.ini": "[pytest]\nasyncio_mode = auto\n",
        "test_a.py": "import asyncio\nasync def test_1(): await asyncio.sleep(0)\nasync def test_2(): assert 0\n",
    }
    ran = run_tests(newest, files)
    assert [outcome.value for outcome in ran.outcomes().values()] == ["passed", "failed"]


def test_a_rerun_by_mark_counts_its_last_attempt(newest: Path, run_tests: RunTests) -> None:
    source = """\
import pytest
tries = []

@pytest.mark.flaky(reruns=2)
def test_third_time():
    tries.append(1)
    assert len(tries) == 3

@pytest.mark.flaky(reruns=1)
def test_never():
    assert 0
"""
    ran = run_tests(newest, {"test_a.py": source})
    assert [outcome.value for outcome in ran.outcomes().values()] == ["passed", "failed"]
    assert not ran.run.problems


def test_without_pytest_nothing_is_claimed(make_environment: Callable[..., Path], run_tests: RunTests) -> None:
    ran = run_tests(make_environment(13, "six"), {"test_a.py": "def test_1(): pass"})
    assert not ran.run.begun
    assert "No module named 'pytest'" in ran.output


def test_files_of_the_tree_do_not_replace_modules_of_the_runner(newest: Path, run_tests: RunTests) -> None:
    bad = "raise SystemExit('taken')"
    names = ("json", "tracing", "report", "regoose_guest", "pytest", "copy", "hashlib", "runpy", "sitecustomize")
    ran = run_tests(newest, {**{f"{name}.py": bad for name in names}, "test_a.py": "def test_1(): pass"})
    assert ran.outcomes() == {"test_a.py::test_1": Outcome.PASSED}
