"""Small things that several benchmarks need: bounded processes, scratch folders, git trees, tables."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median


def plain_environment(home: Path, extra: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without anything of the user's but the search path."""
    fixed = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "PYTHONHASHSEED": "0"}
    return {**fixed, "PYTHONDONTWRITEBYTECODE": "1", **extra}


def run_bounded(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], seconds: float
) -> tuple[str, str]:
    """Run a command in a session of its own and return both outputs; the whole session is killed at the time limit."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            start_new_session=True,
        )
        try:
            process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()
        texts: list[str] = []
        for stream in (output, errors):
            stream.seek(0)
            texts.append(stream.read().decode("utf-8", "replace"))
        return texts[0], texts[1]


def last_line(text: str) -> str:
    """Return the last line that says something."""
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""


@contextmanager
def scratch_folder() -> Generator[Path]:
    """Give a temporary folder and remove it afterwards, whatever is in it."""
    folder = Path(tempfile.mkdtemp(prefix="regoose-bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def patched_copy(tree: Path, diff: str) -> Generator[Path | None]:
    """Give a copy of a tree with a patch applied; None where it does not apply."""
    with scratch_folder() as scratch:
        copy = scratch / "tree"
        shutil.copytree(tree, copy, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
        command = ["git", "apply", "--whitespace=nowarn", "-"]
        applied = subprocess.run(command, cwd=copy, input=diff.encode("utf-8", "surrogateescape"), check=False)
        yield copy if applied.returncode == 0 else None


def commit_everything(tree: Path, message: str) -> None:
    """Make a git repository of a folder, with one commit of all that is in it."""
    identity = ["-c", "user.name=Benchmark", "-c", "user.email=benchmark@localhost"]
    for arguments in (["init", "-q", "-b", "main"], ["add", "-A", "-f"], [*identity, "commit", "-q", "-m", message]):
        subprocess.run(["git", *arguments], cwd=tree, check=True, stdout=subprocess.DEVNULL)


@dataclass(slots=True)
class Table:
    """Rows printed as Markdown."""

    head: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list[tuple[str, ...]])

    def add(self, *cells: object) -> None:
        """Add a row; a float is shown with one decimal, True and False as yes and no."""
        self.rows.append(tuple(_cell(cell) for cell in cells))

    def markdown(self) -> str:
        """Return the table, columns aligned."""
        widths = [max(len(row[index]) for row in [self.head, *self.rows]) for index in range(len(self.head))]
        lines = [self.head, tuple("-" * width for width in widths), *self.rows]
        return "\n".join(
            "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
            for line in lines
        )


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.1f}" if isinstance(value, float) else str(value).replace("|", "\\|")


def spread(seconds: Sequence[float]) -> str:
    """Say how long things took."""
    return f"median {median(seconds):.1f} s, mean {mean(seconds):.1f} s, longest {max(seconds):.1f} s"


def write_json(path: Path | None, value: object) -> None:
    """Write results where the user asked for it."""
    if path:
        path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")


def progress(text: str) -> None:
    """Tell on standard error how far the benchmark is."""
    print(text, file=sys.stderr, flush=True)
