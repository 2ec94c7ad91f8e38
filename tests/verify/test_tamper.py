from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regoose.domain.evidence import CheckStatus
from regoose.domain.patch import FileEdit, Patch
from regoose.verify.tamper import inspect_patch, is_test_file


def rules(path: str, before: str | None, after: str | None) -> set[str]:
    """Blocking rules that the change breaks where tests may be changed."""
    found = inspect_patch(Patch((FileEdit(path, before, after),)), allow_tests=True).findings
    return {finding.rule for finding in found if finding.blocking}


TEST = """\
import pytest

LIMIT = 3

@pytest.mark.parametrize("x", [1, 2, 3])
def test_one(x):
    y = f(x)
    assert y == 2
    assert len(y) == LIMIT

class TestTwo:
    def test_two(self):
        with pytest.raises(ValueError):
            f(None)
        assert f(0.1) == pytest.approx(0.3, rel=1e-6)
        self.assertEqual(f(1), 5)
"""

CAUGHT = """\
    try:
        assert y == 2
    except Exception:
        pass
"""


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("assert y == 2", "assert True", "assert-constant"),
        ("assert y == 2", "assert y in (1, 2)", "assert-weakened"),
        ("assert y == 2", "assert y", "assert-weakened"),
        ("assert y == 2", "assert y >= 2", "assert-weakened"),
        ("assert y == 2", "assert y == 3", "expected-edited"),
        ("    assert y == 2\n", "", "assert-removed"),
        ("    assert y == 2\n", "    pass\n", "assert-removed"),
        ("    assert y == 2\n", CAUGHT.replace("Exception", "AssertionError"), "assert-caught"),
        ("    assert y == 2\n", CAUGHT, "assert-caught"),
        ("    assert y == 2\n", "    if x == 1:\n        assert y == 2\n", "assert-conditional"),
        ("    assert y == 2\n", "    return\n    assert y == 2\n", "assert-unreachable"),
        ("[1, 2, 3]", "[1, 2]", "parameters-removed"),
        ("[1, 2, 3]", "[1, 2, 4]", "parameters-removed"),
        ('@pytest.mark.parametrize("x", [1, 2, 3])\n', "", "parameters-removed"),
        ("def test_one(x)", "@pytest.mark.skip\ndef test_one(x)", "test-skipped"),
        ("def test_one(x)", "@pytest.mark.xfail(strict=False)\ndef test_one(x)", "test-skipped"),
        ("    y = f(x)\n", "    pytest.skip('no')\n    y = f(x)\n", "test-skipped"),
        ("LIMIT = 3", "LIMIT = 4", "expected-edited"),
        ("LIMIT = 3", "LIMIT = 3\npytestmark = pytest.mark.skip", "test-skipped"),
        ("LIMIT = 3", "LIMIT = 3\n__test__ = False", "test-skipped"),
        ("def test_one", "def check_one", "test-deleted"),
        ("class TestTwo:", "class Two:", "test-deleted"),
        ("raises(ValueError)", "raises(Exception)", "assert-changed"),
        ("rel=1e-6", "rel=0.5", "tolerance-widened"),
        (", rel=1e-6", ", abs=10", "tolerance-widened"),
        ("self.assertEqual(f(1), 5)", "self.assertTrue(f(1))", "assert-weakened"),
        ("self.assertEqual(f(1), 5)", "self.assertEqual(f(1), 6)", "expected-edited"),
        ("class TestTwo:", "def test_one(): pass\n\nclass TestTwo:", "test-shadowed"),
        ("import pytest", "import pytest (", "test-unreadable"),
    ],
)  # fmt: skip
def test_what_weakens_a_test_is_named(old: str, new: str, rule: str) -> None:
    assert old in TEST
    assert rule in rules("tests/test_a.py", TEST, TEST.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    y = f(x)\n", "    y = f(x)  # by the way\n"),
        ("[1, 2, 3]", "[1, 2, 3, 4]"),
        ("rel=1e-6", "rel=1e-9"),
        ("    assert y == 2\n", "    assert y == 2\n    assert y != 3\n"),
        ("LIMIT = 3", "LIMIT = 3\nOTHER = 4"),
        ("class TestTwo:", "def test_new():\n    assert f(3) == 1\n\nclass TestTwo:"),
        ("import pytest", "import math\nimport pytest"),
    ],
)
def test_what_adds_to_a_test_is_allowed_where_tests_may_change(old: str, new: str) -> None:
    assert old in TEST
    assert rules("tests/test_a.py", TEST, TEST.replace(old, new)) == set()


def test_an_assertion_may_become_stricter() -> None:
    assert (
        rules("test_a.py", "def test_a():\n    assert f() in (1, 2)\n", "def test_a():\n    assert f() == 1\n") == set()
    )
    assert rules("test_a.py", "def test_a():\n    assert f() != 2\n", "def test_a():\n    assert f() == 1\n") == set()


def test_a_deleted_test_file_loses_its_tests() -> None:
    assert rules("tests/test_a.py", TEST, None) == {"test-deleted"}
    assert rules("tests/data/a.json", "{}", "[]") == {"test-data-changed"}


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        ("", "def pytest_collection_modifyitems(items):\n    items.clear()\n", "conftest-hook"),
        ("def pytest_configure(): a()\n", "", "conftest-hook"),
        ("", "import pytest\n@pytest.fixture(autouse=True)\ndef f(): pass\n", "conftest-hook"),
        ("def f(): return 1\n", "def f(): return 2\n", "fixture-changed"),
        ("", "collect_ignore = ['test_a.py']\n", "test-skipped"),
        ("", "import lib\nlib.f.__code__ = None\nprint(1)\n", "conftest-statement"),
    ],
)
def test_what_bends_collection_or_outcomes_by_conftest(before: str, after: str, rule: str) -> None:
    assert rule in rules("tests/conftest.py", before, after)


