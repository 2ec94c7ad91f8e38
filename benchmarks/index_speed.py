"""
How long indexing a large tree takes, cold and warm, how long ranking then takes, and how much memory.

    python benchmarks/index_speed.py FOLDER... [--lines 500000]

The tree is made of the Python files below the folders, in the order of their paths, until it has so many lines. Each
figure comes from a process of its own; *warm* finds everything in the store and parses nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from regoose.context.index import open_index
from regoose.context.ranking import rank
from regoose.context.repository_map import repository_map
from regoose.context.store import Store
from regoose.context.tree import Tree

_TASK = """Timeouts are ignored when a connection is reused

`session.request(timeout=3)` waits for ever on the second call:

  File "/site-packages/urllib3/connectionpool.py", line 400, in _make_request
"""


def gather(folders: list[Path], tree: Path, lines: int) -> tuple[int, int]:
    """Copy files until there are so many lines; return how many files and lines that gave."""
    files = total = 0
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            if total >= lines:
                break
            place = tree / folder.name / path.relative_to(folder)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)
            files += 1
            total += path.read_bytes().count(b"\n")
    return files, total


async def look(tree: Path, cache: Path) -> None:
    """Index, rank and map, and print the seconds of each with the peak of memory."""
    begun = time.perf_counter()
    index = await open_index(Tree(root=tree), Store(cache))
    indexed = time.perf_counter()
    ranking = await rank(index, _TASK)
    ranked = time.perf_counter()
    await repository_map(index, ranking, tokens=4000)
    drawn = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    times = f"{indexed - begun:.2f} | {ranked - indexed:.2f} | {drawn - ranked:.2f}"
    print(f"{index.counts.parsed_now} | {times} | {peak:.0f}")


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--lines", type=int, default=500_000)
    parser.add_argument("--look", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.look:
        asyncio.run(look(given.folders[0], given.look))
        return
    with tempfile.TemporaryDirectory() as scratch:
        tree, cache = Path(scratch) / "tree", Path(scratch) / "cache"
        files, lines = gather(given.folders, tree, given.lines)
        print(f"{files} files, {lines} lines\n")
        print("| store | parsed | index, s | rank, s | map, s | peak, MiB |\n|---|---|---|---|---|---|")
        for name in ("cold", "warm", "warm again"):
            command = [sys.executable, __file__, str(tree), "--look", str(cache)]
            shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
            print(f"| {name} | {shown} |")
        (tree / "changed.py").write_text("def changed(): ...\n", encoding="utf-8")
        shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
        print(f"| one file more | {shown} |")


if __name__ == "__main__":
    main()
