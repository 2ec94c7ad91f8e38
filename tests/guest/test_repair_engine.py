"""The engine on small broken programs, as its own process, without a sandbox."""

from __future__ import annotations

import asyncio
import json
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from regoose.search.repair.result import apply_spans
from regoose_guest.repair.schema import CandidateJson, ResultJson

SRC = Path(__file__).parents[2] / "src"


async def search(
    root: Path, *targets: str, seconds: float = 60.0, tests: tuple[str, ...] = ()
) -> tuple[ResultJson, list[dict[str, object]]]:
    """Run the engine; the result and the progress lines."""
    result = root.parent / f"{root.name}-result.json"
    options = root.parent / f"{root.name}-options.json"
    given = {
        "root": str(root),
        "targets": list(targets),
        "tests": list(tests),
        "seconds": seconds,
        "jobs": 2,
        "seed": 0,
        "max_candidates": 20,
        "memory_bytes": 512 << 20,
        "result": str(result),
    }
    options.write_text(json.dumps(given))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "regoose_guest.repair", "--options", str(options)),
        cwd=root,
        env={"PYTHONPATH": str(SRC), "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert result.exists(), err.decode()
    lines = [cast("dict[str, object]", json.loads(line)) for line in out.splitlines()]
    return cast("ResultJson", json.loads(result.read_text())), lines


def tree(root: Path, **files: str) -> Path:
    root.mkdir()
    for name, text in files.items():
        (root / f"{name}.py").write_text(textwrap.dedent(text).lstrip())
    return root


def patched(root: Path, candidate: CandidateJson) -> str:
    """The one edited file with the candidate's edit."""
    (path,) = {span["path"] for span in candidate["spans"]}
    return apply_spans((root / path).read_bytes(), candidate["spans"]).decode()


@dataclass(frozen=True)
class Broken:
    code: str
    tests: str
    wanted: str = ""
    """What the first choice's file must contain."""
    times: int = 1
    """How often at least."""


BROKEN = {
    "operator": Broken(
        """
        def clip(value, low, high):
            if value < low:
                return low
            if value < high:
                return high
            return value
        """,
        """
        from code_ import clip

        def test_in():
            assert clip(3, 0, 5) == 3

        def test_low():
            assert clip(-1, 0, 5) == 0

        def test_high():
            assert clip(9, 0, 5) == 5
        """,
        "value > high",
    ),
    "unittest": Broken(
        """
        class Stack:
            def __init__(self):
                self.items = []

            def push(self, item):
                self.items.append(item)

            def pop(self):
                return self.items.pop(0)
        """,
        """
        import unittest
        from code_ import Stack

        class T(unittest.TestCase):
            def setUp(self):
                self.stack = Stack()

            def test_order(self):
                self.stack.push(1)
                self.stack.push(2)
                self.assertEqual(self.stack.pop(), 2)
                self.assertEqual(self.stack.pop(), 1)

            def test_one(self):
                self.stack.push(7)
                self.assertEqual(self.stack.pop(), 7)
        """,
        "self.items.pop(",
    ),
    "mutable default": Broken(
        """
        def collect(item, into=[]):
            into.append(item)
            return into
        """,
        """
        from code_ import collect

        def test_fresh():
            collect(1)
            assert collect(2) == [2]

        def test_given():
            assert collect(1, [0]) == [0, 1]
        """,
    ),
    "module constant": Broken(
        """
        LIMIT = 11


        def full(items):
            return len(items) >= LIMIT
        """,
        """
        import pytest
        from code_ import full

        @pytest.mark.parametrize('n, answer', [(9, False), (10, True), (12, True), (3, False)])
        def test_full(n, answer):
            assert full([0] * n) is answer
        """,
    ),
    "cached": Broken(
        """
        from functools import lru_cache


        @lru_cache(maxsize=None)
        def fib(n):
            if n < 2:
                return n
            return fib(n - 1) + fib(n - 1)
        """,
        """
        from code_ import fib

        def test_small():
            assert fib(1) == 1

        def test_ten():
            assert fib(10) == 55
        """,
        "n - 2",
    ),
    "copied": Broken(
        """
        def having(rows, **wanted):
            matching = [row for row in rows if all(row[key] == value for key, value in wanted.items())]
            return matching


        def how_many(rows, **wanted):
            matching = [row for row in rows if all(row[key] == value for key, value in wanted.items())]
            return len(matching)
        """,
        """
        from code_ import having, how_many

        def test_having():
            assert having([{"a": 1}, {"a": 2}], a=2) == [{"a": 2}]

        def test_missing_key():
            assert having([{"a": 1}, {}], a=1) == [{"a": 1}]

        def test_how_many():
            assert how_many([{"a": 1}, {"a": 2}], a=2) == 1
        """,
        "key in row and row[key] == value",
        times=2,
    ),
    "right elsewhere": Broken(  # edits that also pass spoil what the tests do not ask of the function made
        """
        def reader(base):
            def read(text):
                sign = 1
                if text[0] == "-":
                    sign, text = -1, text[1:]
                if text[0] == "0":
                    if text[1] in "xX":
                        return sign * int(text, 16)
                return sign * int(text, base)

            return read
        """,
        """
        from code_ import reader

        def test_zero():
            assert repr(reader(10)("0")) == "0"

        def test_decimal():
            assert reader(10)("25") == 25
            assert reader(10)("-031") == -31

        def test_hexadecimal():
            assert reader(10)("0x2f") == 47

        def test_octal():
            assert reader(8)("17") == 15
            assert reader(8)("42") == 34
        """,
        "except IndexError:\n                pass",
    ),
    "endless": Broken(
        """
        def steps(n):
            count = 0
            while n > 0:
                n = n + 2
                count += 1
            return count
        """,
        """
        from code_ import steps

        def test_none():
            assert steps(0) == 0

        def test_even():
            assert steps(8) == 4

        def test_odd():
            assert steps(3) == 2
        """,
        "n - 2",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BROKEN)
async def test_finds_a_repair_that_reads_as_expected(name: str, tmp_path: Path) -> None:
    broken = BROKEN[name]
    root = tree(tmp_path / "tree", code_=broken.code, test_code=broken.tests)
    result, lines = await search(root)
    assert result["candidates"], result["note"]
    best = result["candidates"][0]
    assert patched(root, best).count(broken.wanted) >= broken.times
    assert set(best["fixed"]) == set(result["failing"])
    assert result["suspects"][0]["path"] == "code_.py"
    assert [line["phase"] for line in lines][:2] == ["collect", "measure"]


@pytest.mark.slow
async def test_candidates_that_part_are_shown_with_an_input(tmp_path: Path) -> None:
    root = tree(
        tmp_path / "tree",
        code_="""
            def biggest(items):
                best = 0
                for item in items:
                    if item < best:
                        best = item
                return best
        """,
        test_code="""
            from code_ import biggest

            def test_it():
                assert biggest([1, 5, 3, 5]) == 5

            def test_empty():
                assert biggest([]) == 0
        """,
    )
    result, _ = await search(root)
    assert result["behaviours"] == len({one["behaviour"] for one in result["candidates"]})
    assert result["behaviours"] > 1
    for difference in result["differences"]:
        assert difference["call"].startswith("biggest(")
        assert len(difference["answers"]) > 1


@pytest.mark.slow
async def test_code_that_fights_back_does_not_break_the_search(tmp_path: Path) -> None:
    root = tree(
        tmp_path / "tree",
        code_="def half(n):\n    return n * 2\n",
        test_code="""
            import os, signal, sys, threading
            import pytest
            from code_ import half

            def test_exits():
                if half(4) != 2:
                    os._exit(3)

            def test_closes():
                os.closerange(0, 3)
                os.chdir("/")
                signal.signal(signal.SIGPROF, signal.SIG_IGN)
                sys.setrecursionlimit(200)

            def test_floods():
                sys.stdout.write("x" * 100000)
                threading.Thread(target=lambda: None).start()

            def test_forks():
                if os.fork() == 0:
                    return

            def test_half():
                assert half(10) == 5
        """,
    )
    result, _ = await search(root, "test_code.py::test_half")
    assert result["candidates"], result["note"]
    assert "test_code.py::test_half" in result["candidates"][0]["fixed"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tests", "reason"),
    [
        ("def test_ok():\n    assert True\n", "passes already"),
        ("def test_import():\n    import nowhere_at_all\n", "fail at an import"),
        ("def test_own():\n    assert 1 == 2\n", "No failing test runs a line"),
        ("", "no test"),
        ("import nowhere_at_all\ndef test_x(): pass\n", "no test"),
    ],
)
async def test_says_why_there_is_nothing_to_search(tests: str, reason: str, tmp_path: Path) -> None:
    root = tree(tmp_path / "tree", code_="def f():\n    return 1\n", test_code=tests)
    result, _ = await search(root)
    assert result["stopped"] == "unsupported"
    assert reason in result["note"]
    assert result["candidates"] == []


@pytest.mark.slow
async def test_a_file_that_tests_come_from_is_never_edited_whatever_its_name(tmp_path: Path) -> None:
    root = tree(
        tmp_path / "tree",
        code_="def f():\n    return 1\n",
        checks="from code_ import f\ndef wanted():\n    return 2\ndef test_f():\n    assert f() == wanted()\n",
    )
    result, _ = await search(root, tests=("checks.py",))
    assert result["candidates"], result["note"]
    assert {span["path"] for one in result["candidates"] for span in one["spans"]} == {"code_.py"}
    assert {suspect["path"] for suspect in result["suspects"]} == {"code_.py"}
