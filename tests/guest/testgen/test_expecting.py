"""What a reader expects in the place of an argument, and how far a value is from that."""

from __future__ import annotations

import ast

import pytest

from regoose_guest.testgen.acts import CONSTRUCTOR, FUNCTION, METHOD, Act
from regoose_guest.testgen.analyse import Facts
from regoose_guest.testgen.expecting import Expectations

MODULE = '''
def pick(predicate, d, factory=dict):
    rv = factory()
    for k, v in d.items():
        if predicate(v):
            rv[k] = v
    return rv


def join(first, *dicts):
    """
    >>> join('x', {1: 2})
    """
    for one in dicts:
        first += str(one.items())
    return first


def both(x, y: int):
    return isinstance(x, str) or x.anything


class Box:
    def __init__(self, size: int) -> None:
        self.size = size

    def fill(self, lines):
        for line in lines:
            self.size += len(line)
'''


def misfit(*acts: Act) -> float:
    return Expectations(Facts(ast.parse(MODULE), "/nowhere/module.py")).misfit(acts)


def call(name: str, *given: str, **keywords: str) -> Act:
    return Act(FUNCTION, "", name, given, tuple(keywords.items()))


@pytest.mark.parametrize(
    "act",
    [
        call("pick", "lambda x: x > 1", "{'a': 1}"),
        call("join", "'a'", "{'a': 1}", "{'b': 1}"),
        call("both", "[1, 2]", "3"),
        call("both", "'any'", y="3"),
        call("unknown", "1"),
    ],
)
def test_arguments_as_expected_are_no_misfit(act: Act) -> None:
    assert misfit(act) == 0


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        (call("pick", "1", "{'a': 1}"), call("pick", "str", "{'a': 1}")),
        (call("pick", "str", "{'a': 1}"), call("pick", "bool", "{'a': 1}")),
        (call("pick", "bool", "{'a': 1}"), call("pick", "lambda x: x > 1", "{'a': 1}")),
        (call("pick", "lambda x, y: x", "{}"), call("pick", "lambda x: x > 1", "{}")),
        (call("pick", "bool", "'a'"), call("pick", "bool", "{}")),
        (call("join", "'a'", "3"), call("join", "'a'", "{}")),
        (call("both", "1", "'a'"), call("both", "1", "1")),
    ],
)
def test_what_is_further_from_the_expected_weighs_more(worse: Act, better: Act) -> None:
    assert misfit(worse) > misfit(better)


def test_members_are_known_by_the_class_of_their_object() -> None:
    box = Act(CONSTRUCTOR, "", "Box", ("1",))

    assert misfit(box, Act(METHOD, "v0", "fill", ("['a']",))) == 0
    assert misfit(box, Act(METHOD, "v0", "fill", ("7",))) > 0
    assert misfit(Act(CONSTRUCTOR, "", "Box", ("'a'",))) > 0


def test_a_person_would_take_values_of_the_expected_kinds() -> None:
    expectations = Expectations(Facts(ast.parse(MODULE), "/nowhere/module.py"))
    acts = [call("pick", "1", "2")]

    assert "lambda x: x > 1" in expectations.plain(acts, 0, 0)
    assert "{'a': 1, 'b': 2}" in expectations.plain(acts, 0, 1)
    assert expectations.plain([call("both", "1", "2")], 0, 0) == ()


def test_fields_of_a_dataclass_ask_for_the_kinds_and_classes_they_are_annotated_with() -> None:
    text = "@dataclass\nclass Shape:\n    color: Color\n    size: int = 0\n\nclass Color:\n    pass\n"
    expectations = Expectations(Facts(ast.parse(text), "shapes.py", []))

    def fits(*positional: str, **keywords: str) -> bool:
        act = Act(CONSTRUCTOR, "", "Shape", positional, tuple(keywords.items()))
        return expectations.misfit([act]) == 0

    assert fits("Color()", "2")
    assert not fits("-1", "2")
    assert not fits("Color()", size="'a'")


def test_plain_calls_give_each_argument_what_a_person_would_take() -> None:
    expectations = Expectations(Facts(ast.parse("def cut(text: str, at: int):\n    return text[at:]\n"), "cut.py", []))
    calls = [one.positional for one in expectations.plain_calls(Act(FUNCTION, "", "cut"), 2)]
    assert ("'abc'", "1") in calls
    assert all(expectations.misfit([Act(FUNCTION, "", "cut", one)]) == 0 for one in calls)
