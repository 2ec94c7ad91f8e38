"""What the body of a function tells of its parameters, of their items by key and of their attributes."""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from typing import Counter as CounterOf
from typing import DefaultDict, Dict, Iterable, Iterator, List, Optional, Set, Tuple, Union

CALLABLES = frozenset(("callable", "callable0", "callable2", "predicate"))
"""Kinds of functions: by how many values they are called with, and whether what they give is only tested."""
Function = Union[ast.FunctionDef, ast.AsyncFunctionDef]
Uses = Dict[str, CounterOf[str]]
"""Place → kinds with weights. A place is `name`, `name[key]`, `name[*]` for its items, or `name.attribute`."""

_OF_TEXT = frozenset(dir(str)) - frozenset(dir(list)) - frozenset(dir(dict))
_ATTRIBUTES: Dict[str, str] = {
    **dict.fromkeys(_OF_TEXT, "str"),
    **dict.fromkeys(("items", "keys", "values", "setdefault", "update", "get"), "dict"),
    **dict.fromkeys(("append", "extend", "insert", "sort", "reverse"), "list"),
    **dict.fromkeys(("year", "month", "day"), "date"),
    **dict.fromkeys(("hour", "minute", "second", "tzinfo"), "datetime"),
    **dict.fromkeys(("days", "seconds", "microseconds", "total_seconds"), "timedelta"),
    **dict.fromkeys(("read", "readline", "readlines", "write"), "file"),
    **dict.fromkeys(("exists", "is_file", "is_dir", "read_text", "write_text", "suffix", "stem", "iterdir"), "path"),
    **dict.fromkeys(("__name__", "__doc__", "__module__", "__wrapped__"), "callable"),
}
_SHARED = frozenset(
    ("pop", "copy", "index", "count", "clear", "add", "remove", "close", "format", "__class__", "__dict__")
)
_CALLED: Dict[str, Tuple[Tuple[str, int], ...]] = {
    **dict.fromkeys(
        ("sorted", "sum", "list", "tuple", "set", "enumerate", "reversed", "iter", "min", "max", "any", "all", "zip"),
        (("list", 2),),
    ),
    **dict.fromkeys(("range", "chr", "hex", "bin", "divmod"), (("int", 3),)),
    **dict.fromkeys(("int", "float", "round", "abs"), (("int", 1), ("float", 1), ("str", 1))),
    "len": (("list", 1), ("str", 1)),
    "ord": (("str", 2),),
    "dict": (("dict", 2),),
    "next": (("iter", 3),),
    "callable": (("callable", 2),),
    "open": (("file_path", 3),),
    "map": (("callable", 2),),
    "filter": (("callable", 2),),
}
_MATCHING = frozenset(("match", "search", "sub", "findall", "fullmatch", "split", "finditer"))
_GIVEN: Dict[str, Tuple[str, int]] = {"join": ("texts", 3), "update": ("dict", 2)}
"""What methods of others are given."""
_ARITHMETIC = (ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Pow, ast.Mod, ast.BitAnd, ast.RShift, ast.LShift)
_ORDERED = (ast.Lt, ast.Gt, ast.LtE, ast.GtE)
_LOOKS = frozenset(("get", "pop", "setdefault"))


def parameter_names(node: Function) -> List[str]:
    """Return the names of a function's parameters in order, without stars."""
    given = node.args
    names = [one.arg for one in given.posonlyargs + given.args]
    names += [given.vararg.arg] if given.vararg else []
    names += [one.arg for one in given.kwonlyargs]
    return names + ([given.kwarg.arg] if given.kwarg else [])


def uses_of(node: Function, nodes: Iterable[ast.AST]) -> Uses:
    """Return what the body does with each place; `nodes` are all of the function."""
    nodes = list(nodes)
    reader = _Reader(set(parameter_names(node)), nodes)
    for one in nodes:
        reader.read(one)
    return dict(reader.uses)


def keys_of(nodes: Iterable[ast.AST]) -> Dict[str, List[str]]:
    """Return, for each name, the constant keys by which a body looks into it, in order."""
    found: DefaultDict[str, List[str]] = defaultdict(list)
    for one in nodes:
        place = _keyed(one)
        if place is not None and place[1] not in found[place[0]]:
            found[place[0]].append(place[1])
    return {name: keys for name, keys in found.items() if keys}


