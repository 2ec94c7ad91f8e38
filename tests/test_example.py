"""The example repository: broken on purpose, in one place, and whole but for that."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from uv import find_uv_bin

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "market-predictor"
BUG = "range(window, len(closes))"
BROKEN = {
    "tests/test_indicators.py::test_moving_average_ends_with_the_latest_close",
    "tests/test_service.py::test_prediction",
    "tests/test_signals.py::test_a_turn_on_the_last_day_is_seen",
    "tests/test_signals.py::test_enough_closes_for_the_slow_average_give_a_signal",
}


@pytest.mark.slow
def test_one_edit_turns_the_broken_tests_green(tmp_path: Path) -> None:
    python = tmp_path / "venv" / "bin" / "python"
    uv = find_uv_bin()
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, tmp_path / "venv"], check=True)
    install = [uv, "pip", "install", "--quiet", "--python", python, f"{EXAMPLE}[test]"]
    subprocess.run(install, check=True)
    copy = shutil.copytree(EXAMPLE, tmp_path / "copy")

    def failing() -> set[str]:
        ran = subprocess.run(
            [python, "-m", "pytest", "-q", "-rf", "--tb=no"], cwd=copy, capture_output=True, text=True, check=False
        )
        assert ran.returncode in {0, 1}, ran.stdout
        return {line.split()[1] for line in ran.stdout.splitlines() if line.startswith("FAILED ")}

    assert failing() == BROKEN
    source = copy / "src" / "market_predictor" / "indicators.py"
    assert source.read_text().count(BUG) == 1
    source.write_text(source.read_text().replace(BUG, "range(window, len(closes) + 1)"))
    assert failing() == set()
