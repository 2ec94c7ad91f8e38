"""Acts are written as people write calls, and come back from JSON as they were."""

from __future__ import annotations

import ast
import json

import pytest

from regoose_guest.testgen.acts import (
    CONSTRUCTOR,
    FUNCTION,
    METHOD,
    PROPERTY,
    SETTER,
    STATIC,
    VALUE,
    Act,
    Candidate,
    from_json,
    is_statement,
    key_of,
    source,
)


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        (Act(FUNCTION, "", "f", ("1",), (("key", "'a'"),)), "f(1, key='a')"),
        (Act(CONSTRUCTOR, "", "Stack", ("3",)), "Stack(3)"),
        (Act(STATIC, "", "Stack.of", ("[1]",)), "Stack.of([1])"),
        (Act(METHOD, "v0", "push", ("1",)), "v0.push(1)"),
        (Act(PROPERTY, "v0", "size"), "v0.size"),
        (Act(PROPERTY, "Unit", "DAYS"), "Unit.DAYS"),
        (Act(SETTER, "v0", "size", ("3",)), "v0.size = 3"),
        (Act(VALUE, "v0", "", ("1", "2")), "v0(1, 2)"),
        (Act(METHOD, "v0", "__eq__", ("Stack(1)",)), "v0 == Stack(1)"),
        (Act(METHOD, "v0", "__sub__", ("-1",)), "v0 - (-1)"),
        (Act(METHOD, "v0", "__radd__", ("2",)), "2 + v0"),
        (Act(METHOD, "v0", "__len__"), "len(v0)"),
        (Act(METHOD, "v0", "__getitem__", ("'a'",)), "v0['a']"),
        (Act(METHOD, "v0", "__getitem__", ("slice(1, None)",)), "v0[1:]"),
        (Act(METHOD, "v0", "__getitem__", ("slice(None, -1, 2)",)), "v0[:-1:2]"),
        (Act(METHOD, "v0", "__getitem__", ("slice(3)",)), "v0[slice(3)]"),
        (Act(METHOD, "v0", "__setitem__", ("'a'", "1")), "v0['a'] = 1"),
        (Act(METHOD, "v0", "__delitem__", ("slice(0, 2)",)), "del v0[0:2]"),
        (Act(METHOD, "v0", "__contains__", ("1",)), "1 in v0"),
        (Act(METHOD, "v0", "__call__", ("1",), (("key", "2"),)), "v0(1, key=2)"),
    ],
)
def test_writes_acts_as_people_do(act: Act, expected: str) -> None:
    assert source(act) == expected
    ast.parse(expected)


def test_tells_statements_from_expressions() -> None:
    assert is_statement(Act(SETTER, "v0", "size", ("3",)))
    assert is_statement(Act(METHOD, "v0", "__setitem__", ("1", "2")))
    assert is_statement(Act(METHOD, "v0", "__delitem__", ("1",)))
    assert not is_statement(Act(METHOD, "v0", "__getitem__", ("1",)))
    assert not is_statement(Act(FUNCTION, "", "f"))


def test_comes_back_from_json() -> None:
    candidate = Candidate("f", (Act(FUNCTION, "", "f", ("'\\ud800'",), (("key", "1"),)),), is_example=True)

    assert from_json(json.loads(json.dumps(candidate))) == candidate


def test_identity_is_that_of_the_acts_alone() -> None:
    one, other = Act(FUNCTION, "", "f", ("1",)), Act(FUNCTION, "", "f", ("2",))

    assert key_of([one]) == key_of((one,))
    assert len({key_of([one]), key_of([other]), key_of([one, other]), key_of([other, one])}) == 4