def _text(node: Optional[ast.AST]) -> Optional[str]:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _keyed(node: ast.AST) -> Optional[Tuple[str, str]]:
    """Return (name, key) where a node looks a constant key up in a name."""
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        key = _text(node.slice)
        return None if key is None else (node.value.id, key)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
        key = _text(node.args[0]) if node.args else None
        return (node.func.value.id, key) if key is not None and node.func.attr in _LOOKS else None
    if isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.In, ast.NotIn)):
        key, held = _text(node.left), node.comparators[0]
        return (held.id, key) if key is not None and isinstance(held, ast.Name) else None
    return None


class _Reader:
    def __init__(self, names: Set[str], nodes: Iterable[ast.AST]) -> None:
        self._names = names
        self._items: Dict[str, str] = {}
        """Names of loops over a parameter."""
        loops = [one for one in nodes if isinstance(one, (ast.For, ast.comprehension))]
        for one in loops:
            if isinstance(one.iter, ast.Name) and one.iter.id in names and isinstance(one.target, ast.Name):
                self._items[one.target.id] = f"{one.iter.id}[*]"
        self.uses: DefaultDict[str, CounterOf[str]] = defaultdict(Counter)

    def read(self, node: ast.AST) -> None:  # noqa: C901, PLR0912 - one for each form
        if isinstance(node, ast.Attribute):
            self._attribute(node)
        elif isinstance(node, ast.Call):
            self._call(node)
        elif isinstance(node, (ast.For, ast.comprehension)):
            self._note(node.iter, "list", 3)
            if isinstance(node.target, ast.Tuple) and len(node.target.elts) == 2:  # noqa: PLR2004 - pairs
                self._note(node.iter, "pairs", 5)
        elif isinstance(node, ast.BinOp):
            self._operation(node)
        elif isinstance(node, ast.Compare):
            self._comparison(node)
        elif isinstance(node, ast.Subscript):
            self._item(node)
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            for item in node.items:
                self._note(item.context_expr, "file", 1)
        elif isinstance(node, (ast.If, ast.IfExp)):
            self._test(node.test)
        elif isinstance(node, ast.JoinedStr):
            for part in node.values:
                if isinstance(part, ast.FormattedValue):
                    self._note(part.value, "str", 1)

    def _places(self, node: ast.AST) -> Iterator[str]:
        if isinstance(node, ast.Name):
            if node.id in self._names:
                yield node.id
            elif node.id in self._items:
                yield self._items[node.id]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in self._names:
            yield f"{node.value.id}.{node.attr}"
        else:
            place = _keyed(node)
            if place is not None and place[0] in self._names:
                yield f"{place[0]}[{place[1]}]"

    def _note(self, node: ast.AST, kind: str, weight: int) -> None:
        for place in self._places(node):
            self.uses[place][kind] += weight

    def _attribute(self, node: ast.Attribute) -> None:
        kind = _ATTRIBUTES.get(node.attr)
        if kind is not None:
            self._note(node.value, kind, 3)
        elif node.attr not in _SHARED:
            self._note(node.value, "object", 2)

    def _test(self, test: ast.expr) -> None:
        inner = test.operand if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) else test
        self._note(inner, "bool", 1)
        if isinstance(inner, ast.Call):
            self._note(inner.func, "predicate", 6)

    def _call(self, node: ast.Call) -> None:
        function = node.func
        if isinstance(function, ast.Name):
            self._note(function, {0: "callable0", 2: "callable2"}.get(len(node.args), "callable"), 4)
            if node.args:
                self._called_with(function.id, node)
        elif isinstance(function, ast.Attribute):
            self._method(node, function)

    def _method(self, node: ast.Call, function: ast.Attribute) -> None:
        is_re = isinstance(function.value, ast.Name) and function.value.id == "re"
        given = ("str", 3 if is_re else 2) if is_re or function.attr in _MATCHING else _GIVEN.get(function.attr)
        if given is not None:
            for one in node.args:
                self._note(one, *given)
        elif function.attr in {"append", "add"}:
            self._note(function.value, "list", 1)
        elif function.attr == "pop" and (not node.args or not _text(node.args[0])):
            self._note(function.value, "list", 3)

    def _called_with(self, name: str, node: ast.Call) -> None:
        first = node.args[0]
        if name == "isinstance" and len(node.args) > 1:
            for one in ast.walk(node.args[1]):
                if isinstance(one, (ast.Name, ast.Attribute)):
                    self._note(first, f"instance:{ast.unparse(one)}", 3)
        for kind, weight in _CALLED.get(name, ()):
            self._note(first, kind, weight)

    def _operation(self, node: ast.BinOp) -> None:
        for one, other in ((node.left, node.right), (node.right, node.left)):
            if _text(other) is not None or isinstance(other, ast.JoinedStr):
                self._note(one, "str", 2)
            elif isinstance(node.op, _ARITHMETIC):
                self._note(one, "int", 2)
                self._note(one, "float", 1)
            elif isinstance(other, ast.List):
                self._note(one, "list", 2)

    def _comparison(self, node: ast.Compare) -> None:
        for one, other in ((node.left, node.comparators[0]), (node.comparators[0], node.left)):
            if isinstance(other, ast.Constant):
                kind = "none" if other.value is None else type(other.value).__name__
                if kind in {"int", "str", "float", "bytes", "none", "bool"}:
                    self._note(one, kind, 2)
            if isinstance(node.ops[0], _ORDERED):
                self._note(one, "int", 1)

    def _item(self, node: ast.Subscript) -> None:
        if _text(node.slice) is not None:
            self._note(node.value, "dict", 3)
        else:
            for kind in ("list", "str", "dict"):
                self._note(node.value, kind, 1)


