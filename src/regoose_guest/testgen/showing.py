"""Values as source that equals them, and assertions about those that have none."""

from __future__ import annotations

import builtins
import collections
import datetime as dt
import decimal
import enum
import fractions
import inspect
import math
import os
import types
import uuid
from itertools import islice
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

from regoose_guest.testgen.running import MOST_ITEMS

Row = Tuple[str, str, str]
"""Kind, expression and expected source of a `Check`."""

_LONGEST_TEXT = 1500
_LONGEST_BYTES = 800
_MOST = 120
_DEEPEST = 5
_LARGEST = 10**40
_DIGITS = 6
_MOST_CHECKS = 7
_ATTRIBUTES = 5
ADDRESS = " at 0x"
"""In what Python says of an object by default: where it lies in memory."""
_CHARACTERS = 300


class Shower:
    """Writes values in terms of a module's names."""

    def __init__(self, module: types.ModuleType, namespace: Mapping[str, object]) -> None:
        self._module = module
        self._namespace = namespace
        self._names: Dict[int, str] = {}
        self._kept: List[object] = []
        for name, value in vars(module).items():
            if isinstance(value, (type, types.FunctionType)) and value.__module__ == module.__name__:
                self._names.setdefault(id(value), name)
                self._kept.append(value)
        self._plain: Dict[Any, Callable[[Any], Optional[str]]] = {
            type(None): repr,
            bool: repr,
            int: lambda value: repr(value) if abs(value) < _LARGEST else None,
            float: _fraction,
            complex: repr,
            str: lambda value: repr(value) if len(value) <= _LONGEST_TEXT and ADDRESS not in value else None,
            bytes: lambda value: repr(value) if len(value) <= _LONGEST_BYTES else None,
            bytearray: lambda value: repr(value) if len(value) <= _LONGEST_BYTES else None,
            decimal.Decimal: lambda value: f"decimal.{value!r}" if value == value else None,  # noqa: PLR0124 - not a number
            fractions.Fraction: lambda value: f"fractions.{value!r}",
            uuid.UUID: lambda value: f"uuid.{value!r}",
            dt.timedelta: repr,
            dt.time: repr,
            dt.timezone: repr,
        }

    def source(self, value: Any, depth: int = 0) -> Optional[str]:  # noqa: PLR0911 - one for each family
        """Return source that equals the value; None where there is none worth reading."""
        plain = self._plain.get(type(value))
        if plain is not None:
            return plain(value)
        if isinstance(value, dt.date):
            return repr(value)
        if isinstance(value, enum.Enum):
            name = self._names.get(id(value.__class__))
            return f"{name}.{value.name}" if name else None
        if isinstance(value, type) or inspect.isfunction(value):
            return self._named(value)
        if depth > _DEEPEST:
            return None
        if type(value) in {list, tuple, set, frozenset, collections.deque} or _is_row(value):
            return self._items(value, depth)
        if type(value) in {dict, collections.OrderedDict, collections.defaultdict, collections.Counter}:
            return self._pairs(value, depth)
        return self._by_repr(value)

    def _named(self, value: Any) -> Optional[str]:
        name = self._names.get(id(value))
        if name is not None:
            return name
        bare = getattr(value, "__name__", "")
        return bare if getattr(builtins, bare, None) is value else None

    def _items(self, value: Any, depth: int) -> Optional[str]:
        if len(value) > _MOST:
            return None
        items: List[str] = []
        members: List[Any] = list(value)
        for one in sorted(members, key=repr) if type(value) in {set, frozenset} else members:
            text = self.source(one, depth + 1)
            if text is None:
                return None
            items.append(text)
        if _is_row(value):
            name = self._names.get(id(value.__class__))
            if name is not None:
                return f"{name}({', '.join(f'{field}={one}' for field, one in zip(value._fields, items))})"
        return _display(value, ", ".join(items), len(items))

    def _pairs(self, value: Any, depth: int) -> Optional[str]:
        if len(value) > _MOST:
            return None
        pairs: List[str] = []
        for key, held in value.items():
            left, right = self.source(key, depth + 1), self.source(held, depth + 1)
            if left is None or right is None:
                return None
            pairs.append(f"{left}: {right}")
        return "{" + ", ".join(pairs) + "}"

    def _by_repr(self, value: Any) -> Optional[str]:
        """Return the `repr` of an object of the module where it is source of an equal one."""
        kind: Any = value.__class__
        if id(kind) not in self._names or kind.__eq__ is object.__eq__:
            return None
        try:
            text = repr(value)
            if ADDRESS in text or len(text) > _CHARACTERS:
                return None
            made: Any = eval(text, dict(self._namespace))  # noqa: S307 - what the object says it is
            return text if type(made) is kind and made == value else None
        except Exception:  # noqa: BLE001 - `repr` and `==` are the program's own
            return None

    def checks(self, expression: str, value: Any, depth: int = 0) -> List[Row]:
        """Return assertions about the value of an expression; none where nothing can be said."""
        text = self.source(value)
        if text is None:
            return self.state(expression, value) if depth == 0 else []
        if value is None or value is True or value is False or isinstance(value, type) or inspect.isfunction(value):
            return [("is", expression, text)]
        if isinstance(value, enum.Enum):
            return [("is", expression, text)]
        is_long = type(value) is float and math.isfinite(value) and len(repr(value)) > _DIGITS
        return [("approx" if is_long else "equal", expression, text)]

    def state(self, expression: str, value: Any, *, is_made: bool = False) -> List[Row]:
        """Return assertions about an object; its type is not among them where the test itself made it."""
        if type(value) is float:
            return [("true", f"math.isnan({expression})", "")]
        name = self._names.get(id(value.__class__))
        rows: List[Row] = []
        if name is not None:
            rows = self._attributes(expression, value)
        elif isinstance(value, BaseException):
            rows = [("equal", f"str({expression})", repr(str(value)))]
        elif callable(value):
            return [("true", f"callable({expression})", "")]
        elif self._is_kin(value):
            rows = self._attributes(expression, value)
        if not rows or not hasattr(value.__class__, "__dataclass_fields__"):  # whose `repr` tells the same again
            rows += self._views(expression, value)
        if name is not None and (not is_made or not rows):
            rows.insert(0, ("isinstance", expression, name))
        if name is None and not is_made and (not rows or self._is_kin(value)):
            kind: Any = value.__class__
            rows.insert(0, ("equal", f"type({expression}).__name__", repr(kind.__name__)))
        return rows

    def _is_kin(self, value: Any) -> bool:
        """Whether an object is of a class of another module of the same package: what it holds means something here."""
        home = str(getattr(value.__class__, "__module__", ""))
        return home.partition(".")[0] == self._module.__name__.partition(".")[0] and not isinstance(value, type)

    def _attributes(self, expression: str, value: Any) -> List[Row]:
        rows: List[Row] = []
        held: List[str] = [*getattr(value, "__dict__", {}), *_slots(value)]
        for name in sorted(one for one in held if not one.startswith("_"))[:_ATTRIBUTES]:
            rows += self._looked(f"{expression}.{name}", lambda name=name: getattr(value, name))
        for base in type(value).__mro__:
            if base.__module__ != self._module.__name__:
                continue
            for name, member in list(vars(base).items()):
                if isinstance(member, property) and not name.startswith("_") and len(rows) < _MOST_CHECKS:
                    rows += self._looked(f"{expression}.{name}", lambda name=name: getattr(value, name))
        return list(dict.fromkeys(rows))

    def _views(self, expression: str, value: Any) -> List[Row]:
        """Look at an object as a list or mapping, by its `repr`, its `str`, its length: the first that tells."""
        kind: Any = value.__class__
        ways: List[Tuple[str, bool, Callable[[], Any]]] = [
            (f"dict({expression})", isinstance(value, dict), lambda: dict(value)),
            (f"list({expression})", _is_collection(value), lambda: _first(value)),
            (f"repr({expression})", kind.__repr__ is not object.__repr__, lambda: repr(value)),
            (f"str({expression})", kind.__str__ is not object.__str__, lambda: str(value)),
            (f"len({expression})", hasattr(kind, "__len__"), lambda: len(value)),
        ]
        for looked, is_apt, view in ways:
            if is_apt:
                rows = self._looked(looked, view)
                if rows:
                    return rows
        return []

    def _looked(self, expression: str, look: Callable[[], Any]) -> List[Row]:
        try:
            seen = look()
            if isinstance(seen, list) and len(seen) >= MOST_ITEMS and expression.startswith("list("):  # pyright: ignore[reportUnknownArgumentType]
                return []
            text = self.source(seen)
        except Exception:  # noqa: BLE001 - attributes and views are the program's own
            return []
        if text is None or len(text) > _CHARACTERS or ADDRESS in text or _is_place(text):
            return []
        return self.checks(expression, seen, 1)


