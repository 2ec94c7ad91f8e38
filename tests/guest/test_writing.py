"""Files of tests: what an engineer reads, what pytest runs, what ruff says of them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from regoose_guest.testgen.case import Case, Check, Observed, Raised, Step
from regoose_guest.testgen.schema import StyleJson
from regoose_guest.testgen.writing import write

STYLE = StyleJson(line_length=88, quotes='"', classes=False, own=["shop"])
SHOP = '''\
"""A shop."""

import asyncio
import time


class Full(Exception):
    """No place left."""


class Stack:
    def __init__(self, size=2):
        self.size = size
        self.items = []

    def push(self, item):
        if len(self.items) == self.size:
            raise Full(f"no place (of {self.size}) left")
        self.items.append(item)
        return self

    def __len__(self):
        return len(self.items)

    def __eq__(self, other):
        return isinstance(other, Stack) and self.items == other.items

    def __contains__(self, item):
        return item in self.items


def merge(*parts, factory=dict):
    found = factory()
    for part in parts:
        found.update(part)
    return found


def is_even(number):
    if number < 0:
        raise ValueError(f"negative [{number}]")
    return number % 2 == 0


def half(number):
    return None if number == 0 else number / 2


def chunks(items, size):
    for start in range(0, len(items), size):
        yield items[start : start + size]


def sum(first, second):
    return first + second


def test_me(value):
    return value


async def later(value):
    await asyncio.sleep(0)
    return value


def save(folder, text):
    path = folder / "saved.txt"
    path.write_text(text)
    return path


def greet(name):
    print(f"hello {name}")


def stamp():
    return time.strftime("%Y", time.gmtime(0))
'''


def case(subject: str, *sources: str, expected: str = "", kind: str = "equal", looked_at: str = "result") -> Case:
    """Return a case; `name = expression` in a source names a step's value."""
    checks = (Check(kind, looked_at, expected),) if expected or kind in {"true", "false"} else ()
    return Case(subject, steps(sources), Observed(checks))


def raising(subject: str, *sources: str, kind: str, message: str = "", module: str = "builtins") -> Case:
    return Case(subject, steps(sources), Observed(raised=Raised(kind, module, message, is_explicit=True, line=1)))


def steps(sources: Sequence[str]) -> tuple[Step, ...]:
    found: list[Step] = []
    for source in sources:
        name, sign, value = source.partition(" := ")
        found.append(Step(value, name) if sign else Step(source))
    return tuple(found)


def body(text: str) -> str:
    """Return what follows the imports."""
    return text.split("\n\n\n", maxsplit=1)[1].rstrip("\n")


def written(*cases: Case, style: StyleJson = STYLE, source: str = SHOP) -> str:
    return write("shop", cases, style, source)


ALL = (
    case("merge", "merge()", expected="{}"),
    case("merge", "merge({'a': 1}, {'b': 2})", expected="{'a': 1, 'b': 2}"),
    case("merge", "merge({'a': 1}, {'a': None})", expected="{'a': None}"),
    case("merge", "merge([('x', 1)], factory=dict)", expected="{'x': 1}"),
    case("is_even", "is_even(2)", expected="True", kind="is"),
    case("is_even", "is_even(3)", expected="False", kind="is"),
    raising("is_even", "is_even(-1)", kind="ValueError", message="negative [-1]"),
    raising("is_even", "is_even(-2)", kind="ValueError", message="negative [-2]"),
    raising("is_even", "is_even(None)", kind="TypeError"),
    case("half", "half(0)", expected="None", kind="is"),
    case("half", "half(1)", expected="0.5", kind="approx"),
    case("chunks", "list(chunks([1, 2, 3], 2))", expected="[[1, 2], [3]]"),
    case("chunks", "list(chunks('abc', 1))", expected="['a', 'b', 'c']"),
    case("sum", "sum(1, 2)", expected="3"),
    case("test_me", "test_me(1)", expected="1"),
    Case("later", (Step("later(1)", awaits=True),), Observed((Check("equal", "result", "1"),))),
    Case(
        "later",
        (Step("later([])", "first", awaits=True), Step("later(first)", awaits=True)),
        Observed((Check("equal", "result", "[]"),)),
    ),
    Case(
        "save",
        (Step("save(tmp_path, 'text')"),),
        Observed((Check("equal", "result.name", "'saved.txt'"), Check("equal", "result.read_text()", "'text'"))),
        fixtures=("tmp_path",),
    ),
    Case("greet", (Step("greet('you')"),), Observed(printed="hello you\n"), fixtures=("capsys",)),
    Case(
        "stamp",
        (Step("stamp()"),),
        Observed((Check("equal", "result", "'1970'"),)),
        fixtures=("monkeypatch",),
        pins=("monkeypatch.setenv('TZ', 'UTC')",),
    ),
    case("Stack", "Stack(3)", expected="3", looked_at="result.size"),
    case("Stack.push", "stack := Stack(1)", "stack.push('a')", expected="['a']", looked_at="stack.items"),
    raising(
        *("Stack.push", "stack := Stack(1)", "stack.push('a')", "stack.push('b')"),
        kind="Full",
        module="shop",
        message="no place (of 1) left",
    ),
    case("Stack.__len__", "len(Stack())", expected="0"),
    case("Stack.__eq__", "Stack() == Stack(4)", expected="True", kind="is"),
    case("Stack.__eq__", "Stack() == 4", expected="False", kind="is"),
    case("Stack.__contains__", "1 in Stack()", expected="False", kind="is"),
)


