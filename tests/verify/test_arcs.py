"""Arcs are those that coverage.py itself records, and what they stand for is what it reports."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from coverage import CoverageData

from regoose.domain.generation import FileCoverage
from regoose.verify.coverage import file_coverage

OpenSuite = Callable[..., Any]

FLOW = '''\
"""Ways through code."""

import asyncio
import contextlib
from functools import wraps

LIMITS = {
    "low": 1,
    "high": max(
        2,
        3,
    ),
}


def logged(function):
    @wraps(function)
    def inner(*args):
        return function(*args)

    return inner


@logged
def grade(points):
    if points > LIMITS["high"]:
        return "A"
    elif points == 2:
        grade = "B"
    else:
        grade = "C"
    return grade


def numbers(count):
    for number in range(count):
        if number % 2:
            continue
        yield number
    else:
        yield -1


def both(count):
    yield from numbers(count)
    try:
        yield "last"
    finally:
        count = 0


def safe(values, key):
    try:
        found = values[key]
    except KeyError:
        return None
    except (TypeError, ValueError) as error:
        raise RuntimeError("bad") from error
    else:
        if not found:
            return 0
    finally:
        values = None
    return found


def tables(rows):
    squares = [row * row for row in rows if row]
    names = {
        str(row): [
            inner
            for inner in range(row)
        ]
        for row in rows
    }
    return squares, names, any(row > 2 for row in rows), sorted(rows, key=lambda row: -row)


def loops(n):
    while n: n -= 1
    while True:
        n += 1
        if n > 3:
            break
    while n < 3:
        n += 1
    else:
        n = 7
    return n


@contextlib.contextmanager
def opened(name):
    try:
        yield name
    except KeyError:
        pass


def managed(fail):
    with opened("a") as one, opened("b"):
        if fail:
            raise KeyError(one)
        result = 1
    with opened("c"):
        return 2
    return 3


class Shelf:
    limit: int = 3

    def __init__(self, size):
        assert size >= 0, "no such size"
        self.size = size

    @property
    def full(self):
        return (
            self.size
            >= self.limit
        )


async def wait(times):
    for _ in range(times):
        await asyncio.sleep(0)
    return times


async def stream(count):
    for number in range(count):
        yield number
        await asyncio.sleep(0)


async def gather():
    async with contextlib.AsyncExitStack():
        total = 0
        async for number in stream(3):
            total += number
        return total + await wait(2) + sum([n async for n in stream(2)])


def never():  # pragma: no cover
    return 1


def raises(value):
    if value: raise ValueError(value)
    if check(value):
        return 1


def check(value):
    if value is None:
        raise TypeError
    return value
'''

MATCH = """\
def kind(value):
    match value:
        case 0:
            return "zero"
        case [_, *rest] if rest:
            return "many"
        case {"a": a}:
            return a
        case _:
            return "else"


def group(flag):
    try:
        try:
            raise ValueError(1)
        finally:
            flag += 1
    except* ValueError as caught:
        flag = caught
    return flag
"""

TESTS = """\
import asyncio
import pytest
import flow


def test_grade():
    assert flow.grade(9) == "A"
    assert flow.grade(2) == "B"


def test_grade_again():
    assert flow.grade(9) == "A"


def test_generators():
    assert list(flow.both(3)) == [0, 2, -1, "last"]
    half = flow.both(0)
    next(half), next(half)
    half.close()
    thrown = flow.both(1)
    next(thrown)
    with pytest.raises(KeyError):
        thrown.throw(KeyError("x"))


def test_safe():
    assert flow.safe({}, 1) is None
    assert flow.safe({1: 0}, 1) == 0
    assert flow.safe({1: 4}, 1) == 4
    with pytest.raises(RuntimeError):
        flow.safe(None, 1)


def test_tables():
    flow.tables([1, 2, 0])


def test_loops():
    assert flow.loops(3) == 7


def test_managed():
    flow.managed(False)
    flow.managed(True)


def test_shelf():
    assert flow.Shelf(4).full
    with pytest.raises(AssertionError):
        flow.Shelf(-1)


def test_async():
    assert asyncio.run(flow.gather()) == 6


def test_raises():
    with pytest.raises(ValueError):
        flow.raises(1)
    with pytest.raises(TypeError):
        flow.raises(None)
"""

MATCHES = """

def test_kind():
    import ways
    assert [ways.kind(one) for one in (0, [1, 2], {"a": 3})] == ["zero", "many", 3]
    ways.group(1)
"""


@pytest.mark.parametrize("minor", [9, 11, 12, 13])
async def test_arcs_and_their_meaning_are_those_of_coverage_py(
    open_suite: OpenSuite, make_environment: Callable[..., Path], tmp_path: Path, minor: int
) -> None:
    files = {"flow.py": FLOW, "test_flow.py": TESTS}
    if minor >= 11:
        files |= {"ways.py": MATCH, "test_flow.py": TESTS + MATCHES}
    modules = [name for name in files if not name.startswith("test_")]
    python = make_environment(minor, "pytest<9" if minor == 9 else "pytest", "coverage>=7.10,<8")
    async with open_suite(files, python) as suite:
        report, coverage = await suite.trace(arcs=modules)
    assert report.exit_code == 0, report.output_tail
    seen = {
        name: set(coverage.import_arcs.get(name, ())).union(*(arcs.get(name, ()) for arcs in coverage.arcs.values()))
        for name in modules
    }
    data, reported = _measured(python, tmp_path / "tree", modules)
    for name in modules:
        assert _apart(seen[name]) == _apart(data[name])
        if minor == 13:  # the analysis of another interpreter's run may differ from its own
            found = file_coverage(name, files[name], seen[name])
            assert found == reported[name]
    assert (
        coverage.tests["test_flow.py::test_grade_again"]["flow.py"]
        <= coverage.tests["test_flow.py::test_grade"]["flow.py"]
    )


def _apart(arcs: set[tuple[int, int]]) -> set[tuple[int, int]]:
    """Leave out the arcs of lines to themselves, which mean nothing and differ between ways to trace."""
    return {(start, end) for start, end in arcs if start != end}


def _measured(
    python: Path, tree: Path, modules: list[str]
) -> tuple[dict[str, set[tuple[int, int]]], dict[str, FileCoverage]]:
    """Run the tests under coverage.py; return its arcs and what it reports."""
    env = {"PATH": os.environ["PATH"], "COVERAGE_CORE": "ctrace", "PYTHONDONTWRITEBYTECODE": "1"}
    include = ",".join(modules)
    run = [str(python), "-m", "coverage", "run", "--branch", f"--include={include}", "-m", "pytest", "-q"]
    for argv in (run, [str(python), "-m", "coverage", "json", "-q"]):
        done = subprocess.run(argv, cwd=tree, env=env, capture_output=True, check=False, timeout=100)
        assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    data = CoverageData(str(tree / ".coverage"))
    data.read()
    report = json.loads((tree / "coverage.json").read_text())["files"]
    arcs = {name: set(data.arcs(str(tree / name)) or ()) for name in modules}
    data.close()
    return arcs, {name: _reported(name, report[name]) for name in modules}


def _reported(name: str, found: dict[str, list[Any]]) -> FileCoverage:
    taken = [(int(start), int(end)) for start, end in found["executed_branches"]]
    missed = [(int(start), int(end)) for start, end in found["missing_branches"]]
    return FileCoverage(
        path=name,
        lines=tuple(sorted(found["executed_lines"] + found["missing_lines"])),
        covered_lines=tuple(found["executed_lines"]),
        branches=tuple(sorted(taken + missed)),
        covered_branches=tuple(sorted(taken)),
    )
