"""Cases of one shape: the same statements around other values. Several of them become one table."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from typing import Dict, FrozenSet, List, Optional, Sequence, Tuple

from regoose_guest.testgen.case import Case, Check, Step
from regoose_guest.testgen.writing.flat import Flat
from regoose_guest.testgen.writing.names import BUILTINS, Outline, expression, free_names, needed, parse_step

_MARK = "_hole_"
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")
_SAFE_BUILTINS = frozenset(
    {"set", "frozenset", "dict", "list", "tuple", "bytes", "bytearray", "complex", "float", "int", "str", "range"}
    | {"slice", "object"}
)
_SAFE_MODULES = frozenset({"datetime", "decimal", "fractions", "pathlib", "collections", "uuid", "re", "types", "enum"})
_INERT = (
    *(ast.Constant, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.UnaryOp, ast.BinOp, ast.Name, ast.Attribute),
    *(ast.Lambda, ast.Call, ast.Starred, ast.keyword, ast.expr_context, ast.operator, ast.unaryop),
)


@dataclass(frozen=True)
class Hole:
    """A place that values fill: its name for a reader, and the value that a case has there."""

    name: str
    value: ast.expr


@dataclass(frozen=True)
class Shape:
    """A case with its values taken out."""

    key: str
    """Equal for cases of one shape."""
    template: Case
    """The case with a mark in each hole."""
    holes: Tuple[Hole, ...]
    message: Optional[str]
    """Of the exception; it may differ between cases of one shape."""


class Shaper:
    """Takes the values out of cases. `outline` gives their names; `flat` writes what is left."""

    def __init__(self, outline: Outline, flat: Flat) -> None:
        self._outline = outline
        self._flat = flat

    def shape(self, case: Case) -> Shape:
        """Return the shape of a case."""
        taker = _Taker(case, self._outline)
        steps = tuple(self._step(step, taker) for step in case.steps)
        checks = tuple(self._check(check, taker, len(case.observed.checks)) for check in case.observed.checks)
        raised, message = case.observed.raised, None
        if raised is not None:
            message, raised = raised.message, replace(raised, message=_MARK if raised.message else "", line=0)
        observed = replace(case.observed, checks=checks, raised=raised)
        template = replace(case, steps=steps, observed=observed)
        key = repr((template.subject, steps, observed, template.fixtures, template.pins))
        return Shape(key, template, tuple(taker.holes), message or None)

    def filled(self, template: Case, values: Dict[str, ast.expr]) -> Case:
        """Return the case with values in place of marks."""
        filler = _Filler(values)
        steps = tuple(
            replace(step, source=self._source([filler.visit(node) for node in parse_step(replace(step, awaits=False))]))
            for step in template.steps
        )
        checks = tuple(
            replace(check, expected=self._flat(filler.visit(expression(check.expected)))) if check.expected else check
            for check in template.observed.checks
        )
        return replace(template, steps=steps, observed=replace(template.observed, checks=checks))

    def _step(self, step: Step, taker: _Taker) -> Step:
        nodes = parse_step(replace(step, awaits=False))
        if step.name and taker.is_inert(expression(step.source)):
            return step
        return replace(step, source=self._source([taker.visit(node) for node in nodes]))

    def _source(self, nodes: Sequence[ast.stmt]) -> str:
        if len(nodes) == 1 and isinstance(nodes[0], ast.Expr):
            return self._flat(nodes[0].value)
        return "\n".join(ast.unparse(node) for node in nodes)

    def _check(self, check: Check, taker: _Taker, count: int) -> Check:
        is_value = check.kind in {"equal", "approx", "is"} and check.expected not in {"None", "True", "False"}
        is_truth = check.kind in {"is", "equal"} and check.expected in {"True", "False"}
        if not (is_value or is_truth):
            return check
        value = expression(check.expected)
        if not taker.is_inert(value) and not self._is_own_object(value, taker):
            return check
        name = "expected" if count == 1 else "expected_" + _last_word(check.expression)
        kind = "is" if is_truth else check.kind
        return replace(check, kind=kind, expected=self._flat(taker.hole(name, value)))

    def _is_own_object(self, value: ast.expr, taker: _Taker) -> bool:
        """Whether it makes an object of a class of the module from plain values: it may stand in a table."""
        if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Name):
            return False
        given = [*value.args, *(one.value for one in value.keywords)]
        is_class = isinstance(self._outline.definitions.get(value.func.id), ast.ClassDef)
        return is_class and all(taker.is_inert(one) for one in given)


class _Taker(ast.NodeTransformer):
    """Puts marks in place of values where a person would vary them: arguments, operands, subscripts."""

    def __init__(self, case: Case, outline: Outline) -> None:
        self.holes: List[Hole] = []
        self._case = case
        self._outline = outline
        self._locals = {step.name for step in case.steps} | set(case.fixtures)
        self._safe = _SAFE_BUILTINS | _safe_imports(case)

    def hole(self, name: str, value: ast.expr) -> ast.expr:
        self.holes.append(Hole(name, value))
        return ast.Name(f"{_MARK}{len(self.holes) - 1}", ast.Load())

    def is_inert(self, node: ast.expr) -> bool:
        """Whether evaluating it runs nothing of the module under test and depends on no step."""
        if free_names([node]) & self._locals:
            return False
        return all(self._is_inert(one) for one in _outside_lambdas(node))

    def _is_inert(self, node: ast.AST) -> bool:
        if not isinstance(node, _INERT):
            return False
        if isinstance(node, ast.Call):
            top = node.func
            while isinstance(top, ast.Attribute):
                top = top.value
            return isinstance(top, ast.Name) and (top.id in self._safe or _is_exception(top.id))
        return True

    def visit_Call(self, node: ast.Call) -> ast.expr:
        names = self._names(node)
        func = node.func if isinstance(node.func, ast.Name) else self.visit(node.func)
        arguments = [self._taken(one, name) for one, name in zip(node.args, names)]
        keywords = [ast.keyword(one.arg, self._taken(one.value, one.arg or "options")) for one in node.keywords]
        return ast.Call(func, arguments, keywords)

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        if isinstance(node.slice, ast.Slice):
            return node
        return ast.Subscript(self.visit(node.value), self._taken(node.slice, "key"), node.ctx)

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        if isinstance(node.left, ast.Name) and node.left.id == "tmp_path":
            return node
        return ast.BinOp(self._taken(node.left, "left"), node.op, self._taken(node.right, "other"))

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        return ast.Compare(
            self._taken(node.left, "item"), node.ops, [self._taken(one, "other") for one in node.comparators]
        )

    def visit_Assign(self, node: ast.Assign) -> ast.stmt:
        node.value = self._taken(node.value, "value")
        node.targets = [self.visit(one) for one in node.targets]
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.expr:
        return node

    def _taken(self, node: ast.expr, name: str) -> ast.expr:
        if isinstance(node, ast.Starred):
            return node
        found: ast.expr = self.hole(name, node) if self.is_inert(node) else self.visit(node)
        return found

    def _names(self, node: ast.Call) -> List[str]:
        """Return a name for each positional argument of a call."""
        callee = self._callee(node.func)
        known, function = self._outline.parameters(callee), self._outline.function(callee)
        extra = len(node.args) - len(known)
        more = _ORDINALS[len(known) :]
        if extra > 0 and function is not None and function.args.vararg is not None:
            more = _each(function.args.vararg.arg, extra)
        elif not known and extra == 1:
            return ["text" if getattr(node.func, "attr", "") == "write_text" else "value"]
        names = [*known, *more][: len(node.args)]
        return names + [f"argument_{number}" for number in range(len(names) + 1, len(node.args) + 1)]

    def _callee(self, func: ast.expr) -> str:
        if isinstance(func, ast.Name):
            return func.id
        if not isinstance(func, ast.Attribute):
            return ""
        if self._case.subject.rpartition(".")[2] == func.attr:
            return self._case.subject
        owner = self._case.subject.split(".", maxsplit=1)[0]
        return f"{owner}.{func.attr}"


class _Filler(ast.NodeTransformer):
    def __init__(self, values: Dict[str, ast.expr]) -> None:
        self._values = values

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._values.get(node.id, node)


def mark(number: int) -> str:
    """Return the name that stands in a hole."""
    return f"{_MARK}{number}"


def _outside_lambdas(node: ast.AST) -> List[ast.AST]:
    found = [node]
    if not isinstance(node, ast.Lambda):
        for child in ast.iter_child_nodes(node):
            found += _outside_lambdas(child)
    return found


def _safe_imports(case: Case) -> FrozenSet[str]:
    return frozenset(
        name for name, (module, _) in needed(case).items() if module.split(".", maxsplit=1)[0] in _SAFE_MODULES
    )


def _is_exception(name: str) -> bool:
    return name in BUILTINS and name.endswith(("Error", "Exception", "Warning"))


def _last_word(looked_at: str) -> str:
    words = [node.attr for node in ast.walk(expression(looked_at)) if isinstance(node, ast.Attribute)]
    if words:
        return words[0].strip("_").lower() or "value"
    names = [node.id for node in ast.walk(expression(looked_at)) if isinstance(node, ast.Name)]
    return names[0].strip("_").lower()


def _each(name: str, count: int) -> Tuple[str, ...]:
    """Return what to call each of the values of a variadic parameter: of `keys`, it is `first_key` and `second_key`."""
    one = name.rstrip("s") or name
    if count == 1:
        return (f"one_{one}" if one in BUILTINS or not one.isidentifier() else one,)
    return tuple(f"{ordinal}_{one}" for ordinal in _ORDINALS)
