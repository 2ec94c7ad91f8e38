"""
A sandbox that runs no process: where a run of a suite is asked for, it says of each test what a rule says.

For tests that carry out many whole runs. The results are written by the guest's own journal and read as any others.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from regoose.sandbox.base import WORK, Command, LineObserver, Probe, Result, Spec
from regoose_guest.journal import Journal

Rule = Callable[[str, Mapping[str, str]], str]
"""`(name of a test, files)` → the message of its `AssertionError`, empty where it passes."""
_TEST = re.compile(r"^def (test_\w+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class RuledSandbox:
    """Implements `regoose.sandbox.base.Sandbox`."""

    tree: Path
    rule: Rule
    backend: str = "ruled"
    alive: bool = True

    async def run(self, command: Command, on_line: LineObserver | None = None) -> Result:
        """Answer a run of the suite; nothing else is ever run."""
        del on_line
        options = json.loads(command.writes[command.argv[-1]] or b"")
        files = self._files(command.writes)
        names = [
            name
            for path, text in sorted(files.items())
            if path.startswith("tests/test_")
            for name in (f"{path}::{test}" for test in _TEST.findall(text))
            if name not in options["exclude"] and _is_selected(name, options["select"])
        ]
        with tempfile.TemporaryDirectory() as folder:
            journal = Journal(f"{folder}/results", bytes.fromhex(options["key"]))
            code = self._record(journal, names, files)
            return Result(exit_code=code, files={options["results"]: Path(folder, "results").read_bytes()})

    async def close(self) -> None:
        """Do nothing: nothing was started."""

    def _files(self, writes: Mapping[str, bytes | None]) -> dict[str, str]:
        files = {str(path.relative_to(self.tree)): path.read_text() for path in self.tree.rglob("*.py")}
        for place, content in writes.items():
            path = place.removeprefix(f"{WORK}/")
            files.pop(path, None)
            if content is not None:
                files[path] = content.decode()
        return files

    def _record(self, journal: Journal, names: list[str], files: Mapping[str, str]) -> int:
        journal.record("begin", {"version": 1, "pytest": "8"})
        journal.record("collected", {"ids": names, "ranks": []})
        code = 0 if names else 5
        for number, name in enumerate(names):
            journal.record("start", {"i": number})
            path, _, test = name.partition("::")
            message = self.rule(test, files)
            failure = {"exception": "AssertionError", "message": message, "path": path, "line": 1, "is_import": False}
            outcome = (
                {"outcome": "failed", "failure": {"phase": "call", **failure}} if message else {"outcome": "passed"}
            )
            journal.record("case", {"i": number, "seconds": 0.0, **outcome})
            code = 1 if message else code
        journal.record("end", {"exit": code})
        journal.finish()
        return code


def _is_selected(name: str, selection: list[str]) -> bool:
    return not selection or any(name == one or name.startswith((f"{one}::", f"{one}/")) for one in selection)


@dataclass(frozen=True, slots=True)
class RuledChoice:
    """The backend that makes them, as it is chosen."""

    rule: Rule

    @property
    def backend(self) -> RuledChoice:
        """What opens sandboxes."""
        return self

    @property
    def probe(self) -> Probe:
        """What is enforced: nothing."""
        return Probe(backend="ruled", available=True)

    async def open(self, spec: Spec) -> RuledSandbox:
        """Return a sandbox over a tree."""
        assert spec.tree is not None
        return RuledSandbox(spec.tree, self.rule)


def median(test: str, files: Mapping[str, str]) -> str:
    """Fail what the repository of the conftest has wrong, and the median where there is none."""
    if test.startswith("test_median") and "def median" not in files["stats.py"]:
        return "there is no median"
    return "1.5 is not 2" if test == "test_mean" else ""


async def ruled(_setting: str) -> RuledChoice:
    """Choose it, whatever is set."""
    return RuledChoice(median)
