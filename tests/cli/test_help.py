"""Help is generated, complete, and costs nothing to print."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def _python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-I", "-c", code, *arguments], capture_output=True, text=True, check=False)


def test_the_generated_pages_are_what_the_commands_say() -> None:
    checked = subprocess.run(
        [sys.executable, ROOT / "scripts" / "generate_help.py", "--check"], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_help_and_version_import_nothing_but_themselves() -> None:
    code = """
import sys
before = set(sys.modules)
from regoose.cli.start import main
for words in (["--help"], ["-h"], ["--version"]):
    sys.argv = ["regoose", *words]
    assert main() == 0
sys.stderr.write(" ".join(sorted(set(sys.modules) - before)))
"""
    ran = _python(code)
    assert ran.stderr.split() == ["regoose", "regoose.cli", "regoose.cli.start"]
    assert ran.stdout.startswith("Usage: regoose")


def test_a_bare_call_shows_help_as_wrong_usage() -> None:
    ran = _python("from regoose.cli.start import main; raise SystemExit(main())")
    assert (ran.returncode, ran.stdout.split("\n")[0]) == (2, "Usage: regoose [OPTIONS] COMMAND [ARGS]...")


def test_help_survives_a_closed_pipe() -> None:
    command = f'"{sys.executable}" -I -m regoose --help | true; exit "${{PIPESTATUS[0]}}"'
    ran = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_an_unknown_command_is_wrong_usage() -> None:
    ran = subprocess.run([sys.executable, "-I", "-m", "regoose", "bogus"], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("error: No such command 'bogus'.\nhint: See `")
    assert ran.stderr.endswith("regoose --help`.\n")


def test_wrong_usage_points_at_the_help_of_the_command() -> None:
    command = [sys.executable, "-I", "-m", "regoose", "runs", "show"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "regoose runs show --help`" in ran.stderr
    assert ran.returncode == 2


def test_nothing_of_the_current_directory_is_imported(tmp_path: Path) -> None:
    for name in ("typer", "rich", "signal", "dateutil"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported')\n", encoding="utf-8")
    command = [sys.executable, "-m", "regoose", "runs", "show"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "imported" not in ran.stdout + ran.stderr
    assert ran.returncode == 2
