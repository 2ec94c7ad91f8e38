"""What stands around a place in the program: the ingredients that edits are made of."""

from __future__ import annotations

import ast
import builtins
from collections import Counter, defaultdict
from typing import Dict, FrozenSet, Iterator, List, Mapping, Optional, Set, Tuple, Union

from regoose_guest.alone import changed
from regoose_guest.repair.build import Value, called, size
from regoose_guest.repair.source import COMPREHENSIONS, DEFINITIONS, SCOPES, Definition, Source

BUILTINS = frozenset(dir(builtins))
SIMPLE = (
    ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr, ast.Return, ast.Raise, ast.Break, ast.Continue, ast.Delete,
)  # fmt: skip
LOOPS = (ast.For, ast.While, ast.AsyncFor)
_FILE_CONSTANTS = 60
_FILE_CONDITIONS = 60
_LARGEST_STATEMENT, _LARGEST_EXPRESSION, _LARGEST_RETURN, _LARGEST_KEYWORD, _LONGEST_CONSTANT = 16, 9, 8, 4, 40

Types = Mapping[str, FrozenSet[str]]
"""Variable → names of the types it was seen to have."""


def loaded(node: ast.AST) -> bool:
    """Whether an expression is read rather than assigned or deleted."""
    return not isinstance(getattr(node, "ctx", None), (ast.Store, ast.Del))


def free_names(node: ast.AST) -> Set[str]:
    """Return the names that an expression or statement reads and does not bind itself."""
    reads: Set[str] = set()
    binds: Set[str] = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name):
            (reads if isinstance(inner.ctx, ast.Load) else binds).add(inner.id)
        elif isinstance(inner, ast.arg):
            binds.add(inner.arg)
    return reads - binds


def atoms(test: ast.expr) -> Iterator[ast.expr]:
    """Yield the atomic conditions of a condition."""
    if isinstance(test, ast.BoolOp):
        for value in test.values:
            yield from atoms(value)
    elif isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        yield from atoms(test.operand)
        yield test
    else:
        yield test


def conditions_of(node: ast.AST) -> Iterator[ast.expr]:
    """Yield the atomic conditions that a node decides by."""
    if isinstance(node, (ast.If, ast.While, ast.IfExp, ast.Assert)):
        yield from atoms(node.test)
    elif isinstance(node, ast.comprehension):
        for test in node.ifs:
            yield from atoms(test)


def parameters(definition: Union[Definition, ast.Lambda]) -> List[str]:
    """Return all parameter names."""
    given = definition.args
    stars = [argument for argument in (given.vararg, given.kwarg) if argument is not None]
    return [argument.arg for argument in (*given.posonlyargs, *given.args, *given.kwonlyargs, *stars)]


def plain_value(node: ast.Constant) -> Value:
    """Return a constant's value; an ellipsis counts as None."""
    value = node.value
    return value if isinstance(value, (str, bytes, int, float, complex)) else None