_WORDS = (
    (r"\bstr(ing)?s?\b|\bunicode\b|\btext\b", "str"),
    (r"\bint(eger)?s?\b|\bnumber\b", "int"),
    (r"\bfloat\b|\bdecimal\b", "float"),
    (r"\bbool(ean)?\b", "bool"),
    (r"\blist\b|\bsequence\b|\biterable\b|\barray\b", "list"),
    (r"\bdict(ionary)?\b|\bmapping\b", "dict"),
    (r"\bcallable\b|\bfunction\b", "callable"),
    (r"\btuple\b", "tuple"),
    (r"\bset\b", "set"),
    (r"\bbytes\b", "bytes"),
    (r"\bdatetime\b", "datetime"),
    (r"\btimedelta\b", "timedelta"),
    (r"\bdate\b", "date"),
    (r"\bpath\b", "path"),
)


def documented_kinds(text: str, name: str) -> List[str]:
    """Return the kinds that a docstring gives a parameter: Sphinx, Google and NumPy style."""
    escaped = re.escape(name)
    found = re.search(
        rf":type\s+{escaped}\s*:\s*(.+)|:param\s+([^:\n]+?)\s+{escaped}\s*:|^\s*{escaped}\s*(?:\(|:\s*)([^\n]{{1,60}})",
        text,
        re.MULTILINE,
    )
    if found is None:
        return []
    said = next(group for group in found.groups() if group is not None)
    return [kind for pattern, kind in _WORDS if re.search(pattern, said, re.IGNORECASE)]


_NAMES = (
    (
        (
            r"^(text|string|s|str|word|words?|name|title|label|line|prefix|suffix|sep|separator|delim\w*|chars?|msg|message"
            r"|pattern|html|uri|url|content|token|fmt|format|source|src|version|code|address|value|val|x?ml|markdown"
            r"|comment|statement|indent|white_space)$|(_str|_string|_text|_name|_prefix|_separator)$|^string_|_with_underscores$"
        ),
        "str",
    ),
    (
        (
            r"^(n|num|number|count|size|width|height|index|idx|i|j|k|length|max\w*|min\w*|limit|year|month|day|precision"
            r"|digits|base|radix|step|level|depth|offset|total|start|stop|end|amount|bits)$|_length$|_size$"
        ),
        "int",
    ),
    (
        (
            r"^(iterable|seq|sequence|items|lst|list|arr|array|values|iterables|elements|perm|tokens|args|it|vector|nums"
            r"|coll|imports|comments|lines|keys)$|s_list$"
        ),
        "list",
    ),
    (r"^(d|dct|dict|mapping|map|kwargs|options|attrs|params|headers|dicts|config|data)$", "dict"),
    (r"^(func|fn|f|function|callback|predicate|pred|key|factory|mapper|success_mapper|on_\w+|cmp)$", "callable"),
    (
        r"^(is_|has_|use_|allow_|ignore_|include_|remove_|strict|reverse|flag|inclusive|recursive|verbose|case_|lower|upper)",
        "bool",
    ),
    (r"(date|day)$", "date"),
    (r"(time|dt)$", "datetime"),
    (r"(delta|duration)$", "timedelta"),
    (r"(path|filename|file)$", "str"),
)


def named_kind(name: str) -> Optional[str]:
    """Return the kind that a name suggests."""
    return next((kind for pattern, kind in _NAMES if re.search(pattern, name, re.IGNORECASE)), None)
