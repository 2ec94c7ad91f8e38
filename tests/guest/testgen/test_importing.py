"""Which functions a table shows in."""

from __future__ import annotations

import ast
from pathlib import Path

from regoose_guest.testgen.analyse import Facts
from regoose_guest.testgen.importing import Imported

TEXT = """
LETTERS = {
    1: "a",
    2: "b",
}
NAMES = dict(LETTERS)


def letter(number):
    return NAMES.get(number)


def other(number):
    return number + 1


class Box:
    size = 3

    def double(self):
        return self.size * 2


FIRST = letter(1)
"""


def _imported(folder: Path) -> Imported:
    tree = ast.parse(TEXT)
    return Imported(tree, Facts(tree, str(folder / "letters.py")))


def test_functions_use_a_table_by_way_of_other_statements(tmp_path: Path) -> None:
    imported = _imported(tmp_path)

    assert imported.users(4) == [(9, 10)]
    assert imported.told_by(10) == [24]
    assert imported.users(18) == [(20, 21)]
    assert imported.users(10) == []


def test_a_unit_is_a_statement_outside_functions(tmp_path: Path) -> None:
    imported = _imported(tmp_path)

    assert [imported.unit(line) for line in (3, 6, 10, 18, 21)] == [2, 6, 0, 18, 0]
