from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from regoose.domain.evidence import Outcome
from regoose.domain.patch import FileEdit, Patch
from regoose.errors import CollectionFailed, EnvironmentUnavailable, NoTests
from regoose.verify.baseline import environment_findings, require_tests
from regoose.verify.suite import PROCESS_ENDED, TIME_LIMIT

OpenSuite = Callable[..., Any]

HOSTILE = """\
import itertools, os, pytest, signal
def test_1(): pass
def test_exits(): os._exit(0)
def test_2(): pass
def test_hangs(): sum(itertools.repeat(0))
def test_stops(): pytest.exit('enough', returncode=0)
def test_3(): assert 0
def test_forges():
    import glob
    for path in glob.glob('/tmp/regoose/*'):
        open(path, 'w').write('{"k":"end","exit":0}')
def test_killed(): os.kill(os.getpid(), signal.SIGKILL)
def test_4(): pass
"""


async def test_a_test_that_ends_or_hangs_the_process_is_named_and_the_rest_runs_on(
    open_suite: OpenSuite, target_python: Path
) -> None:
    async with open_suite({"test_a.py": HOSTILE}, target_python) as suite:
        report = await suite.run(test_seconds=1.0)
    outcomes = {case.id.partition("::")[2]: case.outcome.value for case in report.cases}
    assert {name for name, outcome in outcomes.items() if outcome == "passed"} == {
        "test_1",
        "test_2",
        "test_forges",
        "test_4",
    }
    reasons = {case.id.partition("::")[2]: case.failure.exception for case in report.cases if case.failure}
    assert reasons == {
        "test_exits": PROCESS_ENDED,
        "test_hangs": TIME_LIMIT,
        "test_stops": PROCESS_ENDED,
        "test_3": "AssertionError",
        "test_killed": PROCESS_ENDED,
    }
    assert report.consistent, report.problem
    assert report.exit_code == 1
    assert set(outcomes) == {name.partition("::")[2] for name in report.collected}


async def test_each_run_starts_from_the_base_and_its_patch(open_suite: OpenSuite) -> None:
    files = {"pkg.py": "N = 1\n", "test_a.py": "import pkg\ndef test_a(): assert pkg.N == 2\n"}
    patch = Patch((FileEdit("pkg.py", "N = 1\n", "N = 2\n"),))
    async with open_suite(files) as suite:
        reports = [await suite.run(patch=patch), await suite.run(), await suite.run(patch=patch, seed=3)]
    assert [report.cases[0].outcome for report in reports] == [Outcome.PASSED, Outcome.FAILED, Outcome.PASSED]
    assert [report.exit_code for report in reports] == [0, 1, 0]


async def test_a_suite_that_does_not_end_is_reported_as_timed_out(open_suite: OpenSuite) -> None:
    source = "import time\ndef test_1(): pass\ndef test_2(): time.sleep(100)\ndef test_3(): pass\n"
    async with open_suite({"test_a.py": source}) as suite:
        report = await suite.run(seconds=3.0, test_seconds=60.0)
    assert report.timed_out
    assert not report.consistent
    assert "2 of 3 tests did not run to their end" in report.problem


async def test_the_seed_sets_order_and_hashes(open_suite: OpenSuite) -> None:
    source = "import os\n" + "".join(f"def test_{i}(): assert os.environ['PYTHONHASHSEED'] == '7'\n" for i in range(8))
    async with open_suite({"test_a.py": source}) as suite:
        shuffled, plain = await suite.run(seed=7), await suite.run()
    assert shuffled.counts.passed == 8
    assert plain.counts.failed == 8
    assert shuffled.collected != plain.collected


async def test_what_a_conftest_hides_makes_the_report_inconsistent(open_suite: OpenSuite) -> None:
    hook = """\
import pytest
@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    outcome.get_result().outcome = "passed"
"""
    async with open_suite({"conftest.py": hook, "test_a.py": "def test_a(): assert 0\n"}) as suite:
        report = await suite.run()
    assert not report.consistent
    assert "test_a.py::test_a" in report.problem


async def test_options_that_pytest_does_not_know_are_left_out(open_suite: OpenSuite) -> None:
    files = {"pytest.ini": "[pytest]\naddopts = --nbval --flake8=1 -v\n", "test_a.py": "def test_a(): pass\n"}
    async with open_suite(files) as suite:
        report = await suite.run()
    assert report.consistent
    assert report.counts.passed == 1


async def test_a_file_that_ends_the_process_while_it_is_imported_is_named(open_suite: OpenSuite) -> None:
    files = {"test_a.py": "import os\nos._exit(0)\n", "test_b.py": "def test_b(): pass\n"}
    async with open_suite(files) as suite:
        report = await suite.run()
    assert [error.path for error in report.collection_errors] == ["test_a.py"]
    assert report.counts.passed == 1
    assert report.consistent, report.problem


@pytest.mark.parametrize(
    ("files", "error", "text"),
    [
        ({}, NoTests, "no test"),
        ({"test_a.py": "x = 1\ny = (\n"}, CollectionFailed, r"test_a\.py.*SyntaxError.*line 2"),
        ({"test_a.py": "import lib", "lib.py": "\ny = z\n"}, CollectionFailed, "test_a.*NameError.*lib.py, line 2"),
        ({"test_a.py": "import no_such_module_here"}, EnvironmentUnavailable, r"test_a\.py.*no_such_module_here"),
        ({"conftest.py": "import no_such_module_here", "test_a.py": ""}, EnvironmentUnavailable, "conftest.*no_such"),
        ({"conftest.py": "1 / 0", "test_a.py": ""}, CollectionFailed, r"conftest\.py.*ZeroDivisionError.*line 1"),
        ({"pytest.ini": "[pytest]\nrequired_plugins = pytest-nothing\n"}, CollectionFailed, "pytest-nothing"),
    ],
)  # fmt: skip
async def test_a_first_run_that_cannot_be_built_upon_says_what_to_mend(
    open_suite: OpenSuite, files: dict[str, str], error: type[Exception], text: str
) -> None:
    async with open_suite(files) as suite:
        report = await suite.run()
    with pytest.raises(error, match=text):
        require_tests(report)


async def test_what_needs_the_network_or_a_module_is_named(open_suite: OpenSuite) -> None:
    source = """\
import socket, urllib.request
def test_name(): socket.getaddrinfo("example.org", 80)
def test_connect(): socket.create_connection(("192.0.2.1", 80), timeout=2)
def test_url(): urllib.request.urlopen("http://example.org")
def test_module(): import no_such_module_here
def test_own(): assert 0
"""
    async with open_suite({"test_a.py": source}) as suite:
        findings = environment_findings(await suite.run())
    assert [(finding.rule, finding.line) for finding in findings] == [
        ("network", 2),
        ("network", 3),
        ("network", 4),
        ("missing-dependency", 5),
    ]


async def test_lines_are_traced_per_test(open_suite: OpenSuite, target_python: Path) -> None:
    files = {
        "pkg.py": "def f(x):\n    if x:\n        return 1\n    return 2\n",
        "test_a.py": "import pkg\ndef test_1():\n    pkg.f(0)\ndef test_2():\n    pkg.f(1)\n",
    }
    async with open_suite(files, target_python) as suite:
        report, coverage = await suite.trace(["test_a.py::test_1", "test_a.py::test_2"])
    assert report.consistent
    assert coverage.tests["test_a.py::test_1"]["pkg.py"] == {2, 4}
    assert coverage.tests["test_a.py::test_2"]["pkg.py"] == {2, 3}
    assert coverage.imports["pkg.py"] == {1}
