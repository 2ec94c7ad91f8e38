"""Files in the temporary folder of a test: written before a call that reads them, read after one that writes them."""

from __future__ import annotations

import ast
import pathlib
import re
from random import Random
from typing import Dict, Iterator, List, Optional, Sequence

from regoose_guest.testgen.acts import FUNCTION, Act
from regoose_guest.testgen.analyse import Constants
from regoose_guest.testgen.texts import Texts

_PLACE = re.compile(r"tmp_path / (['\"])([^'\"\\]+)\1")
_NAMED = "tmp_path / 'a.txt'"
_WRITE = ".write_text"
_MOST_LINES = 4
_SEPARATOR = re.compile(r"[^\w\s]{1,2}")
_JSON = ('{"a": 1, "b": 2}', '[{"a": 1}]', "[1, 2]", "{")
_LONGEST = 300


def is_outside(text: str) -> bool:
    """Whether source makes a path in the temporary folder that leads out of it, or nowhere."""
    if "tmp_path /" not in text:
        return False
    parts = [part for one in _PLACE.finditer(text) for part in pathlib.PurePosixPath(one[2]).parts]
    return len(_PLACE.findall(text)) != text.count("tmp_path /") or any(one in {"/", "..", "~"} for one in parts)


def with_file(acts: Sequence[Act], random: Random, texts: Texts, own: Constants) -> List[Act]:
    """Return a call that is given a path, with an act before it that writes a file there."""
    place = next(iter(_places(acts[-1])), None)
    if place is None:
        return list(acts)
    if random.random() < 0.8:  # noqa: PLR2004 - one name for all, where it may be any
        acts = [_renamed(act, place, _NAMED) for act in acts]
        place = _NAMED
    written = [Act(FUNCTION, "", f"({place}){_WRITE}", (repr(_content(place, random, texts, own)),)), *acts]
    if random.random() < 0.3:  # noqa: PLR2004 - some functions ask for the folder
        written[-1] = _renamed(written[-1], place, "tmp_path")
    return written


def files_after(acts: Sequence[Act], folder: pathlib.Path) -> Dict[str, str]:
    """Return what the files hold whose paths the last act was given, by the source of the path, where it is news."""
    written = {f"({place}){_WRITE}" for place in _places(acts[-1])}
    known = {act.name: act.positional[0] for act in acts if act.name in written and act.positional}
    found: Dict[str, str] = {}
    for place in _places(acts[-1]):
        text = _read(folder / ast.literal_eval(place.partition(" / ")[2]))
        if text is not None and repr(text) != known.get(f"({place}){_WRITE}"):
            found[f"({place}).read_text()"] = text
    return found


def uses_folder(acts: Sequence[Act]) -> bool:
    """Whether acts are given the temporary folder."""
    return any(
        "tmp_path" in text
        for act in acts
        for text in (act.name, *act.positional, *(value for _, value in act.keywords))
    )


def _renamed(act: Act, old: str, new: str) -> Act:
    return act._replace(
        positional=tuple(new if one == old else one for one in act.positional),
        keywords=tuple((name, new if one == old else one) for name, one in act.keywords),
    )


def _places(act: Act) -> Iterator[str]:
    for text in (*act.positional, *(value for _, value in act.keywords)):
        if _PLACE.fullmatch(text):
            yield text


def _read(path: pathlib.Path) -> Optional[str]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
    return text if len(text) <= _LONGEST else None


def _content(place: str, random: Random, texts: Texts, own: Constants) -> str:
    """Return lines of the words and signs that the function speaks of."""
    if ".json" in place or random.random() < 0.1:  # noqa: PLR2004 - many a file is JSON by another name
        return random.choice(_JSON)
    signs = [one.strip() for one in own.texts if _SEPARATOR.fullmatch(one.strip())]
    lines: List[str] = []
    for _ in range(random.randint(0, _MOST_LINES)):
        words = [texts.bare(own), texts.bare(own)]
        if signs:
            words.insert(random.choice((0, 1, 1, 1)), random.choice(signs))
        lines.append("".join(words) if signs else " ".join(words))
    return "\n".join(lines)
