"""Which of the patches that pass comes first, by what they answer where no test asks."""

from __future__ import annotations

from regoose_guest.repair.behaviour import RAISED, RETURNED, Answer, Comparison
from regoose_guest.repair.candidates import Candidate
from regoose_guest.repair.hunt import Plausible
from regoose_guest.repair.rank import rank

CRASH = frozenset(("IndexError",))
NONE = frozenset[str]()


def plausible(number: int, score: float) -> Plausible:
    candidate = Candidate((), "template", score, 1)
    candidate.number = number
    return Plausible(candidate, [], [], 0.0, 1)


def answers(text: str) -> list[Answer]:
    """A letter for each call: small for a value, capital for an exception named by it."""
    named = {"I": "IndexError: out of range", "V": "ValueError: no number"}
    return [(RAISED, named[one], named[one]) if one in named else (RETURNED, one, one) for one in text]


def order(
    scores: dict[int, float],
    before: str,
    after: dict[int, str],
    crashes: frozenset[str] = NONE,
    wider: dict[int, int] | None = None,
) -> list[int]:
    comparison = Comparison(
        texts=[f"f({place})" for place in range(len(before))],
        near_red=[False] * len(before),
        generated=[True] * len(before),
        before=answers(before),
        answers={number: answers(text) for number, text in after.items()},
    )
    found = [plausible(number, score) for number, score in scores.items()]
    ranked = rank(found, comparison, NONE, crashes=crashes, wider=wider or {})
    return [one.plausible.candidate.number for one in ranked]


def test_after_a_crash_what_was_returned_should_stay() -> None:
    after = {1: "ax" + "c" * 18, 2: "ab" + "c" * 18}
    assert order({1: 0.5, 2: 0.4}, "Ib" + "c" * 18, after, CRASH) == [2, 1]
    assert order({1: 0.5, 2: 0.4}, "Ib" + "c" * 18, after) == [1, 2]


def test_after_a_crash_an_exception_of_another_kind_is_no_fault() -> None:
    after = {1: "a" * 20, 2: "a" * 20, 3: "a" * 18 + "VV"}
    assert order({1: 0.1, 2: 0.1, 3: 0.4}, "a" * 17 + "IVV", after, CRASH)[0] == 3
    assert order({1: 0.1, 2: 0.1, 3: 0.4}, "a" * 17 + "III", after, CRASH)[0] != 3


def test_a_behaviour_that_several_patches_arrive_at_is_likelier() -> None:
    assert order({1: 0.5, 2: 0.4, 3: 0.4}, "b", {1: "x", 2: "y", 3: "y"}) == [2, 3, 1]


def test_the_patch_of_every_copy_comes_before_that_of_one_copy_and_adds_no_voice_of_its_own() -> None:
    after = {1: "y", 2: "x", 3: "x"}
    assert order({1: 0.45, 2: 0.4, 3: 0.4}, "b", after, wider={3: 2}) == [1, 3, 2]
    assert order({1: 0.45, 2: 0.4, 3: 0.4}, "b", after) == [2, 3, 1]


def test_what_was_not_compared_comes_after_what_was() -> None:
    scores = {1: 0.5, 2: 0.4, 3: 0.4}
    assert order(scores, "b", {2: "x", 3: "y"}) == [2, 3, 1]
    assert order(scores, "b", {2: "x"}, wider={3: 2}) == [3, 2, 1]
    assert order(scores, "", {}) == [1, 2, 3]
