"""Strings that match a regular expression."""

from __future__ import annotations

import re
import sys
from functools import lru_cache
from random import Random
from typing import Any, Dict, List, Optional

_OTHERS = "abcxyzAZ0189 _-.,:/@#"
_SPREAD = 60
"""How far into a range of characters it looks."""
_CLASSES = (
    ("NOT_DIGIT", "ab-"),
    ("DIGIT", "0123456789"),
    ("NOT_SPACE", "ab1"),
    ("SPACE", " "),
    ("NOT_WORD", " -."),
    ("WORD", "abcXYZ019_"),
)
_MORE = 4
"""Repeats beyond the least."""
_TRIES = 10
_DIGITS = ("0123456789", "0123456789", "01", "012")
"""Digits of one string: of small ones only, in half of them, so that dates and times come out as such."""


def matching(random: Random, pattern: str, flags: int = 0) -> Optional[str]:
    """Return a string that the pattern likely matches; None where it cannot be read."""
    text = None
    try:
        parsed = _parse(pattern, flags & ~re.DEBUG)
        compiled = re.compile(pattern, flags & ~re.DEBUG)
        for _ in range(_TRIES):  # what looks around and boundaries ask for is left to luck
            text = _Writer(random).one(parsed)
            if compiled.search(text):
                break
    except Exception:  # noqa: BLE001 - the parser of `re` is not public: whatever it does, there are other strings
        return text
    return text


@lru_cache(maxsize=256)
def _parse(pattern: str, flags: int) -> Any:
    if sys.version_info >= (3, 11):
        from re import _parser as parser  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
    else:
        import sre_parse as parser
    return parser.parse(pattern, flags)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


class _Writer:
    def __init__(self, random: Random) -> None:
        self._random = random
        self._groups: Dict[int, str] = {}
        self._digits = random.choice(_DIGITS)

    def one(self, items: Any) -> str:
        return "".join(self._item(str(kind), value) for kind, value in items)

    def _item(self, kind: str, value: Any) -> str:  # noqa: PLR0911 - one for each opcode
        if kind == "LITERAL":
            return chr(value)
        if kind == "NOT_LITERAL":
            return "a" if value != ord("a") else "b"
        if kind == "ANY":
            return self._random.choice("ab 1.x")
        if kind == "IN":
            return self._member(value)
        if kind == "CATEGORY":
            return self._category(value)
        if kind in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
            least, most, inner = value
            most = least + _MORE if str(most) == "MAXREPEAT" else min(int(most), least + _MORE)
            return "".join(self.one(inner) for _ in range(self._random.randint(least, most)))
        return self._group(kind, value)

    def _group(self, kind: str, value: Any) -> str:  # noqa: PLR0911 - one for each opcode
        if kind == "SUBPATTERN":
            text = self._groups[value[0]] = self.one(value[3])
            return text
        if kind == "BRANCH":
            return self.one(self._random.choice(value[1]))
        if kind == "GROUPREF":
            return self._groups.get(value, "")
        if kind == "ATOMIC_GROUP":
            return self.one(value)
        if kind == "AT":
            return self._random.choice(("", "", " ")) if str(value).endswith("AT_BOUNDARY") else ""
        if kind == "GROUPREF_EXISTS":
            chosen = value[1] if value[0] in self._groups else value[2]
            return self.one(chosen) if chosen else ""
        return ""

    def _member(self, items: Any) -> str:
        if str(items[0][0]) == "NEGATE":
            bad: List[str] = []
            for kind, value in items[1:]:
                if str(kind) == "LITERAL":
                    bad.append(chr(value))
                elif str(kind) == "RANGE":
                    bad += map(chr, range(value[0], min(value[1], value[0] + 300) + 1))
            return self._random.choice([one for one in _OTHERS if one not in bad] or ["é"])
        kind, value = self._random.choice(items)
        if str(kind) == "LITERAL":
            return chr(value)
        if str(kind) == "RANGE":
            if tuple(value) == (ord("0"), ord("9")):
                return self._random.choice(self._digits)
            return chr(self._random.randint(value[0], min(value[1], value[0] + _SPREAD)))
        return self._category(value)

    def _category(self, value: object) -> str:
        name = str(value)
        if name.endswith("_DIGIT") and "NOT" not in name:
            return self._random.choice(self._digits)
        return self._random.choice(next((letters for part, letters in _CLASSES if part in name), "a"))
