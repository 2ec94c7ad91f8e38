"""Candidates, generated best first: a place is opened only when nothing better is waiting elsewhere."""

from __future__ import annotations

import ast
import heapq
from typing import Dict, Iterator, List, Mapping, NamedTuple, Optional, Set, Tuple

from regoose_guest.repair.edits import Edits, Replace
from regoose_guest.repair.localise import statement_suspicion
from regoose_guest.repair.program import LiveKey, Program
from regoose_guest.repair.scope import FileScope, Scope, Types, loaded
from regoose_guest.repair.source import DEFINITIONS, Definition, Source, children, first_line
from regoose_guest.repair.templates import definitions
from regoose_guest.repair.templates.every import EXPRESSIONS, INSERTIONS, STATEMENTS
from regoose_guest.repair.templates.site import Clues, Site
from regoose_guest.repair.tracing import Line

_SHARPNESS = 1.5
"""Exponent of suspicion against the prior of the template."""
_MOST_STATEMENTS = 400
_MOST_INSERTED_AT = 60
_HIGHEST_INSERTION = 0.8
_EVERYWHERE = 0.5
_MOST_SITES = 6
_MODULE_SHARE = 0.7
"""What a signature or a module's constant counts, of the place that uses it."""
_LONG_VALUE = 60
_NOT_EVALUATED = frozenset(("annotation", "returns", "type_comment"))


class Part(NamedTuple):
    """Edits of one function, or of a module where `scope` is None or the edit needs the module run again."""

    source: Source
    scope: Optional[Scope]
    edits: Edits
    hot: bool
    """Whether new code can be put into the living function, without running its module again."""


class Candidate:
    """One possible repair."""

    __slots__ = ("line", "number", "parts", "score", "template")

    def __init__(self, parts: Tuple[Part, ...], template: str, score: float, line: int) -> None:
        self.parts = parts
        self.template = template
        self.score = score
        self.line = line
        self.number = 0

    @property
    def hot(self) -> bool:
        """Whether all parts can be installed without running a module."""
        return all(part.hot for part in self.parts)


class Suspicious(NamedTuple):
    """A statement to edit."""

    score: float
    statement: ast.stmt
    scope: Scope


def own_expressions(statement: ast.stmt) -> Iterator[Tuple[ast.expr, ast.AST, str]]:
    """Yield the expressions that are a statement's own, with parent and field, outermost first."""
    if isinstance(statement, (*DEFINITIONS, ast.ClassDef)):
        return
    pending: List[ast.AST] = [statement]
    while pending:
        parent = pending.pop(0)
        for field, child in children(parent):
            if field in _NOT_EVALUATED or isinstance(child, (ast.stmt, ast.excepthandler)):
                continue
            if type(child).__name__ == "match_case":
                continue
            if isinstance(child, ast.expr):
                yield child, parent, field
            pending.append(child)


