"""
What starting costs: `--help` against a bare interpreter, and the launcher against the CLI that it starts.

    .venv/bin/python benchmarks/startup.py [ROUNDS]

Rounds are interleaved, so that a busy machine slows all commands alike. Medians, in milliseconds, and ratios.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PYTHON = ROOT / ".venv" / "bin" / "python"
COMMANDS: dict[str, list[str | Path]] = {
    "python -c pass": [PYTHON, "-c", "pass"],
    "./regoose --help": [ROOT / "regoose", "--help"],
    "CLI --help": [PYTHON, "-I", ROOT / "src" / "regoose" / "__main__.py", "--help"],
    "./regoose runs --help": [ROOT / "regoose", "runs", "--help"],
}


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for command in COMMANDS.values():
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    for _ in range(rounds):
        for name, command in COMMANDS.items():
            start = time.perf_counter()
            subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
            seconds[name].append(time.perf_counter() - start)
    median = {name: statistics.median(times) * 1000 for name, times in seconds.items()}
    for name, value in median.items():
        print(f"{name:24} {value:6.1f} ms")
    print(f"help / python -c pass    {median['./regoose --help'] / median['python -c pass']:6.2f} (limit 2)")
    print(f"launcher - CLI           {median['./regoose --help'] - median['CLI --help']:6.1f} ms (limit 50)")


if __name__ == "__main__":
    main()
