"""
How often the file that an issue's solution changed is among the first that are shown, beside plain BM25.

    python benchmarks/localisation.py design --mirrors FOLDER --issues FILE [--trees FOLDER] [--pairs]

The pairs are those of `benchmarks/corpora/localisation.toml`; FILE holds the issues' texts (see `mine_issues.py`), the
mirrors those of the fragments. The tree is the one before the change. Plain BM25 ranks whole files by their words as
they stand. Both are asked for source files alone: tests, which the answer never is, are left out of both orders.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import math
import re
import subprocess
import tempfile
import tomllib
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from statistics import mean
from typing import Literal, NotRequired, TypedDict

from mine_issues import Instance, git, mirror_of

from regoose.context.index import Index, open_index
from regoose.context.ranking import rank
from regoose.context.store import Store
from regoose.context.tree import Tree, is_python, is_test

DEPTHS = (1, 3, 5, 10)
_KINDS = (".py", ".pyi", ".rst", ".md", ".txt", ".toml", ".cfg", ".ini", ".json", ".yml", ".yaml")


class Row(TypedDict):
    """A pair as the corpus writes it: with an issue, or with a change and the fragment in it."""

    set: Literal["design", "measure"]
    repository: str
    commit: str
    files: list[str]
    issue: NotRequired[str]
    change: NotRequired[str]
    fragment: NotRequired[str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """At which place, from 1, each order has the first file that was changed; 0 where it has none."""

    row: Row
    ours: int
    plain: int


def tree_of(row: Row, mirrors: Path, trees: Path) -> Path:
    """Return the tree before the change, its text files alone; objects that a mirror lacks are left out."""
    place = trees / row["commit"]
    if not place.is_dir():
        mirror = mirror_of(mirrors, row["repository"])
        listed = [line.split("\t") for line in git(mirror, "ls-tree", "-r", "-z", row["commit"]).split("\0") if line]
        files = {path: about.split()[2] for about, path in listed if about.startswith("100") and path.endswith(_KINDS)}
        command = ["git", "-C", str(mirror), "cat-file", "--batch"]
        asked = "".join(f"{name}\n" for name in files.values()).encode()
        stream = io.BytesIO(subprocess.run(command, input=asked, capture_output=True, check=True).stdout)
        draft = Path(tempfile.mkdtemp(dir=trees))
        for path in files:
            header = stream.readline().split()
            if header[1] == b"blob":
                (draft / path).parent.mkdir(parents=True, exist_ok=True)
                (draft / path).write_bytes(stream.read(int(header[2])))
                stream.read(1)
        draft.rename(place)
    return place


def text_of(row: Row, mirrors: Path, issues: dict[str, str]) -> str:
    """Return the issue's text."""
    if "issue" in row:
        return issues[row["issue"]]
    return git(mirror_of(mirrors, row["repository"]), "show", f"{row.get('change')}:{row.get('fragment')}")


def plain_order(index: Index, text: str) -> list[str]:
    """Rank whole source files by BM25 (k1 1.2, b 0.75) over words as they stand."""
    query = set(re.findall(r"\w+", text.lower()))
    documents: dict[str, Counter[str]] = {}
    for path in index.records:
        if is_python(path) and not is_test(path):
            documents[path] = Counter(re.findall(r"\w+", (index.tree.text(path) or "").lower()))
    average = mean(words.total() for words in documents.values()) or 1
    having = Counter(word for words in documents.values() for word in query if word in words)
    scores: dict[str, float] = {}
    for path, words in documents.items():
        norm = 1.2 * (0.25 + 0.75 * words.total() / average)
        scores[path] = math.fsum(
            math.log(1 + (len(documents) - having[word] + 0.5) / (having[word] + 0.5))
            * words[word]
            * 2.2
            / (words[word] + norm)
            for word in query
            if word in words
        )
    return sorted(scores, key=lambda path: (-scores[path], path))


def place(order: Sequence[str], files: Sequence[str]) -> int:
    """Return the place of the first of some files in an order."""
    return next((number for number, path in enumerate(order, 1) if path in files), 0)


def recall(places: Sequence[int], depth: int) -> float:
    """Return the share of pairs with a changed file among the first."""
    return sum(0 < one <= depth for one in places) / len(places)


def measure(row: Row, text: str, tree: Path, cache: Path) -> Outcome:
    """Rank for one pair in both ways."""
    ours, plain = asyncio.run(orders(text, tree, cache))
    return Outcome(row, place(ours, row["files"]), place(plain, row["files"]))


async def orders(text: str, tree: Path, cache: Path) -> tuple[list[str], list[str]]:
    """Return our order of source files and the plain one."""
    index = await open_index(Tree(root=tree), Store(cache))
    ranking = await rank(index, text, limit=200)
    ours = [file.path for file in ranking.files if file.role in {"source", "support"}]
    return ours, plain_order(index, text)


def table(outcomes: Sequence[Outcome]) -> str:
    """Return recall by kind of text, as Markdown."""
    lines = ["| texts | pairs | order | " + " | ".join(f"@{depth}" for depth in DEPTHS) + " |", "|---" * 7 + "|"]
    kinds = {
        "issues": [one for one in outcomes if "issue" in one.row],
        "fragments": [one for one in outcomes if "issue" not in one.row],
        "all": list(outcomes),
    }
    for kind, some in kinds.items():
        for name, places in (("regoose", [one.ours for one in some]), ("plain BM25", [one.plain for one in some])):
            if places:
                shown = " | ".join(f"{recall(places, depth):.2f}" for depth in DEPTHS)
                lines.append(f"| {kind} | {len(some)} | {name} | {shown} |")
    return "\n".join(lines)


def run(given: argparse.Namespace, trees: Path) -> list[Outcome]:
    """Measure all pairs of a set."""
    corpus = Path(__file__).parent / "corpora" / "localisation.toml"
    pairs: list[Row] = tomllib.loads(corpus.read_text(encoding="utf-8"))["pair"]
    instances: list[Instance] = json.loads(given.issues.read_text(encoding="utf-8"))
    issues = {one["instance_id"]: one["problem_statement"] for one in instances}
    rows = [row for row in pairs if row["set"] == given.set]
    texts = [text_of(row, given.mirrors, issues) for row in rows]
    places = [tree_of(row, given.mirrors, trees) for row in rows]
    outcomes: list[Outcome] = []
    with ProcessPoolExecutor(given.workers) as pool:
        for one in pool.map(measure, rows, texts, places, repeat(trees / "index")):
            outcomes.append(one)
            if given.pairs:
                name = one.row.get("issue") or one.row.get("fragment")
                print(f"{one.ours:>4} {one.plain:>4}  {name}  {one.row['files']}", flush=True)
    return outcomes


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", choices=["design", "measure"])
    parser.add_argument("--mirrors", type=Path, required=True)
    parser.add_argument("--issues", type=Path, required=True)
    parser.add_argument("--trees", type=Path, help="keep the trees there, for the next time")
    parser.add_argument("--pairs", action="store_true", help="print each pair's places")
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        trees: Path = given.trees or Path(scratch)
        trees.mkdir(parents=True, exist_ok=True)
        print(table(run(given, trees)))


if __name__ == "__main__":
    main()
