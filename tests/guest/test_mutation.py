"""Mutation analysis against the slow way: write the changed file, run pytest on it in a process of its own."""

import ast
import contextlib
import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FunctionType

import pytest

from regoose_guest.mutation.driver import Tests
from regoose_guest.mutation.live import Live, NotLive
from regoose_guest.mutation.operators import changes_of
from regoose_guest.mutation.reach import Reach
from regoose_guest.mutation.schema import MutantJson, OptionsJson, ResultJson
from regoose_guest.mutation.subject import Subject, is_same
from regoose_guest.mutation.wording import Wording

WriteTree = Callable[[dict[str, str]], Path]

BARE = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
"""Plugins that are installed here have a say in how tests run."""

MODULE = '''\
"""A bit of everything."""

import functools

__all__ = ["area"]
LIMIT = 3
NAMES = {"a": 1, "b": 2}
_MADE = []


def made(kind):
    _MADE.append(kind * 2)
    return kind


KIND = made(4)


def counting(function):
    @functools.wraps(function)
    def inner(*given):
        inner.calls += 1
        return function(*given)

    inner.calls = 0
    return inner


@counting
def area(width, height=2):
    return width * height


@functools.lru_cache(maxsize=8)
def power(base):
    return base ** 2


def until(limit=LIMIT):
    number = 0
    while number < limit:
        number += 1
        yield number


def lookup(name):
    try:
        return NAMES[name]
    except KeyError:
        return None


class Shelf:
    size = 2

    def __init__(self):
        self.items = []

    def put(self, item):
        if len(self.items) >= self.size:
            raise OverflowError("full")
        self.items.append(item)

    @property
    def is_full(self):
        return not len(self.items) < self.size


class Deep(Shelf):
    size = Shelf.size + 1

    def put(self, item):
        super().put(item)
        return f"{item}!"


def unused(number):
    return number + 1


key = lambda number: (number % 3, -number)
'''
TESTS = """\
import pytest
import bits
from bits import LIMIT, Deep, Shelf, area, key, power, until

def test_limit(): assert LIMIT == bits.LIMIT
def test_area():
    before = area.calls
    assert area(3) == 6
    assert area.calls == before + 1
@pytest.mark.parametrize("base", [2, 3])
def test_power(base): assert power(base) == base * base
def test_until(): assert list(until()) == [1, 2, 3]
def test_made(): assert bits._MADE == [8]
class TestShelf:
    def test_full(self):
        shelf = Shelf()
        shelf.put(1)
        shelf.put(2)
        assert shelf.is_full
        with pytest.raises(OverflowError): shelf.put(3)
    def test_deep(self): assert Deep().put("x") == "x!"
def test_late():
    from bits import lookup
    assert (lookup("a"), lookup("c")) == (1, None)
def test_key(): assert sorted(range(5), key=key) == [3, 0, 4, 1, 2]
def test_fixture(capsys):
    print(bits.KIND)
    assert capsys.readouterr().out == "4\\n"
"""
IDS = (
    *("test_limit", "test_area", "test_power[2]", "test_power[3]", "test_until", "test_made"),
    *("TestShelf::test_full", "TestShelf::test_deep", "test_late", "test_key", "test_fixture"),
)


