"""What there is to call in a module, and what is called only where that leaves something."""

from __future__ import annotations

import ast
from pathlib import Path
from types import ModuleType

from regoose_guest.testgen.analyse import Facts
from regoose_guest.testgen.scope import Scope
from regoose_guest.testgen.subjects import Found

TEXT = """
def _half(number):
    return number / 2

_alias = public = lambda number: _half(number)

def whole(number):
    return int(_half(number))
"""


def _found(folder: Path, text: str, *only: str) -> Found:
    module = ModuleType("numbers_")
    exec(text, module.__dict__)
    tree = ast.parse(text)
    facts = Facts(tree, str(folder / "numbers_.py"))
    return Found(module, facts, Scope(facts, tree, only))


def test_private_functions_stand_back(tmp_path: Path) -> None:
    found = _found(tmp_path, TEXT)

    assert [one.key for one in found.subjects] == ["public", "whole"]
    assert [one.key for one in found.private] == ["_half"]


def test_private_functions_are_called_where_there_are_no_others(tmp_path: Path) -> None:
    found = _found(tmp_path, "def _half(number):\n    return number / 2\n")

    assert [one.key for one in found.subjects] == ["_half"]
    assert found.private == []


def test_names_that_are_asked_for_are_all_there_is(tmp_path: Path) -> None:
    found = _found(tmp_path, TEXT, "_half")

    assert [one.key for one in found.subjects] == ["_half"]
    assert found.private == []