class Generator:
    """Yields candidates in the order of their scores."""

    def __init__(
        self, program: Program, scores: Dict[Line, float], clues: Clues, types: Mapping[LiveKey, Types]
    ) -> None:
        self._program = program
        self._scores = scores
        self._clues = clues
        self._types = types
        self._files: Dict[str, FileScope] = {}
        self._heap: List[Tuple[float, int, Optional[Candidate], Optional[Tuple[Suspicious, str]]]] = []
        self._order = 0
        self._seen: Set[Tuple[int, str]] = set()
        self.statements: List[Suspicious] = []
        for path in sorted({path for path, _ in scores}):
            source = program.source(path)
            if source is not None:
                self._open_file(source)

    def __iter__(self) -> Iterator[Candidate]:
        """Yield every candidate once, the best of what is not yet yielded first."""
        number = 0
        while self._heap:
            _, _, candidate, place = heapq.heappop(self._heap)
            if candidate is not None:
                candidate.number = number
                number += 1
                yield candidate
            elif place is not None:
                self._expand(*place)

    def _open_file(self, source: Source) -> None:
        file = FileScope(source)
        self._files[source.path] = file
        touched = {line for path, line in self._scores if path == source.path}
        found: List[Suspicious] = []
        scopes: List[Tuple[Scope, float]] = []
        for function, classes in outer_functions(source.tree):
            last = function.end_lineno or function.lineno
            if not any(first_line(function) <= line <= last for line in touched):
                continue
            key = (source.path, first_line(function), function.name)
            scope = Scope(file, function, classes, self._types.get(key, {}))
            inside = [
                Suspicious(score, node, scope)
                for node in ast.walk(function)
                if isinstance(node, ast.stmt) and node is not function
                for score in [statement_suspicion(self._scores, source.path, node)]
                if score > 0
            ]
            if inside:
                scopes.append((scope, max(one.score for one in inside)))
                found += inside
        found.sort(key=lambda one: -one.score)
        self.statements += found
        for rank, one in enumerate(found[:_MOST_STATEMENTS]):
            weight = one.score**_SHARPNESS
            self._push(weight, None, (one, "edit"))
            if rank < _MOST_INSERTED_AT:
                self._push(weight * _HIGHEST_INSERTION, None, (one, "insert"))
        for scope, score in scopes:
            self._signature(scope, score)
        self._module_values(file, scopes)

    def _push(self, score: float, candidate: Optional[Candidate], place: Optional[Tuple[Suspicious, str]]) -> None:
        self._order += 1
        heapq.heappush(self._heap, (-score, self._order, candidate, place))

    def _expand(self, one: Suspicious, kind: str) -> None:
        source = one.scope.source
        parent = source.parents[id(one.statement)]
        if not isinstance(getattr(parent.node, parent.field), list):
            return
        plain = isinstance(
            one.statement, (*DEFINITIONS, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal)
        )
        document = isinstance(one.statement, ast.Expr) and isinstance(one.statement.value, ast.Constant)
        if plain or document:
            return
        site = Site(one.scope, one.statement, parent.node, parent.field, self._clues)
        for template in INSERTIONS if kind == "insert" else STATEMENTS:
            for change in template(site):
                self._add(one, change.template, change.prior, change.edits, one.statement.lineno)
        if kind == "edit":
            for node, up, field in own_expressions(one.statement):
                self._expand_expression(one, Site(one.scope, node, up, field, self._clues))

    def _expand_expression(self, one: Suspicious, site: Site) -> None:
        node = site.node
        if not loaded(node) and not isinstance(node, ast.Subscript):
            return
        original = ast.dump(node)
        twins = self._twins(one.scope, node, original)
        for template in EXPRESSIONS:
            for proposal in template(site):
                if isinstance(getattr(node, "ctx", None), ast.Store) and not isinstance(proposal.new, ast.Subscript):
                    continue
                key = (id(node), ast.dump(proposal.new))
                if key[1] == original or key in self._seen:
                    continue
                self._seen.add(key)
                line = getattr(node, "lineno", one.statement.lineno)
                self._add(one, proposal.template, proposal.prior, (Replace(node, proposal.new),), line)
                if twins:
                    everywhere = (Replace(node, proposal.new), *(Replace(twin, proposal.new) for twin in twins))
                    self._add(one, proposal.template, proposal.prior * _EVERYWHERE, everywhere, line)

    @staticmethod
    def _twins(scope: Scope, node: ast.AST, text: str) -> List[ast.AST]:
        """Find the later expressions of the function that read the same, where they are few."""
        if isinstance(node, ast.Name) and (not loaded(node) or node.id not in scope.locals):
            return []
        alike = [other for other in ast.walk(scope.function) if type(other) is type(node) and ast.dump(other) == text]
        return alike[1:] if 1 < len(alike) <= _MOST_SITES and alike[0] is node else []

    def _add(self, one: Suspicious, template: str, prior: float, edits: Edits, line: int) -> None:
        part = Part(one.scope.source, one.scope, edits, self._is_live(one.scope))
        score = prior * one.score**_SHARPNESS
        self._push(score, Candidate((part,), template, score, line), None)

    def _is_live(self, scope: Scope) -> bool:
        key = (scope.source.path, first_line(scope.function), scope.function.name)
        return key in self._program.live

    def _signature(self, scope: Scope, score: float) -> None:
        for change in definitions.signature(scope):
            part = Part(scope.source, scope, change.edits, hot=False)
            total = change.prior * _MODULE_SHARE * score**_SHARPNESS
            self._push(total, Candidate((part,), change.template, total, scope.function.lineno), None)

    def _module_values(self, file: FileScope, scopes: List[Tuple[Scope, float]]) -> None:
        source = file.source
        used = self._uses(source, scopes)
        for statement in ast.walk(source.tree):
            if not isinstance(statement, (ast.Assign, ast.AnnAssign)) or statement.value is None:
                continue
            if any(isinstance(up.node, DEFINITIONS) for up in source.ancestors(statement)):
                continue
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            names = [part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)]
            score = max((used.get(name, 0.0) for name in names), default=0.0)
            if score <= 0 or (statement.end_lineno or 0) - statement.lineno > _LONG_VALUE:
                continue
            for node in ast.walk(statement.value):
                for change in definitions.module_value(node):
                    part = Part(source, None, change.edits, hot=False)
                    total = change.prior * _MODULE_SHARE * score**_SHARPNESS
                    line = getattr(node, "lineno", statement.lineno)
                    self._push(total, Candidate((part,), change.template, total, line), None)

    def _uses(self, source: Source, scopes: List[Tuple[Scope, float]]) -> Dict[str, float]:
        used: Dict[str, float] = {}
        for scope, _ in scopes:
            for node in ast.walk(scope.function):
                if isinstance(node, (ast.Name, ast.Attribute)):
                    name = node.id if isinstance(node, ast.Name) else node.attr
                    score = self._scores.get((source.path, node.lineno), 0.0)
                    used[name] = max(used.get(name, 0.0), score)
        return used


def outer_functions(tree: ast.AST) -> Iterator[Tuple[Definition, Tuple[ast.ClassDef, ...]]]:
    """Yield the functions that are in no other function, with the classes around them, outermost first."""
    pending: List[Tuple[ast.AST, Tuple[ast.ClassDef, ...]]] = [(tree, ())]
    while pending:
        node, classes = pending.pop(0)
        for child in ast.iter_child_nodes(node):
            if isinstance(child, DEFINITIONS):
                yield child, classes
            elif isinstance(child, ast.ClassDef):
                pending.append((child, (*classes, child)))
            elif not isinstance(child, ast.expr):
                pending.append((child, classes))
