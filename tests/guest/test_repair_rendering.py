"""Law: a rendering changes only its spans, and the edited text parses to exactly the intended tree."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regoose_guest.repair.candidates import own_expressions
from regoose_guest.repair.edits import Edits, Replace, Splice, applied
from regoose_guest.repair.render import render
from regoose_guest.repair.scope import FileScope, Scope
from regoose_guest.repair.source import DEFINITIONS, Source
from regoose_guest.repair.templates.every import EXPRESSIONS, INSERTIONS, STATEMENTS
from regoose_guest.repair.templates.site import Clues, Site

CODE = '''\
# a comment that stays
import re


class Box:
\t"""Tabs in here."""


def total(items, limit = 3, *, key=None):   # trailing comment
    """Docstring."""
    found = []
    for item in items:      # loop comment
        if (item > limit
                and key is not None):   # a condition over two lines
            found.append( key( item ) )
        elif not item:
            continue
        else:
            text = """several
  lines"""
            found += [text, f"{item!r:>{limit}}"]
    while limit: limit -= 1
    result = {k: v for k, v in zip(found, items) if k}
    if found: return result, [x for x in found if x][1:limit]
    try:
        return re.sub(r"[a-z]+", 'x', "é" + str(found))[0:2]
    except ValueError:
        raise KeyError("none") from None
'''


def every_edit(source: Source) -> list[Edits]:
    return list(_edits(source))


def _edits(source: Source) -> Iterator[Edits]:
    file = FileScope(source)
    clues = Clues(raised=("IndexError",), expected=("TypeError",), none=True, key=True)
    for function in ast.walk(source.tree):
        if not isinstance(function, DEFINITIONS):
            continue
        scope = Scope(file, function, (), {})
        for statement in ast.walk(function):
            if not isinstance(statement, ast.stmt) or statement is function:
                continue
            parent = source.parents[id(statement)]
            site = Site(scope, statement, parent.node, parent.field, clues)
            for template in (*STATEMENTS, *INSERTIONS):
                for change in template(site):
                    yield change.edits
            yield from _expression_edits(scope, statement, clues)


def _expression_edits(scope: Scope, statement: ast.stmt, clues: Clues) -> Iterator[Edits]:
    for node, up, field in own_expressions(statement):
        if isinstance(getattr(node, "ctx", None), (ast.Store, ast.Del)):
            continue
        for template in EXPRESSIONS:
            for proposal in template(Site(scope, node, up, field, clues)):
                yield (Replace(node, proposal.new),)


SOURCE = Source("code.py", CODE.encode())
EDITS = every_edit(SOURCE)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, len(EDITS) - 1))
def test_edited_text_parses_to_the_intended_tree_and_keeps_every_other_byte(number: int) -> None:
    edits = EDITS[number]
    with applied(SOURCE, edits):
        intended = ast.dump(SOURCE.tree)
    spans = render(SOURCE, edits)
    try:
        ast.parse(ast.unparse(_applied_copy(edits)))
    except (SyntaxError, ValueError):
        return  # the template proposed no program, e.g. `yield` in the wrong place
    if spans is None:
        # No text gives this tree: it must be one that the parser never builds.
        with applied(SOURCE, edits):
            text = ast.unparse(ast.fix_missing_locations(SOURCE.tree))
        assert ast.dump(ast.parse(text)) != intended
        return
    edited = SOURCE.edited(spans)
    assert ast.dump(ast.parse(edited)) == intended
    kept = SOURCE.utf8
    at = 0
    for span in spans:
        assert at <= span.start <= span.end <= len(kept)
        at = span.end
    new = edited.encode()
    assert new.startswith(kept[: spans[0].start])
    assert new.endswith(kept[spans[-1].end :])


def _applied_copy(edits: Edits) -> ast.AST:
    with applied(SOURCE, edits):
        return ast.parse(ast.unparse(ast.fix_missing_locations(SOURCE.tree)))


def test_the_tree_is_as_before_after_edits_were_applied() -> None:
    before = ast.dump(SOURCE.tree)
    for edits in itertools.islice(EDITS, 0, None, 97):
        with applied(SOURCE, edits):
            pass
    assert ast.dump(SOURCE.tree) == before


def edited(source: Source, edits: Edits) -> str:
    spans = render(source, edits)
    assert spans is not None
    assert ast.parse(source.edited(spans))
    return source.edited(spans)


def first(source: Source, kind: type[ast.AST]) -> ast.AST:
    return next(node for node in ast.walk(source.tree) if isinstance(node, kind))


def test_an_operator_alone_is_replaced() -> None:
    text = "def f(a, b):\n    return (a  <  # why\n        b)\n"
    source = Source("f.py", text.encode())
    old = first(source, ast.Compare)
    assert isinstance(old, ast.Compare)
    new = ast.Compare(old.left, [ast.LtE()], old.comparators)
    assert edited(source, (Replace(old, new),)) == text.replace("<", "<=")


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("unit", ["    ", "  ", "\t"])
def test_an_inserted_statement_takes_on_indentation_and_newlines(newline: str, unit: str) -> None:
    text = newline.join(["def f(a):", f"{unit}if a:", f"{unit}{unit}a += 1  # up", f"{unit}return a", ""])
    source = Source("f.py", text.encode())
    update = first(source, ast.AugAssign)
    assert isinstance(update, ast.stmt)
    guard = ast.If(ast.Name("a", ast.Load()), [ast.Return(None)], [])
    wanted = text.replace(
        f"{unit}{unit}a += 1", f"{unit}{unit}if a:{newline}{unit}{unit}{unit}return{newline}{unit}{unit}a += 1"
    )
    assert edited(source, (Splice(update, (guard, update)),)) == wanted


def test_a_string_keeps_its_quotes_and_prefix() -> None:
    text = 'x = r"a\\d+"\n'
    source = Source("f.py", text.encode())
    old = first(source, ast.Constant)
    assert edited(source, (Replace(old, ast.Constant("a\\d*")),)) == 'x = r"a\\d*"\n'


def test_other_encodings_keep_their_bytes() -> None:
    data = "# -*- coding: latin-1 -*-\nname = 'é'\nx = 1 + 2\n".encode("latin-1")
    source = Source("f.py", data)
    old = first(source, ast.BinOp)
    assert isinstance(old, ast.BinOp)
    spans = render(source, (Replace(old, ast.BinOp(old.left, ast.Sub(), old.right)),))
    assert spans is not None
    start, end, new = source.raw_span(spans[0])
    assert data[:start] + new + data[end:] == data.replace(b"+", b"-")


def test_a_moved_block_leaves_lines_inside_strings_alone() -> None:
    text = 'def f(a):\n    a = """x\n  y"""\n    return a\n'
    source = Source("f.py", text.encode())
    statement = first(source, ast.Assign)
    assert isinstance(statement, ast.stmt)
    wrapped = ast.If(ast.Name("a", ast.Load()), [statement], [])
    wanted = 'def f(a):\n    if a:\n        a = """x\n  y"""\n    return a\n'
    assert edited(source, (Splice(statement, (wrapped,)),)) == wanted
