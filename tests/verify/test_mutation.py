from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from regoose.domain.generation import Mutant, MutantStatus
from regoose.domain.patch import FileEdit, Patch
from regoose.verify.mutation import MutationOrder, mutate

OpenSuite = Callable[..., Any]

SHOP = '''\
"""A shop."""

RATE = 20


def price(net):
    if net < 0:
        raise ValueError(net)
    return net + net * RATE // 100


def label(name):
    return "<" + name + ">"
'''
TESTS = """\
import pytest
import shop
from shop import RATE, price

def test_price(): assert price(100) == 120
def test_rate(): assert RATE == 20
def test_negative():
    with pytest.raises(ValueError): price(-1)
def test_red(): assert price(1) == 0
"""
LINES = {"test_price": (6, 7, 9), "test_negative": (6, 7, 8), "test_rate": (), "test_red": (6, 7, 9)}


def order(lines: tuple[int, ...] = ()) -> MutationOrder:
    tests = tuple((f"test_shop.py::{name}", run) for name, run in LINES.items())
    return MutationOrder(path="shop.py", module="shop", tests=tests, lines=lines, seconds=60.0)


def killers_of(mutants: tuple[Mutant, ...], after: str) -> set[str]:
    (found,) = [one for one in mutants if one.after == after]
    return {name.partition("::")[2] for name in found.killers}


async def test_tells_for_each_mutant_which_tests_noticed_it(open_suite: OpenSuite, target_python: Path) -> None:
    async with open_suite({"shop.py": SHOP, "test_shop.py": TESTS}, target_python) as suite:
        report = await mutate(suite, order())
    assert not report.note
    assert report.unused == ("test_shop.py::test_red",)
    assert {one.path for one in report.mutants} == {"shop.py"}
    assert report.possible == len(report.mutants)
    assert killers_of(report.mutants, "return net - net * RATE // 100") == {"test_price"}
    assert killers_of(report.mutants, "RATE = 21") == {"test_price", "test_rate"}
    by_line = {one.line: one.status for one in report.mutants if one.line == 13}
    assert by_line == {13: MutantStatus.UNCOVERED}
    survived = {one.after for one in report.mutants if one.status is MutantStatus.SURVIVED}
    assert survived == {
        "if net <= 0:",
        "if net < 1:",
        "return net + net * RATE / 100",
        "return net + net * RATE // 99",
    }


async def test_analyses_what_a_patch_makes_of_the_tree(open_suite: OpenSuite) -> None:
    text = TESTS.replace("120", "130")
    patch = Patch(
        (
            FileEdit("shop.py", SHOP, SHOP.replace("20", "30")),
            FileEdit("test_shop.py", TESTS, text),
        )
    )
    async with open_suite({"shop.py": SHOP, "test_shop.py": TESTS}) as suite:
        report = await mutate(suite, order(lines=(3,)), patch=patch)
    assert [one.before for one in report.mutants] == ["RATE = 30", "RATE = 30"]
    assert {one.status for one in report.mutants} == {MutantStatus.KILLED}


async def test_says_why_there_is_nothing(open_suite: OpenSuite) -> None:
    async with open_suite({"shop.py": "def broken(:\n", "test_shop.py": TESTS}) as suite:
        report = await mutate(suite, order())
    assert not report.mutants
    assert report.note.startswith("`shop.py` cannot be read: invalid syntax")


async def test_a_kill_by_one_of_the_first_tests_settles_a_mutant(open_suite: OpenSuite) -> None:
    given = order()
    rate_first = replace(given, tests=tuple(sorted(given.tests, key=lambda test: "rate" not in test[0])), first=1)
    async with open_suite({"shop.py": SHOP, "test_shop.py": TESTS}) as suite:
        report = await mutate(suite, rate_first)
    assert killers_of(report.mutants, "RATE = 21") == {"test_rate"}
    assert killers_of(report.mutants, "return net - net * RATE // 100") == {"test_price"}
