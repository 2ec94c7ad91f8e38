"""Code under test that tries to end the run, to hang it, or to claim what did not happen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

RunTests = Callable[..., Any]


@pytest.fixture(params=[(9, ("pytest<9",)), (13, ("pytest",))], ids=["3.9", "3.13"])
def python(request: pytest.FixtureRequest, make_environment: Callable[..., Path]) -> Path:
    minor, requirements = request.param
    return make_environment(minor, *requirements)


def around(body: str, *, imports: str = "") -> dict[str, str]:
    """A file with a test before, the hostile one, and a failing one after."""
    return {
        "test_a.py": f"import os, sys, time, pytest\n{imports}\ndef test_1(): pass\n{body}\ndef test_3(): assert 0\n"
    }


@pytest.mark.parametrize(
    "body",
    [
        "def test_2(): os._exit(0)",
        "def test_2(): os.kill(os.getpid(), 9)",
        "def test_2():\n    import ctypes\n    ctypes.string_at(0)",
        "def test_2():\n    import shutil\n    shutil.rmtree(OUT)\n    os._exit(0)",
        "def test_2(): pytest.exit('enough', returncode=0)",
        "def test_2(): raise KeyboardInterrupt",
    ],
    ids=["exit", "kill", "segfault", "delete-and-exit", "pytest.exit", "interrupt"],
)
def test_what_ends_the_process_is_named_and_what_came_before_is_kept(
    python: Path, run_tests: RunTests, tmp_path: Path, body: str
) -> None:
    ran = run_tests(python, around(body, imports=f"OUT = {str(tmp_path / 'out')!r}"))
    names = [name.partition("::")[2] for name in ran.outcomes()]
    if "rmtree" in body:  # what was written before it is gone with it: then nothing is claimed at all
        assert not ran.run.begun
    else:
        assert names == ["test_1"]
        assert ran.run.running == "test_a.py::test_2"
    assert not [case for case in ran.run.cases if case.id.endswith("_2")]


@pytest.mark.parametrize(
    "body",
    [
        "def test_2():\n    while True:\n        pass",
        "def test_2():\n    while True:\n        try: time.sleep(0.01)\n        except Exception: pass",
        "def test_2():\n    time.sleep(1000)",
        "@pytest.fixture\ndef endless():\n    time.sleep(1000)\ndef test_2(endless): pass",
    ],
    ids=["loop", "swallowing-loop", "sleep", "fixture"],
)
def test_an_endless_test_fails_by_its_limit_and_the_rest_runs(python: Path, run_tests: RunTests, body: str) -> None:
    ran = run_tests(python, around(body), test_seconds=0.5)
    assert [case.outcome.is_red for case in ran.run.cases] == [False, True, True]
    assert ran.case("test_2").failure.exception == "TestTimeLimit"
    assert ran.run.ended


@pytest.mark.parametrize(
    "body",
    [
        "def test_2():\n    import itertools\n    sum(itertools.repeat(0))",
        (
            "import signal\ndef test_2():\n    signal.alarm(0)\n"
            "    signal.signal(signal.SIGALRM, lambda *a: None)\n    while True: pass"
        ),
    ],
    ids=["holds-the-interpreter", "takes-the-alarm"],
)  # fmt: skip
def test_what_no_signal_reaches_is_ended_from_outside(python: Path, run_tests: RunTests, body: str) -> None:
    ran = run_tests(python, around(body), test_seconds=0.5)
    assert ran.run.running == "test_a.py::test_2"
    assert ran.exit_code == 1
    assert "Timeout (" in ran.output
    assert not ran.run.ended


@pytest.mark.parametrize(
    "body",
    [
        "def test_2():\n    print('{\"k\":\"case\",\"i\":2,\"outcome\":\"passed\"}')",
        "def test_2():\n    import shutil\n    shutil.rmtree(OUT)",
        "def test_2():\n    for name in os.listdir(OUT): os.unlink(os.path.join(OUT, name))",
        "def test_2():\n    for name in os.listdir(OUT): open(os.path.join(OUT, name), 'w').write('x')",
        "def test_2():\n    os.closerange(3, 100)",
        (
            "def test_2():\n    import builtins, json\n    json.dumps = builtins.open = os.open = os.write = "
            "os.replace = os.getpid = json.JSONEncoder.encode = lambda *a, **k: 0"
        ),
        "def test_2():\n    if os.fork() == 0: raise SystemExit(0)",
        "def test_2():\n    sys.stdout = sys.stderr = sys.__stdout__ = None",
        "def test_2():\n    import threading\n    threading.Thread(target=time.sleep, args=(1000,)).start()",
        "def test_2():\n    os.chdir('/')",
        "def test_2():\n    sys.setrecursionlimit(60)",
        "def test_2():\n    print('x' * 5_000_000)",
    ],
    ids=[
        "print", "remove-folder", "unlink", "overwrite", "close-descriptors", "replace-functions", "fork", "no-streams",
        "thread-that-stays", "other-directory", "recursion-limit", "flood",
    ],
)  # fmt: skip
def test_the_results_say_what_happened_whatever_a_test_does(
    python: Path, run_tests: RunTests, tmp_path: Path, body: str
) -> None:
    ran = run_tests(python, around(body, imports=f"OUT = {str(tmp_path / 'out')!r}"))
    by_name = {name.partition("::")[2]: outcome for name, outcome in ran.outcomes().items()}
    assert by_name["test_1"] == "passed"
    assert by_name["test_3"].is_red
    assert ran.exit_code == 1
    assert not [problem for problem in ran.run.problems if "collected" in problem]


def test_a_test_that_breaks_pytest_itself_gets_nothing_past(python: Path, run_tests: RunTests) -> None:
    ran = run_tests(python, around("def test_2():\n    sys.modules.clear()"))
    assert ran.run.raised
    assert not [case for case in ran.run.cases if case.id.endswith("test_3")]


def test_exit_handlers_get_no_say(python: Path, run_tests: RunTests, tmp_path: Path) -> None:
    forger = (
        "import atexit\natexit.register(lambda: os._exit(0))\natexit.register(lambda: open(OUT, 'w').write('forged'))"
    )
    ran = run_tests(
        python, around("def test_2(): pass", imports=f"OUT = {str(tmp_path / 'out' / 'results')!r}\n{forger}")
    )
    assert ran.exit_code == 1
    assert [case.outcome.value for case in ran.run.cases] == ["passed", "passed", "failed"]


HIDING = """\
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if call.when == "call":
        report.outcome = "passed"
        report.longrepr = ("a", 1, "b")
