"""Strings to try come from what the module holds at run time too, and from the sources that pay."""

from __future__ import annotations

import enum
import re
from collections import Counter
from random import Random

from regoose_guest.testgen.analyse import Constants
from regoose_guest.testgen.compared import Seen
from regoose_guest.testgen.texts import Tables, Texts, keys_in, tables_of

NOTHING = Constants([], [], [], [], [])


class Unit(enum.Enum):
    """Units."""

    DAYS = "d"


class Table(dict[int, str]):
    """A table of a class of its own."""


def _texts(tables: Tables, constants: Constants = NOTHING) -> Texts:
    return Texts(Random(3), Seen(), constants, tables)


def test_finds_words_and_patterns_in_tables() -> None:
    namespace: dict[str, object] = {
        "CARDS": {"visa": re.compile(r"4\d{3}"), "other": [("x", r"^[a-z]+$")]},
        "LETTERS": Table({0xE4: "ae", 0xF6: "oe"}),
        "Unit": Unit,
        "text": "a whole sentence",
    }

    tables = tables_of(namespace, {}, NOTHING)

    assert {"visa", "other", "x", "äö", "ae", "oe", "DAYS", "days", "d"} <= set(tables.words)
    assert "a whole sentence" not in tables.words
    assert [pattern for pattern, _ in tables.patterns] == [r"4\d{3}", "^[a-z]+$"]


def test_learns_which_source_pays() -> None:
    texts = _texts(Tables(["days"], []))
    path = ("f", "unit")
    for _ in range(300):
        texts.chosen = []
        text = texts.bare(NOTHING, path)
        texts.reward(is_new=text == "days", is_misfit=False, is_fine=text == "days")

    counts = Counter(texts.bare(NOTHING, path) == "days" for _ in range(300))
    others = Counter(texts.bare(NOTHING, ("f", "other")) == "days" for _ in range(300))
    assert counts[True] > 2 * others[True]


def test_changes_stay_texts_and_reach_lengths_and_numbers() -> None:
    constants = Constants([], [64, 255], [], [], [])
    texts = _texts(Tables([], []), constants)

    changed = {texts.changed("item 7 of 9", constants) for _ in range(3000)}

    assert any(len(one) == 65 for one in changed)
    assert "item 255 of 9" in changed
    assert any(one.startswith("ITEM 7") for one in changed)
    assert all(isinstance(texts.composed(NOTHING), str) for _ in range(300))


def test_keys_are_names_of_members_and_texts_in_small_tables() -> None:
    assert keys_in(Unit) == ["DAYS", "days"]
    assert keys_in({"a": 1, 2: 3}) == ["a"]
    assert keys_in(["x", "y"]) == ["x", "y"]
    assert keys_in("text") == keys_in({str(number): 0 for number in range(99)}) == []
