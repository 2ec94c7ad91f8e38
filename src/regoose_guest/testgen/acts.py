"""Acts: the statements that a search makes tests of, as data that can be varied, written as source and sent as JSON."""

from __future__ import annotations

import ast
import hashlib
from functools import lru_cache
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

FUNCTION, CONSTRUCTOR, STATIC, METHOD, PROPERTY, VALUE, SETTER = (
    "function",
    "constructor",
    "static",
    "method",
    "property",
    "value",
    "setter",
)

_BINARY = {
    "__eq__": "==",
    "__ne__": "!=",
    "__lt__": "<",
    "__le__": "<=",
    "__gt__": ">",
    "__ge__": ">=",
    "__add__": "+",
    "__sub__": "-",
    "__mul__": "*",
    "__truediv__": "/",
    "__floordiv__": "//",
    "__mod__": "%",
    "__pow__": "**",
    "__and__": "&",
    "__or__": "|",
    "__xor__": "^",
    "__lshift__": "<<",
    "__rshift__": ">>",
    "__matmul__": "@",
}
_REFLECTED = {f"__r{name[2:]}": sign for name, sign in _BINARY.items() if name not in {"__eq__", "__ne__"}}
_UNARY = {
    "__len__": "len({})",
    "__str__": "str({})",
    "__repr__": "repr({})",
    "__bool__": "bool({})",
    "__iter__": "iter({})",
    "__int__": "int({})",
    "__float__": "float({})",
    "__complex__": "complex({})",
    "__neg__": "-{}",
    "__pos__": "+{}",
    "__invert__": "~{}",
    "__abs__": "abs({})",
    "__reversed__": "reversed({})",
    "__next__": "next({})",
    "__hash__": "hash({})",
    "__bytes__": "bytes({})",
    "__copy__": "copy.copy({})",
}
OPERATORS = frozenset(_BINARY)
OPERATIONS = frozenset((*_BINARY, *_REFLECTED, *_UNARY, "__contains__", "__getitem__", "__setitem__", "__delitem__"))
OPEN = frozenset((*OPERATIONS, "__call__", "__enter__", "__aiter__"))
"""Methods with underscores that are called, by operations or statements."""


ARGUMENTS = "monkeypatch.setattr"
"""Called as a function with `'sys.argv'` and a list, it sets the arguments of the command line for one test."""


class Act(NamedTuple):
    """One call, attribute or operation. `receiver` is the variable of an earlier act: `v0` for the first."""

    kind: str
    receiver: str
    name: str
    positional: Tuple[str, ...] = ()
    keywords: Tuple[Tuple[str, str], ...] = ()


class Candidate(NamedTuple):
    """A test to be, before it is known what happens. `subject` is the key of what it exercises."""

    subject: str
    acts: Tuple[Act, ...]
    is_example: bool = False


def from_json(raw: Sequence[object]) -> Candidate:
    """Read what JSON made of a candidate."""
    subject, acts, is_example = raw
    assert isinstance(acts, (list, tuple))
    read: List[Act] = []
    for kind, receiver, name, positional, keywords in acts:  # pyright: ignore[reportUnknownVariableType]
        pairs = tuple((str(key), str(value)) for key, value in keywords)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        read.append(Act(str(kind), str(receiver), str(name), tuple(map(str, positional)), pairs))  # pyright: ignore[reportUnknownArgumentType]
    return Candidate(str(subject), tuple(read), bool(is_example))


def arguments(act: Act) -> str:
    """Return the source between a call's parentheses."""
    return ", ".join([*act.positional, *[f"{name}={value}" for name, value in act.keywords]])


def source(act: Act) -> str:
    """Return the source of an act: an expression, or a statement where `is_statement`."""
    if act.kind == VALUE:
        return f"{act.receiver}({arguments(act)})"
    if act.kind == PROPERTY:
        return f"{act.receiver}.{act.name}"
    if act.kind == SETTER:
        return f"{act.receiver}.{act.name} = {act.positional[0]}"
    if act.kind == METHOD:
        return _operation(act) or f"{act.receiver}.{act.name}({arguments(act)})"
    return f"{act.name}({arguments(act)})"


