"""The wheel, installed alone: the same commands as the launcher, the same example, no checkout in sight."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from uv import find_uv_bin

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.slow


def build(directory: Path) -> Path:
    subprocess.run([find_uv_bin(), "build", "--quiet", "--wheel", "--out-dir", directory, ROOT], check=True)
    (wheel,) = directory.glob("*.whl")
    return wheel


def install_with_pip(wheel: Path, place: Path) -> Path:
    subprocess.run([sys.executable, "-I", "-m", "venv", place], check=True)
    subprocess.run([place / "bin" / "python", "-I", "-m", "pip", "install", "--quiet", wheel], check=True)
    return place / "bin" / "regoose"


def install_as_tool(wheel: Path, place: Path) -> Path:
    environment = {**os.environ, "UV_TOOL_DIR": str(place / "tools"), "UV_TOOL_BIN_DIR": str(place / "bin")}
    command = [find_uv_bin(), "tool", "install", "--quiet", "--python", sys.executable, wheel]
    subprocess.run(command, env=environment, check=True, stderr=subprocess.DEVNULL)
    return place / "bin" / "regoose"


def test_the_wheel_holds_what_it_needs_and_no_more(tmp_path: Path) -> None:
    names = set(zipfile.ZipFile(build(tmp_path)).namelist())
    assert {
        "regoose/py.typed",
        "regoose_guest/py.typed",
        "regoose_guest/__init__.py",
        "regoose/cli/help/regoose.txt",
        "regoose/reports/templates/fix.html.j2",
        "regoose/reports/templates/report.css",
        "regoose/example/market-predictor/pyproject.toml",
        "regoose/example/market-predictor/tests/test_indicators.py",
    } <= names
    assert {name.split("/")[0] for name in names} == {"regoose", "regoose_guest", "regoose-0.1.0.dist-info"}
    assert not [name for name in names if "__pycache__" in name]


@pytest.mark.parametrize("install", [install_with_pip, install_as_tool], ids=["pip", "uv tool"])
def test_installed_alone_it_does_what_the_launcher_does(tmp_path: Path, install: Callable[[Path, Path], Path]) -> None:
    regoose = install(build(tmp_path / "dist"), tmp_path / "installed")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "REGOOSE_"))}
    environment |= {"REGOOSE_STATE_DIR": str(tmp_path / "state"), "TMPDIR": str(tmp_path)}

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [regoose, *arguments], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
        )

    assert call("--version").stdout == "regoose 0.1.0\n"
    assert call("--help").stdout == (ROOT / "src" / "regoose" / "cli" / "help" / "regoose.txt").read_text()
    ran = call("demo", "--json")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    document = json.loads(ran.stdout)
    assert document["status"] == "proven"
    assert (
        "+    return [fmean(closes[end - window : end]) for end in range(window, len(closes) + 1)]" in document["patch"]
    )
    assert Path(document["report"]).read_text().startswith("<!doctype html>")
