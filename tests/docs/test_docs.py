"""What the documentation says is done: its commands run, its code is the code, its links lead somewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
_FENCE = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")


def _blocks(page: Path) -> str:
    return "\n".join(_FENCE.findall(page.read_text(encoding="utf-8")))


def _run(script: str, place: Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    commands = Path(sys.executable).parent
    env = {
        **os.environ,
        "PATH": f"{commands}:{os.environ['PATH']}",
        "REGOOSE_STATE_DIR": str(place / "state"),
        "EXAMPLES": str(ROOT / "examples"),
    }
    # What a page starts and its end would stop is stopped where it fails, too.
    script = f"trap 'kill $(jobs -p) 2>/dev/null || :' EXIT\n{script}"
    return subprocess.run(
        ["sh", "-eu", "-c", script], cwd=cwd, env=env, capture_output=True, text=True, check=False, timeout=280
    )


@pytest.mark.slow
def test_the_quickstart_runs_as_it_stands(tmp_path: Path) -> None:
    done = _run(_blocks(ROOT / "docs" / "quickstart.md"), tmp_path, tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Proven: " in done.stdout
    assert "+    if pieces >= 10:" in done.stdout
    assert '"status": "proven"' in (tmp_path / "shop" / "result.json").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_tutorial_runs_as_it_stands(tmp_path: Path) -> None:
    done = _run(_blocks(ROOT / "docs" / "tutorial-inherited-module.md"), tmp_path, tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Basket.heaviest | " in done.stdout
    assert "IndexError" in done.stdout
    assert "+def test_insurance" in done.stdout


def test_the_page_on_scripted_models_runs_as_it_stands(tmp_path: Path) -> None:
    done = _run(_blocks(ROOT / "docs" / "testing-models.md"), tmp_path, tmp_path)

    assert (done.returncode, done.stdout) == (0, "Hello from a file.\n"), done.stdout + done.stderr
    assert '"calls":1' in (tmp_path / "record.json").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_tutorial_of_solve_runs_as_it_stands(tmp_path: Path) -> None:
    done = _run(_blocks(ROOT / "docs" / "tutorial-solve.md"), tmp_path, tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 of 2, 5 times each" in done.stdout
    assert "These tests come with it; they fail without the change and pass with it:" in done.stdout
    assert "Replayed " in done.stdout
    assert "10 calls of a model: the same result, byte for byte." in done.stdout


def test_the_readme_shows_a_command_within_fifteen_lines() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert "```sh" in lines[:15]


def test_code_in_the_pages_is_the_code_of_the_modules() -> None:
    checked = subprocess.run(
        [sys.executable, ROOT / "scripts" / "embed_code.py", "--check"], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files(page: Path) -> None:
    missing = [
        link for link in _LINK.findall(page.read_text(encoding="utf-8")) if not (page.parent / link).resolve().exists()
    ]
    assert missing == []