def test_a_written_file_passes_and_ruff_has_nothing_to_say(tmp_path: Path) -> None:
    for number, style in enumerate((STYLE, StyleJson(line_length=79, quotes="'", classes=True, own=["shop"]))):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "shop.py").write_text(SHOP)
        path = folder / "test_shop.py"
        path.write_text(written(*ALL, style=style))
        ran = run("-m", "pytest", "-q", "-p", "no:cacheprovider", "test_shop.py", cwd=folder)
        assert ran.returncode == 0, ran.stdout
        assert f"{len(ALL)} passed" in ran.stdout
        quotes = {"'": "single", '"': "double"}[style["quotes"]]
        length = f"line-length={style['line_length']}"
        options = ("--isolated", "--config", length, "--config", f'format.quote-style="{quotes}"')
        assert run("-m", "ruff", "format", "--diff", *options, "test_shop.py", cwd=folder).stdout == ""
        checks = ("--isolated", "--config", length, "--select", "E,F,I,B,PT")
        assert run("-m", "ruff", "check", "--quiet", *checks, "test_shop.py", cwd=folder).stdout == ""


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    env = {key: value for key, value in os.environ.items() if key in {"PATH", "HOME"}}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False, timeout=120)


def test_cases_of_one_shape_become_a_table_of_what_differs() -> None:
    text = written(*(case("merge", f"merge({{'a': 1}}, {value})", expected=value) for value in ("{'b': 2}", "{}")))
    assert body(text) == (
        "@pytest.mark.parametrize(\n"
        '    ("second_part", "expected"),\n'
        "    [\n"
        '        ({"b": 2}, {"b": 2}),\n'
        "        ({}, {}),\n"
        "    ],\n"
        ")\n"
        "def test_merge(second_part, expected):\n"
        '    assert merge({"a": 1}, second_part) == expected'
    )


def test_rows_of_numbers_are_in_their_order() -> None:
    text = written(*(case("half", f"half({number})", expected=str(number / 2)) for number in (10, 4, -2)))
    assert "[\n        (-2, -1.0),\n        (4, 2.0),\n        (10, 5.0),\n    ]" in text


def test_the_same_case_twice_is_one_test() -> None:
    one = case("half", "half(0)", expected="None", kind="is")
    assert body(written(one, one)) == "def test_half():\n    assert half(0) is None"


def test_messages_that_differ_are_a_column_and_are_escaped_where_needed() -> None:
    cases = [raising("is_even", f"is_even({n})", kind="ValueError", message=f"negative [{n}]") for n in (-1, -2)]
    text = written(*cases)
    assert "\nimport re\n" in text
    assert "with pytest.raises(ValueError, match=re.escape(message)):\n        is_even(number)" in text
    plain = written(*(raising("half", f"half('{one}')", kind="KeyError", message=one) for one in ("ab", "cd")))
    assert "match=message" in plain
    assert "import re" not in plain


def test_a_regular_expression_is_raw_only_where_that_spares_backslashes() -> None:
    def match(message: str) -> str:
        text = written(raising("half", "half('x')", kind="ValueError", message=message))
        return text.split("match=")[1].split("):\n")[0]

    assert match("no number") == '"no number"'
    assert match("not 1.5") == r'r"not 1\.5"'
    assert match("two\nlines.") == r'"two\nlines\\."'
    assert match('"both" isn\'t') == "'\"both\" isn\\'t'"


def test_values_that_run_the_module_stay_in_the_test() -> None:
    text = written(*(case("Stack.__len__", f"len(Stack({n}).push({n}))", expected=str(n)) for n in (1, 2)))
    assert "len(Stack(size).push(item)) == expected" in text
    rows = (case("merge", f"merge(half({n}))", expected=str(n)) for n in (1, 2))
    assert "(1, 1),\n" in written(*rows)