class FileScope:
    """What a module offers to edits anywhere in it."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.functions: Dict[str, Definition] = {}
        self.classes: Dict[str, ast.ClassDef] = {}
        self.globals: Set[str] = set()
        self.attributes: Dict[str, Counter[str]] = defaultdict(Counter)
        self.keywords: Dict[str, Dict[str, ast.keyword]] = defaultdict(dict)
        self.exceptions: Counter[str] = Counter()
        conditions: Dict[str, ast.expr] = {}
        constants: Counter[Tuple[str, Value]] = Counter()
        for statement in self._top(source.tree):
            self._bind(statement)
        for node in ast.walk(source.tree):
            self._gather(node)
            for test in conditions_of(node):
                if len(conditions) < _FILE_CONDITIONS:
                    conditions.setdefault(ast.dump(test), test)
            if isinstance(node, ast.Constant) and self.is_plain(node):
                constants[(type(node.value).__name__, plain_value(node))] += 1
        self.conditions = list(conditions.values())
        self.constants: List[Value] = [value for (_, value), _ in constants.most_common(_FILE_CONSTANTS)]

    def is_plain(self, node: ast.Constant) -> bool:
        """Whether a constant is one to reuse: a number or a short string that is no docstring."""
        if isinstance(node.value, bool) or not isinstance(node.value, (str, int, float)):
            return False
        parent = self.source.parents.get(id(node))
        return not (parent and isinstance(parent.node, ast.Expr)) and len(str(node.value)) <= _LONGEST_CONSTANT

    def _top(self, node: ast.AST) -> Iterator[ast.AST]:
        for child in ast.iter_child_nodes(node):
            yield child
            if not isinstance(child, SCOPES):
                yield from self._top(child)

    def _bind(self, node: ast.AST) -> None:
        if isinstance(node, DEFINITIONS):
            self.functions[node.name] = node
            self.globals.add(node.name)
        elif isinstance(node, ast.ClassDef):
            self.classes[node.name] = node
            self.globals.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            self.globals.update((alias.asname or alias.name).split(".")[0] for alias in node.names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            self.globals.add(node.id)

    def _gather(self, node: ast.AST) -> None:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            self.attributes[node.value.id][node.attr] += 1
        elif isinstance(node, ast.Call):
            for keyword in node.keywords:
                if keyword.arg and size(keyword.value) <= _LARGEST_KEYWORD:
                    self.keywords[called(node)].setdefault(ast.dump(keyword), keyword)
        elif isinstance(node, ast.Raise) and node.exc is not None:
            raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            if isinstance(raised, ast.Name):
                self.exceptions[raised.id] += 1


class Scope:
    """What an outermost function (with its nested ones) offers to edits inside it."""

    def __init__(self, file: FileScope, function: Definition, classes: Tuple[ast.ClassDef, ...], types: Types) -> None:
        self.file = file
        self.source = file.source
        self.function = function
        self.classes = classes
        self.types = types
        self.nested: Dict[str, Definition] = {}
        self._lines: Dict[str, List[int]] = defaultdict(list)
        self.uses: Counter[str] = Counter()
        self.comprehension_targets: Set[str] = set()
        self.locals = self._local_names()
        self.visible = set(self.locals) | file.globals | BUILTINS
        self.receiver = self._receiver()
        self.receiver_attributes = self._receiver_attributes()
        self.methods: Dict[str, Definition] = {}
        for member in classes[-1].body if classes else ():
            if isinstance(member, DEFINITIONS):
                self.methods[member.name] = member
        self.expressions: Dict[str, ast.expr] = {}
        self.places: Dict[str, ast.expr] = {}
        self.conditions: Dict[str, ast.expr] = {}
        self.constants: Dict[Tuple[str, object], Value] = {}
        self.returns: Dict[str, ast.expr] = {}
        self.statements: Dict[str, ast.stmt] = {}
        for node in ast.walk(function):
            self._gather(node)

    def _local_names(self) -> List[str]:
        found: Dict[str, None] = dict.fromkeys(parameters(self.function))
        inside = self._bound_in_comprehensions()
        for node in ast.walk(self.function):
            if isinstance(node, ast.Name):
                self.uses[node.id] += 1
                self._lines[node.id].append(node.lineno)
                if isinstance(node.ctx, ast.Store) and id(node) not in inside:
                    found.setdefault(node.id)
            elif isinstance(node, ast.arg):
                self._lines[node.arg].append(node.lineno)
                found.setdefault(node.arg)
            elif isinstance(node, DEFINITIONS) and node is not self.function:
                self.nested[node.name] = node
                found.setdefault(node.name)
            elif isinstance(node, ast.ExceptHandler) and node.name:
                found.setdefault(node.name)
        return list(found)

    def _bound_in_comprehensions(self) -> Set[int]:
        inside: Set[int] = set()
        for node in ast.walk(self.function):
            if isinstance(node, ast.comprehension):
                for part in ast.walk(node.target):
                    if isinstance(part, ast.Name):
                        inside.add(id(part))
                        self.comprehension_targets.add(part.id)
                        self._lines[part.id].append(part.lineno)
        return inside

    def _receiver(self) -> Optional[str]:
        given = parameters(self.function)
        static = any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in self.function.decorator_list)
        return given[0] if self.classes and given and not static else None

    def _receiver_attributes(self) -> Counter[str]:
        found: Counter[str] = Counter()
        if self.receiver:
            for node in ast.walk(self.classes[-1]):
                if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
                    continue
                if node.value.id in {"self", "cls", self.receiver}:
                    found[node.attr] += 1
        return found

    def _gather(self, node: ast.AST) -> None:
        for test in conditions_of(node):
            self.conditions.setdefault(ast.dump(test), test)
        if isinstance(node, ast.Constant):
            parent = self.source.parents.get(id(node))
            if not (parent and isinstance(parent.node, ast.Expr)):
                self.constants.setdefault((type(node.value).__name__, node.value), plain_value(node))
        elif isinstance(node, ast.expr):
            self._gather_expression(node)
        elif isinstance(node, ast.Return) and node.value is not None and size(node.value) <= _LARGEST_RETURN:
            self.returns.setdefault(ast.dump(node.value), node.value)
        documents = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if isinstance(node, SIMPLE) and not documents and size(node) <= _LARGEST_STATEMENT:
            self.statements.setdefault(ast.dump(node), node)

    def _gather_expression(self, node: ast.expr) -> None:
        parent = self.source.parents.get(id(node))
        if parent is None or size(node) > _LARGEST_EXPRESSION:
            return
        if parent.field in {"func", "annotation", "returns", "decorator_list"}:
            return
        if isinstance(node, (ast.Starred, ast.JoinedStr, ast.FormattedValue, ast.Slice)):
            return
        if isinstance(node, (ast.Subscript, ast.Attribute)):
            place = changed(node, ctx=ast.Load())
            if not (isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice)):
                self.places.setdefault(ast.dump(place), place)
        if loaded(node):
            self.expressions.setdefault(ast.dump(node), node)

    def bound_around(self, node: ast.AST) -> List[str]:
        """Return the comprehension and lambda variables visible at a node."""
        names: List[str] = []
        for parent in self.source.ancestors(node):
            if parent.node is self.function:
                break
            if isinstance(parent.node, COMPREHENSIONS):
                for generator in parent.node.generators:
                    names += [part.id for part in ast.walk(generator.target) if isinstance(part, ast.Name)]
            elif isinstance(parent.node, ast.Lambda):
                names += parameters(parent.node)
        return names

    def near(self, node: ast.AST, limit: int = 14) -> List[str]:
        """Return the local variables visible at a node, those used closest by first."""
        line: int = getattr(node, "lineno", self.function.lineno)
        ranked: List[Tuple[int, int, str]] = []
        for order, variable in enumerate(dict.fromkeys([*self.locals, *self.bound_around(node)])):
            lines = self._lines.get(variable) or [self.function.lineno]
            ranked.append((min(abs(one - line) for one in lines), order, variable))
        ranked.sort()
        return [variable for _, _, variable in ranked[:limit]]

    def sees(self, expression: ast.AST, node: ast.AST) -> bool:
        """Whether all names that an expression reads are visible at a node."""
        needed = free_names(expression)
        around = set(self.bound_around(node))
        hidden = (needed & self.comprehension_targets) - set(self.locals) - self.file.globals
        return needed <= self.visible | around and hidden <= around

    def in_loop(self, statement: ast.AST) -> bool:
        """Whether `break` and `continue` mean something at a statement."""
        for parent in self.source.ancestors(statement):
            if isinstance(parent.node, SCOPES):
                return False
            if isinstance(parent.node, LOOPS) and parent.field == "body":
                return True
        return False

    def innermost(self, node: ast.AST) -> Definition:
        """Return the innermost function that holds a node."""
        for parent in self.source.ancestors(node):
            if isinstance(parent.node, DEFINITIONS):
                return parent.node
        return self.function

    def alike(self, one: str, other: str) -> Optional[bool]:
        """Whether two variables were seen with a common type; None where one of them was never seen."""
        mine, others = self.types.get(one), self.types.get(other)
        if not mine or not others:
            return None
        return bool(mine & others)
