"""Where the names in a test's source come from: the module, an import, Python itself."""

from __future__ import annotations

import ast
import builtins
import re
from typing import Dict, FrozenSet, Iterable, Iterator, List, Set, Union

from regoose_guest.testgen.case import Case, Step
from regoose_guest.testgen.writing.imports import Imported, parse_imports

BUILTINS = frozenset(dir(builtins))
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
Definition = Union[ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef]


class Outline:
    """What the text of a module says of its definitions."""

    def __init__(self, source: str) -> None:
        self.definitions: Dict[str, Definition] = {}
        """By qualified name, in the order of the text."""
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError):
            tree = ast.Module(body=[], type_ignores=[])
        self._gather(tree.body, "")
        self._order = {name: number for number, name in enumerate(self.definitions)}

    def _gather(self, body: Iterable[ast.stmt], prefix: str) -> None:
        for node in body:
            if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
                self.definitions[prefix + node.name] = node
                if isinstance(node, ast.ClassDef):
                    self._gather(node.body, f"{prefix}{node.name}.")
            elif isinstance(node, (ast.If, ast.Try)):
                self._gather(node.body, prefix)
                self._gather(node.orelse, prefix)

    def defines(self, name: str) -> bool:
        """Whether the module has a function or class of that name."""
        return name in self.definitions

    def order(self, subject: str) -> int:
        """Return a number that grows along the text; what is not in it comes last."""
        last = len(self._order)
        return self._order.get(subject, self._order.get(subject.split(".", maxsplit=1)[0], last))

    def function(self, subject: str) -> Union[ast.FunctionDef, ast.AsyncFunctionDef, None]:
        """Return the function that a call of `subject` enters: a class's is its `__init__`."""
        found = self.definitions.get(subject)
        if isinstance(found, ast.ClassDef):
            found = self.definitions.get(f"{subject}.__init__")
        return found if isinstance(found, _FUNCTIONS) else None

    def parameters(self, subject: str) -> List[str]:
        """Return the names of the positional parameters of a call of `subject`, without the receiver."""
        node = self.function(subject)
        if node is None:
            return []
        names = [one.arg for one in node.args.posonlyargs + node.args.args]
        is_static = any(isinstance(one, ast.Name) and one.id == "staticmethod" for one in node.decorator_list)
        in_class = isinstance(self.definitions.get(subject), ast.ClassDef) or isinstance(
            self.definitions.get(subject.rpartition(".")[0]), ast.ClassDef
        )
        return names[1:] if in_class and not is_static else names


def is_generator(node: Union[ast.FunctionDef, ast.AsyncFunctionDef]) -> bool:
    """Whether a call of the function gives an iterator: it yields, outside of functions in it."""
    waiting: List[ast.AST] = list(node.body)
    while waiting:
        one = waiting.pop()
        if isinstance(one, (ast.Yield, ast.YieldFrom)):
            return True
        if not isinstance(one, (*_FUNCTIONS, ast.Lambda)):
            waiting += ast.iter_child_nodes(one)
    return False


def snake(name: str) -> str:
    """Return a name in lower case with underscores between its words, none at its ends."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return re.sub(r"_+", "_", spaced).strip("_").lower()


def parse_step(step: Step) -> List[ast.stmt]:
    """Return the statements of a step; raises SyntaxError where its source is none."""
    if step.is_statement:
        return ast.parse(step.source).body
    value = expression(step.source)
    if step.awaits:
        value = ast.Await(value)
    return [ast.Expr(value)]


def expression(source: str) -> ast.expr:
    """Return the tree of an expression; raises SyntaxError."""
    return ast.parse(f"({source}\n)", mode="eval").body


def free_names(nodes: Iterable[ast.AST]) -> FrozenSet[str]:
    """Return the names that are read and not bound by a lambda, a comprehension or an assignment of the same nodes."""
    read: Set[str] = set()
    bound: Set[str] = set()
    for node in _walk(nodes):
        if isinstance(node, ast.Name):
            (read if isinstance(node.ctx, ast.Load) else bound).add(node.id)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
    return frozenset(read - bound)


def _walk(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    for node in nodes:
        yield from ast.walk(node)


def needed(case: Case) -> Dict[str, Imported]:
    """Return the names that a case's own import statements bind."""
    found: Dict[str, Imported] = {}
    for statement in case.needs:
        found.update(parse_imports(statement))
    return found