def analyse(
    folder: Path,
    path: str,
    tests: Sequence[tuple[str, Sequence[int]]],
    *,
    seconds: float = 120.0,
    only: Sequence[int] = (),
) -> ResultJson:
    options: OptionsJson = {
        "root": str(folder),
        "path": path,
        "tests": [{"id": name, "lines": list(lines)} for name, lines in tests],
        "first": 0,
        "lines": list(only),
        "seconds": seconds,
        "jobs": 2,
        "most": 1000,
        "killers": 2,
        "seed": 3,
        "memory_bytes": 256 << 20,
        "result": str(folder / "result.json"),
    }
    (folder / "options.json").write_text(json.dumps(options))
    command = [sys.executable, "-m", "regoose_guest.mutation", "--options", str(folder / "options.json")]
    done = subprocess.run(command, cwd=folder, env=BARE, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    result: ResultJson = json.loads((folder / "result.json").read_text())
    return result


def lines_of_bits() -> list[int]:
    """Return the lines of the bodies of all functions but one."""
    return [
        line
        for node in ast.walk(ast.parse(MODULE))
        if isinstance(node, ast.FunctionDef) and node.name != "unused"
        for line in range(node.body[0].lineno, (node.end_lineno or 0) + 1)
    ]


def with_lines() -> list[tuple[str, list[int]]]:
    lines = lines_of_bits()
    return [(f"test_bits.py::{name}", lines) for name in IDS]


def after(result: ResultJson, line: int, text: str) -> MutantJson:
    (found,) = [one for one in result["mutants"] if one["line"] == line and one["after"] == text]
    return found


@pytest.mark.slow
def test_agrees_with_the_slow_way(write_tree: WriteTree) -> None:
    folder = write_tree({"bits.py": MODULE, "test_bits.py": TESTS})
    result = analyse(folder, "bits.py", with_lines())
    assert (result["note"], result["red"], result["missing"]) == ("", [], [])
    assert result["possible"] == len(result["mutants"])

    subject = Subject(str(folder), "bits.py")
    said = [(one["line"], one["operator"], one["before"], one["after"]) for one in result["mutants"]]
    other = 0
    for number in range(0, len(subject.changes), 6):
        change = subject.changes[number]
        told = (change.line, change.operator, *subject.wording.of(change))
        if told not in said:
            continue
        tree = ast.parse(MODULE)
        changes_of(tree)[number].apply()
        (folder / "bits.py").write_text(ast.unparse(tree))
        is_killed = result["mutants"][said.index(told)]["status"] in {"killed", "timeout"}
        assert is_killed is not _passes(folder), told
        other += 1
    assert other > 10


def _passes(folder: Path) -> bool:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "test_bits.py"]
    try:
        done = subprocess.run(command, cwd=folder, env=BARE, capture_output=True, timeout=30, check=False)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def test_sees_what_each_kind_of_change_does(write_tree: WriteTree) -> None:
    result = analyse(write_tree({"bits.py": MODULE, "test_bits.py": TESTS}), "bits.py", with_lines())

    def killers(line: int, text: str) -> set[str]:
        return {name.partition("::")[2] for name in after(result, line, text)["killers"]}

    lines = MODULE.splitlines()
    at = {text: lines.index(text) + 1 for text in lines}
    assert at['__all__ = ["area"]'] not in {one["line"] for one in result["mutants"]}
    # a constant reaches the default made of it; a test module's own copy of it changes as well
    assert killers(at["LIMIT = 3"], "LIMIT = 4") == {"test_until"}
    assert killers(at["KIND = made(4)"], "KIND = made(5)") == {"test_made", "test_fixture"}
    assert killers(at["    _MADE.append(kind * 2)"], "_MADE.append(kind * 3)") == {"test_made"}
    assert killers(at["        inner.calls += 1"], "inner.calls -= 1") == {"test_area"}
    assert killers(at["def area(width, height=2):"], "def area(width, height=3):") == {"test_area"}
    assert killers(at["    size = Shelf.size + 1"], "size = Shelf.size - 1") == set()
    assert killers(at["key = lambda number: (number % 3, -number)"], "key = lambda number: (number * 3, -number)")
    assert after(result, at["        number += 1"], "number -= 1")["status"] in {
        "timeout",
        "killed",
    }  # or out of memory
    assert after(result, at["        number += 1"], "pass")["status"] == "timeout"
    assert after(result, at["    return number + 1"], "return number - 1")["status"] == "uncovered"


def test_judges_by_tests_alone_that_pass_in_every_order(write_tree: WriteTree) -> None:
    tests = """\
import m
seen = []
def test_first(): seen.append(m.one())
def test_second(): assert seen == [1]
def test_red(): assert m.one() == 2
"""
    folder = write_tree({"m.py": "def one():\n    return 1\n", "test_m.py": tests})
    names = [f"test_m.py::{name}" for name in ("test_first", "test_second", "test_red", "test_gone")]
    result = analyse(folder, "m.py", [(name, [2]) for name in names])
    assert result["red"] == names[1:3]
    assert result["missing"] == names[3:]
    assert {one["status"] for one in result["mutants"]} == {"survived"}


def test_a_module_whose_conftest_imports_it_and_that_has_two_names(write_tree: WriteTree) -> None:
    folder = write_tree(
        {
            "src/shop.py": "RATE = 20\n",
            "conftest.py": "import sys\nsys.path[:0] = ['src']\nimport shop\nHELD = shop.RATE\n",
            "test_shop.py": "import shop\nimport conftest\ndef test_rate(): assert conftest.HELD == shop.RATE == 20\n",
            "test_other.py": "import src.shop\ndef test_other(): assert src.shop.RATE > 10\n",
        }
    )
    tests = [("test_shop.py::test_rate", [1]), ("test_other.py::test_other", [1])]
    result = analyse(folder, "src/shop.py", tests)
    assert {(one["after"], tuple(one["killers"])) for one in result["mutants"]} == {
        ("RATE = 21", ("test_shop.py::test_rate",)),
        ("RATE = 19", ("test_shop.py::test_rate",)),
    }


