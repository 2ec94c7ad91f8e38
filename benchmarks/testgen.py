"""
Generate tests for modules of libraries with the product and with Pynguin, and judge both alike.

    python benchmarks/testgen.py SET --data FOLDER --product-python PYTHON [--pynguin-python PYTHON]
        [--checkout quixbugs=FOLDER] [--tool product pynguin] [--engine-only] [--only MODULE…] [--out FOLDER]

What is installed, and the mutants, are kept in `--data`; what was written and judged in `--out`, a file for each tool
and module, so that an interrupted benchmark goes on where it was (`--again` begins anew). Seconds are the wall clock
of a tool's whole command; they mean something where two cores were idle, so the load at the start is in each row.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import mean, median
from typing import Any, cast

from benchmark_tools import Table, progress
from pydantic import TypeAdapter
from testgen_judge import Judged, judge_files
from testgen_subjects import Interpreters, Judges, Subject, lay_out, read_subjects
from testgen_tools import Work, Writer, Written, by_command, by_engine, by_pynguin

TOOLS: dict[str, Writer] = {"product": by_command, "engine": by_engine, "pynguin": by_pynguin}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One module by one tool."""

    module: str
    tool: str
    load: float
    """Load average of the machine when the tool started."""
    written: Written
    judged: Judged | None
    """None where the tool cannot be installed with the module."""


def kept(place: Path) -> Row | None:
    """Return a row of an earlier benchmark."""
    return TypeAdapter(Row).validate_json(place.read_bytes()) if place.exists() else None


def measure(subject: Subject, module: str, tool: str, options: argparse.Namespace) -> Row:
    """Have one module's tests written and judged, unless that is done."""
    place = options.out / tool / f"{module}.json"
    draft = place.with_suffix(".written.json")
    done = kept(place)
    if done and not options.again:
        return done
    if draft.exists() and not options.again:
        raw = cast("dict[str, Any]", json.loads(draft.read_bytes()))
        load, written = float(raw.pop("load")), TypeAdapter(Written).validate_python(raw)
    else:
        load = os.getloadavg()[0]
        written = TOOLS[tool](Work(subject=subject, module=module, seconds=options.seconds, jobs=options.processes))
        place.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(json.dumps({**asdict(written), "load": load}, indent=1) + "\n", encoding="utf-8")
    use = "pynguin" if tool == "pynguin" else "product"
    is_there = written.status != "unavailable"
    judges = Judges(options.data / "judges")
    judged = judge_files(subject, module, use, written.files, judges, options.processes) if is_there else None
    row = Row(module=module, tool=tool, load=load, written=written, judged=judged)
    place.write_text(json.dumps(asdict(row), indent=1) + "\n", encoding="utf-8")
    for name, text in written.files.items():
        (place.parent / "files" / module).mkdir(parents=True, exist_ok=True)
        (place.parent / "files" / module / name).write_text(text, encoding="utf-8")
    return row


def figures(rows: Iterable[Row]) -> list[tuple[Row, Judged]]:
    """Return the rows that have figures."""
    return [(row, row.judged) for row in rows if row.judged]


def table(names: list[str], rows: dict[tuple[str, str], Row], tools: list[str]) -> Table:
    """Lay the results out: a module a line, each tool's figures beside each other; medians and means below."""
    head = ["module"]
    for tool in tools:
        head += [f"{tool}: branch %", "mutants %", "tests", "s", "unsound"]
    result = Table(tuple(head))
    for name in names:
        cells: list[object] = [name]
        for tool in tools:
            cells += _cells(rows[name, tool])
        result.add(*cells)
    middles: tuple[tuple[str, Callable[[list[float]], float]], ...] = (("median", median), ("mean", mean))
    for word, middle in middles:
        result.add(f"**{word}**", *_middles(names, rows, tools, middle))
    return result


def _cells(row: Row) -> list[object]:
    judged = row.judged
    if judged is None:
        return [None] * 5
    unsound = "; ".join(filter(None, (judged.note, _some("red", judged.red), _some("flaky", judged.flaky))))
    return [judged.branch, judged.mutation, judged.tests, row.written.seconds, unsound or "-"]


def _some(word: str, tests: tuple[str, ...]) -> str:
    return f"{len(tests)} {word}" if tests else ""


