"""Strings to try: words, the program's own constants, what it compared, what its regular expressions match."""

from __future__ import annotations

import enum
import re
import sys
from random import Random
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Type, cast

from regoose_guest.testgen.analyse import Constants, is_pattern
from regoose_guest.testgen.compared import Seen
from regoose_guest.testgen.regexes import matching

WORDS = (
    *("a", "abc", "Hello World", "foo", "foo_bar", "Foo Bar", "x", "test", "", " ", "ABC", "hello", "a b c", "123"),
    *("a,b", "é", "12.5", "some text", "-1", "0", "fooBar", "a-b", "key", "http://example.com", "user@example.com"),
    *("2020-01-02", "\n", "a\nb", "1.2.3", "ß", "  x  ", "日本語", "ñandú", "😀", "é", "Ünïcödé", "True", "1e5"),
    *("file.txt", '{"a": 1}', "ﬁ²"),
)
LETTERS = "abcxyzABC012 _-.,:;/#@!?()[]{}'\"\\\t"
_LONGEST = 300
_LONGEST_WORD = 60
_DEEPEST = 3
_MOST = 300
"""Items of a container that are looked at."""
_MOST_KEYS = 40
_FIRST_LETTER = 127
_SHARES = (20.0, 8.0, 10.0, 20.0, 7.0, 20.0, 2.0, 13.0)
"""How often a text is one of the function's constants, of the module's, of those compared, a common word, one of the
module's tables, a match of a pattern, a number of many digits, and any characters."""
_SPREAD = 6.0
"""How many times more or less often what was learned makes it."""
_TRIES = 4
_CONTAINERS = (dict, list, tuple, set, frozenset)
_NUMBER = re.compile(r"\d+")
_WORD = re.compile(r"\w+")
_KEY = re.compile(r"[A-Za-z][\w.-]*")
_FORMATS = (("=", "; "), ("=", "; "), ("=", "&"), ("=", ", "), ("=", " "), (": ", "\n"), (":", ","), ("=", "\n"))
_VALUES = (0, 1, 10, 3600)
_LEAST_LONG, _MOST_LONG = 8, 600
"""Constants that may be meant as a length."""


Path = Tuple[str, ...]
"""Whose value it is, for learning which kinds pay: subject, parameter, key."""


class Tables(NamedTuple):
    """What the values that a module holds at run time are made of: words to try that its text need not show."""

    words: List[str]
    """All characters that a table knows, in one string; keys, items and names of enumerations' members."""
    patterns: List[Tuple[str, int]]
    """Regular expressions with their flags."""


def tables_of(namespace: Mapping[str, object], classes: Mapping[str, type], constants: Constants) -> Tables:
    """Look through the variables of a module and of its classes, and what these contain."""
    found = _Finder()
    found.constants(constants.patterns)
    for one in [*namespace.values(), *(held for kind in classes.values() for held in list(vars(kind).values()))]:
        found.look(one, 0)
    return Tables(list(dict.fromkeys(found.alphabets + found.words)), list(dict.fromkeys(found.patterns)))


def keys_in(held: Any) -> List[str]:
    """Return the names of an enumeration's members and the texts that are keys of a small table."""
    if isinstance(held, type) and issubclass(held, enum.Enum):
        names: List[str] = list(held.__members__)
        return [text for name in names[:_MOST_KEYS] for text in (name, name.lower())]
    keys = list(cast("Iterable[Any]", held)) if isinstance(held, _CONTAINERS) else []
    if len(keys) > _MOST_KEYS:
        return []
    return [one for one in keys if type(one) is str and 0 < len(one) <= _LONGEST_WORD]


