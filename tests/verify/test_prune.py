"""Tests leave a file as if they had never been in it."""

from __future__ import annotations

import ast
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regoose.verify.prune import prune, units

FILE = '''\
"""Tests of shelves."""

import math
from fractions import Fraction

import pytest

from shelf import (
    Shelf,
    grade,
    size,
)

LIMIT = 3


def full():
    return Shelf(LIMIT)


def test_size():
    assert size(full()) == 3


# what grades are
@pytest.mark.parametrize(
    ("points", "expected"),
    [
        (91, "A"),
        (17, "ödd"),  # a remark
        (3, "B"),
    ],
)
def test_grade(points, expected):
    assert grade(points) == expected


@pytest.mark.parametrize("value", [1, 2, 3], ids=["one", "two", "three"])
def test_inline(value):
    assert math.floor(value) == Fraction(value)


class TestShelf:
    def test_first(self):
        assert Shelf(1)

    def test_second(self):
        assert Shelf(2)
'''
IDS = [
    "t.py::test_size",
    *(f"t.py::test_grade[{row}]" for row in ("91-A", "17-odd", "3-B")),
    *(f"t.py::test_inline[{row}]" for row in ("one", "two", "three")),
    "t.py::TestShelf::test_first",
    "t.py::TestShelf::test_second",
]
GRADES, INLINE, SHELVES = IDS[1:4], IDS[4:7], IDS[7:]


def without(*dropped: str) -> str:
    pruned = prune(FILE, IDS, dropped)
    assert pruned.removed == set(dropped)
    ast.parse(pruned.text)
    return pruned.text


def test_a_function_goes_with_what_only_it_used() -> None:
    text = without(IDS[0])
    assert "test_size" not in text
    assert "LIMIT" not in text
    assert "def full" not in text
    assert "from shelf import Shelf, grade\n" in text


def test_a_row_goes_with_its_line() -> None:
    text = without(GRADES[1])
    assert '        (91, "A"),\n        (3, "B"),\n' in text


@pytest.mark.parametrize("gone", [(0,), (2,), (0, 2), (1, 2), (0, 1)])
def test_rows_and_their_ids_go_together(gone: tuple[int, ...]) -> None:
    text = without(*(INLINE[index] for index in gone))
    left = [index for index in range(3) if index not in gone]
    assert f"[{', '.join(str(index + 1) for index in left)}], ids=[" in text
    names = ("one", "two", "three")
    assert "ids=[" + ", ".join(f'"{names[index]}"' for index in left) + "])" in text


def test_a_table_goes_with_its_last_row_and_its_comment() -> None:
    text = without(*GRADES)
    assert "grade" not in text
    assert "what grades are" not in text


def test_imports_of_modules_go() -> None:
    text = without(*INLINE)
    assert "import math" not in text
    assert "fractions" not in text
    assert "import pytest" in text


def test_a_method_goes_and_at_last_its_class() -> None:
    assert "test_first" not in without(SHELVES[0])
    assert "test_second" not in without(SHELVES[1])
    assert "TestShelf" not in without(*SHELVES)


def test_nothing_is_left_of_a_file_without_tests() -> None:
    assert prune(FILE, IDS, IDS).text == ""


def test_nothing_changes_where_nothing_goes() -> None:
    assert prune(FILE, IDS, []).text == FILE


def test_rows_that_the_source_does_not_show_stay() -> None:
    text = "import pytest\n\n\n@pytest.mark.parametrize('x', range(3))\ndef test_x(x):\n    assert x < 2\n"
    ids = [f"t.py::test_x[{n}]" for n in range(3)]
    pruned = prune(text, ids, ids[2:])
    assert (pruned.text, pruned.removed) == (text, frozenset())


