"""What is shown as odd, and what is not: a false alarm costs more trust than a find earns."""

from __future__ import annotations

import ast
from dataclasses import replace

import pytest

from regoose_guest.testgen.case import Case, Check, Observed, Raised, Step
from regoose_guest.testgen.writing import sift
from regoose_guest.testgen.writing.fitting import documented, fits

MODULE = '''\
import re


def first(items: list[int]) -> int:
    return items[0]


def last(items: list[int]) -> int:
    """Return the last; raises IndexError where there is none."""
    return items[-1]


def number(text):
    return re.match(r"[0-9]+", text).group()


def find(table: dict[str, int], key: str) -> int:
    return table[key]


def ratio(part: float, whole: float) -> float:
    return part / whole


def mean(items: list[float]) -> float:
    return sum(items) / len(items)


def describe(code: int) -> str:
    """
    Describe it.

    >>> describe(1)
    'one'
    >>> describe(2)
    'two'
    >>> describe(-1)
    Traceback (most recent call last):
    ValueError: negative
    """
    return {1: "one"}.get(code)


def counted(text: str, *, step: int = 1) -> "list[int] | None":
    return len(text)


def upper(text):
    """
    Return it in upper case.

    :type text: str
    """
    return text[0].upper()


def numbers(count: int) -> int:
    yield count


class Stack:
    def __getitem__(self, index: int) -> int:
        return [][index]

    def peek(self) -> int:
        return [][0]

    def push(self, items: list[int]) -> None:
        pass

    def total(self) -> int:
        return 1 + "1"
'''


def raising(call: str, kind: str, said: str = "", *, explicit: bool = False, subject: str = "") -> Case:
    raised = Raised(kind, "builtins", "", is_explicit=explicit, line=5, said=said)
    return Case(subject or call.split("(", maxsplit=1)[0], (Step(call),), Observed(raised=raised))


def giving(call: str, expected: str) -> Case:
    kind = "is" if expected in {"None", "True", "False"} else "equal"
    return Case(call.split("(", maxsplit=1)[0], (Step(call),), Observed((Check(kind, "result", expected),)))


NONE = "'NoneType' object has no attribute 'group'"


@pytest.mark.parametrize(
    ("case", "why"),
    [
        (raising("first([])", "IndexError", "list index out of range"), "accidental IndexError"),
        (raising("number('abc')", "AttributeError", NONE), "inner result is None"),
        (raising("mean([])", "ZeroDivisionError", "division by zero"), "accidental ZeroDivisionError"),
        (raising("upper('')", "IndexError", "string index out of range"), "accidental IndexError"),
        (raising("number(3)", "UnboundLocalError", "cannot access local variable"), "does not bind"),
        (raising("Stack().peek()", "IndexError", "list index", subject="Stack.peek"), "accidental IndexError"),
        (raising("describe(2)", "KeyError", "2"), "example gives 'two'"),
        (giving("describe(2)", "None"), "example gives 'two'"),
        (giving("describe(3)", "None"), "promises `str`"),
        (giving("describe(-1)", "None"), "example raises ValueError"),
        (giving("counted('ab', step=2)", "2"), "promises `'list[int] | None'`"),
        (giving("first([1, 2])", "'1'"), "promises `int`"),
    ],
)
def test_behaviour_that_looks_wrong_is_shown_and_not_kept(case: Case, why: str) -> None:
    kept, (oddity,) = sift([case], MODULE)
    assert kept == []
    assert why in oddity["why"]
    assert (oddity["call"], oddity["subject"]) == (case.steps[0].source, case.subject)


@pytest.mark.parametrize(
    "case",
    [
        raising("last([])", "IndexError", "list index out of range"),
        raising("first('ab')", "TypeError", "no"),
        raising("first([])", "IndexError", explicit=True),
        raising("number(None)", "AttributeError", NONE),
        raising("number([])", "AttributeError", NONE),
        raising("find({'a': 1}, 'b')", "KeyError", "'b'"),
        raising("ratio(1.0, 0)", "ZeroDivisionError", "float division by zero"),
        raising("first([1], 2)", "TypeError", "first() takes 1 positional argument but 2 were given"),
        raising("Stack()[4]", "IndexError", "list index", subject="Stack.__getitem__"),
        raising("upper(3)", "TypeError", "'int' object is not subscriptable"),
        giving("describe(1)", "'one'"),
        giving("first([1])", "1"),
        giving("first([None])", "None"),
        giving("mean([1, 3])", "2"),
        giving("counted('')", "None"),
        giving("numbers(2)", "[2]"),
        giving("unknown(2)", "None"),
    ],
)
def test_behaviour_that_callers_ask_for_or_that_is_documented_is_kept(case: Case) -> None:
    assert sift([case], MODULE) == ([case], [])


@pytest.mark.parametrize(("given", "is_told"), [("", True), ("stack.push([1, 2])", True), ("stack.push(['a'])", False)])
def test_an_accident_is_shown_only_where_all_calls_before_it_were_given_what_they_ask_for(
    given: str, *, is_told: bool
) -> None:
    case = raising("stack.total()", "TypeError", "unsupported operand type(s)", subject="Stack.total")
    before = [Step("Stack()", "stack"), *([Step(given)] if given else [])]
    _, told = sift([replace(case, steps=(*before, *case.steps))], MODULE)
    assert len(told) == is_told


def test_of_each_kind_the_shortest_call_is_shown_once() -> None:
    calls = ("number('a longer text')", "number('a')", "number('some')")
    cases = [raising(call, "AttributeError", NONE) for call in calls]
    kept, (oddity,) = sift([*cases, giving("first([1])", "1")], MODULE)
    assert len(kept) == 1
    assert (oddity["call"], oddity["line"]) == ("number('a')", 5)
    assert oddity["observed"] == f"AttributeError: {NONE}"


def test_a_source_or_a_module_that_is_none_is_kept_as_it_is() -> None:
    case = giving("first(", "1")
    assert sift([case], "def (") == ([case], [])


@pytest.mark.parametrize(
    ("annotation", "value", "answer"),
    [
        ("int", "-3", True),
        ("int", "True", None),
        ("int", "2.5", False),
        ("float", "2", True),
        ("str", "value", None),
        ("'str'", "'a'", True),
        ("typing.Optional[str]", "None", True),
        ("Union[int, str]", "None", False),
        ("int | list[int]", "[1, 2]", True),
        ("list[int]", "['a']", False),
        ("list", "[]", True),
        ("list", "[1]", None),
        ("dict", "{'a': 1}", None),
        ("Sequence[int]", "(1,)", True),
        ("dict[str, int]", "{'a': 1}", True),
        ("dict[str, int]", "{1: 1}", False),
        ("Any", "1", None),
        ("None", "[]", False),
        ("Decimal | None", "1", None),
    ],
)
def test_a_value_fits_does_not_or_cannot_be_told(annotation: str, value: str, answer: object) -> None:
    assert fits(ast.parse(annotation, mode="eval").body, ast.parse(value, mode="eval").body) is answer


def test_kinds_are_read_from_docstrings_of_the_usual_styles() -> None:
    lines = (":param str one: a", ":type two: int, optional", "three (list[int]): c", "four : string or None")
    text = "Do.\n\n" + "".join(f"    {line}\n" for line in lines)
    assert {name: ast.unparse(kind) for name, kind in documented(text).items()} == {
        "one": "str",
        "two": "int",
        "three": "list[int]",
        "four": "str | None",
    }
