"""
The same edit in every copy of a statement.

Code that was copied was copied with its fault, and those who repair it mostly repair each copy (Saha, Saha, Prasad:
Harnessing evolution for multi-hunk program repair, ICSE 2019). Tests seldom reach all of them. In the small fixes of
fourteen libraries, copied statements of eight nodes or more were changed in every place in 10 cases, in some in 5;
smaller ones in 11 and in 30.
"""

from __future__ import annotations

import ast
from copy import deepcopy
from typing import Dict, FrozenSet, Iterator, List, Optional, Sequence, Tuple

from regoose_guest.repair.build import size
from regoose_guest.repair.candidates import Candidate, Part, outer_functions
from regoose_guest.repair.edits import Edit, Edits, Replace, Splice, target
from regoose_guest.repair.program import Program
from regoose_guest.repair.scope import Scope
from regoose_guest.repair.source import Source, first_line

_LEAST = 8
"""Nodes of a statement below which its being there twice says nothing."""
_MOST = 6
_EXTENDED = 20
"""Patches at most that are tried at all copies."""

Key = FrozenSet[Tuple[int, str]]
"""What a candidate does: the nodes that it takes away, and what comes in their place."""


def key_of(candidate: Candidate) -> Key:
    """Return what tells a candidate from another one that edits the same trees."""
    return frozenset(
        (id(target(edit)), " ".join(ast.dump(one) for one in _new(edit)))
        for part in candidate.parts
        for edit in part.edits
    )


def _new(edit: Edit) -> Sequence[ast.AST]:
    return (edit.new,) if isinstance(edit, Replace) else edit.new


class Clones:
    """Extends a candidate of one edit to all copies of the statement that it edits, in any function of the file."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._scopes: Dict[int, Scope] = {}

    def extensions(self, found: Sequence[Candidate], first: int) -> Iterator[Candidate]:
        """Yield the extensions of candidates that are not among them, numbered from `first`."""
        known = {key_of(one) for one in found}
        for one in found[:_EXTENDED]:
            wider = self.extension(one)
            if wider is not None and key_of(wider) not in known:
                known.add(key_of(wider))
                wider.number = first
                first += 1
                yield wider

    def wider(self, found: Sequence[Candidate]) -> Dict[int, int]:
        """Say by their numbers which of the candidates extend which other one."""
        numbers = {key_of(one): one.number for one in found}
        pairs: Dict[int, int] = {}
        for one in found:
            wider = self.extension(one)
            number = numbers.get(key_of(wider)) if wider is not None else None
            if number is not None:
                pairs[number] = one.number
        return pairs

    def extension(self, candidate: Candidate) -> Optional[Candidate]:
        """Return the candidate with its edit in every copy; None where there is no copy or more than one edit."""
        part = candidate.parts[0]
        if len(candidate.parts) != 1 or len(part.edits) != 1 or part.scope is None:
            return None
        edit = part.edits[0]
        statement = part.source.statement_of(target(edit))
        copies = _copies(part.source, statement) if statement is not None else []
        if statement is None or not 1 <= len(copies) < _MOST:
            return None
        by_scope: Dict[int, Tuple[Scope, List[Edit]]] = {id(part.scope): (part.scope, [edit])}
        for copy in copies:
            scope, moved = self._scope(part, copy), _moved(edit, statement, copy)
            if scope is None or not all(scope.sees(one, target(moved)) for one in _new(edit)):
                return None
            by_scope.setdefault(id(scope), (scope, []))[1].append(moved)
        parts = tuple(self._part(part.source, scope, tuple(edits)) for scope, edits in by_scope.values())
        return Candidate(parts, candidate.template, candidate.score, candidate.line)

    def _part(self, source: Source, scope: Scope, edits: Edits) -> Part:
        key = (source.path, first_line(scope.function), scope.function.name)
        return Part(source, scope, edits, key in self._program.live)

    def _scope(self, part: Part, node: ast.AST) -> Optional[Scope]:
        """Return the outermost function around a node; None outside of functions."""
        if part.scope is None:
            return None
        for function, classes in outer_functions(part.source.tree):
            if any(inner is node for inner in ast.walk(function)):
                if function is part.scope.function:
                    return part.scope
                if id(function) not in self._scopes:
                    self._scopes[id(function)] = Scope(part.scope.file, function, classes, {})
                return self._scopes[id(function)]
        return None


def _copies(source: Source, statement: ast.stmt) -> List[ast.stmt]:
    if size(statement) < _LEAST:
        return []
    text = ast.dump(statement)
    alike = [node for node in ast.walk(source.tree) if isinstance(node, ast.stmt) and type(node) is type(statement)]
    return [node for node in alike if node is not statement and ast.dump(node) == text]


def _moved(edit: Edit, statement: ast.stmt, copy: ast.stmt) -> Edit:
    """Make the edit of a statement in a copy of it, where what is kept of the statement is that of the copy."""
    twins = {id(one): other for one, other in zip(ast.walk(statement), ast.walk(copy))}
    if isinstance(edit, Splice):
        return Splice(copy, deepcopy(edit.new, dict(twins)))
    return Replace(twins[id(edit.node)], deepcopy(edit.new, dict(twins)))
