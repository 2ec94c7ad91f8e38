"""What a function does with its parameters tells their kinds."""

from __future__ import annotations

import ast

import pytest

from regoose_guest.testgen.usage import documented_kinds, keys_of, named_kind, parameter_names, uses_of


def _function(body: str) -> ast.FunctionDef:
    node = ast.parse(f"def f(x, y=1, *rest, key=None, **more):\n    {body}\n").body[0]
    assert isinstance(node, ast.FunctionDef)
    return node


def test_names_all_parameters() -> None:
    assert parameter_names(_function("pass")) == ["x", "y", "rest", "key", "more"]


@pytest.mark.parametrize(
    ("body", "place", "kind"),
    [
        ("return x.upper()", "x", "str"),
        ("return x.items()", "x", "dict"),
        ("return x.total_seconds()", "x", "timedelta"),
        ("return [one for one in x]", "x", "list"),
        ("return {a: b for a, b in x}", "x", "pairs"),
        ("for a, b in x: pass", "x", "pairs"),
        ("return x(1)", "x", "callable"),
        ("return isinstance(x, slice)", "x", "instance:slice"),
        ("return x * 2", "x", "int"),
        ("return 'a' + x", "x", "str"),
        ("return x < y", "x", "int"),
        ("return x == 'a'", "x", "str"),
        ("return x['a'] - 1", "x[a]", "int"),
        ("return x.name.upper()", "x.name", "str"),
        ("return ', '.join(x)", "x", "texts"),
        ("return range(x)", "x", "int"),
    ],
)
def test_reads_kinds_from_uses(body: str, place: str, kind: str) -> None:
    node = _function(body)

    assert uses_of(node, list(ast.walk(node)))[place][kind] > 0


def test_finds_the_keys_that_are_looked_up() -> None:
    node = _function("return x['a'], x.get('b'), 'c' in x, more.pop('d', 1), x['a']")

    assert keys_of(list(ast.walk(node))) == {"x": ["a", "b", "c"], "more": ["d"]}


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        (":type x: str", ["str"]),
        (":param int x: how many", ["int"]),
        ("Args:\n    x (list of str): names", ["str", "list"]),
        ("x : float or int\n    a number", ["int", "float"]),
        ("nothing of it", []),
    ],
)
def test_reads_kinds_from_documentation(text: str, kinds: list[str]) -> None:
    assert documented_kinds(text, "x") == kinds


def test_reads_kinds_from_names() -> None:
    assert named_kind("text") == "str"
    assert named_kind("max_length") == "int"
    assert named_kind("is_strict") == "bool"
    assert named_kind("zzz") is None