class _Finder:
    def __init__(self) -> None:
        self.alphabets: List[str] = []
        self.words: List[str] = []
        self.patterns: List[Tuple[str, int]] = []

    def constants(self, patterns: Sequence[str]) -> None:
        self.patterns += [(one, 0) for one in patterns]

    def look(self, held: Any, depth: int) -> None:
        if isinstance(held, re.Pattern):
            pattern: Any = held.pattern  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
            if isinstance(pattern, str):
                self.patterns.append((pattern, held.flags))
        elif isinstance(held, type):
            if issubclass(held, enum.Enum) and depth == 0:
                self._members(held)
        elif type(held) is str:
            self._text(held, depth)
        elif isinstance(held, _CONTAINERS) and depth < _DEEPEST:
            self._many(held, depth)

    def _members(self, held: Type[enum.Enum]) -> None:
        for name, member in list(held.__members__.items())[:_MOST]:
            self.words += [name, name.lower()]
            if isinstance(member.value, str):
                self.words.append(member.value)

    def _text(self, text: str, depth: int) -> None:
        if depth and 0 < len(text) <= _LONGEST_WORD:
            self.words.append(text)
            if is_pattern(text):
                self.patterns.append((text, 0))

    def _many(self, held: Any, depth: int) -> None:
        keys: List[Any] = list(held)[:_MOST]
        joined = "".join(filter(None, map(_character, keys)))
        if len(joined) > 1 and len(joined) >= len(keys) // 2:
            self.alphabets.append(joined)
        for one in keys:
            self.look(one, depth + 1)
            if isinstance(held, dict):
                self.look(held[one], depth + 1)  # pyright: ignore[reportUnknownArgumentType]


def _character(key: object) -> str:
    """Return the character that the key of a table stands for, if it does."""
    if isinstance(key, str):
        return key if len(key) == 1 else ""
    return chr(key) if type(key) is int and _FIRST_LETTER < key <= sys.maxunicode else ""


