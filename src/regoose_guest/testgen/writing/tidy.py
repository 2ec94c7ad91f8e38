"""Steps as a person would write them: variables named for what they hold, and none that is used but once."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from typing import Dict, List, Sequence, Set

from regoose_guest.testgen.case import Case, Check, Step
from regoose_guest.testgen.writing.flat import Flat
from regoose_guest.testgen.writing.names import BUILTINS, Outline, expression, is_generator, parse_step, snake

_GENERATED = re.compile(r"v\d+|made|instance|\w+_")
"""Names that say nothing, as a search gives them."""
_ARGUMENT = re.compile(r"argument_(\w+?)_")
_LONGEST = 72
"""Columns of a call whose receiver is written into it."""
_VERBS = re.compile(r"^(get|make|create|build|parse|new|to|from|as|with)_")


class Tidier:
    """Rewrites the steps of cases; what they do stays the same."""

    def __init__(self, outline: Outline, flat: Flat) -> None:
        self._outline = outline
        self._flat = flat

    def tidied(self, case: Case) -> Case:
        """Return the case with named variables and short receivers in place; raises SyntaxError."""
        last = case.steps[-1]
        if not last.is_statement:
            last = replace(last, source=self._flat(_WITHOUT_ITER.visit(expression(last.source))))
        case = replace(case, steps=(*case.steps[:-1], last))
        return self._named(self._inlined(self._consumed(self._unhashed(case))))

    def _consumed(self, case: Case) -> Case:
        """Have what raises only when it is awaited or iterated over awaited or iterated over."""
        last = case.steps[-1]
        node = self._outline.function(case.subject)
        if case.observed.raised is None or node is None or last.is_statement or last.awaits or node.decorator_list:
            return case
        called = expression(last.source)
        name = getattr(called.func, "attr", getattr(called.func, "id", "")) if isinstance(called, ast.Call) else ""
        if name != node.name:
            return case
        if isinstance(node, ast.AsyncFunctionDef) and is_generator(node):
            last = replace(last, source=f"[one async for one in {last.source}]")
        elif isinstance(node, ast.AsyncFunctionDef):
            last = replace(last, awaits=True)
        elif is_generator(node):
            last = replace(last, source=f"list({last.source})")
        return replace(case, steps=(*case.steps[:-1], last))

    @staticmethod
    def _unhashed(case: Case) -> Case:
        """Say of a hash only that there is one: its value is the interpreter's affair."""
        if not case.steps[-1].source.startswith("hash(") or case.observed.raised is not None:
            return case
        checks = tuple(
            Check("isinstance", "result", "int") if check.expression == "result" else check
            for check in case.observed.checks
        )
        return replace(case, observed=replace(case.observed, checks=checks))

    def _inlined(self, case: Case) -> Case:
        *before, last = case.steps
        if case.observed.raised is not None or last.is_statement or any(step.awaits for step in case.steps):
            return case
        looked = "\n".join(check.expression for check in case.observed.checks)
        while before:
            step = before[-1]
            if step.is_statement or not step.name or _uses(step.name, looked) or _uses(step.name, last.source) != 1:
                break
            target = expression(last.source)
            if any(isinstance(node, (ast.Lambda, ast.GeneratorExp, ast.ListComp)) for node in ast.walk(target)):
                break
            source = self._flat(_Replace({step.name: expression(step.source)}).visit(target))
            if len(source) > _LONGEST:
                break
            last = replace(last, source=source)
            before.pop()
        return replace(case, steps=(*before, last))

    def _named(self, case: Case) -> Case:
        names: Dict[str, str] = {}
        taken: Set[str] = {step.name for step in case.steps} | {"result"}
        for number, step in enumerate(case.steps):
            if _GENERATED.fullmatch(step.name):
                is_used = any(_uses(step.name, later.source) for later in case.steps[number + 1 :])
                is_used = is_used or any(_uses(step.name, check.expression) for check in case.observed.checks)
                names[step.name] = (self._parameter(case, step, taken) or self._name(step, taken)) if is_used else ""
                taken.add(names[step.name])
        if not names:
            return case
        renamer = _Replace({old: ast.Name(new, ast.Load()) for old, new in names.items() if new})
        steps = tuple(
            replace(self._renamed(step, renamer), name=names.get(step.name, step.name)) for step in case.steps
        )
        checks = tuple(self._checked(check, renamer) for check in case.observed.checks)
        return replace(case, steps=steps, observed=replace(case.observed, checks=checks))

    def _renamed(self, step: Step, renamer: _Replace) -> Step:
        nodes = [renamer.visit(node) for node in parse_step(replace(step, awaits=False))]
        return replace(step, source=self._written(nodes))

    def _written(self, nodes: Sequence[ast.stmt]) -> str:
        if len(nodes) == 1 and isinstance(nodes[0], ast.Expr):
            return self._flat(nodes[0].value)
        return "\n".join(ast.unparse(node) for node in nodes)

    def _checked(self, check: Check, renamer: _Replace) -> Check:
        return replace(check, expression=self._flat(renamer.visit(expression(check.expression))))

    def _parameter(self, case: Case, step: Step, taken: Set[str]) -> str:
        """Return the name of the parameter that a variable is given to; empty where it is no argument or taken."""
        found = _ARGUMENT.fullmatch(step.name)
        names = self._outline.parameters(case.subject)
        if found is None:
            return ""
        name = found[1]
        if name.isdecimal():
            name = names[int(name)] if int(name) < len(names) else ""
        return "" if name in taken or name in BUILTINS or self._outline.defines(name) else name.strip("_")

    def _name(self, step: Step, taken: Set[str]) -> str:
        """Return a name for what a step gives: of its class, else of the function that made it."""
        node = expression(step.source)
        while isinstance(node, (ast.Call, ast.Await, ast.Subscript)):
            node = node.value if not isinstance(node, ast.Call) else node.func
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id[:1].isupper():
            node = node.value  # a class that makes its own: `Version.parse`
        word = snake(getattr(node, "attr", "") or getattr(node, "id", "")) or "value"
        word = _VERBS.sub("", word) or "value"
        wanted: List[str] = [word, f"other_{word}"]
        if self._outline.defines(word) or not word.isidentifier():
            wanted = ["value", "other"]
        for name in wanted:
            if name not in taken:
                return name
        number = 2
        while f"{wanted[0]}_{number}" in taken:
            number += 1
        return f"{wanted[0]}_{number}"


class _Replace(ast.NodeTransformer):
    def __init__(self, values: Dict[str, ast.expr]) -> None:
        self._values = values

    def visit_Name(self, node: ast.Name) -> ast.expr:
        found = self._values.get(node.id)
        if isinstance(found, ast.Name):
            return ast.Name(found.id, node.ctx)
        return found if found is not None else node


class _WithoutIter(ast.NodeTransformer):
    """Makes `list(iter(x))` what people write."""

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        inner = node.args[0] if len(node.args) == 1 and not node.keywords else None
        is_list = isinstance(node.func, ast.Name) and node.func.id == "list"
        if is_list and isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name) and inner.func.id == "iter":
            return ast.Call(node.func, inner.args, inner.keywords)
        return node


_WITHOUT_ITER = _WithoutIter()


def _uses(name: str, source: str) -> int:
    return len(re.findall(rf"\b{name}\b", source))
