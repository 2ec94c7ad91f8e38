"""
Measure what `regoose test` costs where there is much to do: a whole package, a long module, the same again.

    python benchmarks/testgen_scale.py TREE PACKAGE --python PYTHON [--lines 10000]

TREE is a git repository (benchmarks/testgen.py lays such out), PACKAGE a directory in it. Prints wall clock, processor
time per wall clock (2.0: two cores busy all the time), and the most memory that the command and all it started had.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from benchmark_tools import Table, commit_everything, plain_environment, scratch_folder

PAGE = os.sysconf("SC_PAGE_SIZE")
LIMIT_SECONDS = 3600
FUNCTION = '''\
def part_{number}(text, count={number}):
    """Return the text cut or filled to a length."""
    if count < 0:
        raise ValueError("count is negative")
    if len(text) > count:
        return text[:count] + "{number}"
    while len(text) < count % 50:
        text += "-"
    return text


'''


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one command cost."""

    seconds: float
    processors: float
    """Processor time of it and all it started, per wall clock."""
    megabytes: float
    """The most memory at one time, shared pages counted once for each process."""
    status: str
    tests: int


def descendants(pid: int) -> set[int]:
    """Return a process and all that it started, as far as they have not been handed over to another parent."""
    children: dict[int, list[int]] = defaultdict(list)
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = place.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children[int(fields[1])].append(int(place.parent.name))
    found, waiting = set[int](), [pid]
    while waiting:
        one = waiting.pop()
        found.add(one)
        waiting += children[one]
    return found


def memory(pid: int) -> float:
    """Return the resident memory of a process and all it started, in megabytes."""
    total = 0
    for one in descendants(pid):
        try:
            total += int(Path(f"/proc/{one}/statm").read_text().split()[1])
        except (OSError, IndexError):
            continue
    return total * PAGE / 2**20


def run(arguments: list[str], folder: Path, environment: dict[str, str]) -> Cost:
    """Run `regoose test` and watch it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    command = [sys.executable, "-m", "regoose", "test", *arguments, "--json"]
    most = 0.0
    ended = threading.Event()
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )

    def watch() -> None:
        nonlocal most
        while not ended.wait(0.2):
            most = max(most, memory(process.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        output, _ = process.communicate(timeout=LIMIT_SECONDS)
    finally:
        ended.set()
        watcher.join()
    seconds = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    answer = cast("dict[str, Any]", json.loads(output)) if output.strip() else {}
    tests = sum(int(file["tests"]) for file in answer.get("files", []))
    status = str(answer.get("status", "error"))
    return Cost(seconds=seconds, processors=used / seconds, megabytes=most, status=status, tests=tests)


def long_module(lines: int) -> str:
    """Return a module of about so many lines."""
    return '"""Many functions."""\n\n\n' + "".join(
        FUNCTION.format(number=number) for number in range(lines // FUNCTION.count("\n"))
    )


def main() -> int:
    """Measure."""
    parser = argparse.ArgumentParser(description="Measure regoose test where there is much to do.")
    parser.add_argument("tree", type=Path)
    parser.add_argument("package")
    parser.add_argument("--python", required=True, help="interpreter with the package's dependencies and pytest")
    parser.add_argument("--lines", type=int, default=10_000)
    options = parser.parse_args()
    result = Table(("what", "s", "processors", "MB at most", "status", "tests"))

    def add(what: str, cost: Cost) -> None:
        result.add(what, cost.seconds, cost.processors, cost.megabytes, cost.status, cost.tests)

    with scratch_folder() as scratch:
        environment = plain_environment(scratch, {"REGOOSE_STATE_DIR": str(scratch / "state")})
        clone = scratch / "clone"
        subprocess.run(["git", "clone", "--quiet", str(options.tree.resolve()), str(clone)], check=True)
        for what in (f"all of {options.package}", "the same again"):
            add(what, run([options.package, "--python", options.python], clone, environment))
        long = scratch / "long"
        long.mkdir()
        (long / "parts.py").write_text(long_module(options.lines), encoding="utf-8")
        commit_everything(long, "Add many functions")
        add(f"a module of {options.lines} lines", run(["parts.py", "--python", options.python], long, environment))
    print(result.markdown())
    return 0


if __name__ == "__main__":
    sys.exit(main())
