"""What there is to test: functions, classes, methods, properties and operations of the imported module."""

from __future__ import annotations

import ast
import enum
import inspect
import typing
from collections import Counter
from dataclasses import dataclass, field, replace
from types import FunctionType, ModuleType
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Set, Tuple
from typing import Counter as CounterOf

from regoose_guest.testgen.acts import CONSTRUCTOR, FUNCTION, METHOD, OPEN, PROPERTY, SETTER, STATIC
from regoose_guest.testgen.analyse import Constants, Facts
from regoose_guest.testgen.kinds import Annotations, Kind
from regoose_guest.testgen.scope import Scope, names_in, span_of
from regoose_guest.testgen.texts import keys_in
from regoose_guest.testgen.usage import Function, Uses, documented_kinds, named_kind

_NOT_METHODS = frozenset(
    (
        *("__init__", "__new__", "__init_subclass__", "__class_getitem__", "__getattribute__", "__slots__", "__del__"),
        *(
            "__subclasshook__",
            "__reduce__",
            "__reduce_ex__",
            "__getstate__",
            "__setstate__",
            "__sizeof__",
            "__weakref__",
        ),
        *("__dict__", "__post_init__", "__set_name__", "__getnewargs__", "__instancecheck__", "__subclasscheck__"),
        *(
            "__getattr__",
            "__setattr__",
            "__delattr__",
            "__dir__",
            "__format__",
            "__missing__",
            "__await__",
        ),
        *(
            "__anext__",
            "__aenter__",
            "__aexit__",
            "__exit__",
            "__match_args__",
            "__fspath__",
            "__prepare__",
        ),
    )
)
_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


@dataclass
class Parameter:
    """One parameter and what it may be given."""

    name: str
    way: Any
    """`inspect.Parameter.kind`."""
    is_required: bool
    kind: Kind
    inner: Dict[str, Kind] = field(default_factory=dict)  # pyright: ignore[reportUnknownVariableType]
    """Kinds of its items by constant key and of its attributes by name."""
    attributes: List[str] = field(default_factory=list)  # pyright: ignore[reportUnknownVariableType]


@dataclass
class Subject:
    """One thing to call, and how the search fares with it."""

    key: str
    kind: str
    owner: str
    """Class of a member; the class itself for a constructor; empty for a function."""
    name: str
    """As called: `slugify`, `Stack`, `Stack.of` for a static one, `push` for a method."""
    parameters: List[Parameter]
    constants: Constants
    keys: Dict[str, List[str]]
    lines: Tuple[int, int]
    only_keywords: bool = False
    energy: float = 1.0
    runs: int = 0
    news: int = 0
    hangs: int = 0
    returns: CounterOf[str] = field(default_factory=Counter)  # pyright: ignore[reportUnknownVariableType]

    @property
    def needed(self) -> List[Parameter]:
        """Return the parameters without a default that are no `*` or `**`."""
        return [one for one in self.parameters if one.is_required]


