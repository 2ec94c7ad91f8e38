"""
Run tests against mutants of a module, each in a forked child that has pytest imported already.

    python benchmarks/guest_mutants.py SPEC.json

Runs on the subject's own interpreter (3.10 and later). The child imports the mutated source in place of the module's,
and everything of the subject anew: a test file that takes names from the module, or another module that does, sees
the mutant. The tests run under real pytest. `SPEC.json` is a `Spec`; the answer goes to its `result`.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.abc
import importlib.machinery
import json
import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import CodeType, ModuleType
from typing import TypedDict

import pytest

LEAST_SECONDS = 5.0
MEMORY_BYTES = 4 << 30
_FAILED = 98


class MutantJson(TypedDict):
    """One mutant, as cosmic_sample.py writes it."""

    line: int
    column: int
    operator: str
    source: str


class Spec(TypedDict):
    """What to run."""

    module: str
    file: str
    tests: str
    """Folder of the test files."""
    tree: str
    """Folder of the subject, on the import path."""
    deselect: list[str]
    mutants: list[MutantJson]
    jobs: int
    result: str


class Answer(TypedDict):
    """Exit status of pytest without a mutant, and what became of each mutant."""

    baseline: int
    seconds: float
    statuses: list[str]


class MutatedLoader(importlib.machinery.SourceFileLoader):
    """Loads given source under the name and path of a module."""

    def __init__(self, name: str, path: str, text: str) -> None:
        super().__init__(name, path)
        self.text = text

    def get_code(self, fullname: str) -> CodeType:
        """Compile the given source."""
        return compile(self.text, self.get_filename(fullname), "exec", dont_inherit=True)

    def get_source(self, fullname: str) -> str:
        """Return the given source."""
        del fullname
        return self.text


class MutantFinder(importlib.abc.MetaPathFinder):
    """Finds one module as a mutant, and nothing else."""

    def __init__(self, module: str, text: str) -> None:
        self.module = module
        self.text = text

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return where the module is, with another loader."""
        del target
        if fullname != self.module:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path)
        if spec is not None and spec.origin:
            spec.loader = MutatedLoader(fullname, spec.origin, self.text)
            spec.cached = None
        return spec


def arguments(spec: Spec) -> list[str]:
    """Return the arguments of pytest."""
    fixed = [spec["tests"], "-x", "-q", "-p", "no:cacheprovider", "--no-header", "--tb=no", "--assert=plain"]
    return [*fixed, *(item for test in spec["deselect"] for item in ("--deselect", test))]


def child(spec: Spec, text: str, loaded: Path | None) -> None:
    """Run the tests with the module's source replaced; never returns. Names of foreign modules go to `loaded`."""
    status = _FAILED
    try:
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        sys.meta_path.insert(0, MutantFinder(spec["module"], text))
        status = int(pytest.main(arguments(spec)))
        if loaded:
            loaded.write_text("\n".join(foreign_modules(spec)), encoding="utf-8")
    finally:
        os._exit(status)


def foreign_modules(spec: Spec) -> list[str]:
    """Return the modules in memory that are not the subject's, whose import the children can share."""
    own = (os.path.realpath(spec["tree"]), os.path.realpath(spec["tests"]))
    names: list[str] = []
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None)
        if isinstance(path, str) and not os.path.realpath(path).startswith(own):
            names.append(name)
    return names


class Runner:
    """Keeps up to `jobs` children running and notes how each ends."""

    def __init__(self, spec: Spec, scratch: Path) -> None:
        self.spec = spec
        self.scratch = scratch
        self.running: dict[int, tuple[int, float]] = {}
        self.statuses: dict[int, str] = {}

    def start(self, number: int, text: str, seconds: float, loaded: Path | None = None) -> None:
        """Fork a child in a folder of its own."""
        place = self.scratch / str(number)
        place.mkdir(exist_ok=True)
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            os.chdir(place)
            child(self.spec, text, loaded)
        self.running[pid] = (number, time.monotonic() + seconds)

    def wait(self, below: int) -> None:
        """Wait until fewer than `below` children run."""
        while len(self.running) >= below:
            for pid, (number, end) in list(self.running.items()):
                gone, status = os.waitpid(pid, os.WNOHANG)
                if gone:
                    self._note(pid, number, str(os.waitstatus_to_exitcode(status)))
                elif time.monotonic() > end:
                    os.killpg(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)
                    self._note(pid, number, "timeout")
            time.sleep(0.002)

    def _note(self, pid: int, number: int, status: str) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)  # what the tests left running
        del self.running[pid]
        self.statuses[number] = status


def run(spec: Spec, scratch: Path) -> Answer:
    """Run every mutant; `statuses` holds `killed`, `survived` or `timeout`."""
    original = Path(spec["file"]).read_text(encoding="utf-8")
    runner = Runner(spec, scratch)
    loaded = scratch / "loaded"
    taken: list[float] = []
    for number in (-2, -1):
        started = time.monotonic()
        runner.start(number, original, 300.0, loaded)
        runner.wait(1)
        taken.append(time.monotonic() - started)
        if loaded.exists():
            preload(loaded.read_text(encoding="utf-8").split("\n"))
    if runner.statuses[-1] != "0":
        status = runner.statuses[-1]
        return {"baseline": _FAILED if status == "timeout" else int(status), "seconds": taken[-1], "statuses": []}
    limit = max(LEAST_SECONDS, 5 * max(taken) + 3)
    for number, mutant in enumerate(spec["mutants"]):
        runner.wait(spec["jobs"])
        runner.start(number, mutant["source"], limit)
    runner.wait(1)
    words = {"0": "survived", "timeout": "timeout"}
    statuses = [words.get(runner.statuses[number], "killed") for number in range(len(spec["mutants"]))]
    return {"baseline": 0, "seconds": taken[-1], "statuses": statuses}


def preload(names: Sequence[str]) -> None:
    """Import what the children would import each for itself."""
    for name in names:
        with contextlib.suppress(Exception):
            importlib.import_module(name)


def main() -> None:
    """Read the spec, run, write the answer."""
    sys.dont_write_bytecode = True
    spec: Spec = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    sys.argv = ["pytest"]  # what a module that reads it would see
    with tempfile.TemporaryDirectory() as scratch:
        answer = run(spec, Path(scratch))
    Path(spec["result"]).write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    main()
