"""
Turn edits of the tree into the smallest changes of the text.

Every piece of the original that an edit keeps is kept as it was written. A rendering counts only if the edited
text parses to exactly the edited tree; ways of writing are tried from the most to the least local.
"""

from __future__ import annotations

import ast
import sys
from typing import List, Optional, Sequence, Tuple

from regoose_guest.repair.difference import Differ, Unlike
from regoose_guest.repair.edits import Edit, Replace, applied
from regoose_guest.repair.source import Source, Span
from regoose_guest.repair.wording import Wording

_PARENTHESES = ((False, False), (True, False), (False, True), (True, True))
_EXACT_FSTRINGS = sys.version_info >= (3, 12)
"""Before, nodes inside f-strings have no usable positions."""


def render(source: Source, edits: Sequence[Edit]) -> Optional[List[Span]]:
    """Return the spans that make the edits, or None where no way of writing them gives the intended tree."""
    with applied(source, edits):
        intended = ast.dump(source.tree)
    for pieces, whole in _PARENTHESES:
        spans = _local(source, edits, Wording(source, pieces=pieces), whole=whole)
        if spans is not None and _gives(source, spans, intended):
            return spans
    return _enclosing(source, edits, intended)


def _gives(source: Source, spans: List[Span], intended: str) -> bool:
    try:
        return ast.dump(ast.parse(source.edited(spans))) == intended
    except (ValueError, SyntaxError, RecursionError):
        return False


def _local(source: Source, edits: Sequence[Edit], wording: Wording, *, whole: bool) -> Optional[List[Span]]:
    differ = Differ(source, wording, parenthesise=whole)
    spans: List[Span] = []
    try:
        for edit in edits:
            if isinstance(edit, Replace):
                if not _EXACT_FSTRINGS and any(isinstance(p.node, ast.JoinedStr) for p in source.ancestors(edit.node)):
                    return None
                spans += differ.expression(edit.node, edit.new)
            else:
                spans += differ.statements(edit.statement, edit.new)
    except (Unlike, ValueError, RecursionError):
        return None
    return sorted(set(spans))


def _enclosing(source: Source, edits: Sequence[Edit], intended: str) -> Optional[List[Span]]:
    """Write an enclosing statement anew, the innermost that works."""
    for statement, margin in _candidates(source, edits):
        for pieces in (False, True):
            with applied(source, edits):
                wording = Wording(source, pieces=pieces, changed=frozenset(_touched(source, edits)))
                try:
                    text = wording.statement(statement, margin)
                except (Unlike, ValueError, RecursionError):
                    continue
            start, end = source.range_of(statement)
            spans = [Span(source.line_start(start), end, text)]
            if _gives(source, spans, intended):
                return spans
    return None


def _touched(source: Source, edits: Sequence[Edit]) -> List[int]:
    touched: List[int] = []
    for edit in edits:
        node = edit.node if isinstance(edit, Replace) else edit.statement
        touched += [id(parent.node) for parent in source.ancestors(node)]
    return touched


def _candidates(source: Source, edits: Sequence[Edit]) -> List[Tuple[ast.stmt, str]]:
    first = edits[0].node if isinstance(edits[0], Replace) else edits[0].statement
    found: List[Tuple[ast.stmt, str]] = []
    for parent in source.ancestors(first):
        if isinstance(parent.node, ast.stmt):
            margin = source.margin(parent.node)
            if margin is not None:
                found.append((parent.node, margin))
    return found
