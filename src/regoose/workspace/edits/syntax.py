"""The last rung: a search text that is one definition stands where the definition of that name stands."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator, Sequence

from regoose.workspace.edits.anchors import Strictness, find_within
from regoose.workspace.edits.check import tree_of
from regoose.workspace.edits.match import Match
from regoose.workspace.edits.outcome import Rung

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_NAMED = Strictness(wrong=0.6, extra=2.0, margin=0.7)
"""The name says where; what is replaced must still be found there, line for line."""


def find(search: Sequence[str], replace: Sequence[str], lines: Sequence[str]) -> Match | None:
    """Find the edit within the only definition that has the name of the one searched for."""
    mine = tree_of(textwrap.dedent("\n".join(search)))
    if not isinstance(mine, ast.Module) or len(mine.body) != 1 or not isinstance(mine.body[0], _DEFINITIONS):
        return None
    theirs = tree_of("\n".join(lines))
    if not isinstance(theirs, ast.Module):
        return None
    wanted = mine.body[0]
    same = [one for one in _definitions(theirs) if one.name == wanted.name and type(one) is type(wanted)]
    if len(same) != 1:
        return None
    start = min([same[0].lineno, *(one.lineno for one in same[0].decorator_list)]) - 1
    found = find_within(search, replace, lines, (start, same[0].end_lineno or len(lines)), _NAMED)
    return None if found is None else Match(Rung.SYNTAX, found.pairs, found.stale)


def _definitions(tree: ast.Module) -> Iterator[_Definition]:
    return (node for node in ast.walk(tree) if isinstance(node, _DEFINITIONS))
