"""The engine's command line and the pytest session it lives in."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from time import monotonic
from typing import List, Sequence, cast

import pytest

from regoose_guest.repair.engine import Engine
from regoose_guest.repair.schema import UNSUPPORTED, OptionsJson, ResultJson
from regoose_guest.repair.telling import Telling

_BLOCKED = (
    "cacheprovider",
    "randomly",
    "random_order",
    "timeout",
    "xdist",
    "cov",
    "rerunfailures",
    "sugar",
    "benchmark",
)
"""Plugins that reorder, repeat, distribute or time tests, or write into the tree."""
_CONFIGURATION = ("pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg")


class Session:
    """The pytest plugin: takes over after collection, so that no test runs in this process."""

    def __init__(self, options: OptionsJson, telling: Telling, started: float) -> None:
        self._options = options
        self._telling = telling
        self._started = started
        self.result: ResultJson | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Search instead of running the tests."""
        engine = Engine(session, self._options, self._telling, self._started)
        self.result = engine.run()
        return True


def main(arguments: Sequence[str]) -> int:
    """Run the engine; the exit code is 0 wherever a result was written."""
    started = monotonic()
    options = _options(arguments)
    telling = Telling(_take_stdout(), started)
    telling.say("collect", 0, 0, "")
    os.chdir(options["root"])
    # Tests run by `python -m pytest` see the current directory first on the path; so do they here.
    if options["root"] not in sys.path:
        sys.path.insert(0, options["root"])
    plugin = Session(options, telling, started)
    exit_code = pytest.main(_pytest_arguments(options), plugins=[plugin])
    result = plugin.result or _unsupported(
        f"pytest ended with exit code {int(exit_code)} before it ran any test.", started
    )
    with open(options["result"], "w", encoding="utf-8") as file:
        json.dump(result, file)
    return 0


def _unsupported(note: str, started: float) -> ResultJson:
    return {
        "stopped": UNSUPPORTED,
        "note": note,
        "tried": 0,
        "seconds": monotonic() - started,
        "behaviours": 0,
        "candidates": [],
        "suspects": [],
        "differences": [],
        "failing": [],
        "unmeasured": [],
    }


def _take_stdout() -> int:
    """Keep standard output for progress and give everything else the standard error."""
    kept = os.dup(1)
    sys.stdout.flush()
    os.dup2(2, 1)
    return kept


def _pytest_arguments(options: OptionsJson) -> List[str]:
    """Plain assertions, no capture, no reordering; of the project's own options only what importing needs."""
    arguments = ["-q", "-s", "--no-header", "--assert=plain", "--continue-on-collection-errors", "-o", "addopts="]
    for name in _BLOCKED:
        arguments += ["-p", f"no:{name}"]
    arguments += _kept_addopts(options["root"])
    return [*arguments, *options["tests"]]


def _kept_addopts(root: str) -> List[str]:
    for name in _CONFIGURATION:
        try:
            with open(os.path.join(root, name), encoding="utf-8") as file:
                text = file.read()
        except (OSError, UnicodeDecodeError):
            continue
        found = re.search(r"--import-mode[= ]\s*(\w+)", text)
        if found:
            return [f"--import-mode={found.group(1)}"]
    return []


def _options(arguments: Sequence[str]) -> OptionsJson:
    parser = argparse.ArgumentParser(prog="python -m regoose_guest.repair", description=__doc__)
    parser.add_argument("--options", help="JSON file with all options; the flags below are for development")
    parser.add_argument("--root", default=".")
    parser.add_argument("--python-path", action="append", default=[], help="put on the import path, may repeat")
    parser.add_argument("--test", action="append", default=[], help="id of a test that must pass, may repeat")
    parser.add_argument("--budget", type=float, default=60.0, help="seconds")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", default="/dev/stdout", help="where the result goes")
    parser.add_argument("tests", nargs="*", help="further pytest arguments")
    given = parser.parse_args(arguments)
    if given.options:
        with open(given.options, encoding="utf-8") as file:
            return cast("OptionsJson", json.load(file))
    sys.path[:0] = [os.path.abspath(path) for path in given.python_path]
    return {
        "root": os.path.abspath(given.root),
        "targets": given.test,
        "tests": given.tests,
        "seconds": given.budget,
        "jobs": given.jobs,
        "seed": given.seed,
        "max_candidates": 20,
        "memory_bytes": 512 << 20,
        "result": os.path.abspath(given.json),
    }