class Found:
    """The subjects of a module, its classes, and the namespace in which tests are written."""

    def __init__(self, module: ModuleType, facts: Facts, scope: Scope) -> None:
        self.module = module
        self.facts = facts
        self._scope = scope
        self.classes: Dict[str, type] = {}
        self.functions: Dict[str, Any] = {}
        self.exported: Dict[str, object] = {}
        for name, value in list(vars(module).items()):
            if name.startswith("__"):
                continue
            self.exported[name] = value
            self._sort(name, value)
        self.annotations = Annotations(self.exported, self.classes)
        public, private = self._parted()
        every = [*self._functions(public), *(one for name in self.classes for one in self._members(name))]
        named = [one for one in every if not scope.is_left_out(one.key)]
        meant = scope.chosen([one.lines for one in named])
        self.subjects: List[Subject] = [one for one, is_meant in zip(named, meant) if is_meant]
        self.private: List[Subject] = [] if scope.has_names else list(self._functions(private))
        """Functions of private names beside public ones: to be called where these leave something."""
        self.by_owner: Dict[str, List[Subject]] = {}
        for one in every:
            if one.kind in {METHOD, PROPERTY, SETTER}:
                self.by_owner.setdefault(one.owner, []).append(one)
        self.constructors = {one.owner: one for one in every if one.kind == CONSTRUCTOR}

    def _sort(self, name: str, value: Any) -> None:
        home = getattr(value, "__module__", None)
        if isinstance(value, type):
            if home == self.module.__name__ and value.__name__ == name:
                self.classes[name] = value
        elif callable(value) and home == self.module.__name__ and hasattr(value, "__name__"):
            self.functions[name] = value

    def _parted(self) -> Tuple[List[str], List[str]]:
        """Return the names of the functions to call, and those of private ones; of two names of one, the first."""
        has_public = any(not name.startswith("_") for name in (*self.functions, *self.classes))
        parts: Tuple[List[str], List[str]] = ([], [])
        for name in self.functions:
            parts[name.startswith("_") and has_public and not self._scope.asks_for(name)].append(name)
        names: Dict[int, str] = {}
        for name in (*parts[0], *parts[1]):
            names.setdefault(id(self.functions[name]), name)
        first = set(names.values())
        public, private = ([name for name in part if name in first] for part in parts)
        return public, private

    def _functions(self, names: Sequence[str]) -> Iterator[Subject]:
        for name in names:
            function = self.functions[name]
            inner = getattr(inspect.unwrap(function), "__name__", name)
            node = self.facts.definitions.get(name) or self.facts.definitions.get(inner)
            yield self._subject(FUNCTION, function, "", name, name, node)

    def _members(self, name: str) -> Iterator[Subject]:
        held: Any = self.classes[name]
        if name.startswith("_") and not self._scope.asks_within(name):
            return
        is_enum = issubclass(held, enum.Enum)
        if not is_enum and not inspect.isabstract(held):
            node = self._definition(held, "__init__") or self._definition(held, "__new__")
            yield self._subject(CONSTRUCTOR, held, name, name, name, node)
        seen: Set[str] = set(_NOT_METHODS)
        for base in held.__mro__:
            if base.__module__ != self.module.__name__:
                continue
            for member, value in list(vars(base).items()):
                if member not in seen and (_is_open(member) or self._scope.asks_by_name(f"{name}.{member}")):
                    seen.add(member)
                    node = self.facts.definitions.get(f"{base.__name__}.{member}")
                    yield from self._member(held, name, member, value, node)

    def _definition(self, held: type, member: str) -> Optional[Function]:
        for base in held.__mro__:
            node = self.facts.definitions.get(f"{base.__name__}.{member}")
            if node is not None and base.__module__ == self.module.__name__:
                return node
        return None

    def _member(self, held: type, owner: str, member: str, value: Any, node: Optional[Function]) -> Iterator[Subject]:
        key = f"{owner}.{member}"
        if isinstance(value, property) or type(value).__name__ in {"cached_property", "cachedproperty"}:
            yield self._subject(PROPERTY, value, owner, member, key, node)
            if isinstance(value, property) and value.fset is not None:
                yield replace(self._subject(SETTER, value.fset, owner, member, key, node), key=f"{key}.setter")
        elif isinstance(value, (staticmethod, classmethod)):
            yield self._subject(STATIC, getattr(held, member), owner, key, key, node)
        elif isinstance(value, FunctionType) and value.__code__.co_filename.startswith("<"):
            return  # made by a decorator, as `dataclass` does
        elif isinstance(value, FunctionType) or (callable(value) and node is not None and hasattr(value, "__get__")):
            yield self._subject(METHOD, value, owner, member, key, node)

    def _subject(self, kind: str, value: Any, owner: str, name: str, key: str, node: Optional[Function]) -> Subject:
        parameters = [] if kind == PROPERTY else self._parameters(kind, value, node)
        reading = self.facts.reading(node)
        return Subject(
            key=key,
            kind=kind,
            owner=owner,
            name=name,
            parameters=parameters,
            constants=self._with_keys(reading.constants, node),
            keys=reading.keys,
            lines=span_of(node) if node is not None else (0, -1),
            only_keywords=kind == FUNCTION and _is_forged(value, parameters),
        )

    def _with_keys(self, constants: Constants, node: Optional[Function]) -> Constants:
        """Return the constants of a function with the keys of the enumerations and tables that it speaks of."""
        if node is None:
            return constants
        spoken = sorted(names_in(node).intersection(self.exported))
        keys = [key for name in spoken for key in keys_in(self.exported[name])]
        return constants._replace(texts=list(dict.fromkeys([*constants.texts, *keys])))

    def _parameters(self, kind: str, value: Any, node: Optional[Function]) -> List[Parameter]:
        try:
            given = list(inspect.signature(value).parameters.values())
        except (ValueError, TypeError):
            return []
        if kind in {METHOD, SETTER} and given and given[0].kind in _POSITIONAL:
            given = given[1:]
        hints = _hints(value, is_class=kind == CONSTRUCTOR)
        uses = self.facts.reading(node).uses
        text = "\n".join(filter(None, [ast.get_docstring(node) if node is not None else "", _documentation(value)]))
        return [self._parameter(one, hints, uses, text) for one in given]

    def _parameter(self, one: inspect.Parameter, hints: Mapping[str, Any], uses: Uses, text: str) -> Parameter:
        annotation = hints.get(one.name, one.annotation)
        kind = self.annotations.kind(annotation) if annotation is not one.empty else Kind("any")
        told: Dict[str, float] = dict(uses.get(one.name, {}))
        for name in documented_kinds(text, one.name):
            told[name] = told.get(name, 0.0) + 5
        is_star = one.kind in {one.VAR_POSITIONAL, one.VAR_KEYWORD}
        inner = self._inner(one.name, uses)
        if kind.name == "any" and is_star and "*" in inner:
            kind = inner["*"]
        elif kind.name == "any":
            has_default = one.default is not one.empty
            named = None if is_star else named_kind(one.name)
            kind = self.annotations.mixed(told, has_default=has_default, default=one.default, named=named)
        return Parameter(
            name=one.name,
            way=one.kind,
            is_required=one.default is one.empty and not is_star,
            kind=kind,
            inner={key: value for key, value in inner.items() if key != "*"},
            attributes=[place.partition(".")[2] for place in uses if place.startswith(f"{one.name}.")],
        )

    def _inner(self, name: str, uses: Uses) -> Dict[str, Kind]:
        """Return the kinds of what is looked up in a parameter, by `[key]` and `.attribute`."""
        found: Dict[str, Kind] = {}
        for place, told in uses.items():
            if place.startswith((f"{name}[", f"{name}.")):
                bare = place[len(name) + 1 :].rstrip("]")
                weights: Dict[str, float] = {kind: float(weight) for kind, weight in told.items()}
                kind = self.annotations.mixed(weights, has_default=False, default=None, named=_of_key(bare))
                found[bare] = kind
        return found