def _first(value: Any) -> List[Any]:
    """Return the first items; raises what `list(value)` raises, which asks for the length."""
    len(value)
    return list(islice(iter(value), MOST_ITEMS))


def _is_place(text: str) -> bool:
    return os.getcwd() in text


def _fraction(value: float) -> Optional[str]:
    if math.isnan(value):
        return None
    return f"float({str(value)!r})" if math.isinf(value) else repr(value)


def _is_row(value: Any) -> bool:
    return isinstance(value, tuple) and hasattr(value, "_fields")  # pyright: ignore[reportUnknownArgumentType]


def _is_collection(value: Any) -> bool:
    kind: Any = value.__class__
    return hasattr(kind, "__iter__") and hasattr(kind, "__len__") and not issubclass(kind, dict)


def _slots(value: Any) -> List[str]:
    found: List[str] = []
    for base in type(value).__mro__:
        slots: Any = base.__dict__.get("__slots__", ())
        found += [slots] if isinstance(slots, str) else [str(one) for one in slots]
    return [one for one in found if hasattr(value, one)]


def _display(value: Any, inner: str, count: int) -> str:
    kind: Any = value.__class__
    if kind is list:
        return f"[{inner}]"
    if kind is set:
        return "{" + inner + "}" if count else "set()"
    if kind is frozenset:
        return "frozenset({" + inner + "})" if count else "frozenset()"
    if kind is collections.deque:
        return f"collections.deque([{inner}])"
    return f"({inner}{',' if count == 1 else ''})"
