"""Kinds of values: what a parameter may be given, from its annotation, its default, its uses and its name."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import fractions
import inspect
import io
import pathlib
import re
import types
import typing
import uuid
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Tuple

from regoose_guest.testgen.usage import CALLABLES


@dataclass(frozen=True)
class Kind:
    """A kind of value: `int`, `list` of a kind, `instance` of a class, `union`, `mix` of weighted ones, `literal`."""

    name: str
    of: Tuple["Kind", ...] = ()
    text: str = ""
    """Class for `instance` and `foreign`; source for `literal`."""
    weights: Tuple[float, ...] = ()


ANY = Kind("any")
_PLAIN: Dict[Any, str] = {
    int: "int",
    str: "str",
    float: "float",
    complex: "float",
    bool: "bool",
    bytes: "bytes",
    bytearray: "bytes",
    list: "list",
    tuple: "tuple",
    dict: "dict",
    set: "set",
    frozenset: "set",
    type: "type",
    dt.datetime: "datetime",
    dt.date: "date",
    dt.timedelta: "timedelta",
    dt.time: "time",
    dt.tzinfo: "tzinfo",
    decimal.Decimal: "decimal",
    fractions.Fraction: "fraction",
    uuid.UUID: "uuid",
    re.Pattern: "regex",
    types.SimpleNamespace: "object",
    slice: "slice",
}
_ABSTRACT = {
    "Iterable": "list",
    "Sequence": "list",
    "MutableSequence": "list",
    "Collection": "list",
    "Sized": "list",
    "Mapping": "dict",
    "MutableMapping": "dict",
    "Callable": "callable",
    "Iterator": "iter",
    "Set": "set",
    "Text": "str",
    "AnyStr": "str",
    "SupportsInt": "int",
    "SupportsFloat": "float",
    "Real": "float",
    "Number": "int",
    "Integral": "int",
}
_LISTS = frozenset(
    ("list", "Sequence", "MutableSequence", "Collection", "Container", "deque", "Iterable", "Reversible")
)
_SETS = frozenset(("set", "Set", "AbstractSet", "MutableSet", "frozenset"))
_DICTS = frozenset(("dict", "Mapping", "MutableMapping", "OrderedDict", "defaultdict", "Counter"))
_ITERATORS = frozenset(("Iterator", "Generator"))
_DEEPEST = 6
_ALWAYS: Tuple[Tuple[str, float], ...] = (
    *(("int", 0.3), ("str", 0.4), ("list", 0.3), ("none", 0.15), ("float", 0.15), ("dict", 0.15), ("callable", 0.1)),
    *(("bool", 0.1), ("tuple", 0.1), ("bytes", 0.05), ("set", 0.05), ("iter", 0.05)),
)
_TOLD = {
    "basestring": "str",
    "string_types": "str",
    "unicode": "str",
    "Iterable": "list",
    "Sequence": "list",
    "Mapping": "dict",
    "Callable": "callable",
    "Number": "int",
    "integer_types": "int",
    "Decimal": "decimal",
    "Fraction": "fraction",
    "Path": "path",
    "PurePath": "path",
    "OrderedDict": "dict",
    "NoneType": "none",
    "Pattern": "regex",
}
_TOLD_PLAIN = frozenset(
    (
        *("str", "int", "float", "bool", "bytes", "list", "tuple", "dict", "set", "date", "datetime", "timedelta"),
        *("time", "slice"),
    )
)


class Annotations:
    """Reads annotations in terms of the module: its own classes, and foreign ones that it can name."""

    def __init__(self, namespace: Mapping[str, object], classes: Mapping[str, type]) -> None:
        self._namespace = namespace
        self._classes = classes
        self._names: Dict[int, str] = {id(one): name for name, one in classes.items()}
        self.foreign: Dict[str, type] = {}
        """Classes of others by the name that source uses."""

    def kind(self, given: Any, depth: int = 0) -> Kind:  # noqa: PLR0911 - one for each form of annotation
        """Return the kind that an annotation means; `ANY` where it says nothing."""
        if depth > _DEEPEST:
            return ANY
        if isinstance(given, (str, typing.ForwardRef)):
            given = self._resolved(given)
        if given is None or given is type(None):
            return Kind("none")
        if given in (Any, inspect.Parameter.empty, object):
            return ANY
        if isinstance(given, typing.TypeVar):
            return self._variable(given, depth)
        origin, inner = typing.get_origin(given), typing.get_args(given)
        if origin is not None:
            return self._generic(origin, inner, depth)
        supertype = getattr(given, "__supertype__", None)
        if supertype is not None:
            return self.kind(supertype, depth + 1)
        return self._class(given) if isinstance(given, type) else self._named(given)

    def _resolved(self, given: Any) -> Any:
        text = given if isinstance(given, str) else given.__forward_arg__
        try:
            return eval(text, dict(vars(typing)), dict(self._namespace))  # noqa: S307 - an annotation of the module
        except Exception:  # noqa: BLE001 - names that exist for type checkers only
            return Any

    def _variable(self, given: typing.TypeVar, depth: int) -> Kind:
        constraints: Tuple[Any, ...] = given.__constraints__
        if constraints:
            return Kind("union", tuple(self.kind(one, depth + 1) for one in constraints))
        return self.kind(given.__bound__, depth + 1) if given.__bound__ is not None else ANY

    def _generic(self, origin: Any, inner: Tuple[Any, ...], depth: int) -> Kind:  # noqa: PLR0911 - one for each form
        name = getattr(origin, "__name__", str(origin))
        if origin is typing.Union or name == "UnionType":
            return Kind("union", tuple(self.kind(one, depth + 1) for one in inner))
        if origin is typing.Literal:
            return Kind("literals", tuple(Kind("literal", text=repr(one)) for one in inner))
        if name == "Annotated":
            return self.kind(inner[0], depth + 1)
        if name in {"Callable", "type"}:
            return Kind(name.lower())
        within = tuple(self.kind(one, depth + 1) for one in inner if one is not Ellipsis)
        first = within[0] if within else ANY
        if name in _LISTS:
            return Kind("list", (first,))
        if name in _ITERATORS:
            return Kind("iter", (first,))
        if name in _SETS:
            return Kind("set", (first,))
        if name == "tuple":
            return Kind("tuple", (first,)) if Ellipsis in inner else Kind("row", within)
        if name in _DICTS:
            return Kind("dict", (first, within[1] if len(within) > 1 else ANY))
        return self._class(origin) if isinstance(origin, type) else ANY

    def _class(self, given: Any) -> Kind:  # noqa: PLR0911 - one for each family
        if given in _PLAIN:
            return Kind(_PLAIN[given])
        name = given.__name__
        if given.__module__ in {"collections.abc", "typing", "numbers"}:
            return Kind(_ABSTRACT.get(name, "any"))
        if id(given) in self._names:
            return Kind("instance", text=self._names[id(given)])
        if issubclass(given, pathlib.PurePath) or name == "PathLike":
            return Kind("path")
        if issubclass(given, io.IOBase) or name in {"TextIO", "IO", "BinaryIO"}:
            return Kind("file")
        if self._namespace.get(name, given) is given or issubclass(given, enum.Enum):
            self.foreign.setdefault(name, given)
            return Kind("foreign", text=name)
        return ANY

    @staticmethod
    def _named(given: Any) -> Kind:
        name = getattr(given, "__name__", "") or getattr(given, "_name", "") or ""
        if name in {"TextIO", "IO", "BinaryIO"}:
            return Kind("file")
        return Kind(_ABSTRACT.get(name, _PLAIN_NAMES.get(name, "any")))

    def mixed(self, told: Mapping[str, float], *, has_default: bool, default: object, named: Optional[str]) -> Kind:
        """Return a weighted mix for a parameter without an annotation."""
        weights: Dict[str, float] = {}
        if has_default:
            _by_default(default, weights)
        for name, weight in told.items():
            kind = self._told(name)
            weights[kind] = weights.get(kind, 0.0) + weight
        if named is not None and (not weights or max(weights.values()) < 2 or set(weights) <= {"none", "bool"}):  # noqa: PLR2004 - nothing sure
            weights[named] = weights.get(named, 0.0) + 2
        for name, weight in _ALWAYS:
            weights.setdefault(name, weight)
        for name in self._classes:
            if not name.startswith("_"):
                weights.setdefault(f"instance:{name}", 0.15 if len(self._classes) < 8 else 0.05)  # noqa: PLR2004 - few classes
        return weighted(weights)

    def _told(self, name: str) -> str:
        if not name.startswith("instance:"):
            return name
        said = name.partition(":")[2]
        last = said.rpartition(".")[2]
        kind = _TOLD.get(last, last)
        if kind in self._classes:
            return f"instance:{kind}"
        held = self._namespace.get(last)
        if kind in _TOLD_PLAIN or kind in {*CALLABLES, "decimal", "fraction", "path", "none", "regex"}:
            return kind
        if isinstance(held, type) and held not in _PLAIN:
            self.foreign.setdefault(last, held)
            return f"foreign:{last}"
        return _PLAIN.get(held, "any") if isinstance(held, type) else "any"


_PLAIN_NAMES: Dict[str, str] = {
    **{name: name for name in ("list", "dict", "set", "tuple", "type")},
    **{name.title(): name for name in ("list", "dict", "set", "tuple")},
}


def weighted(weights: Mapping[str, float]) -> Kind:
    """Return a mix of kinds by name, `instance:Name` and `foreign:Name` among them."""
    inner: List[Kind] = []
    for name in weights:
        head, _, text = name.partition(":")
        inner.append(Kind(head, text=text))
    return Kind("mix", tuple(inner), weights=tuple(weights.values()))


def _by_default(default: object, weights: Dict[str, float]) -> None:
    if default is None:
        weights["none"] = 2
    elif isinstance(default, (bool, int, float, str, bytes, list, tuple, dict, set)):
        weights[type(default).__name__ if type(default) in _PLAIN else "any"] = 6  # pyright: ignore[reportUnknownArgumentType]
    elif callable(default):
        weights["callable"] = 4