def test_names_say_what_differs_and_are_short_and_unique() -> None:
    text = written(*ALL, *(raising("half", f"half(*[{n}])", kind="TypeError", message="x" * n) for n in range(5)))
    names = [line[4:].split("(")[0] for line in text.splitlines() if line.startswith("def test")]
    assert len(names) == len(set(names))
    assert all(len(name) <= 60 for name in names)
    wanted = "test_merge test_merge_with_two_dicts test_merge_with_one_list_and_factory test_half_returns_none"
    assert set(wanted.split()) <= set(names)
    assert {"test_stack_push_raises_full", "test_is_even_raises_type_error", "test_stack_length"} <= set(names)


def test_names_of_like_cases_say_what_was_given_and_how_often_something_was_done_before() -> None:
    source = "def split_with(by, *parts, **more):\n    pass\n"
    cases = (
        case("split_with", "split_with(1)", expected="[1]"),
        case("split_with", "split_with(1, b'2')", expected="[1]"),
        case("split_with", "split_with(1, key=2)", expected="[]"),
    )
    names = [line[4:-3] for line in written(*cases, source=source).splitlines() if line.startswith("def ")]
    assert names == ["test_split_with", "test_split_with_given_one_bytes", "test_split_with_given_more"]
    cases = (
        raising("is_even", "is_even('one')", kind="ValueError", message="no number"),
        raising("is_even", "is_even('2x')", kind="ValueError"),
        *(
            case("Stack.__len__", "stack := Stack(9)", *pushed, "len(stack)", expected="3")
            for pushed in (["stack.push(1)"], ["stack.push(1)", "stack.push(2)"])
        ),
    )
    names = [line[4:-3] for line in written(*cases).splitlines() if line.startswith("def ")]
    assert names == [
        "test_stack_length",
        "test_stack_length_after_two_pushes",
        "test_is_even_raises_value_error",
        "test_is_even_raises_value_error_for_2x",
    ]


def test_tests_stand_in_the_order_of_the_module_results_before_exceptions() -> None:
    text = written(*reversed(ALL))
    names = [line.split("(")[0] for line in text.splitlines() if line.startswith("def test")]
    assert names.index("def test_stack_push") < names.index("def test_stack_push_raises_full")
    assert names.index("def test_stack_push_raises_full") < names.index("def test_merge") < names.index("def test_sum")


def test_tests_stand_in_classes_where_the_repository_has_them() -> None:
    text = written(case("Stack.push", "Stack().push(1).items", expected="[1]"), style={**STYLE, "classes": True})
    assert body(text) == "class TestStack:\n    def test_push(self):\n        assert Stack().push(1).items == [1]"


def test_imports_stand_in_blocks_and_name_exactly_what_is_used() -> None:
    text = write(
        "shop.stock",
        [
            Case(
                "f", steps(["f(Decimal('1'), shop_kind)"]), Observed(), needs=frozenset({"from decimal import Decimal"})
            ),
            raising("f", "f(datetime.date(1, 1, 1))", kind="Missing", module="other.errors", message="no"),
        ],
        STYLE,
    )
    assert text.split('"""\n\n')[1].split("\n\n\n")[0] == (
        "import datetime\nfrom decimal import Decimal\n\nimport pytest\nfrom other.errors import Missing\n\n"
        "from shop.stock import f, shop_kind"
    )


def test_a_variable_never_hides_what_is_imported() -> None:
    text = written(case("half", "half := half(2)", "merge([(half, half)])", expected="{1.0: 1.0}"))
    assert "half_ = half(2)" in text
    assert "merge([(half_, half_)]) == {1.0: 1.0}" in text


def test_a_built_in_name_of_the_module_is_called_by_the_module() -> None:
    assert "assert shop.sum(1, 2) == 3" in written(case("sum", "sum(1, 2)", expected="3"))
    assert "assert sum([1]) == 1" in written(case("half", "sum([1])", expected="1"), source="def half(x): ...")


def test_a_result_that_needs_several_lines_has_a_variable() -> None:
    long = repr({f"key number {n}": n for n in range(6)})
    text = body(written(case("merge", "merge({'a': 1})", expected=long)))
    assert text.startswith('def test_merge():\n    result = merge({"a": 1})\n\n    assert result == {\n        "key')
    lines = "'first line of a long text\\nsecond line of a text that is long enough\\nthird line of it\\n'"
    text = body(written(case("half", "half(1)", expected=lines)))
    assert 'assert result == (\n        "first line of a long text\\n"\n        "second' in text