"""


@pytest.mark.parametrize(
    "hook",
    [
        f"@pytest.hookimpl(hookwrapper=True)\n{HIDING}",
        f"@pytest.hookimpl(hookwrapper=True, tryfirst=True)\n{HIDING}",
        "@pytest.hookimpl(tryfirst=True)\ndef pytest_runtest_logreport(report):\n    report.outcome = 'passed'\n",
        f"@pytest.hookimpl(hookwrapper=True)\n{HIDING.replace('passed', 'skipped')}",
        "def pytest_sessionfinish(session):\n    session.exitstatus = 0\n",
        "def pytest_runtest_protocol(item, nextitem):\n    return True\n",
    ],
    ids=["makereport", "makereport-outermost", "logreport", "skipped", "exit-status", "no-protocol"],
)
def test_a_conftest_that_hides_failures_is_noticed(python: Path, run_tests: RunTests, hook: str) -> None:
    ran = run_tests(python, {"conftest.py": f"import pytest\n{hook}", "test_a.py": "def test_1(): assert 0\n"})
    claims = [case for case in ran.run.cases if not case.outcome.is_red]
    assert not claims
    hidden = any("hooks" in problem for problem in ran.run.problems)
    contradicts = ran.exit_code == 0 and any(case.outcome.is_red for case in ran.run.cases)
    assert hidden or contradicts or not ran.run.cases
