"""From nothing to a proof: a fresh copy of the project, its launcher, the demo, and the proof rerun in a clone."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def fresh_copy(place: Path) -> Path:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, place / name)
    return place


def git(repository: Path, *arguments: str) -> str:
    ran = subprocess.run(["git", "-C", repository, *arguments], capture_output=True, text=True, check=True)
    return ran.stdout


def test_a_fresh_copy_repairs_the_example_and_a_clone_sees_the_proof_again(tmp_path: Path) -> None:
    checkout = fresh_copy(tmp_path / "a fresh copy")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "REGOOSE_"))}
    environment |= {
        "REGOOSE_STATE_DIR": str(tmp_path / "state"),
        "REGOOSE_CACHE_DIR": str(tmp_path / "cache"),
        "TMPDIR": str(tmp_path),
    }

    def call(*arguments: str | Path) -> Any:
        ran = subprocess.run(
            [checkout / "regoose", *arguments, "--json"], env=environment, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return json.loads(ran.stdout)

    assert re.findall(r"^```sh\n(\S+ \S+)", (ROOT / "README.md").read_text(), re.MULTILINE)[0] == "./regoose demo"
    fixed = call("demo")
    assert fixed["status"] == "proven"
    evidence = fixed["evidence"]
    assert evidence["suite"]["after"] == {"passed": 39, "failed": 0, "errors": 0, "skipped": 0}
    repository = Path(str(fixed["repository"]))
    assert git(repository, "status", "--porcelain") == ""
    changed = git(repository, "diff", "--numstat", "main", str(fixed["branch"]))
    assert changed == "1\t1\tsrc/market_predictor/indicators.py\n"

    subprocess.run(["git", "clone", "--quiet", repository, tmp_path / "clone"], check=True)
    words = shlex.split(evidence["reproduce"])
    assert words[:2] == ["regoose", "prove"]
    proof = call(*words[1:], tmp_path / "clone")
    assert proof["status"] == "proven"
    again = proof["evidence"]
    assert again["red"] == evidence["red"]
    assert again["green"] == evidence["green"]
