"""Tests leave a file as if they had never been in it."""

from __future__ import annotations

import ast

import pytest

from regoose.verify.prune import prune

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
