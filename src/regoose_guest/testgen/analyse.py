"""What the text of a module says: its definitions, the constants in them, and examples of calls."""

from __future__ import annotations

import ast
import operator
import os
import re
from collections import defaultdict
from typing import (
    Any,
    Callable,
    DefaultDict,
    Dict,
    Iterable,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Sequence,
    Set,
    Tuple,
    Type,
)

from regoose_guest.testgen.usage import Function, Uses, keys_of, uses_of

Example = Tuple[Tuple[str, ...], Tuple[Tuple[str, str], ...]]
"""Positional and keyword arguments of a call, as source."""

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_DOCUMENTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Module)
_OF_COMMANDS = frozenset(("argv", "parse_args", "parse_known_args"))
_OF_CLOCKS = frozenset(("today", "now", "utcnow"))
_HELD: Any = operator
_CALCULATIONS: Dict[Type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: _HELD.add,
    ast.Sub: _HELD.sub,
    ast.Mult: _HELD.mul,
    ast.Pow: _HELD.pow,
    ast.LShift: _HELD.lshift,
}
_SAFE = (ast.Add, ast.Sub, ast.Mult)
_LARGEST, _MOST_BITS = 1 << 80, 80
_LONGEST = 60
_FILES = 60
"""Neighbouring files that are looked into for calls."""
_FILE_BYTES = 200_000
_ALL_BYTES = 1_000_000
"""Of all files that are looked into: a budget in bytes is the same in every run, one in seconds is not."""
_CALLED = re.compile(r"(\w+)\s*\(")
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


class Reading(NamedTuple):
    """What the text of one function says."""

    constants: Constants
    uses: Uses
    keys: Dict[str, List[str]]


NOTHING = Reading(Constants([], [], [], [], []), {}, {})


def constants_of(nodes: Iterable[ast.AST]) -> Constants:
    """Return the literals among nodes, those of docstrings left out."""
    nodes = list(nodes)
    documentation = _documentation(nodes)
    held: Dict[Any, Dict[Any, None]] = {str: {}, int: {}, float: {}, bytes: {}}
    patterns: Dict[str, None] = {}
    for one in nodes:
        if isinstance(one, ast.Constant) and id(one) not in documentation:
            value: Any = one.value
            many = held.get(type(value))
            is_long = isinstance(value, (str, bytes)) and len(value) > _LONGEST
            if many is not None and not is_long:
                many[value] = None
            if isinstance(value, str) and value not in patterns and is_pattern(value):
                patterns[value] = None
        elif isinstance(one, ast.BinOp):
            number = _calculated(one)
            if number is not None:
                held[int][number] = None
    return Constants(list(held[str]), list(held[int]), list(held[float]), list(held[bytes]), list(patterns))


def _calculated(node: ast.expr) -> Optional[int]:
    """Return the whole number that a calculation with literals alone gives: `1 << 20`, `60 * 60`, `10**6`."""
    if isinstance(node, ast.Constant):
        return node.value if type(node.value) is int and abs(node.value) < _LARGEST else None
    function = _CALCULATIONS.get(type(node.op)) if isinstance(node, ast.BinOp) else None
    if function is None or not isinstance(node, ast.BinOp):
        return None
    left, right = _calculated(node.left), _calculated(node.right)
    if left is None or right is None or (not isinstance(node.op, _SAFE) and not 0 <= right < _MOST_BITS):
        return None
    result: int = function(left, right)
    return result if abs(result) < _LARGEST else None


def is_pattern(text: str) -> bool:
    """Whether a text looks like a regular expression, and is one."""
    if len(text) < 3 or " " in text[:3] or not _LOOKS_LIKE_PATTERN.search(text):  # noqa: PLR2004 - too short to be one
        return False
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError):
        return False
    return True


def _documentation(nodes: Iterable[ast.AST]) -> Set[int]:
    found: Set[int] = set()
    for one in nodes:
        if isinstance(one, _DOCUMENTED) and one.body and isinstance(one.body[0], ast.Expr):
            found.add(id(one.body[0].value))
    return found


