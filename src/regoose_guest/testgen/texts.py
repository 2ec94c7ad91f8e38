"""Strings to try: words, the program's own constants, what it compared, what its regular expressions match."""

from __future__ import annotations

import re
from random import Random
from typing import Any, List, Mapping, Optional, Sequence, Tuple

from regoose_guest.testgen.analyse import Constants
from regoose_guest.testgen.compared import Seen
from regoose_guest.testgen.regexes import matching

WORDS = (
    *("a", "abc", "Hello World", "foo", "foo_bar", "Foo Bar", "x", "test", "", " ", "ABC", "hello", "a b c", "123"),
    *("a,b", "é", "12.5", "some text", "-1", "0", "fooBar", "a-b", "key", "http://example.com", "user@example.com"),
    *("2020-01-02", "\n", "a\nb", "1.2.3", "ß", "  x  ", "日本語", "ñandú", "😀", "é", "Ünïcödé", "True", "1e5"),
)
LETTERS = "abcxyzABC012 _-.,:;/#@!?()[]{}'\"\\\t"
_LONGEST = 300


def patterns_of(
    namespace: Mapping[str, object], classes: Mapping[str, type], constants: Constants
) -> List[Tuple[str, int]]:
    """Return the regular expressions of a module with their flags: compiled ones, and constants that look like one."""
    held: List[Any] = list(namespace.values())
    for one in classes.values():
        held += vars(one).values()
    compiled: List[Any] = [one for one in held if isinstance(one, re.Pattern)]
    found = [(str(one.pattern), int(one.flags)) for one in compiled if isinstance(one.pattern, str)]
    return found + [(one, 0) for one in constants.patterns]


class Texts:
    """Makes strings. `own` are the constants of what is being tried, `all_` those of the module."""

    def __init__(self, random: Random, seen: Seen, constants: Constants, patterns: Sequence[Tuple[str, int]]) -> None:
        self._random = random
        self._seen = seen
        self._all = constants
        self._patterns = patterns

    def bare(self, own: Constants) -> str:
        """Return one piece of text."""
        random = self._random
        dice = random.random()
        if dice < 0.2 and own.texts:  # noqa: PLR2004 - shares of the sources of text
            return random.choice(own.texts)
        if dice < 0.28 and self._all.texts:  # noqa: PLR2004
            return random.choice(self._all.texts)
        seen = self._seen.by_kind[str]
        if dice < 0.38 and seen:  # noqa: PLR2004
            return random.choice(seen)
        if dice < 0.58:  # noqa: PLR2004
            found = self._matching(own)
            if found is not None:
                return found
        if dice < 0.85:  # noqa: PLR2004
            return random.choice(WORDS)
        return "".join(random.choice(LETTERS) for _ in range(random.randint(1, 8)))

    def _matching(self, own: Constants) -> Optional[str]:
        random = self._random
        if own.patterns and random.random() < 0.5:  # noqa: PLR2004 - as often its own
            return matching(random, random.choice(own.patterns))
        return matching(random, *random.choice(self._patterns)) if self._patterns else None

    def composed(self, own: Constants) -> str:
        """Return a text of one or several pieces, now and then changed as a whole."""
        random = self._random
        text = self.bare(own)
        dice = random.random()
        if dice < 0.25:  # noqa: PLR2004 - shares of the ways
            text += random.choice(("", " ", "", "-", "_", ", ")) + self.bare(own)
        elif dice < 0.32:  # noqa: PLR2004
            text += random.choice(("", " ", "\n")) + self.bare(own) + random.choice(("", " ", ",")) + self.bare(own)
        elif dice < 0.37 and text:  # noqa: PLR2004
            text = random.choice((text.upper(), text.lower(), text.title(), text[::-1], text.strip(), text * 2))
        return text[:_LONGEST]

    def changed(self, text: str, own: Constants) -> str:  # noqa: PLR0911 - one for each way
        """Return a near relative of a text."""
        random = self._random
        at = random.randint(0, len(text))
        way = random.randrange(10)
        if way < 2:  # noqa: PLR2004 - a fifth anew
            return self.composed(own)
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