def test_a_module_that_ends_the_process_or_does_not_import(write_tree: WriteTree) -> None:
    text = "import os\nLEFT = 3\nif LEFT < 3:\n    os._exit(0)\nRATIO = 1 / (LEFT - 2)\nwhile LEFT > 3:\n    pass\n"
    folder = write_tree({"m.py": text, "test_m.py": "import m\ndef test_import(): pass\n"})
    result = analyse(folder, "m.py", [("test_m.py::test_import", [])], only=[2, 5])
    by_text = {(one["line"], one["after"]): one["status"] for one in result["mutants"]}
    assert by_text[2, "LEFT = 2"] == "killed"
    assert by_text[2, "LEFT = 4"] == "timeout"
    assert by_text[5, "RATIO = 1 / (LEFT - 3)"] == "killed"
    assert by_text[5, "RATIO = 1 / (LEFT - 1)"] == "survived"


def test_what_the_time_does_not_reach_is_not_run(write_tree: WriteTree) -> None:
    folder = write_tree({"bits.py": MODULE, "test_bits.py": TESTS})
    result = analyse(folder, "bits.py", with_lines(), seconds=0.0)
    assert {one["status"] for one in result["mutants"]} == {"not run"}


@pytest.mark.parametrize("module", [textwrap, json.decoder, contextlib], ids=lambda module: module.__name__)
def test_shows_a_change_in_the_words_of_the_source(module: object) -> None:
    source = Path(str(vars(module)["__file__"])).read_text()
    tree = ast.parse(source)
    wording = Wording(source, tree)
    lines = source.split("\n")
    shown = 0
    for change in changes_of(tree)[::9]:
        before, new = wording.of(change)
        first: int = vars(change.node)["lineno"]
        last: int = vars(change.node)["end_lineno"]
        old = lines[first - 1 : last]
        if "..." in before or '"""' in before or "\t" in before:
            continue
        assert textwrap.dedent("\n".join(old)).split() == before.split()
        indent = old[0][: len(old[0]) - len(old[0].lstrip())]
        text = "\n".join([*lines[: first - 1], textwrap.indent(new, indent), *lines[last:]])
        change.apply()
        assert ast.unparse(ast.parse(text)) == ast.unparse(tree), (before, new)  # a tree may hold negative numbers
        change.undo()
        shown += 1
    assert shown > 20


@pytest.mark.parametrize(
    ("before", "new", "is_alike"),
    [
        ("x = 1\n", "\n\nx = 1\n", True),
        ("x = 1\n", "x = True\n", False),
        ("x = 0.0\n", "x = -0.0\n", False),
        ("def f():\n    return 1\n", "def f():\n    return 2\n", False),
        ("def f():\n    if 1:\n        return a\n", "def f():\n    if 2:\n        return a\n", True),
    ],
)
def test_a_change_without_effect_is_told_by_its_code(before: str, new: str, *, is_alike: bool) -> None:
    assert is_same(compile(before, "m", "exec"), compile(new, "m", "exec")) is is_alike


def test_refuses_to_put_code_where_closures_are_alike(tmp_path: Path) -> None:
    path = tmp_path / "m.py"
    path.write_text("def f(n):\n    return (lambda: n), (lambda: -n)\ndef g(): return 1\n")
    space: dict[str, FunctionType] = {}
    exec(compile(path.read_text(), str(path), "exec"), space)
    held = space["f"](1)
    live = Live(str(path))
    changed = compile(path.read_text().replace("-n", "n + 1").replace("1\n", "2\n"), str(path), "exec").co_consts
    with pytest.raises(NotLive):
        live.swap(1, changed[0])
    assert held[1]() == -1
    live.swap(3, next(one for one in changed[1:] if getattr(one, "co_name", "") == "g"))
    assert space["g"]() == 2


def test_follows_constants_to_the_functions_that_use_them() -> None:
    text = "A = 1\nB = [A]\nC = 3\nD = hash(C)\n\ndef f():\n    return B\n\ndef g(n=7):\n    return n\n"
    tree = ast.parse(text)
    reach = Reach(tree, text, {1, 2, 3, 4, 6, 9}, frozenset(("f", "assert")))
    found = {
        change.node.value: reach.of(change) for change in changes_of(tree) if isinstance(change.node, ast.Constant)
    }
    assert found == {1: frozenset((7,)), 3: None, 7: frozenset((10,))}
    assert Reach(tree, text, {1, 2, 3, 4, 6, 9}, frozenset(("B",))).of(changes_of(tree)[0]) is None


def test_a_test_that_there_was_no_time_to_measure_still_reaches() -> None:
    tests = Tests([{"id": "t::a", "lines": [2]}, {"id": "t::b", "lines": [2, 3]}, {"id": "t::c", "lines": [2]}], 0)
    tests.collected(
        {"found": [0, 1, 2], "sharing": [], "lines": [], "is_imported": True, "seconds": 0.1, "own": [], "others": []}
    )
    tests.measured([(0, "passed", 0.1), (2, "failed", 0.1)])
    reaching = [tests.reaching(frozenset({line}), frozenset(), None, is_outside=False) for line in (2, 3, 4)]
    assert reaching == [[0, 1], [1], []]
    assert [tests.measured_of(one) for one in reaching] == [[0], [], []]
