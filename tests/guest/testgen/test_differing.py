"""A mutant is noticed only where an assertion would fail."""

from __future__ import annotations

import pytest

from regoose_guest.testgen.differing import differs
from regoose_guest.testgen.observing import SeenJson, order_of
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


@pytest.mark.parametrize("count", [0, 1, 99, 1000, 1234])
def test_interpreters_that_run_out_of_time_have_seen_the_same(count: int) -> None:
    there, back = (list(order_of(count, is_second=one)) for one in (False, True))
    assert there == sorted(back) == list(range(count))
    assert len(set(there[: count // 2]) & set(back[: count // 2])) > count // 2 - 100
    assert [there.index(one) for one in back[:100]] == sorted(there[:100], reverse=True)