class Facts:
    """All that is read from the module's text and the files around it, once for all processes of the engine."""

    def __init__(self, tree: ast.Module, path: str, existing: Sequence[str] = ()) -> None:
        self.definitions: Dict[str, Function] = {}
        """By qualified name."""
        self.classes: Dict[str, ast.ClassDef] = {}
        self._gather(tree.body, "")
        self._callable = {name.rpartition(".")[2] for name in (*self.definitions, *self.classes)}
        nodes = list(ast.walk(tree))
        self.constants = constants_of(nodes)
        self._readings = {id(one): _read(one) for one in self.definitions.values()}
        found: DefaultDict[str, Dict[Example, None]] = defaultdict(dict)
        for one in (*self._documented(nodes), nodes, *self._files(path, existing)):
            self._harvest(one, found)
        self.examples: DefaultDict[str, List[Example]] = defaultdict(list)
        """Calls by the bare name of what is called: in docstrings, the package, existing tests."""
        self.examples.update((name, list(many)) for name, many in found.items())
        self.keys = _bundled(nodes)
        self.raising_lines = _raising_lines(nodes)
        self.reads_clock = any(isinstance(one, ast.Attribute) and one.attr in _OF_CLOCKS for one in nodes)
        """Whether it asks what day it is."""
        self.reads_arguments = any(isinstance(one, ast.Attribute) and one.attr in _OF_COMMANDS for one in nodes)
        """Whether it looks at the arguments of the command line."""

    def reading(self, node: Optional[Function]) -> Reading:
        """Return what the text of one of the definitions says; nothing where there is none."""
        return NOTHING if node is None else self._readings.get(id(node)) or _read(node)

    def _gather(self, body: Iterable[ast.stmt], prefix: str) -> None:
        for node in body:
            if isinstance(node, _FUNCTIONS):
                self.definitions[prefix + node.name] = node
            elif isinstance(node, ast.ClassDef):
                self.classes[prefix + node.name] = node
                self._gather(node.body, f"{prefix}{node.name}.")
            elif isinstance(node, (ast.If, ast.Try)):
                self._gather([*node.body, *node.orelse], prefix)

    def _documented(self, nodes: Sequence[ast.AST]) -> Iterator[Iterable[ast.AST]]:
        """Yield the nodes of calls in docstrings."""
        import doctest  # slow to import: once, and not in the processes that only observe

        parser = doctest.DocTestParser()
        for node in nodes:
            text = ast.get_docstring(node) if isinstance(node, _DOCUMENTED) else None
            if not text:
                continue
            if ">>>" in text:
                try:
                    examples = parser.get_examples(text)
                except ValueError:
                    examples = []
                for one in examples:
                    yield _parsed(one.source)
            for found in _IN_TEXT.finditer(text):
                if found.group(1) in self._callable:
                    yield _parsed(f"{found.group(1)}({found.group(2)})")

    def _files(self, path: str, existing: Sequence[str]) -> Iterator[Iterable[ast.AST]]:
        """Yield the nodes of files that speak of something of the module's."""
        left = _ALL_BYTES
        for one in [*existing, *_neighbours(path)][:_FILES]:
            try:
                size = os.path.getsize(one)
                if size > min(_FILE_BYTES, left):
                    continue
                with open(one, encoding="utf-8") as file:
                    text = file.read()
            except (OSError, UnicodeDecodeError):
                continue
            if not self._callable.isdisjoint(_CALLED.findall(text)):
                left -= size
                yield _parsed(text)

    def _harvest(self, nodes: Iterable[ast.AST], found: DefaultDict[str, Dict[Example, None]]) -> None:
        for node in nodes:
            if not isinstance(node, ast.Call) or not (node.args or node.keywords):
                continue
            name = _called_name(node.func)
            if name not in self._callable or not all(map(_is_literal, node.args)):
                continue
            if all(one.arg and _is_literal(one.value) for one in node.keywords):
                keywords = tuple((str(one.arg), ast.unparse(one.value)) for one in node.keywords)
                found[name][tuple(map(ast.unparse, node.args)), keywords] = None


def _read(node: Function) -> Reading:
    nodes = list(ast.walk(node))
    return Reading(constants_of(nodes), uses_of(node, nodes), keys_of(nodes))


def _called_name(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def _is_literal(node: ast.expr) -> bool:
    return not any(isinstance(one, _NOT_LITERAL) for one in ast.walk(node))


def _parsed(text: str) -> Iterable[ast.AST]:
    try:
        return ast.walk(ast.parse(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()


def _neighbours(path: str) -> Iterator[str]:
    for folder, inner, files in os.walk(os.path.dirname(path)):
        inner[:] = sorted(one for one in inner if not one.startswith((".", "__")))
        for name in sorted(files):
            if name.endswith(".py") and os.path.join(folder, name) != path:
                yield os.path.join(folder, name)


def _bundled(nodes: Iterable[ast.AST]) -> List[str]:
    """Return the keys that functions look up in a `**bundle`: their callers pass the same bundle to all."""
    found: Dict[str, None] = {}
    for node in nodes:
        if isinstance(node, _FUNCTIONS) and node.args.kwarg is not None:
            found.update(dict.fromkeys(keys_of(ast.walk(node)).get(node.args.kwarg.arg, ())))
    return list(found)


def _raising_lines(nodes: Iterable[ast.AST]) -> Set[int]:
    """Return the lines of `raise` and `assert` statements."""
    found: Set[int] = set()
    for node in nodes:
        if isinstance(node, (ast.Raise, ast.Assert)):
            found.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return found
