"""
Choose pairs of an issue's text and the source files that its solution changed, from the histories of real projects.

    python benchmarks/mine_issues.py --mirrors FOLDER --issues FILE --out benchmarks/corpora/localisation.toml

Issues come from FILE: JSON, a list of SWE-bench instances (`instance_id`, `repo`, `base_commit`, `problem_statement`,
`patch`), of which the names of the changed files are taken and nothing else. Fragments of news come from the mirrors:
commits that add one such fragment and change one to three source files; the fragment, written with the change, stands
for the issue. Which pairs are taken depends on hashes alone. pytest's are kept for measuring.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TypedDict

MEASURED = "pytest-dev/pytest"
FRAGMENTS = {
    "pypa/pip": r"news/\d+\.(bugfix|feature)\.rst",
    "pylint-dev/pylint": r"doc/whatsnew/fragments/\d+\.(bugfix|false_positive|false_negative|feature)",
    "aio-libs/aiohttp": r"CHANGES/\d+\.(bugfix|feature)(\.rst)?",
    "tox-dev/tox": r"docs/changelog/\d+\.(bugfix|feature)\.rst",
    "python-trio/trio": r"newsfragments/\d+\.(bugfix|feature)\.rst",
    "python-attrs/attrs": r"changelog\.d/\d+\.change\.(rst|md)",
    "twisted/twisted": r"src/twisted/(\w+/)?newsfragments/\d+\.(bugfix|feature)",
    "pypa/virtualenv": r"docs/changelog/\d+\.(bugfix|feature)\.rst",
    "pypa/setuptools": r"(newsfragments|changelog\.d)/\d+\.(bugfix|feature|change)\.rst",
    MEASURED: r"changelog/\d+\.(bugfix|feature|improvement)\.rst",
}
ISSUES_EACH = 24
FRAGMENTS_EACH = 8
FRAGMENTS_MEASURED = 40
MOST_FILES = 3
SHORTEST_TEXT = 60
NOT_SOURCE = re.compile(
    r"(^|/)(tests?|testing|docs?|examples?|tools|scripts|bench\w*)/|(^|/)(conftest|setup|noxfile|tests?)\.py$|(^|/)test_|_tests?\.py$"
)


class Instance(TypedDict):
    """What is read of an issue."""

    instance_id: str
    repo: str
    base_commit: str
    problem_statement: str
    patch: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A tree, where the text that goes with it is found, and the source files that were changed."""

    repository: str
    commit: str
    files: tuple[str, ...]
    issue: str = ""
    change: str = ""
    fragment: str = ""

    @property
    def name(self) -> str:
        """What its place in the random order is taken from."""
        return hashlib.sha256(f"{self.repository} {self.issue or self.fragment} {self.commit}".encode()).hexdigest()


def is_source(path: str) -> bool:
    """Whether a path is code of the project, neither test nor documentation nor tool."""
    return PurePosixPath(path).suffix == ".py" and NOT_SOURCE.search(path) is None


def git(mirror: Path, *arguments: str) -> str:
    """Return what a git command prints."""
    command = ["git", "-C", str(mirror), *arguments]
    return subprocess.run(command, capture_output=True, check=True).stdout.decode("utf-8", "replace")


def mirror_of(mirrors: Path, repository: str) -> Path:
    """Return where a project's history is."""
    return mirrors / repository.replace("/", "+") / "repo"


def issues(path: Path, mirrors: Path) -> Iterator[Pair]:
    """Yield the issues whose repository is at hand and whose solution changed at most three source files."""
    instances: list[Instance] = json.loads(path.read_text(encoding="utf-8"))
    for one in instances:
        changed = sorted(set(re.findall(r"^--- a/(\S+)", one["patch"], re.MULTILINE)))
        files = tuple(name for name in changed if is_source(name))
        if 0 < len(files) <= MOST_FILES and mirror_of(mirrors, one["repo"]).is_dir():
            yield Pair(repository=one["repo"], commit=one["base_commit"], files=files, issue=one["instance_id"])


def fragments(mirrors: Path, repository: str, pattern: str) -> Iterator[Pair]:
    """Yield the commits of a project that add one fragment of news and change at most three source files."""
    mirror = mirror_of(mirrors, repository)
    log = git(mirror, "log", "--first-parent", "-m", "--format=%x00%H %P", "--name-status", "--no-renames", "HEAD")
    for block in log.split("\0")[1:]:
        head, *rest = (line for line in block.split("\n") if line.strip())
        commits = head.split()
        changes = [(line[0], line.split("\t")[-1]) for line in rest]
        added = [path for kind, path in changes if kind == "A" and re.fullmatch(pattern, path)]
        source = [(kind, path) for kind, path in changes if is_source(path)]
        if (
            len(commits) > 1
            and len(added) == 1
            and 0 < len(source) <= MOST_FILES
            and {"M"} == {kind for kind, _ in source}
        ):
            files = tuple(sorted(path for _, path in source))
            yield Pair(repository=repository, commit=commits[1], files=files, change=commits[0], fragment=added[0])


def chosen(pairs: Iterator[Pair], count: int) -> list[Pair]:
    """Return so many pairs, at random but always the same."""
    return sorted(pairs, key=lambda pair: pair.name)[:count]


def rows(kind: str, pairs: list[Pair]) -> Iterator[str]:
    """Yield the pairs as TOML."""
    for pair in pairs:
        yield "[[pair]]"
        yield f'set = "{kind}"'
        yield from (
            f'{name} = "{value}"'
            for name, value in (
                ("repository", pair.repository),
                ("commit", pair.commit),
                ("issue", pair.issue),
                ("change", pair.change),
                ("fragment", pair.fragment),
            )
            if value
        )
        yield "files = [" + ", ".join(f'"{path}"' for path in pair.files) + "]\n"


def main() -> None:
    """Write the corpus."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mirrors", type=Path, required=True)
    parser.add_argument("--issues", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    design: list[Pair] = []
    measure: list[Pair] = []
    reported = list(issues(given.issues, given.mirrors))
    for repository in sorted({pair.repository for pair in reported}):
        of_it = (pair for pair in reported if pair.repository == repository)
        if repository == MEASURED:
            measure += chosen(of_it, len(reported))
        else:
            design += chosen(of_it, ISSUES_EACH)
    for repository, pattern in FRAGMENTS.items():
        told = (pair for pair in fragments(given.mirrors, repository, pattern) if _long_enough(given.mirrors, pair))
        if repository == MEASURED:
            measure += chosen(told, FRAGMENTS_MEASURED)
        else:
            design += chosen(told, FRAGMENTS_EACH)
    head = "# Issues and the source files that solving them changed. Made by benchmarks/mine_issues.py: names only.\n\n"
    text = head + "\n".join([*rows("design", design), *rows("measure", measure)])
    given.out.write_text(text, encoding="utf-8")
    print(f"{len(design)} pairs for design, {len(measure)} for measuring")


def _long_enough(mirrors: Path, pair: Pair) -> bool:
    text = git(mirror_of(mirrors, pair.repository), "show", f"{pair.change}:{pair.fragment}")
    return len(text) >= SHORTEST_TEXT


if __name__ == "__main__":
    main()
