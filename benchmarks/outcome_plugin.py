"""
pytest plugin: write how each test ended to the JSON file named by the environment variable `OUTCOMES`.

Runs on the target's interpreter (3.9 and later) and on old pytest releases, so it keeps to both.
The file maps a test id to `[outcome, kind]`: outcome is `passed`, `failed` or `skipped`; kind is empty for a pass,
`ExceptionName` for a failure of the test's own call, `setup:ExceptionName` or `collect` otherwise.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator


class OutcomePlugin:
    """Collects outcomes and writes them when the session ends."""

    def __init__(self) -> None:
        self.outcomes: dict[str, list[str]] = {}

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, None]:
        """Note the outcome of one phase; a failing phase outweighs what came before."""
        wrapped = yield
        report: pytest.TestReport = wrapped.get_result()
        if report.failed:
            name = call.excinfo.type.__name__ if call.excinfo else "unknown"
            kind = name if report.when == "call" else f"{report.when}:{name}"
            self.outcomes[item.nodeid] = ["failed", kind]
        elif report.skipped:
            self.outcomes[item.nodeid] = ["skipped", ""]
        elif report.when == "call" and report.passed:
            self.outcomes[item.nodeid] = ["passed", ""]

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a file that cannot be collected."""
        if report.failed:
            self.outcomes[report.nodeid] = ["failed", "collect"]

    def pytest_sessionfinish(self) -> None:
        """Write the file."""
        Path(os.environ["OUTCOMES"]).write_text(json.dumps(self.outcomes), encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    """Install the plugin where the variable is set."""
    sys.dont_write_bytecode = True
    if os.environ.get("OUTCOMES"):
        config.pluginmanager.register(OutcomePlugin(), "outcomes")