CLASSES = '''\
import json
import math

import pytest

import shelf


class Base:
    """What shelves share."""

    @pytest.fixture
    def full(self):
        return shelf.Shelf(math.inf)


class TestFull(Base):
    """Of full ones."""

    def test_one(self, full):
        assert full

    # the second
    def test_two(self, full):
        assert json.dumps(full)

    class TestInner:
        """Deep."""

        def test_three(self):
            assert shelf

    def test_four(self, full):
        assert not full


class TestLone:
    def setup_method(self):
        self.one = 1

    def test_five(self):
        assert self.one


def test_six():
    assert True
'''
CLASS_IDS = [
    f"t.py::{name}"
    for name in (
        "TestFull::test_one",
        "TestFull::test_two",
        "TestFull::TestInner::test_three",
        "TestFull::test_four",
        "TestLone::test_five",
        "test_six",
    )
]
ONE, TWO, THREE, FOUR, FIVE, SIX = CLASS_IDS


@pytest.mark.parametrize(
    ("dropped", "absent", "present"),
    [
        ([THREE], ["TestInner", "Deep"], ["TestFull", "test_two"]),
        ([FIVE], ["TestLone", "setup_method"], ["TestFull"]),
        ([ONE, TWO, THREE, FOUR], ["TestFull", "TestInner", "Base", "math", "json", "import pytest"], ["TestLone"]),
        ([TWO, THREE, FOUR], ["the second", "Deep", "json"], ["Base", "test_one", "import math"]),
        ([ONE, TWO, FOUR], ["test_one", "the second"], ["TestFull", "TestInner", "Of full ones", "test_three"]),
    ],
)
def test_a_class_goes_with_its_last_test(dropped: list[str], absent: list[str], present: list[str]) -> None:
    pruned = prune(CLASSES, CLASS_IDS, dropped)
    assert pruned.removed == set(dropped)
    assert [name for name in absent if name in pruned.text] == []
    assert [name for name in present if name not in pruned.text] == []


@given(st.sets(st.sampled_from(CLASS_IDS), max_size=5))
def test_what_is_left_is_formatted_as_before(dropped: set[str]) -> None:
    text = prune(CLASSES, CLASS_IDS, dropped).text
    tree = ast.parse(text)
    lines = text.split("\n")
    for block, blank in [
        (tree.body, 2),
        *((node.body, 1) for node in ast.walk(tree) if isinstance(node, ast.ClassDef)),
    ]:
        for before, after in itertools.pairwise(block):
            if isinstance(after, ast.Import):
                continue
            start = min([after.lineno, *(one.lineno for one in getattr(after, "decorator_list", []))])
            between = [line for line in lines[before.end_lineno or 0 : start - 1] if "#" not in line]
            assert between == [""] * blank
    assert "\n\n\n\n" not in text
    assert not text.startswith("\n")


def test_what_can_go_alone_is_a_row_or_a_function() -> None:
    assert units(FILE, IDS) == tuple((one,) for one in IDS)
    text = "import pytest\n\n\n@pytest.mark.parametrize('x', range(2))\ndef test_x(x):\n    assert x < 2\n"
    assert units(text, ["t.py::test_x[0]", "t.py::test_x[1]", "t.py::TestX::test_y"]) == (
        ("t.py::test_x[0]", "t.py::test_x[1]"),
    )


@pytest.mark.parametrize("kept", [0, 1, 2])
def test_the_last_row_of_a_tuple_keeps_it_one(kept: int) -> None:
    text = "import pytest\n\n\n@pytest.mark.parametrize('x', (1, 2, 3))\ndef test_x(x):\n    assert x < 2\n"
    ids = [f"t.py::test_x[{n}]" for n in (1, 2, 3)]
    pruned = prune(text, ids, [one for index, one in enumerate(ids) if index != kept]).text
    assert f"('x', ({kept + 1},))" in pruned


@pytest.mark.parametrize("table", ["[(1), ((2)), 3]", "((1), ((2)), 3)", "[\n    (1),\n    ((2)),\n    3\n]"])
def test_parentheses_go_with_their_row(table: str) -> None:
    text = f"import pytest\n\n\n@pytest.mark.parametrize('x', {table})\ndef test_x(x):\n    assert x < 2\n"
    ids = [f"t.py::test_x[{n}]" for n in (1, 2, 3)]
    for gone in ids:
        numbers = {
            node.value
            for node in ast.walk(ast.parse(prune(text, ids, [gone]).text.partition("def ")[0] + "def f(): 0"))
            if isinstance(node, ast.Constant)
        }
        assert numbers == {"x", 0, *(int(one[-2]) for one in ids if one != gone)}
