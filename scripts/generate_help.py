"""
Write every `--help` page to a text file, and all of them to one documentation page.

    python scripts/generate_help.py            write them
    python scripts/generate_help.py --check    exit 1 where one is not what the commands say now

The CLI answers `--help` from these files, so that help costs no import.
"""

from __future__ import annotations

import sys
from pathlib import Path

from typer.main import get_command
from typer.testing import CliRunner

from regoose.cli.main import build

ROOT = Path(__file__).resolve().parent.parent
HELP = ROOT / "src" / "regoose" / "cli" / "help"
PAGE = ROOT / "docs" / "commands.md"
HEAD = "# Commands\n\nEvery help page, as `regoose COMMAND --help` prints it. Written by `scripts/generate_help.py`.\n"


def pages() -> dict[str, str]:
    """Return the help text of each command, by its words joined with spaces."""
    return {" ".join(words): _help(words) for words in _commands()}


def _commands() -> list[list[str]]:
    found: list[list[str]] = []

    def visit(words: list[str], command: object) -> None:
        found.append(words)
        children: dict[str, object] = getattr(command, "commands", {})
        for name, child in children.items():
            visit([*words, name], child)

    visit(["regoose"], get_command(build()))
    return found


def _help(words: list[str]) -> str:
    result = CliRunner().invoke(build(), [*words[1:], "--help"], prog_name="regoose", env={"COLUMNS": "100"})
    if result.exit_code != 0:
        raise SystemExit(f"`{' '.join(words)} --help` failed: {result.output}")
    return "\n".join(line.rstrip() for line in result.output.splitlines()) + "\n"


def files() -> dict[Path, str]:
    """Return what each generated file must contain."""
    found = pages()
    wanted = {HELP / f"{name.replace(' ', '-')}.txt": text for name, text in found.items()}
    wanted[PAGE] = HEAD + "".join(f"\n## `{name}`\n\n```text\n{text}```\n" for name, text in found.items())
    return wanted


def main() -> int:
    """Write or check the files; return the exit code."""
    wanted = files()
    present = {*HELP.glob("*.txt"), *(path for path in (PAGE,) if path.exists())}
    stale = sorted(
        path for path in present | set(wanted) if path not in present or wanted.get(path) != path.read_text()
    )
    if "--check" in sys.argv[1:]:
        for path in stale:
            sys.stdout.write(f"{path.relative_to(ROOT)} is stale: run scripts/generate_help.py\n")
        return 1 if stale else 0
    for path in stale:
        if path in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[path])
        else:
            path.unlink()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