def enters(act: Act) -> bool:
    """Whether the act enters the object of an earlier one: what follows belongs into a `with` statement."""
    return act.kind == METHOD and act.name == "__enter__" and not act.positional and not act.keywords


def is_statement(act: Act) -> bool:
    """Whether the act is a statement without a value: `a[k] = v`, `del a[k]`, `a.x = v`."""
    if act.kind == SETTER:
        return True
    if act.kind != METHOD or act.keywords:
        return False
    return (act.name, len(act.positional)) in {("__setitem__", 2), ("__delitem__", 1)}


def _operation(act: Act) -> Optional[str]:
    """Return an operation as people write it; None for a plain method."""
    name, given, receiver = act.name, act.positional, act.receiver
    if act.keywords and name != "__call__":
        return None
    if name == "__call__":
        return f"{receiver}({arguments(act)})"
    if name in _UNARY and not given:
        return _UNARY[name].format(receiver)
    if len(given) == 1:
        return _with_one(name, receiver, given[0])
    if name == "__setitem__" and len(given) == 2:  # noqa: PLR2004 - key and value
        return f"{receiver}[{given[0]}] = {given[1]}"
    return None


def _with_one(name: str, receiver: str, operand: str) -> Optional[str]:
    held = operand if operand.isidentifier() else _in_brackets(operand)
    if name in _BINARY:
        return f"{receiver} {_BINARY[name]} {held}"
    if name in _REFLECTED:
        return f"{held} {_REFLECTED[name]} {receiver}"
    if operand.startswith("slice("):
        operand = _colons(operand)
    shapes: Dict[str, str] = {
        "__contains__": f"{held} in {receiver}",
        "__getitem__": f"{receiver}[{operand}]",
        "__delitem__": f"del {receiver}[{operand}]",
    }
    return shapes.get(name)


def _colons(operand: str) -> str:
    """Return `1:` for `slice(1, None)`."""
    given = [ast.unparse(one) for one in getattr(ast.parse(operand, mode="eval").body, "args", ())]
    if not 1 < len(given) < 4:  # noqa: PLR2004 - two or three, else it stays a call
        return operand
    return ":".join("" if one == "None" else one for one in given)


def _in_brackets(operand: str) -> str:
    node = ast.parse(operand, mode="eval").body
    is_plain = isinstance(node, (ast.Constant, ast.Call, ast.List, ast.Dict, ast.Set, ast.Attribute, ast.Subscript))
    return operand if is_plain or isinstance(node, ast.Tuple) else f"({operand})"


def held_arguments(act: Act) -> Tuple[Act, Dict[str, str]]:
    """
    Return the act with variables in place of lists, dicts and sets, and the sources of these by variable.

    So they can be looked at when the call is over: `a0` for the first argument, `a_name` for one given by name.
    """
    if act.kind == VALUE or is_statement(act) or (act.kind == METHOD and _operation(act) is not None):
        return act, {}
    held: Dict[str, str] = {}

    def variable(name: str, text: str) -> str:
        if not _is_changeable(text):
            return text
        held[name] = text
        return name

    positional = tuple(variable(f"a{number}", text) for number, text in enumerate(act.positional))
    keywords = tuple((name, variable(f"a_{name}", text)) for name, text in act.keywords)
    return (act._replace(positional=positional, keywords=keywords), held) if held else (act, held)


@lru_cache(maxsize=20_000)
def _is_changeable(text: str) -> bool:
    if not text.startswith(("[", "{")):
        return False
    return isinstance(ast.parse(text, mode="eval").body, (ast.List, ast.Dict, ast.Set))


def key_of(acts: Sequence[Act]) -> str:
    """Return a short stable identity of a sequence of acts."""
    return hashlib.blake2b(repr(tuple(map(tuple, acts))).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def size_of(candidate: Candidate) -> int:
    """Return about how many characters the acts take: of two cases that do the same, the smaller is kept."""
    return sum(len(act.name) + sum(map(len, act.positional)) + 9 + len(str(act.keywords)) for act in candidate.acts)