def _middles(
    names: list[str], rows: dict[tuple[str, str], Row], tools: list[str], middle: Callable[[list[float]], float]
) -> list[object]:
    cells: list[object] = []
    for tool in tools:
        found = figures(rows[name, tool] for name in names)
        unsound = sum(bool(judged.note or judged.red or judged.flaky) for _, judged in found)
        columns: list[list[float]] = [
            [judged.branch for _, judged in found],
            [judged.mutation for _, judged in found],
            [float(judged.tests) for _, judged in found],
            [row.written.seconds for row, _ in found],
        ]
        cells += [middle(column) if column else None for column in columns]
        cells.append(f"{unsound} of {len(found)}")
    return cells


def below(names: list[str], rows: dict[tuple[str, str], Row], ours: str) -> list[str]:
    """Say where Pynguin does better."""
    said: list[str] = []
    for name in names:
        mine, other = rows[name, ours].judged, rows[name, "pynguin"].judged
        if mine and other:
            for word, a, b in (("branch", mine.branch, other.branch), ("mutants", mine.mutation, other.mutation)):
                if a < b:
                    said.append(f"{name}: {word} {a:.1f} % against Pynguin's {b:.1f} %")
    return said


def work_through(options: argparse.Namespace, tools: list[str]) -> tuple[list[str], dict[tuple[str, str], Row]]:
    """Lay out and measure every module that the flags ask for."""
    interpreters = Interpreters(product=options.product_python, pynguin=options.pynguin_python)
    checkouts = {name: Path(folder) for name, _, folder in (item.partition("=") for item in options.checkout)}
    Judges(options.data / "judges").lay_out(interpreters)
    jobs: list[tuple[Subject, str]] = []
    for subject in read_subjects(options.set, options.data):
        wanted = [name for name in subject.entry.modules if not options.only or name in options.only]
        if wanted:
            lay_out(subject, interpreters, checkouts)
        jobs += [(subject, name) for name in wanted]
    rows: dict[tuple[str, str], Row] = {}

    def one(job: tuple[Subject, str], tool: str) -> None:
        row = measure(*job, tool, options)
        rows[job[1], tool] = row
        judged = row.judged
        figures = f"{judged.branch:.1f} % {judged.mutation:.1f} %" if judged else "-"
        progress(f"{job[1]} {tool}: {row.written.status} {row.written.seconds:.1f} s, {figures}")

    with ThreadPoolExecutor(options.jobs) as pool:
        for tool in tools:
            list(pool.map(partial(one, tool=tool), jobs))
    return [name for _, name in jobs], rows


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description="Generate tests for modules of libraries and judge them.")
    parser.add_argument("set", choices=["design", "measure"])
    parser.add_argument("--data", type=Path, required=True, help="where libraries are installed")
    parser.add_argument("--out", type=Path, help="where results are kept; by default within --data")
    parser.add_argument("--product-python", type=Path, default=shutil.which("python3.12"), help="3.12 or 3.13")
    parser.add_argument("--pynguin-python", type=Path, default=shutil.which("python3.10"), help="3.10")
    parser.add_argument("--checkout", metavar="NAME=FOLDER", nargs="+", default=[])
    parser.add_argument("--tool", nargs="+", choices=["product", "pynguin"], default=["product", "pynguin"])
    parser.add_argument("--engine-only", action="store_true", help="the engine without its sandbox and its judge")
    parser.add_argument("--only", nargs="+", metavar="MODULE", help="these alone")
    parser.add_argument("--seconds", type=float, default=15.0, help="the product's budget for a module")
    parser.add_argument("--processes", type=int, default=2, help="processes of the engine, and of the judge")
    parser.add_argument("--jobs", type=int, default=1, help="modules at a time; more than one falsifies the seconds")
    parser.add_argument("--again", action="store_true", help="measure anew what is kept")
    options = parser.parse_args()
    if not options.product_python:
        parser.error("no python3.12 on the search path: name an interpreter with --product-python")
    options.data = options.data.resolve()
    options.out = (options.out or options.data / "results").resolve()
    ours = "engine" if options.engine_only else "product"
    tools = [ours if tool == "product" else tool for tool in options.tool]
    names, rows = work_through(options, tools)
    print(table(names, rows, tools).markdown())
    if ours in tools and "pynguin" in tools:
        print("\nUnder Pynguin: " + ("; ".join(below(names, rows, ours)) or "none"))
    for (name, tool), row in rows.items():
        for test in (*row.judged.red, *row.judged.flaky) if row.judged else ():
            print(f"- {tool} on {name}: {test} is not green every time")
    return 0


if __name__ == "__main__":
    sys.exit(main())