def test_variables_of_the_search_are_named_for_what_they_hold_or_written_in_place() -> None:
    text = written(
        case("Stack.push", "v0 := Stack(1)", "v1 := v0.push(2)", "v0.push(3)", expected="2", looked_at="v0.size")
    )
    assert "stack = Stack(1)\n    stack.push(2)\n    stack.push(3)\n\n    assert stack.size == 2" in text
    text = written(case("Stack.__eq__", "v0 := Stack(1)", "v1 := Stack(2)", "v0 == v1", expected="True", kind="is"))
    assert "assert Stack(1) == Stack(2)" in text
    text = written(raising("Stack.push", "v0 := Stack(0)", "v0.push(3)", kind="Full", module="shop"))
    assert "stack = Stack(0)\n\n    with pytest.raises(Full):\n        stack.push(3)" in text


def test_a_source_that_is_none_is_left_out() -> None:
    assert written(case("half", "half(", expected="1")) == ""
    assert written() == ""


def test_the_first_line_says_what_the_tests_are() -> None:
    first = written(*ALL).splitlines()[0]
    assert first == '"""Recorded behaviour of `shop`: a surprising expectation may be a bug."""'
    text = write("a_package.with_long_names.and_a_module_of_it", [case("f", "f(1)", expected="2")], STYLE)
    assert text.startswith('"""Tests of `a_package.with_long_names.and_a_module_of_it`.\n\nThey record what the code')


def test_a_message_that_is_too_long_for_a_line_is_cut_after_a_word() -> None:
    message = "expected a number or a text, or else a list of numbers and of texts that is not too long to be read"
    text = written(raising("half", "half('x')", kind="ValueError", message=message))
    assert all(len(line) <= 88 for line in text.splitlines())
    assert message.startswith(text.split('match="')[1].split('"')[0])


def test_an_operation_that_raises_has_a_target_as_linters_ask() -> None:
    text = written(raising("Stack.__eq__", "Stack() < 3", kind="TypeError"))
    assert "with pytest.raises(TypeError):\n        _ = Stack() < 3" in text


def test_an_iterator_made_only_to_be_listed_is_left_out() -> None:
    assert "assert list(chunks([1], 1)) == [[1]]" in written(
        case("chunks", "list(iter(chunks([1], 1)))", expected="[[1]]")
    )


def test_what_raises_late_is_awaited_or_iterated_over() -> None:
    assert "list(chunks(3, 1))" in written(raising("chunks", "chunks(3, 1)", kind="TypeError"))
    assert "asyncio.run(later())" in written(raising("later", "later()", kind="TypeError"))


def test_the_length_of_a_representation_is_not_asserted() -> None:
    assert written(case("Stack.__repr__", "repr(Stack())", expected="86", looked_at="len(result)")) == ""


def test_a_hash_is_not_pinned() -> None:
    assert "isinstance(hash(Stack()), int)" in written(case("Stack.__hash__", "hash(Stack())", expected="1234"))


def test_a_double_sign_keeps_its_parentheses() -> None:
    assert "half(-(-1)) == -(-0.5)" in written(case("half", "half(-(-1))", expected="-(-0.5)"))


def test_context_managers_are_entered_by_a_statement_and_looked_at_when_they_are_left() -> None:
    inside = case("Stack.push", "stack := Stack()", "stack.__enter__()", "stack.push(1)", expected="2")
    assert body(written(inside)) == (
        "def test_stack_push():\n    stack = Stack()\n    with stack:\n        result = stack.push(1)\n\n"
        "    assert result == 2"
    )
    entered = Step("with merge([]) as result:\n    pass", is_statement=True)
    text = written(Case("merge", (entered,), Observed((Check("equal", "result", "1"),))))
    assert body(text) == "def test_merge():\n    with merge([]) as result:\n        pass\n\n    assert result == 1"
    text = written(
        Case("merge", (entered,), Observed(raised=Raised("ValueError", "builtins", "no", is_explicit=True, line=1)))
    )
    assert '    with pytest.raises(ValueError, match="no"), merge([]) as result:\n        pass' in text


def test_what_is_asynchronous_has_a_function_around_it() -> None:
    text = body(written(case("later", "[one async for one in later(3)]", expected="[3]")))
    assert text == (
        "def test_later():\n    async def scenario():\n        return [one async for one in later(3)]\n\n"
        "    assert asyncio.run(scenario()) == [3]"
    )


def test_an_argument_that_is_looked_at_again_has_the_name_of_its_parameter() -> None:
    text = written(case("half", "argument_0_ := [1]", "half(argument_0_)", expected="[2]", looked_at="argument_0_"))
    assert body(text) == "def test_half():\n    number = [1]\n    half(number)\n\n    assert number == [2]"
