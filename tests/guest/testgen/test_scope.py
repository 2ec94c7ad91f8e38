"""What tests are asked for: which lines count, and which functions have to do with them."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

from regoose_guest.testgen.analyse import Facts
from regoose_guest.testgen.schema import ResultJson
from regoose_guest.testgen.scope import Scope, span_of

SHOP = '''
"""A shop."""

RATES = {"book": 7}


def rate(kind):
    """Return the rate."""
    return RATES.get(kind, 19)


def price(net, kind):
    if net < 0:
        raise ValueError("negative")
    return _rounded(net * (100 + rate(kind)) / 100)


def _rounded(amount):
    if amount > 1000:
        return round(amount)
    return round(amount, 2)


def label(name):
    if name.isupper():
        return name
    return name.title()


class Till:
    def __init__(self):
        self.total = 0

    def add(self, net):
        self.total += _rounded(net)
        return self

    def _audit(self):
        return self.total > 10

    def empty(self):
        self.total = 0


register = Till()
register.add(1)
'''


def line_of(part: str) -> int:
    return next(number for number, line in enumerate(SHOP.splitlines(), 1) if part in line)


def scope(*, only: tuple[str, ...] = (), lines: tuple[int, ...] = ()) -> tuple[Scope, Facts]:
    tree = ast.parse(SHOP)
    facts = Facts(tree, "/nowhere/shop.py")
    return Scope(facts, tree, only, lines), facts


def chosen(*parts: str) -> set[str]:
    found, facts = scope(lines=tuple(map(line_of, parts)))
    public = {name: span_of(node) for name, node in facts.definitions.items() if "_rounded" not in name}
    return {name for name, is_in in zip(public, found.chosen(list(public.values())), strict=True) if is_in}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ("name.isupper", {"label"}),
        ("round(amount)", {"price", "Till.add"}),
        ("RATES =", {"rate"}),
        ("self.total > 10", {"Till._audit"}),
        ("return RATES", {"rate"}),
    ],
)
def test_changed_lines_are_the_business_of_what_holds_or_reaches_them(changed: str, expected: set[str]) -> None:
    assert chosen(changed) == expected


def test_what_runs_on_import_without_a_name_may_show_anywhere() -> None:
    found, facts = scope(lines=(line_of("register.add(1)"),))

    assert found.lines is None
    assert all(found.chosen([span_of(one) for one in facts.definitions.values()]))


def test_a_changed_signature_is_a_change_of_the_whole_function() -> None:
    found, _ = scope(lines=(line_of("def label"),))

    assert found.lines is not None
    assert line_of("name.title()") in found.lines


def test_documentation_and_comments_are_no_change() -> None:
    found, facts = scope(lines=(line_of("Return the rate"), line_of("A shop")))

    assert found.lines == frozenset()
    assert not any(found.chosen([span_of(one) for one in facts.definitions.values()]))


def test_a_name_stands_for_all_that_is_in_it() -> None:
    found, _ = scope(only=("Till",))

    assert found.asks_for("Till.add")
    assert not found.is_left_out("Till")
    assert found.is_left_out("label")
    assert found.lines is not None
    assert line_of("def add") in found.lines
    assert line_of("def label") not in found.lines


def test_tests_are_about_the_changed_lines(generate: Callable[..., ResultJson], passes: Callable[[], bool]) -> None:
    text = generate(SHOP, lines=[line_of("name.isupper"), line_of("raise ValueError")])["text"]

    assert passes()
    assert "label(" in text
    assert "negative" in text
    assert "Till" not in text
    assert "rate(" not in text


def test_what_is_asked_for_by_name_may_be_private(
    tmp_path: Path, generate: Callable[..., ResultJson], passes: Callable[[], bool]
) -> None:
    text = generate(SHOP, only=["_rounded", "Till._audit"])["text"]

    assert passes()
    assert "_rounded(" in text
    assert "._audit()" in text
    assert "label(" not in text
    assert "price(" not in text
    (tmp_path / "subject.py").write_text(SHOP.replace("amount > 1000", "amount < 1000"))
    assert not passes()


@pytest.mark.parametrize(
    ("changed", "said"),
    [({"only": ["there_is_none"]}, "`there_is_none`"), ({"lines": [2]}, "changed lines")],
)
def test_says_so_where_nothing_is_meant(
    generate: Callable[..., ResultJson], changed: dict[str, list[str]], said: str
) -> None:
    result = generate(SHOP, **changed)

    assert not result["text"]
    assert said in result["note"]
