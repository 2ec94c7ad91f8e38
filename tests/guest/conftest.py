from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import regoose_guest
from regoose.domain.evidence import CaseResult, Outcome
from regoose.verify.results import ProcessRun, read_results

REPORT = Path(regoose_guest.__file__).parent / "report.py"
KEY = bytes(range(32))


@dataclass(frozen=True)
class Ran:
    """One process of the guest's runner, seen from outside."""

    run: ProcessRun
    exit_code: int
    output: str

    def outcomes(self) -> dict[str, Outcome]:
        return {case.id: case.outcome for case in self.run.cases}

    def case(self, ending: str) -> CaseResult:
        (found,) = [case for case in self.run.cases if case.id.endswith(ending)]
        return found


RunTests = Callable[..., Ran]


@pytest.fixture
def write_tree(tmp_path: Path) -> Callable[[dict[str, str]], Path]:
    def write(files: dict[str, str]) -> Path:
        for name, text in files.items():
            path = tmp_path / "tree" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return tmp_path / "tree"

    return write


@pytest.fixture
def run_tests(tmp_path: Path, write_tree: Callable[[dict[str, str]], Path]) -> RunTests:
    """Run the runner on files with an interpreter: `(python, files, **options)`."""

    def run(python: Path, files: dict[str, str], **options: object) -> Ran:
        tree = write_tree(files)
        out = tmp_path / "out"
        out.mkdir(exist_ok=True)
        results, asked = out / "results", out / "options"
        defaults: dict[str, object] = {"select": [], "exclude": [], "ignore": [], "dropped": [], "seed": None}
        defaults |= {"coverage": False, "arcs": [], "test_seconds": 20.0}
        paths = {"key": KEY.hex(), "results": str(results), "root": str(tree)}
        asked.write_text(json.dumps({**paths, **defaults, **options}))
        done = subprocess.run(
            [str(python), str(REPORT), str(asked)],
            cwd=tree,
            env={"PATH": "/usr/bin:/bin", "PYTHONHASHSEED": "0", "HOME": str(tmp_path)},
            capture_output=True,
            check=False,
            timeout=120,
        )
        data = results.read_bytes() if results.exists() else b""
        found = read_results(data, KEY)
        assert not (found.begun and asked.exists()), "the key stays in a file"
        return Ran(found, done.returncode, (done.stdout + done.stderr).decode("utf-8", "replace"))

    return run