def may_be_named(one: Parameter, keywords: Dict[str, str]) -> bool:
    """Whether a parameter may be given by name in addition to those that are."""
    named = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return not one.is_required and one.name not in keywords and one.way in named


def _of_key(key: str) -> Optional[str]:
    return named_kind(key) or ("list" if key.endswith("s") else None)


def _is_open(member: str) -> bool:
    return not member.startswith("_") or member in OPEN


def _is_forged(function: Any, parameters: Sequence[Parameter]) -> bool:
    """Whether a signature promises positional parameters that the function itself takes by keyword."""
    code = getattr(function, "__code__", None)
    if code is None or code.co_flags & inspect.CO_VARARGS:
        return False
    plain = sum(one.way is inspect.Parameter.POSITIONAL_OR_KEYWORD for one in parameters)
    return bool(code.co_argcount < plain)


def _documentation(value: Any) -> str:
    try:
        return inspect.getdoc(value) or ""
    except Exception:  # noqa: BLE001 - `__doc__` may be the program's own
        return ""


def _hints(value: Any, *, is_class: bool) -> Dict[str, Any]:
    tried: List[Any] = [value.__init__, value] if is_class else [value]
    for one in [*tried, *map(_unwrapped, tried)]:
        try:
            found = typing.get_type_hints(one)
        except Exception:  # noqa: BLE001 - names that exist for type checkers only
            found = dict(getattr(one, "__annotations__", None) or {})
        if found:
            return found
    return {}


def _unwrapped(value: Any) -> Any:
    return inspect.unwrap(value) if isinstance(value, FunctionType) else value
