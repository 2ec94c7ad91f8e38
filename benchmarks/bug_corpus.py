"""Corpora of real bugs: manifests of facts, and the failing repositories made from them."""

from __future__ import annotations

import json
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmark_tools import commit_everything
from library_history import (
    CORPORA,
    Library,
    export_tree,
    load_libraries,
    overlay,
    prepare_interpreter,
    remove_tree,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BugEntry:
    """One bug of a manifest."""

    name: str
    library: Library
    commit: str
    """The maintainers' fix."""
    parent: str
    source: str
    """The one Python file of the library that the fix changes."""
    test_files: tuple[str, ...]
    python: str
    red: tuple[str, ...]
    red_either_way: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FailingRepository:
    """A bug laid out on disk: `repo` (a git repository whose tests fail), `fix.patch` beside it, an interpreter."""

    bug: BugEntry
    folder: Path
    python: Path

    @property
    def tree(self) -> Path:
        """The git repository."""
        return self.folder / "repo"

    @property
    def fix(self) -> str:
        """The maintainers' change of the library as a unified diff."""
        return (self.folder / "fix.patch").read_bytes().decode("utf-8", "surrogateescape")

    @property
    def import_path(self) -> tuple[Path, ...]:
        """Folders that must be importable."""
        return tuple(place for place in (self.tree / "src", self.tree) if place.is_dir())


def load_manifest(path: Path) -> Iterator[BugEntry]:
    """Read a manifest, in its order."""
    libraries = load_libraries(CORPORA / "libraries.toml")
    for name, entry in tomllib.loads(path.read_text(encoding="utf-8")).items():
        yield BugEntry(
            name=name,
            library=libraries[entry["library"]],
            commit=entry["commit"],
            parent=entry["parent"],
            source=entry["source"],
            test_files=tuple(entry["test_files"]),
            python=entry["python"],
            red=tuple(entry["red"]),
            red_either_way=entry["red_either_way"],
        )


def mirror_of(library: Library, mirrors: Path) -> Path:
    """Return the bare git directory of a library: `owner+name/repo` or `name.git` below `mirrors`."""
    owner, _, name = library.repository.partition("/")
    for place in (mirrors / f"{owner}+{name}" / "repo", mirrors / f"{name}.git"):
        if place.is_dir():
            return place
    raise SystemExit(
        f"no mirror of {library.repository} below {mirrors}; "
        f"make one: git clone --bare https://github.com/{library.repository} {mirrors / (name + '.git')}"
    )


def lay_out(bug: BugEntry, mirrors: Path, data: Path, corpus: str) -> FailingRepository:
    """Write the failing repository below `data/corpus`, once, and return it."""
    folder = data / corpus / bug.name
    venvs = data / "venvs"
    venvs.mkdir(parents=True, exist_ok=True)
    failing = FailingRepository(bug=bug, folder=folder, python=prepare_interpreter(bug.library, bug.python, venvs))
    if (folder / "bug.json").exists():
        return failing
    remove_tree(folder)
    git_dir = mirror_of(bug.library, mirrors)
    export_tree(git_dir, bug.parent, failing.tree)
    overlay(git_dir, bug.commit, bug.test_files, failing.tree)
    commit_everything(failing.tree, f"{bug.library.name} before {bug.commit[:12]}, with its tests")
    command = ["git", f"--git-dir={git_dir}", "diff", "--no-renames", bug.parent, bug.commit, "--", bug.source]
    (folder / "fix.patch").write_bytes(subprocess.run(command, check=True, capture_output=True).stdout)
    facts = {
        "name": bug.name,
        "repository": bug.library.repository,
        "python": str(failing.python),
        "red": bug.red,
        "red_either_way": bug.red_either_way,
        "tests": bug.library.tests,
        "import_path": [str(place) for place in failing.import_path],
    }
    (folder / "bug.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    return failing
