"""Simpler relatives of arguments: always sources, always less to read, and so never without end."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regoose_guest.testgen.acts import CONSTRUCTOR, FUNCTION, METHOD, Act
from regoose_guest.testgen.simpler import load, simpler, simpler_acts, weight

VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=5,
)


@settings(deadline=None)
@given(VALUES)
def test_each_relative_is_a_source_with_less_to_read(value: object) -> None:
    source = repr(value)
    for other in simpler(source):
        assert ast.parse(other, mode="eval")
        assert weight(other) < weight(source)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("'http://example.com'", "'a'"),
        ("854", "1"),
        ("{'x]': -1, 'y': 2}", "{'y': 2}"),
        ("[1, 2, 3]", "[1, 3]"),
        ("{'a': [0.25, 17.75]}", "{'a': [0.25, 0.5]}"),
        ("lambda *args: True", "str"),
        ("max", "len"),
    ],
)
def test_a_source_has_the_relatives_that_a_person_would_take(source: str, expected: str) -> None:
    assert expected in set(simpler(source))


@pytest.mark.parametrize("source", ["'a'", "None", "str", "value.name", "f(", ""])
def test_what_is_simple_or_no_source_has_no_relatives(source: str) -> None:
    assert list(simpler(source)) == []


def test_a_text_is_never_made_empty() -> None:
    assert "''" not in set(simpler("'some text'"))


def test_optional_arguments_are_left_out_first() -> None:
    (first, second, *_) = simpler_acts((Act(FUNCTION, "", "f", ("1", "2"), (("key", "3"),)),))
    assert first[0].positional == ("1",)
    assert second[0].keywords == ()


def test_an_act_that_no_later_one_uses_is_left_out_and_the_rest_is_numbered_anew() -> None:
    acts = (
        Act(CONSTRUCTOR, "", "Stack"),
        Act(METHOD, "v0", "push", ("1",)),
        Act(FUNCTION, "", "half", ("4",)),
        Act(METHOD, "v0", "push", ("v2",)),
    )
    ways = set(simpler_acts(acts))
    assert (acts[0], acts[2], acts[3]._replace(positional=("v1",))) in ways
    assert all(act.receiver == "v0" for way in ways for act in way if act.kind == METHOD)
    assert (acts[1]._replace(receiver="v0"), *acts[2:]) not in ways


@pytest.mark.parametrize(
    ("odd", "plain"),
    [
        ("{}", "{'a': 1}"),
        ("{'a': 1}", "{'a': 1, 'b': 2}"),
        ("[1]", "[1, 2]"),
        ("{'a': 1, 'a': 2}", "{'a': 1, 'b': 2}"),
        ("{'a': 1, 2: 3}", "{'a': 1, 'b': 3}"),
        ("'x]'", "'ab'"),
        ("''", "'a'"),
    ],
)
def test_what_shows_more_at_a_glance_weighs_less(odd: str, plain: str) -> None:
    assert weight(plain) < weight(odd)


def test_a_constant_is_changed_wherever_it_stands() -> None:
    act = Act(FUNCTION, "", "get", ("['factory']", "{'factory': 3}"))

    assert (act._replace(positional=("['a']", "{'a': 3}")),) in set(simpler_acts((act,)))


def test_what_a_person_would_take_comes_first() -> None:
    act = Act(FUNCTION, "", "f", ("854",))

    assert next(iter(simpler_acts((act,), lambda _at, _slot: ["'a'"])))[0].positional == ("'a'",)


def test_values_that_come_again_for_no_reason_are_odd() -> None:
    again, distinct = (Act(FUNCTION, "", "f", ("1", text)) for text in ("1", "2"))

    assert load((distinct,)) < load((again,))
    assert (distinct,) in set(simpler_acts((again,)))
