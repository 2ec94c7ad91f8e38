"""A mutant is noticed only where an assertion would fail."""

from __future__ import annotations

import pytest

from regoose_guest.testgen.differing import differs
from regoose_guest.testgen.observing import SeenJson
from regoose_guest.testgen.showing import Row


def seen(*rows: Row) -> SeenJson:
    return {
        "ended": 1,
        "wrapped": "",
        "rows": list(rows),
        "raised": None,
        "printed": "",
        "pins": [],
        "goals": [],
        "is_drawn": False,
    }


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        (("equal", "result", "0.0"), ("equal", "result", "0")),
        (("equal", "result", "1"), ("is", "result", "True")),
        (("equal", "result", "{'a': 1, 'b': 2}"), ("equal", "result", "{'b': 2, 'a': 1}")),
        (("approx", "result", "0.1234567"), ("equal", "result", "0.12345671")),
    ],
)
def test_what_is_equal_passes(expected: Row, found: Row) -> None:
    assert not differs(seen(found), seen(expected))


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        (("is", "result", "True"), ("equal", "result", "1")),
        (("equal", "result", "'a'"), ("equal", "result", "'b'")),
        (("equal", "result", "[1]"), ("equal", "result", "(1,)")),
        (("equal", "result", "Unit(1)"), ("equal", "result", "Unit(2)")),
        (("equal", "len(result)", "1"), ("equal", "result", "1")),
        (("approx", "result", "0.1234567"), ("equal", "result", "0.12345")),
    ],
)
def test_what_is_not_fails(expected: Row, found: Row) -> None:
    assert differs(seen(found), seen(expected))
