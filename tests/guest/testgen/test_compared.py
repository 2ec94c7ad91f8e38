"""A copy of the module tells what it compares and calculates, and does what the original does."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from regoose_guest.testgen.compared import NAME, OPERATION, Instrument, Seen

TEXT = """
def compares(x, y: "int < 3" = 1) -> "int | None":
    if x < y:
        return "less"
    if 1 <= x <= 5:
        return "some"
    if x in ("a", 7):
        return "in"
    return x != y

def calculates(x, y):
    return (x + y, x - y, x * y, "%s" % x, [x] + [y])
"""


def _copy() -> tuple[dict[str, Any], Seen]:
    seen = Seen()
    names: dict[str, Any] = {NAME: seen.compare, OPERATION: seen.operate}
    tree = ast.fix_missing_locations(Instrument().visit(ast.parse(TEXT)))
    exec(compile(tree, "copy", "exec"), names)
    seen.is_on = True
    return names, seen


@pytest.mark.parametrize("given", [(0, 1), (1, 0), (5, 2), (9, 9), (7, 1), (-3, -2)])
def test_does_what_the_original_does(given: tuple[int, int]) -> None:
    names, _ = _copy()
    original: dict[str, Any] = {}
    exec(TEXT, original)

    for name in ("compares", "calculates"):
        assert names[name](*given) == original[name](*given)
    assert names["compares"].__annotations__ == original["compares"].__annotations__


def test_news_are_new_orders_and_nearness() -> None:
    names, seen = _copy()

    def news(x: Any, y: Any) -> int:
        before = seen.news
        names["compares"](x, y)
        return seen.news - before

    assert news(-9, 9)
    assert not news(-8, 8)
    assert news(8, 9)
    assert news(9, 9)
    assert not news(9, 9)


def test_news_are_operands_that_tell_operators_apart() -> None:
    names, seen = _copy()

    names["calculates"](0, 0)
    first = seen.news
    names["calculates"](0, 0)
    assert seen.news == first
    names["calculates"](7, 3)
    assert seen.news > first


def test_remembers_what_was_compared() -> None:
    names, seen = _copy()
    for _ in range(9):
        names["compares"](6, 2)

    assert {6, 2, 7} <= set(seen.by_kind[int])
    assert "a" in seen.by_kind[str]
