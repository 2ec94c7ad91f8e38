"""Law: a patch extended to every copy of a statement does the same in each, and each copy keeps its own text."""

from __future__ import annotations

import ast

from regoose_guest.repair.candidates import Candidate, Part, own_expressions
from regoose_guest.repair.clones import Clones
from regoose_guest.repair.edits import Edit, Replace, Splice, applied
from regoose_guest.repair.program import Program
from regoose_guest.repair.render import render
from regoose_guest.repair.scope import FileScope, Scope
from regoose_guest.repair.source import Source
from regoose_guest.repair.templates.every import EXPRESSIONS, INSERTIONS, STATEMENTS
from regoose_guest.repair.templates.site import Clues, Site

CODE = """\
def total(rows, rate):
    amount = sum(row["price"] * rate for row in rows)   # of all
    return amount


class Box:
    def half(self, rows, rate):
        if rows:
            amount = sum( row['price'] * rate
                          for row in rows )
            return amount / 2
        amount = sum(row["count"] * rate for row in rows)
        return amount


def other(items, rate):
    return [item for item in items if item]
"""
SOURCE = Source("code.py", CODE.encode())
FILE = FileScope(SOURCE)
FUNCTIONS = {node.name: node for node in ast.walk(SOURCE.tree) if isinstance(node, ast.FunctionDef)}


def candidate(scope: Scope, *edits: Edit) -> Candidate:
    return Candidate((Part(SOURCE, scope, edits, hot=False),), "template", 1.0, 1)


def edits_of(function: str, at: int) -> tuple[Scope, ast.stmt, list[Edit]]:
    """Every single edit of a statement that a template proposes."""
    scope = Scope(FILE, FUNCTIONS[function], (), {})
    statement = FUNCTIONS[function].body[at]
    clues = Clues(raised=("KeyError",), expected=("TypeError",), none=True, key=True)
    parent = SOURCE.parents[id(statement)]
    changes = (
        change.edits
        for template in (*STATEMENTS, *INSERTIONS)
        for change in template(Site(scope, statement, parent.node, parent.field, clues))
    )
    found: list[Edit] = [edits[0] for edits in changes if len(edits) == 1]
    for node, up, field in own_expressions(statement):
        if not isinstance(getattr(node, "ctx", None), (ast.Store, ast.Del)):
            site = Site(scope, node, up, field, clues)
            found += [Replace(node, one.new) for template in EXPRESSIONS for one in template(site)]
    return scope, statement, found


def bodies() -> tuple[list[str], list[str]]:
    """The statements of the two blocks with the copied statement, but those that follow it."""
    inner = FUNCTIONS["half"].body[0]
    assert isinstance(inner, ast.If)
    return [ast.dump(one) for one in FUNCTIONS["total"].body[:-1]], [ast.dump(one) for one in inner.body[:-1]]


def test_an_edit_is_made_in_every_copy() -> None:
    clones = Clones(Program("nowhere"))
    scope, _, edits = edits_of("total", 0)
    extended = 0
    for edit in edits:
        wider = clones.extension(candidate(scope, edit))
        if wider is None:
            continue
        extended += 1
        moved = [one for part in wider.parts for one in part.edits]
        assert len(moved) == 2
        with applied(SOURCE, moved):
            here, there = bodies()
            intended = ast.dump(SOURCE.tree)
        assert here == there
        spans = render(SOURCE, moved)
        if spans is not None:
            assert ast.dump(ast.parse(SOURCE.edited(spans))) == intended
    assert extended > 30


def test_a_copy_keeps_its_own_text() -> None:
    scope, statement, _ = edits_of("total", 0)
    guard = ast.If(ast.Name("rows", ast.Load()), [statement], [])
    wider = Clones(Program("nowhere")).extension(candidate(scope, Splice(statement, (guard,))))
    assert wider is not None
    spans = render(SOURCE, [one for part in wider.parts for one in part.edits])
    assert spans is not None
    text = SOURCE.edited(spans)
    assert '    if rows:\n        amount = sum(row["price"] * rate for row in rows)   # of all\n' in text
    assert "sum( row['price'] * rate\n" in text


def test_what_has_no_copy_or_names_what_a_copy_does_not_see_is_left_alone() -> None:
    clones = Clones(Program("nowhere"))
    for function, at in (("other", 0), ("total", 1)):  # no copy; too short to say anything
        scope, statement, _ = edits_of(function, at)
        assert clones.extension(candidate(scope, Splice(statement, ()))) is None
    method = FUNCTIONS["half"]
    inner = method.body[0]
    assert isinstance(inner, ast.If)
    assert isinstance(inner.body[0], ast.Assign)
    mine = Replace(inner.body[0].value, ast.Name("self", ast.Load()))
    assert clones.extension(candidate(Scope(FILE, method, (), {}), mine)) is None


def test_extensions_of_what_was_found_are_numbered_and_told_apart() -> None:
    clones = Clones(Program("nowhere"))
    scope, statement, _ = edits_of("total", 0)
    single = candidate(scope, Splice(statement, ()))
    single.number = 7
    (wider,) = clones.extensions([single], 8)
    assert wider.number == 8
    assert list(clones.extensions([single, wider], 9)) == []
    assert clones.wider([single, wider]) == {8: 7}