COVERAGE, RUFF, PYTEST = "[tool.coverage.report]\n", "[tool.ruff.lint]\n", "[tool.pytest.ini_options]\n"


@pytest.mark.parametrize(
    ("path", "before", "after", "rule"),
    [
        ("pyproject.toml", f"{COVERAGE}fail_under = 90\n", f"{COVERAGE}fail_under = 80\n", "threshold-lowered"),
        ("pyproject.toml", f"{COVERAGE}fail_under = 90\n", COVERAGE, "threshold-lowered"),
        ("pyproject.toml", f"{COVERAGE}fail_under = 90\n", None, "threshold-lowered"),
        (".coveragerc", "[report]\nfail_under = 90\n", "[report]\nfail_under = 9\n", "threshold-lowered"),
        ("pyproject.toml", "[tool.mypy]\nstrict = true\n", "[tool.mypy]\nstrict = false\n", "check-config-changed"),
        ("pyproject.toml", "[tool.mypy]\n", "[tool.mypy]\nignore_errors = true\n", "check-config-changed"),
        ("mypy.ini", "[mypy]\nstrict = True\n", "[mypy]\n", "check-config-changed"),
        ("pyproject.toml", f"{RUFF}ignore = []\n", f"{RUFF}ignore = ['F']\n", "check-config-changed"),
        ("ruff.toml", "[lint]\nselect = ['E', 'F']\n", "[lint]\nselect = ['E']\n", "check-config-changed"),
        ("pyproject.toml", f"{PYTEST}addopts = '-W error'\n", PYTEST, "check-config-changed"),
        ("pytest.ini", "[pytest]\n", "[pytest]\naddopts = -k nothing\n", "check-config-changed"),
        ("setup.cfg", "[tool:pytest]\n", "[tool:pytest]\naddopts = --deselect a\n", "check-config-changed"),
        ("tox.ini", "[testenv]\ncommands = pytest\n", "[testenv]\ncommands = true\n", "check-config-changed"),
        ("pyproject.toml", "[project]\n", "[project\n", "config-unreadable"),
        (".github/workflows/ci.yml", "a", "b", "ci-touched"),
        (".pre-commit-config.yaml", "a", None, "ci-touched"),
        ("sitecustomize.py", None, "print()", "start-up-file"),
        ("pkg/a.py", "x = 1\n", "import os\nx = 'PYTEST_CURRENT_TEST' in os.environ\n", "detects-tests"),
        ("pkg/a.py", "x = 1\n", "import sys\nx = 'pytest' in sys.modules\n", "detects-tests"),
    ],
)  # fmt: skip
def test_thresholds_checks_and_start_up(path: str, before: str | None, after: str | None, rule: str) -> None:
    assert rule in rules(path, before, after)


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("pyproject.toml", f"{COVERAGE}fail_under = 80\n", f"{COVERAGE}fail_under = 90\n"),
        ("pyproject.toml", "[tool.mypy]\nstrict = false\n", "[tool.mypy]\nstrict = true\n"),
        ("pyproject.toml", "[tool.ruff.lint]\nignore = ['E', 'F']\n", "[tool.ruff.lint]\nignore = ['E']\n"),
        ("pyproject.toml", "[project]\nname = 'a'\n", "[project]\nname = 'b'\n"),
        ("pyproject.toml", "[tool.pytest.ini_options]\n", "[tool.pytest.ini_options]\nmarkers = ['slow']\n"),
        ("pkg/a.py", "x = 1\n", "x = 2\n"),
        ("pkg/a.py", "x = 1\n", "x = f()  # noqa: F821\n"),
        ("README.md", "a", "b"),
    ],
)
def test_what_is_as_strict_or_unrelated_does_not_block(path: str, before: str, after: str) -> None:
    assert rules(path, before, after) == set()


def test_touching_a_test_at_all_blocks_unless_allowed() -> None:
    patch = Patch((FileEdit("tests/test_a.py", TEST, TEST + "# more\n"),))
    refused = inspect_patch(patch)
    assert refused.status is CheckStatus.FAILED
    assert [finding.rule for finding in refused.findings] == ["test-file-touched"]
    assert inspect_patch(patch, allow_tests=True).status is CheckStatus.PASSED


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("test_a.py", True),
        ("pkg/a_test.py", True),
        ("conftest.py", True),
        ("tests/data/a.json", True),
        ("python_testcases/load.py", True),
        ("unit_tests/helper.py", True),
        ("pkg/testing/tools.py", False),
        ("pkg/contest.py", False),
        ("pkg/latest.py", False),
        ("src/attest/a.py", False),
    ],
)
def test_which_files_are_tests(path: str, expected: bool) -> None:  # noqa: FBT001 - a table
    assert is_test_file(path) is expected


@given(
    st.text(), st.sampled_from(["test_a.py", "tests/conftest.py", "pyproject.toml", "setup.cfg", "a.py", "mypy.ini"])
)
def test_any_text_is_judged_and_no_change_is_never_a_finding(text: str, path: str) -> None:
    assert not inspect_patch(Patch((FileEdit(path, text, text),))).findings
    inspect_patch(Patch((FileEdit(path, text, text + "\n"), FileEdit(path, None, text), FileEdit(path, text, None))))
