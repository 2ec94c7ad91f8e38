"""Arguments that speak of each other."""

from __future__ import annotations

from random import Random

from regoose_guest.testgen.corpus import entwined


def test_one_argument_speaks_of_what_is_in_another() -> None:
    random = Random(1)
    made = {tuple(entwined(random, ["{'a': 1}", "['b']", "2"])) for _ in range(99)}

    assert ("{'a': 1}", "['a']", "2") in made
    assert ("{'a': 1}", "['b']", "'b'") in made


def test_there_may_be_nothing_to_speak_of() -> None:
    assert entwined(Random(1), ["1", "'a'"]) == ["1", "'a'"]
    assert entwined(Random(1), ["[1]"]) == ["[1]"]
