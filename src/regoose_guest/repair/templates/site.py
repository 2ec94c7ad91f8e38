"""What a template sees and what it says."""

from __future__ import annotations

import ast
from typing import Callable, Iterator, NamedTuple, Tuple

from regoose_guest.repair.edits import Edits, Splice
from regoose_guest.repair.scope import FileScope, Scope
from regoose_guest.repair.source import Source


class Clues(NamedTuple):
    """What the failures say about the kind of fault."""

    raised: Tuple[str, ...] = ()
    """Exceptions that came and should not have."""
    expected: Tuple[str, ...] = ()
    """Exceptions that should have come."""
    none: bool = False
    """Something was None where a value was wanted."""
    key: bool = False
    """A key or index was missing."""
    characters: str = ""
    """What is no letter, digit or space in the failures' messages and parameters: a pattern may lack one of them."""


class Site(NamedTuple):
    """An expression or statement in its surroundings."""

    scope: Scope
    node: ast.AST
    parent: ast.AST
    field: str
    clues: Clues

    @property
    def file(self) -> FileScope:
        """The module around."""
        return self.scope.file

    @property
    def source(self) -> Source:
        """The file."""
        return self.scope.source


class Proposal(NamedTuple):
    """Put `new` in the expression's place."""

    template: str
    prior: float
    new: ast.expr


class Change(NamedTuple):
    """Make these edits at once."""

    template: str
    prior: float
    edits: Edits


Proposals = Iterator[Proposal]
Changes = Iterator[Change]
ExpressionTemplate = Callable[[Site], Proposals]
StatementTemplate = Callable[[Site], Changes]


def instead(template: str, prior: float, statement: ast.stmt, *new: ast.stmt) -> Change:
    """Put statements in a statement's place."""
    return Change(template, prior, (Splice(statement, new),))
