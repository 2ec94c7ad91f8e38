"""Values as source: every value that is tried can be written down in a test."""

from __future__ import annotations

import enum
import inspect
from random import Random
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple, Type

from regoose_guest.testgen.analyse import Constants
from regoose_guest.testgen.compared import Seen
from regoose_guest.testgen.doubting import TODAY
from regoose_guest.testgen.kinds import ANY, Kind
from regoose_guest.testgen.texts import Path, Texts

_SMALL = (0, 1, 2, 3, 4, 5, 7, 10, 12, -1, -2, -5)
_BIG = (10**6, 10**9, -(10**6), 2**31, 10**12, 12345678)
_FLOATS = (0.0, 0.5, 1.0, 1.5, 2.5, -1.5, 3.14, 10.0, 99.9, 0.1, -0.25, 1234.5678)
_ODD_FLOATS = ("float('inf')", "float('-inf')", "float('nan')", "1e+20", "1e-09")
_CALLABLES = (
    *("lambda x: x", "lambda *args: True", "lambda *args: False", "str", "len", "int", "lambda x: x * 2"),
    *("lambda x, y: x + y", "lambda: 1", "lambda *args, **kwargs: None", "lambda x: x > 2", "bool", "list"),
    *("lambda x: [x]", "abs", "repr", "lambda x: 1 / 0", "dict", "lambda x: x == 'a'", "lambda x, y: x < y", "max"),
)
_CHANGING = ("lambda x: x.clear()", "lambda x: x.append(1)", "lambda x: x.pop()")
"""Functions that change what they are given."""
_CALLED_WITH_NONE = ("lambda: 1", "dict", "list", "lambda: 'a'", "int", "lambda: None", "lambda: []")
_CALLED_WITH_TWO = ("lambda x, y: x + y", "lambda x, y: x < y", "max", "lambda x, y: x", "lambda x, y: y", "min")
_PREDICATES = (
    *("lambda x: x > 1", "lambda x: x == 'a'", "lambda x: True", "lambda x: False", "bool", "lambda x: x % 2 == 0"),
    *("lambda x: x[0] == 'a'", "lambda x: x[1] > 1", "str.isupper", "lambda x: x is not None", "callable"),
)
_YEARS = (1970, 1999, 2000, 2020, 2024, 2026)
_UNITS = ("days", "seconds", "minutes", "hours", "microseconds", "milliseconds", "weeks")
_AMOUNTS = (0, 1, 2, 7, 30, 31, 45, 90, 364, 365, 366, 400, 730, 1000, 3600, -1, -5, 500)
_DEEPEST = 3
_MOST_WEIGHT, _GOOD_WEIGHT, _LEAST_WEIGHT = 12.0, 8.0, 0.04


class Context:
    """For what a value is wanted: constants to draw from, kinds of inner places, and where the choice is noted."""

    def __init__(self, key: str, own: Constants, keys: Mapping[str, List[str]]) -> None:
        self.key = key
        self.own = own
        self.keys = keys


