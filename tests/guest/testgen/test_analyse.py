"""What the text of a module says, read once."""

from __future__ import annotations

import ast
from pathlib import Path

from regoose_guest.testgen.analyse import Facts

SHELF = '''
"""Shelves, as in "Two shelves"."""

LIMIT = 10


def lift(box, weight=1.0):
    """
    >>> lift({"size": 3})
    3
    """
    if weight > LIMIT or box["size"] == 10:
        raise ValueError("too heavy")
    return box["size"] * 1
'''


def facts(folder: Path, text: str = SHELF, existing: tuple[str, ...] = ()) -> Facts:
    path = folder / "shelf.py"
    path.write_text(text)
    return Facts(ast.parse(text), str(path), existing)


def test_constants_are_told_apart_by_type_and_docstrings_are_none(tmp_path: Path) -> None:
    found = facts(tmp_path)

    assert found.constants.ints == [10, 1]
    assert found.constants.floats == [1.0]
    assert set(found.constants.texts) == {"size", "too heavy"}


def test_a_function_is_read_with_what_its_body_does_with_its_parameters(tmp_path: Path) -> None:
    found = facts(tmp_path)

    reading = found.reading(found.definitions["lift"])

    assert reading.keys == {"box": ["size"]}
    assert reading.uses["box"]["dict"] > 0
    assert sorted(reading.constants.ints) == [1, 10]
    assert found.reading(None).keys == {}


def test_calls_come_from_docstrings_neighbours_and_existing_tests_each_once(tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text("from shelf import lift\n\nlift({'size': 4}, weight=2)\nlift({'size': 3})\n")
    (tmp_path / "stranger.py").write_text("there = is_nothing_of(the_module)\n")
    existing = tmp_path / "tests.txt"
    existing.write_text("assert lift({'size': 5}) == 5\n")

    found = facts(tmp_path, existing=(str(existing),))

    assert found.examples["lift"] == [
        (("{'size': 3}",), ()),
        (("{'size': 5}",), ()),
        (("{'size': 4}",), (("weight", "2"),)),
    ]


def test_lines_that_raise_are_known(tmp_path: Path) -> None:
    assert facts(tmp_path).raising_lines == {SHELF.splitlines().index('        raise ValueError("too heavy")') + 1}


def test_calculations_with_literals_are_numbers_too(tmp_path: Path) -> None:
    found = facts(tmp_path, "DAY = 60 * 60 * 24\nBIG = 1 << 50\nHUGE = 9**9**9\nHALF = DAY * 2\n")

    assert {86400, 3600, 1 << 50} <= set(found.constants.ints)
    assert max(found.constants.ints) < 1 << 80
