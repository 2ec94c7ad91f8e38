"""What the text of a module says: its definitions, the constants in them, and examples of calls."""

from __future__ import annotations

import ast
import doctest
import os
import re
from collections import defaultdict
from typing import Any, DefaultDict, Dict, Iterable, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple

from regoose_guest.testgen.usage import Function, keys_of

Example = Tuple[Tuple[str, ...], Tuple[Tuple[str, str], ...]]
"""Positional and keyword arguments of a call, as source."""

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_DOCUMENTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Module)
_LONGEST = 60
_FILES = 60
"""Neighbouring files that are looked into for calls."""
_FILE_BYTES = 200_000
_NOT_LITERAL = (
    *(ast.Name, ast.Attribute, ast.Call, ast.Lambda, ast.Starred, ast.Await, ast.Yield, ast.JoinedStr, ast.NamedExpr),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
)
_IN_TEXT = re.compile(r"(?m)\b(\w+)\((['\"][^\n]*|[\d\[{(][^\n]*)\)\s*(?:#.*|=>.*|->.*|→.*|returns.*|==.*)?$")
_LOOKS_LIKE_PATTERN = re.compile(r"[\[(].*[\])]|\\[dwsb]|\$$|^\^")


class Constants(NamedTuple):
    """Literals of a piece of code by kind, in order, and the regular expressions among them."""

    texts: List[str]
    ints: List[int]
    floats: List[float]
    bytestrings: List[bytes]
    patterns: List[str]


def constants_of(node: Optional[ast.AST]) -> Constants:
    """Return the literals below a node but docstrings."""
    found = Constants([], [], [], [], [])
    if node is None:
        return found
    documentation = _documentation(node)
    held: Dict[Any, List[Any]] = {str: found.texts, int: found.ints, float: found.floats, bytes: found.bytestrings}
    for one in ast.walk(node):
        if isinstance(one, ast.Constant) and id(one) not in documentation:
            value: Any = one.value
            many = held.get(type(value))
            is_long = isinstance(value, (str, bytes)) and len(value) > _LONGEST
            if many is not None and not is_long and value not in many:
                many.append(value)
            if isinstance(value, str) and _is_pattern(value):
                found.patterns.append(value)
    return found


def _is_pattern(text: str) -> bool:
    if len(text) < 3 or " " in text[:3] or not _LOOKS_LIKE_PATTERN.search(text):  # noqa: PLR2004 - too short to be one
        return False
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError):
        return False
    return True


def _documentation(node: ast.AST) -> Set[int]:
    found: Set[int] = set()
    for one in ast.walk(node):
        if isinstance(one, _DOCUMENTED) and one.body and isinstance(one.body[0], ast.Expr):
            found.add(id(one.body[0].value))
    return found


class Facts:
    """All that is read from the module's text and the files around it."""

    def __init__(self, tree: ast.Module, path: str, existing: Sequence[str] = ()) -> None:
        self.definitions: Dict[str, Function] = {}
        """By qualified name."""
        self.classes: Dict[str, ast.ClassDef] = {}
        self._gather(tree.body, "")
        self.constants = constants_of(tree)
        self.examples: DefaultDict[str, List[Example]] = defaultdict(list)
        """Calls by the bare name of what is called: in docstrings, the package, existing tests."""
        self.keys = _bundled(tree)
        self._documented(tree)
        self._called(tree, path, existing)
        self.raising_lines = _raising_lines(tree)

    def _gather(self, body: Iterable[ast.stmt], prefix: str) -> None:
        for node in body:
            if isinstance(node, _FUNCTIONS):
                self.definitions[prefix + node.name] = node
            elif isinstance(node, ast.ClassDef):
                self.classes[prefix + node.name] = node
                self._gather(node.body, f"{prefix}{node.name}.")
            elif isinstance(node, (ast.If, ast.Try)):
                self._gather([*node.body, *node.orelse], prefix)

    def _documented(self, tree: ast.Module) -> None:
        parser = doctest.DocTestParser()
        for node in ast.walk(tree):
            text = ast.get_docstring(node) if isinstance(node, _DOCUMENTED) else None
            if not text:
                continue
            if ">>>" in text:
                try:
                    examples = parser.get_examples(text)
                except ValueError:
                    examples = []
                for one in examples:
                    self._harvest(_parsed(one.source))
            for found in _IN_TEXT.finditer(text):
                self._harvest(_parsed(f"{found.group(1)}({found.group(2)})"))

    def _called(self, tree: ast.Module, path: str, existing: Sequence[str]) -> None:
        self._harvest(tree)
        for one in [*existing, *_neighbours(path)][:_FILES]:
            try:
                if os.path.getsize(one) > _FILE_BYTES:
                    continue
                with open(one, encoding="utf-8") as file:
                    text = file.read()
            except (OSError, UnicodeDecodeError):
                continue
            self._harvest(_parsed(text))

    def _harvest(self, tree: Optional[ast.AST]) -> None:
        if tree is None:
            return
        names = {name.rpartition(".")[2] for name in (*self.definitions, *self.classes)}
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not (node.args or node.keywords):
                continue
            name = _called_name(node.func)
            if name not in names or not all(map(_is_literal, node.args)):
                continue
            if all(one.arg and _is_literal(one.value) for one in node.keywords):
                keywords = tuple((str(one.arg), ast.unparse(one.value)) for one in node.keywords)
                example = (tuple(map(ast.unparse, node.args)), keywords)
                if example not in self.examples[name]:
                    self.examples[name].append(example)


def _called_name(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def _is_literal(node: ast.expr) -> bool:
    return not any(isinstance(one, _NOT_LITERAL) for one in ast.walk(node))


def _parsed(text: str) -> Optional[ast.Module]:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _neighbours(path: str) -> Iterator[str]:
    for folder, inner, files in os.walk(os.path.dirname(path)):
        inner[:] = sorted(one for one in inner if not one.startswith((".", "__")))
        for name in sorted(files):
            if name.endswith(".py") and os.path.join(folder, name) != path:
                yield os.path.join(folder, name)


def _bundled(tree: ast.Module) -> List[str]:
    """Return the keys that functions look up in a `**bundle`: their callers pass the same bundle to all."""
    found: Dict[str, None] = {}
    for node in ast.walk(tree):
        if isinstance(node, _FUNCTIONS) and node.args.kwarg is not None:
            found.update(dict.fromkeys(keys_of(node).get(node.args.kwarg.arg, ())))
    return list(found)


def _raising_lines(tree: ast.Module) -> Set[int]:
    """Return the lines of `raise` and `assert` statements."""
    found: Set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Raise, ast.Assert)):
            found.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return found