class Values:
    """Writes values of a kind. What it chose among kinds is in `chosen`, so that `reward` can teach it."""

    def __init__(self, random: Random, seen: Seen, constants: Constants, texts: Texts) -> None:
        self.random = random
        self._seen = seen
        self._all = constants
        self.texts = texts
        self.weights: Dict[Path, List[float]] = {}
        self.chosen: List[Tuple[Path, int]] = []
        self.classes: Dict[str, type] = {}
        self.foreign: Mapping[str, type] = {}
        self.foreign_kinds: Dict[str, List[Tuple[str, bool, bool, Kind]]] = {}
        self.has_today = False
        """Whether the day of the test's run is among the dates."""
        self.make_instance: Optional[Callable[[str, Context, int], str]] = None
        self._writers: Dict[str, Callable[[Context, int], str]] = {
            "any": self._any,
            "none": lambda _context, _depth: "None",
            "bool": lambda _context, _depth: self.random.choice(("True", "False")),
            "int": lambda context, _depth: repr(self.number(context.own)),
            "float": lambda context, _depth: self.fraction(context.own),
            "bytes": lambda context, _depth: repr(self.texts.bare(context.own)[:30].encode("utf-8", "ignore")),
            "callable": self._callable,
            "slice": lambda _context, _depth: self._slice(),
            "pairs": self._pairs,
            "callable0": lambda _context, _depth: self._function(_CALLED_WITH_NONE),
            "callable2": lambda _context, _depth: self._function(_CALLED_WITH_TWO),
            "predicate": lambda _context, _depth: self._function(_PREDICATES),
            "type": self._type,
            "date": lambda _context, _depth: self._date(),
            "datetime": lambda _context, _depth: self._datetime(),
            "time": lambda _context, _depth: f"datetime.time({self._few(23)}, {self._few(59)}, {self._few(59)})",
            "timedelta": lambda _context, _depth: self._timedelta(),
            "tzinfo": lambda _context, _depth: "datetime.timezone.utc",
            "decimal": lambda _context, _depth: self._decimal(),
            "fraction": lambda _context, _depth: f"fractions.Fraction({self._few(9)}, {1 + self._few(8)})",
            "uuid": lambda _context, _depth: "uuid.UUID('12345678-1234-5678-1234-567812345678')",
            "path": lambda _context, _depth: f"tmp_path / {self.random.choice(('a.txt', 'folder', 'b.py', 'c/d'))!r}",
            "file_path": lambda _context, _depth: f"tmp_path / {self.random.choice(('a.txt', 'b.py'))!r}",
            "file": lambda context, _depth: f"io.StringIO({self.texts.composed(context.own)!r})",
            "regex": lambda context, _depth: f"re.compile({self._pattern(context)!r})",
            "texts": lambda context, depth: self._list(context, depth, Kind("str")),
            "object": lambda _context, _depth: "types.SimpleNamespace()",
        }

    def write(self, kind: Kind, context: Context, path: Path = (), depth: int = 0) -> str:  # noqa: PLR0911 - one a form
        """Return source of a value of the kind."""
        name, inner = kind.name, kind.of
        if name == "mix":
            return self._mixed(kind, context, path, depth)
        if name == "literal":
            return kind.text
        if name == "str":
            return repr(self.texts.composed(context.own, path))
        if name in {"union", "literals"}:
            return self.write(self.random.choice(inner), context, path, depth) if inner else "None"
        if name == "instance":
            return self._instance(kind.text, context, depth)
        if name == "foreign":
            return self._foreign(kind.text, context, depth)
        if name in {"list", "tuple", "set", "iter", "row", "dict", "frozenset"}:
            return self._many(name, inner, context, path, depth)
        return self._writers.get(name, self._any)(context, depth)

    def reward(self, chosen: List[Tuple[Path, int]], *, is_new: bool, is_misfit: bool, is_fine: bool) -> None:
        """Learn from an execution: kinds that reach something new weigh more, kinds that misfit less."""
        self.texts.reward(is_new=is_new, is_misfit=is_misfit, is_fine=is_fine)
        for path, number in chosen:
            weights = self.weights[path]
            if is_new:
                weights[number] = min(_MOST_WEIGHT, weights[number] * 1.3 + 0.3)
            elif is_misfit:
                weights[number] = max(_LEAST_WEIGHT, weights[number] * 0.93)
            elif is_fine:
                weights[number] = min(_GOOD_WEIGHT, weights[number] * 1.01)

    def _mixed(self, kind: Kind, context: Context, path: Path, depth: int) -> str:
        weights = self.weights.get(path)
        if weights is None or len(weights) != len(kind.of):
            weights = self.weights[path] = list(kind.weights)
        number = self.random.choices(range(len(kind.of)), weights)[0]
        self.chosen.append((path, number))
        return self.write(kind.of[number], context, path, depth)

    def number(self, own: Constants) -> int:  # noqa: PLR0911 - one for each source of numbers
        """Return an integer."""
        random = self.random
        dice = random.random()
        if dice < 0.3 and own.ints:  # noqa: PLR2004 - shares of the sources of numbers
            return random.choice(own.ints) + random.choice((0, 0, 0, 1, -1))
        if dice < 0.4 and self._all.ints:  # noqa: PLR2004
            return random.choice(self._all.ints) + random.choice((0, 0, 1, -1))
        seen = self._seen.by_kind[int]
        if dice < 0.52 and seen:  # noqa: PLR2004
            return random.choice(seen) + random.choice((0, 0, 1, -1))
        if dice < 0.82:  # noqa: PLR2004
            return random.choice(_SMALL)
        if dice < 0.9:  # noqa: PLR2004
            return random.randint(-100, 1000)
        if dice < 0.95:  # noqa: PLR2004
            return random.randint(0, 10 ** random.randint(1, 6))
        return random.choice(_BIG) + random.choice((0, 0, 1, -1))

    def fraction(self, own: Constants) -> str:
        """Return source of a float."""
        random = self.random
        dice = random.random()
        known = [*own.floats, *self._all.floats, *(float(one) for one in own.ints if abs(one) < 1 << 50)]
        if dice < 0.3 and known:  # noqa: PLR2004 - shares of the sources of numbers
            return repr(random.choice(known) * random.choice((1, 1, 1, 0.5, 2, -1)))
        if dice < 0.85:  # noqa: PLR2004
            return repr(random.choice(_FLOATS))
        return repr(round(random.uniform(-1000, 1000), 2)) if dice < 0.93 else random.choice(_ODD_FLOATS)  # noqa: PLR2004

    def _any(self, context: Context, depth: int) -> str:
        if depth < _DEEPEST - 1 and self.random.random() < 0.4:  # noqa: PLR2004 - plain ones prevail
            name = self.random.choice(("list", "dict", "tuple", "set", "callable", "bytes"))
        else:
            name = self.random.choices(("int", "str", "float", "bool", "none"), (4, 4, 1, 1, 1))[0]
        return self.write(Kind(name), context, (), depth + 1)

    def _many(self, name: str, inner: Tuple[Kind, ...], context: Context, path: Path, depth: int) -> str:
        if name == "dict":
            return self._dict(inner, context, path, depth)
        if name == "iter":
            return f"iter({self._list(context, depth, inner[0] if inner else self._item())})"
        if name == "row":
            return _tuple([self.write(one, context, path, depth + 1) for one in inner])
        item = inner[0] if inner else self._item()
        if name == "list":
            return self._list(context, depth, item, path)
        items = [self.write(item, context, path, depth + 1) for _ in range(self.random.choice((0, 1, 2, 3)))]
        if name == "tuple":
            return _tuple(items)
        return "{" + ", ".join(items) + "}" if items else "set()"

    def _item(self) -> Kind:
        names = ("int", "str", "any", "float", "row")
        name = self.random.choices(names, (4, 4, 2, 1, 1))[0]
        return Kind(name, (Kind("str"), Kind("int"))) if name == "row" else Kind(name)

    def _list(self, context: Context, depth: int, item: Kind, path: Path = ()) -> str:
        count = self.random.choice((0, 1, 1, 2, 2, 3, 3, 4, 6) if depth < 2 else (0, 1, 2))  # noqa: PLR2004 - inner ones stay short
        if item.name == "list" and count and self.random.random() < 0.5:  # noqa: PLR2004 - rows of a table, as often
            item = Kind("row", (item.of[0] if item.of else ANY,) * self.random.choice((2, 2, 2, 1, 3)))
        items = [self.write(item, context, path, depth + 1) for _ in range(count)]
        if count > 1 and self.random.random() < 0.15:  # noqa: PLR2004 - a repeated item, now and then
            items[-1] = items[0]
        return "[" + ", ".join(items) + "]"

    def _dict(self, inner: Tuple[Kind, ...], context: Context, path: Path, depth: int) -> str:
        known = context.keys.get(path[1], []) if len(path) > 1 else []
        if known and self.random.random() < 0.6:  # noqa: PLR2004 - mostly the keys that it looks for
            items = [f"{key!r}: {self.write(ANY, context, (*path, key), depth + 1)}" for key in known]
            return "{" + ", ".join(one for one in items if self.random.random() < 0.85) + "}"  # noqa: PLR2004
        random = self.random
        keys = inner[0] if inner else Kind(random.choices(("str", "int"), (5, 1))[0])
        names = ("int", "str", "any", "dict" if depth < 1 else "int")
        values = inner[1] if len(inner) > 1 else Kind(random.choices(names, (3, 3, 2, 1))[0])
        pairs = [
            f"{self.write(keys, context, path, depth + 1)}: {self.write(values, context, path, depth + 1)}"
            for _ in range(random.choice((0, 1, 1, 2, 2, 3)))
        ]
        return "{" + ", ".join(pairs) + "}"

    def _instance(self, name: str, context: Context, depth: int) -> str:
        held = self.classes.get(name)
        if held is None or depth > _DEEPEST or self.make_instance is None:
            return "None"
        if issubclass(held, enum.Enum):
            return self._member(name, held)
        return self.make_instance(name, context, depth)

    def _member(self, name: str, held: Type[enum.Enum]) -> str:
        """Return a member of an enumeration; of one of flags, often several in one."""
        members = list(held.__members__)
        if not members:
            return "None"
        count = self.random.choice((1, 1, 2, 2, 3)) if issubclass(held, (enum.Flag, enum.IntEnum)) else 1
        chosen = self.random.sample(members, min(count, len(members)))
        return " | ".join(f"{name}.{one}" for one in chosen)

    def _foreign(self, name: str, context: Context, depth: int) -> str:
        held: Any = self.foreign.get(name)
        if held is None or depth > _DEEPEST - 1 or inspect.isabstract(held):
            return "None"
        if issubclass(held, enum.Enum):
            return self._member(name, held)
        given: List[str] = []
        for parameter, is_required, is_positional, kind in self.foreign_kinds.get(name, ()):
            if not is_required and self.random.random() < 0.7:  # noqa: PLR2004 - defaults mostly stay
                continue
            value = self.write(kind, context, (), depth + 1)
            given.append(value if is_required and is_positional else f"{parameter}={value}")
        return f"{name}({', '.join(given)})"

    def _callable(self, context: Context, depth: int) -> str:
        """Return a function: a common one, or one that makes an object of the module, as chaining methods ask for."""
        random = self.random
        own = [name for name in self.classes if not name.startswith("_")]
        if own and depth < _DEEPEST and random.random() < 0.15:  # noqa: PLR2004 - now and then
            name = random.choice(own)
            return random.choice((name, f"lambda x: {self._instance(name, context, depth + 1)}"))
        if random.random() < 0.08:  # noqa: PLR2004 - rarely
            return random.choice(_CHANGING)
        return random.choice(_CALLABLES)

    def _slice(self) -> str:
        ends = ("None", "None", "0", "1", "2", "-1", "5", "3")
        start, stop = self.random.choice(ends), self.random.choice(ends)
        step = self.random.choice(("None", "None", "None", "1", "2", "-1"))
        return f"slice({start}, {stop}{'' if step == 'None' else f', {step}'})"

    def _pairs(self, context: Context, depth: int) -> str:
        key, value = (Kind(self.random.choices(("str", "int", "any"), (5, 1, 1))[0]) for _ in range(2))
        rows = [
            f"({self.write(key, context, (), depth + 1)}, {self.write(value, context, (), depth + 1)})"
            for _ in range(self.random.choice((0, 1, 1, 2, 2, 3)))
        ]
        return f"[{', '.join(rows)}]"

    def _function(self, fitting: Sequence[str]) -> str:
        return self.random.choice(fitting if self.random.random() < 0.8 else _CALLABLES)  # noqa: PLR2004 - mostly

    def _type(self, _context: Context, _depth: int) -> str:
        own = [name for name in self.classes if not name.startswith("_")][:5]
        return self.random.choice(("int", "str", "list", "dict", "float", "ValueError", *own))

    def _few(self, most: int) -> int:
        return self.random.choice((0, 1, most // 2, most, self.random.randint(0, most)))

    def _date(self) -> str:
        if self.has_today and self.random.random() < 0.3:  # noqa: PLR2004 - now and then
            days = self.random.choice((0, 0, 1, -1))
            return f"{TODAY} + datetime.timedelta(days={days})" if days else TODAY
        return self._fixed_date()

    def _fixed_date(self) -> str:
        year, month, day = self.random.choice(_YEARS), self.random.randint(1, 12), self.random.randint(1, 28)
        return f"datetime.date({year}, {month}, {day})"

    def _datetime(self) -> str:
        dice = self.random.random()
        zone = ", tzinfo=datetime.timezone.utc" if dice < 0.2 else ""  # noqa: PLR2004 - mostly naive
        if dice < 0.06:  # noqa: PLR2004 - rarely, elsewhere
            hours = self.random.choice((-5, 2, 9))
            zone = f", tzinfo=datetime.timezone(datetime.timedelta(hours={hours}))"
        date = self._fixed_date()[len("datetime.date(") : -1]
        return f"datetime.datetime({date}, {self._few(23)}, {self._few(59)}, {self._few(59)}{zone})"

    def _timedelta(self) -> str:
        unit, amount = self.random.choice(_UNITS), self.random.choice(_AMOUNTS)
        is_mixed = unit != "seconds" and self.random.random() < 0.3  # noqa: PLR2004 - rarely
        more = f", seconds={self.random.choice((1, 30, 3599))}" if is_mixed else ""
        return f"datetime.timedelta({unit}={amount}{more})"

    def _decimal(self) -> str:
        text = self.random.choice(("0", "1", "1.5", "-2.25", "1000000", "NaN", "0.001"))
        return f"decimal.Decimal({text!r})"

    def _pattern(self, context: Context) -> str:
        known = context.own.patterns or self._all.patterns
        return self.random.choice([*known, "a", r"\d+", "^a.*", "[a-z]+"])


def _tuple(items: List[str]) -> str:
    return "(" + ", ".join(items) + ("," if len(items) == 1 else "") + ")"