class Texts:
    """Makes strings. `own` are the constants of what is being tried, `all_` those of the module."""

    def __init__(self, random: Random, seen: Seen, constants: Constants, tables: Tables) -> None:
        self._random = random
        self._seen = seen
        self._all = constants
        self._patterns = tables.patterns
        self._words = tables.words
        self._weights: Dict[Path, List[float]] = {}
        self.chosen: List[Tuple[Path, int]] = []
        """Sources that the texts of a candidate are from."""

    def bare(self, own: Constants, path: Path = ()) -> str:
        """Return one piece of text; `path` is whose it is, which sources pay for it is learned."""
        weights = self._weights.get(path, _SHARES)
        for _ in range(_TRIES):
            number = self._random.choices(range(len(weights)), weights)[0]
            text = self._from(number, own)
            if text is not None:
                if path:
                    self.chosen.append((path, number))
                return text
        return self._random.choice(WORDS)

    def _from(self, number: int, own: Constants) -> Optional[str]:
        """Return a text of one source, None where that has none."""
        random = self._random
        many = (own.texts, self._all.texts, self._seen.by_kind[str], WORDS, self._words)
        if number < len(many):
            return random.choice(many[number]) if many[number] else None
        if number == len(many):
            return self._matching(own)
        if number == len(many) + 1:
            return "".join(random.choice("0123456789") for _ in range(random.choice((2, 4, 8, 13, 16, 24, 40))))
        return "".join(random.choice(LETTERS) for _ in range(random.randint(1, 8)))

    def reward(self, *, is_new: bool, is_misfit: bool, is_fine: bool) -> None:
        """Learn from an execution which sources pay: those of texts that the program accepts, and that show more."""
        for path, number in self.chosen:
            weights = self._weights.setdefault(path, list(_SHARES))
            change = 1.4 if is_new else 0.97 if is_misfit else 1.02 if is_fine else 0.985
            weights[number] = min(_SHARES[number] * _SPREAD, max(_SHARES[number] / _SPREAD, weights[number] * change))

    def _matching(self, own: Constants) -> Optional[str]:
        random = self._random
        if own.patterns and random.random() < 0.5:  # noqa: PLR2004 - as often its own
            return matching(random, random.choice(own.patterns))
        return matching(random, *random.choice(self._patterns)) if self._patterns else None

    def composed(self, own: Constants, path: Path = ()) -> str:
        """Return a text of one or several pieces, now and then changed as a whole."""
        random = self._random
        text = self.bare(own, path)
        dice = random.random()
        if dice < 0.25:  # noqa: PLR2004 - shares of the ways
            text += random.choice(("", " ", "", "-", "_", ", ")) + self.bare(own)
        elif dice < 0.32:  # noqa: PLR2004
            text += random.choice(("", " ", "\n")) + self.bare(own) + random.choice(("", " ", ",")) + self.bare(own)
        elif dice < 0.37 and text:  # noqa: PLR2004
            text = random.choice((text.upper(), text.lower(), text.title(), text[::-1], text.strip(), text * 2))
        elif dice < 0.40:  # noqa: PLR2004
            return " ".join(self.bare(own)[:20] for _ in range(random.randint(3, 6)))[:_LONGEST]
        elif dice < 0.42 and text:  # noqa: PLR2004
            return self._long(text, own)
        elif dice < 0.45:  # noqa: PLR2004
            return self._pairs(own)[:_LONGEST]
        return text[:_LONGEST]

    def _pairs(self, own: Constants) -> str:
        """Return keys with values as headers, cookies and queries have them; of the module's words, if any."""
        random = self._random
        words = [one for one in (*own.texts, *self._all.texts, *self._words) if _KEY.fullmatch(one)] or WORDS
        bind, join = random.choice(_FORMATS)
        pairs: List[str] = []
        for _ in range(random.choice((1, 2, 2, 3, 4))):
            value = str(random.choice(own.ints or _VALUES)) if random.random() < 0.5 else self.bare(own)[:20]  # noqa: PLR2004 - numbers as often
            pairs.append(f"{random.choice(words)}{bind}{value}")
        return join.join(pairs)

    def _long(self, text: str, own: Constants) -> str:
        """Return a text as long as a constant says, or one more or less."""
        lengths = [one for one in own.ints or self._all.ints if _LEAST_LONG <= one <= _MOST_LONG]
        if not lengths:
            return text
        length = self._random.choice(lengths) + self._random.choice((-1, 0, 1, 1))
        at = self._random.randint(0, len(text) - 1)
        return (text[:at] + text[at] * max(1, length - len(text)) + text[at:])[: max(length, len(text))]

    def changed(self, text: str, own: Constants) -> str:  # noqa: PLR0911 - one for each way
        """Return a near relative of a text."""
        random = self._random
        at = random.randint(0, len(text))
        way = random.randrange(13)
        if way < 2:  # noqa: PLR2004 - some anew
            return self.composed(own)
        if way >= 10:  # noqa: PLR2004
            return self._part_changed(text, own) if text else self.bare(own)
        if way < 4:  # noqa: PLR2004
            return text[:at] + self.bare(own)[:20] + text[at:]
        if way == 4 and text:  # noqa: PLR2004
            return text[:at] + text[random.randint(at, min(len(text), at + 4)) :]
        if way < 7:  # noqa: PLR2004
            return text[:at] + random.choice(LETTERS + "Zé%+9\n") + text[at:]
        if way == 7 and text:  # noqa: PLR2004
            at = min(at, len(text) - 1)
            return text[:at] + random.choice("aZ0 _-.xX9") + text[at + 1 :]
        if way == 8:  # noqa: PLR2004
            return text + " " + self.bare(own)[:20]
        near = (text.upper(), text.lower(), text.title(), text.swapcase(), text.strip(), text + text[:1], text[1:])
        return random.choice((*near, text[:-1], " " + text, text + " "))

    def _part_changed(self, text: str, own: Constants) -> str:
        """Change a number or word in a text, or make it as long as a constant says."""
        random = self._random
        dice = random.random()
        if dice < 0.1:  # noqa: PLR2004 - shares of the ways
            return self._long(text, own)
        found = list((_NUMBER if dice < 0.55 else _WORD).finditer(text)) or list(_WORD.finditer(text))  # noqa: PLR2004
        if not found:
            return text + text
        one = random.choice(found)
        return text[: one.start()] + self._in_place(one.group(), own) + text[one.end() :]

    def _in_place(self, part: str, own: Constants) -> str:
        random = self._random
        if not part.isdecimal():
            other = self.bare(own)[:30]
            return random.choice(
                (part.upper(), part.lower(), part.capitalize(), other, part + " " + part, part * 2, "")
            )
        known = own.ints or self._all.ints or [1]
        near = int(part) + random.choice((-1, 1, 10)) if len(part) < 20 else 0  # noqa: PLR2004 - no longer ones
        number = random.choice((near, random.choice(known), random.choice(known) + random.choice((-1, 1))))
        text = str(abs(number))
        return text.rjust(len(part), "0") if random.random() < 0.5 else text  # noqa: PLR2004 - as wide, often
