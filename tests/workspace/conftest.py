from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Checkout:
    """A real repository; `git` runs git in it as its user would, with an empty global configuration."""

    root: Path

    def git(self, *argv: str, stdin: bytes = b"", env: dict[str, str] | None = None) -> bytes:
        return subprocess.run(
            ["git", *argv],
            cwd=self.root,
            input=stdin,
            capture_output=True,
            check=True,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.root.parent),
                "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_CONFIG_GLOBAL": os.devnull,
                "GIT_AUTHOR_NAME": "A",
                "GIT_AUTHOR_EMAIL": "a@example.org",
                "GIT_COMMITTER_NAME": "A",
                "GIT_COMMITTER_EMAIL": "a@example.org",
                **(env or {}),
            },
        ).stdout

    def write(self, path: str, content: str | bytes) -> Path:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        return target

    def commit_all(self, message: str = "change") -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.head()

    def head(self) -> str:
        return self.git("rev-parse", "HEAD").decode().strip()

    def status(self) -> str:
        return self.git("status", "--porcelain").decode()

    def show(self, commit: str, path: str) -> bytes:
        return self.git("cat-file", "blob", f"{commit}:{path}")


@pytest.fixture
def make_checkout(tmp_path: Path) -> Callable[[str], Checkout]:
    def make(name: str) -> Checkout:
        root = tmp_path / name
        root.mkdir(parents=True)
        checkout = Checkout(root)
        checkout.git("init", "-q", "-b", "main")
        return checkout

    return make


@pytest.fixture
def checkout(make_checkout: Callable[[str], Checkout]) -> Checkout:
    """A package with one module and one test, committed."""
    made = make_checkout("project")
    made.write("pkg/__init__.py", "")
    made.write("pkg/calc.py", "def add(a, b):\n    return a - b\n")
    made.write("tests/test_calc.py", "from pkg.calc import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n")
    made.commit_all("start")
    return made
