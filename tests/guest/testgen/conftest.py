from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from regoose_guest.testgen.schema import OptionsJson, ResultJson


@pytest.fixture
def generate(tmp_path: Path) -> Callable[..., ResultJson]:
    """Return what writes a module `subject.py` into the temporary folder and generates tests for it, from outside."""

    def run(text: str, **changed: Any) -> ResultJson:
        (tmp_path / "subject.py").write_text(text, encoding="utf-8")
        options: OptionsJson = {
            "root": str(tmp_path),
            "path": "subject.py",
            "module": "subject",
            "only": [],
            "lines": [],
            "existing": [],
            "seconds": 12.0,  # several times what these modules need, for machines that are busy
            "jobs": 2,
            "seed": 7,
            "memory_bytes": 256 << 20,
            "style": {"line_length": 88, "quotes": '"', "classes": False, "own": ["subject"]},
            "result": str(tmp_path / "result.json"),
        }
        options.update(changed)  # type: ignore[typeddict-item]  # pyright: ignore[reportCallIssue, reportArgumentType]
        (tmp_path / "options.json").write_text(json.dumps(options))
        command = [sys.executable, "-m", "regoose_guest.testgen", "--options", str(tmp_path / "options.json")]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        result: ResultJson = json.loads((tmp_path / "result.json").read_text())
        (tmp_path / "test_subject.py").write_text(result["text"], encoding="utf-8")
        return result

    return run


@pytest.fixture
def passes(tmp_path: Path) -> Callable[[], bool]:
    """Return what tells whether the generated tests pass, on `subject.py` as it then is."""

    def run() -> bool:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly"]
        done = subprocess.run(
            [*command, "test_subject.py"], cwd=tmp_path, capture_output=True, timeout=120, check=False
        )
        return done.returncode == 0

    return run
