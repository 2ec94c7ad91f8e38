"""Whether a value in source is of the kind that an annotation or a docstring asks for."""

from __future__ import annotations

import ast
import re
from typing import Dict, List, Optional, Union

from regoose_guest.testgen.writing.names import expression

_PLAIN: Dict[str, type] = {"str": str, "bytes": bytes, "bool": bool, "int": int, "float": float, "complex": complex}
_LISTS = frozenset({"list", "List", "Sequence", "Iterable", "Collection", "MutableSequence"})
_TUPLES = frozenset({"Sequence", "Iterable", "Collection"})
_DICTS = frozenset({"dict", "Dict", "Mapping", "MutableMapping"})
_SETS = frozenset({"set", "Set", "AbstractSet", "MutableSet"})
_DISPLAYS = (ast.List, ast.Tuple, ast.Set, ast.Dict)
_CONTAINERS = ((_LISTS, ast.List), (_TUPLES, ast.Tuple), (_SETS, ast.Set))
_WIDER = {int: (int,), float: (int, float), complex: (int, float, complex)}
_DOCUMENTED = (
    re.compile(r":type\s+(?P<name>\w+)\s*:\s*(?P<kind>[^\n]+)"),
    re.compile(r":param\s+(?P<kind>[\w.\[\], |]+?)\s+(?P<name>\w+)\s*:"),
    re.compile(r"^\s+(?P<name>\w+)\s+\((?P<kind>[^)\n]+)\)\s*:", re.MULTILINE),
    re.compile(r"^\s*(?P<name>\w+)\s+:\s+(?P<kind>[^\n]+)$", re.MULTILINE),
)
Function = Union[ast.FunctionDef, ast.AsyncFunctionDef]


def fits(annotation: ast.expr, value: ast.expr) -> Optional[bool]:
    """Return whether it certainly fits, certainly does not, or None where that cannot be said."""
    answers = [_fits_one(one, value) for one in _alternatives(annotation)]
    if any(answers):
        return True
    return None if None in answers else False


def _alternatives(annotation: ast.expr) -> List[ast.expr]:
    """Return the members of a union; what is no union is its only member."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            return _alternatives(expression(annotation.value))
        except SyntaxError:
            return [annotation]
    if isinstance(annotation, ast.BinOp) and isinstance(annotation.op, ast.BitOr):
        return _alternatives(annotation.left) + _alternatives(annotation.right)
    if isinstance(annotation, ast.Subscript):
        inner = annotation.slice
        if _tail(annotation.value) == "Optional":
            return [*_alternatives(inner), ast.Constant(None)]
        if _tail(annotation.value) == "Union" and isinstance(inner, ast.Tuple):
            return [member for one in inner.elts for member in _alternatives(one)]
    return [annotation]


def _fits_one(annotation: ast.expr, value: ast.expr) -> Optional[bool]:
    if isinstance(annotation, ast.Constant) and annotation.value is None:
        return _is_none(value) if isinstance(value, (ast.Constant, *_DISPLAYS)) else None
    name = _tail(annotation.value if isinstance(annotation, ast.Subscript) else annotation)
    inner = annotation.slice if isinstance(annotation, ast.Subscript) else None
    return _plain(_PLAIN[name], value) if name in _PLAIN else _container(name, inner, value)


def documented(docstring: str) -> Dict[str, ast.expr]:
    """Return the kinds of parameters that a docstring states, as annotations."""
    found: Dict[str, ast.expr] = {}
    for pattern in _DOCUMENTED:
        for one in pattern.finditer(docstring):
            kind = re.sub(r",?\s*\b(optional|default.*)$", "", one.group("kind").strip(" `."))
            kind = re.sub(r"\s+or\s+", " | ", kind.replace("string", "str").replace("integer", "int"))
            try:
                found.setdefault(one.group("name"), expression(kind))
            except SyntaxError:
                continue
    return found


def arguments_fit(node: Function, names: List[str], call: ast.Call) -> bool:
    """Whether every argument certainly is what the function asks for; `names` are those of its positional ones."""
    stated = documented(ast.get_docstring(node) or "")
    for one in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]:
        if one.annotation is not None:
            stated[one.arg] = one.annotation
    if len(call.args) > len(names) or any(one.arg is None for one in call.keywords):
        return False
    given = [*zip(names, call.args), *((one.arg or "", one.value) for one in call.keywords)]
    return all(name in stated and fits(stated[name], value) for name, value in given)


def _container(name: str, inner: Optional[ast.expr], value: ast.expr) -> Optional[bool]:
    for names, kind in _CONTAINERS:
        if name in names and isinstance(value, kind):
            return _items(inner, value)
    if name in _DICTS and isinstance(value, ast.Dict):
        if not isinstance(inner, ast.Tuple):
            return None if value.keys else True
        keys = [fits(inner.elts[0], key) if key is not None else None for key in value.keys]
        return _all(*keys, *(fits(inner.elts[-1], one) for one in value.values))
    is_text = isinstance(value, ast.Constant) and isinstance(value.value, (str, bytes))
    return False if name in _LISTS | _DICTS | _SETS and isinstance(value, ast.Constant) and not is_text else None


def _items(inner: Optional[ast.expr], value: Union[ast.List, ast.Tuple, ast.Set]) -> Optional[bool]:
    """Return whether the items fit; where nothing is said of them, that can be told of an empty display only."""
    if inner is None:
        return None if value.elts else True
    return _all(*(fits(inner, one) for one in value.elts))


def _plain(kind: type, value: ast.expr) -> Optional[bool]:
    if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub):
        value = value.operand
    if isinstance(value, _DISPLAYS):
        return False
    if not isinstance(value, ast.Constant):
        return None
    if isinstance(value.value, bool) and kind in _WIDER:
        return None  # a bool is an int, yet seldom meant
    return isinstance(value.value, _WIDER.get(kind, kind))


def _is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None


def _all(*answers: Optional[bool]) -> Optional[bool]:
    if all(answers):
        return True
    return False if False in answers else None


def _tail(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
