"""
Measure how long the reports of `regoose test` take to write, and how large they are.

    python benchmarks/report_scale.py [--lines 10000] [--modules 20] [--rounds 5]

The result that is written is made up: that many lines of code, as many of tests, and a mutant on every fourth line.
Prints the median over the rounds, wall clock and processor time, and the size of each file.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from regoose.reports.generation import write_generation
from regoose.testing.generation_samples import long


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").strip().splitlines()[0])
    parser.add_argument("--lines", type=int, default=10_000)
    parser.add_argument("--modules", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    result, sources = long(options.lines, options.modules)
    wall: list[float] = []
    busy: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(options.rounds):
            started, worked = time.perf_counter(), time.process_time()
            write_generation(Path(folder) / "run", result, sources)
            wall.append(time.perf_counter() - started)
            busy.append(time.process_time() - worked)
        sizes = {path.name: path.stat().st_size for path in sorted((Path(folder) / "run").iterdir())}
    lines = sum(text.count("\n") for text in sources.values())
    mutants = sum(len(one.mutation.mutants) for one in result.modules)
    print(f"{lines:,} lines, {len(sources)} modules, {mutants:,} mutants")
    print(f"{statistics.median(wall):.2f} s wall clock, {statistics.median(busy):.2f} s of one processor")
    for name, size in sizes.items():
        print(f"{size / 1024:9,.0f} KiB  {name}")


if __name__ == "__main__":
    main()
