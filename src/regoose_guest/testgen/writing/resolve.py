"""Settle where each name of a case comes from, and rename what would hide an import."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from typing import Dict, List, Optional, Set, Tuple, Union

from regoose_guest.testgen.case import Case, Check, Raised, Step
from regoose_guest.testgen.writing.imports import Imported, is_standard
from regoose_guest.testgen.writing.layout import Layout
from regoose_guest.testgen.writing.names import BUILTINS, Outline, expression, free_names, needed, parse_step
from regoose_guest.testgen.writing.tidy import Tidier

_FIXTURES = frozenset({"tmp_path", "monkeypatch", "capsys", "caplog", "request"})
_WRITTEN = frozenset({"result", "pytest", "asyncio", "re", "scenario"})
"""Names that the writing itself uses."""

_AROUND = 18
"""Columns that stand beside a message in a row of a table."""


@dataclass(frozen=True)
class Resolved:
    """A case whose names are settled, and what it imports."""

    case: Case
    imports: Dict[str, Imported]


class Resolver:
    """Settles the names of cases of one module."""

    def __init__(self, module: str, outline: Outline, layout: Layout) -> None:
        flat = layout.flat
        self._longest = layout.limit - _AROUND
        self._module = module
        self._outline = outline
        self._flat = flat
        self._tidier = Tidier(outline, flat)
        parent, _, tail = module.rpartition(".")
        self._whole: Imported = (parent, tail) if parent else (module, "")
        self._tail = tail

    def resolved(self, case: Case) -> Optional[Resolved]:
        """Return the case with its imports; None where its source cannot be parsed."""
        if _depends_on_place(case):
            return None
        try:
            return self._resolved(self._tidier.tidied(case))
        except (SyntaxError, ValueError, RecursionError):
            return None

    def _resolved(self, case: Case) -> Resolved:
        given = needed(case)
        read, local = _scopes(case)
        renames: Dict[str, Union[ast.Name, ast.Attribute]] = {}
        imports: Dict[str, Imported] = {}
        for name in read - _FIXTURES - frozenset(case.fixtures) - {"result"}:
            if name in given:
                imports[name] = given[name]
            elif self._is_own(name):
                if name in BUILTINS or name.lower().startswith("test"):
                    renames[name] = ast.Attribute(ast.Name(self._tail, ast.Load()), name, ast.Load())
                    imports[self._tail] = self._whole
                else:
                    imports[name] = (self._module, name)
            elif name not in BUILTINS:
                imports[name] = (name, "")
        raised = case.observed.raised
        if raised is not None:
            raised = self._raised(raised, imports)
        for name in local:
            if name in imports or name in _WRITTEN or self._outline.defines(name):
                renames[name] = ast.Name(f"{name}_" if f"{name}_" not in local else f"{name}_value", ast.Load())
        return Resolved(self._renamed(replace(case, observed=replace(case.observed, raised=raised)), renames), imports)

    def _is_own(self, name: str) -> bool:
        if self._outline.defines(name):
            return True
        return name not in BUILTINS and not is_standard(name)

    def _raised(self, raised: Raised, imports: Dict[str, Imported]) -> Raised:
        raised = replace(raised, message=cut(raised.message, self._longest))
        if raised.module == "builtins":
            return raised
        top = raised.type.split(".")[-1] if raised.type.startswith(raised.module + ".") else raised.type
        name = top.split(".", maxsplit=1)[0]
        if name in BUILTINS:
            imports[raised.module.split(".", maxsplit=1)[0]] = (raised.module, "")
            return replace(raised, type=f"{raised.module}.{top}")
        imports[name] = (raised.module, name)
        return replace(raised, type=top)

    def _renamed(self, case: Case, renames: Dict[str, Union[ast.Name, ast.Attribute]]) -> Case:
        if not renames:
            return case
        renamer = _Renamer({name: to for name, to in renames.items() if isinstance(to, ast.Attribute)})
        steps: List[Step] = []
        for step in case.steps:
            renamed = self._step(step, renamer)
            renamer.renames.update({name: to for name, to in renames.items() if name in _bound(step)})
            steps.append(replace(renamed, name=renamer.text(step.name)))
        checks = tuple(self._check(check, renamer) for check in case.observed.checks)
        return replace(case, steps=tuple(steps), observed=replace(case.observed, checks=checks))

    def _step(self, step: Step, renamer: _Renamer) -> Step:
        nodes = [renamer.visit(node) for node in parse_step(replace(step, awaits=False))]
        if isinstance(nodes[0], ast.Expr):
            return replace(step, source=self._flat(nodes[0].value))
        return replace(step, source="\n".join(ast.unparse(node) for node in nodes))

    def _check(self, check: Check, renamer: _Renamer) -> Check:
        expected = self._flat(renamer.visit(expression(check.expected))) if check.expected else ""
        return replace(check, expression=self._flat(renamer.visit(expression(check.expression))), expected=expected)


class _Renamer(ast.NodeTransformer):
    def __init__(self, renames: Dict[str, Union[ast.Name, ast.Attribute]]) -> None:
        self.renames = dict(renames)

    def visit_Name(self, node: ast.Name) -> ast.expr:
        found = self.renames.get(node.id)
        if isinstance(found, ast.Name):
            return ast.Name(found.id, node.ctx)
        return found if found is not None else node

    def text(self, name: str) -> str:
        found = self.renames.get(name)
        return found.id if isinstance(found, ast.Name) else name


def _depends_on_place(case: Case) -> bool:
    """Whether it measures a text that may hold an address or the name of the test."""
    source = case.steps[-1].source
    looked = [check.expression for check in case.observed.checks]
    is_shown = source.startswith(("repr(", "str("))
    return any(one.startswith(("len(repr(", "len(str(")) or (is_shown and one == "len(result)") for one in looked)


def cut(message: str, longest: int) -> str:
    """Return a message cut after a word, so that a line holds it."""
    if len(message) <= longest:
        return message
    return message[: longest + 1].rpartition(" ")[0] or message


def _scopes(case: Case) -> Tuple[Set[str], Set[str]]:
    """Return the names that are read before a step binds them, and those that steps bind."""
    read: Set[str] = set()
    bound: Set[str] = set()
    for pin in case.pins:
        read |= free_names(ast.parse(pin).body)
    for step in case.steps:
        read |= free_names(parse_step(step)) - bound
        bound |= _bound(step)
    for check in case.observed.checks:
        read |= free_names(expression(one) for one in (check.expression, check.expected) if one) - bound
    return read, bound


def _bound(step: Step) -> Set[str]:
    found = {step.name} - {""}
    if step.is_statement:
        for node in ast.walk(ast.parse(step.source)):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found.add(node.id)
    return found - {"result"}
