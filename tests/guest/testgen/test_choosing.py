"""Few and cheap cases are chosen that reach together what all reach."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from regoose_guest.testgen.acts import FUNCTION, Act, Candidate
from regoose_guest.testgen.choosing import choose, cost
from regoose_guest.testgen.observing import SeenJson

SEEN: SeenJson = {
    "ended": 1,
    "wrapped": "",
    "rows": [("equal", "result", "1")],
    "raised": None,
    "printed": "",
    "pins": [],
    "goals": [],
    "is_drawn": False,
}


@given(st.lists(st.tuples(st.floats(0.1, 9), st.sets(st.sampled_from("abcdef"))), max_size=12))
def test_reaches_all_with_none_to_spare(cases: list[tuple[float, set[str]]]) -> None:
    goals = [reached for _, reached in cases]

    chosen = choose([price for price, _ in cases], goals)

    assert set().union(*(goals[one] for one in chosen)) == set().union(*goals)
    for one in chosen:
        others = set[str]().union(*(goals[other] for other in chosen if other != one))
        assert not goals[one] <= others


def test_prefers_the_cheaper() -> None:
    assert choose([3.0, 1.0, 9.0], [{"a"}, {"a"}, {"b"}]) == [1, 2]


def _cost(argument: str, *, is_example: bool = False, **changed: object) -> float:
    candidate = Candidate("f", (Act(FUNCTION, "", "f", (argument,)),), is_example=is_example)
    return cost(candidate, {**SEEN, **changed})  # type: ignore[typeddict-item]  # pyright: ignore[reportArgumentType]


def test_odd_long_and_accidental_cases_are_dear() -> None:
    plain = _cost("'ab'")
    accident = {"type": "TypeError", "module": "builtins", "message": "", "said": "", "is_explicit": False, "line": 1}

    assert _cost("'ab'", is_example=True) < plain
    assert plain < _cost("'ab ab ab ab ab ab ab'")
    assert plain < _cost("'\\x00'")
    assert plain < _cost("'ab'", rows=[])
    assert _cost("'ab'", raised={**accident, "is_misfit": False}) < _cost(
        "'ab'", raised={**accident, "is_misfit": True}
    )


def test_private_functions_are_dear() -> None:
    public, private = (Candidate(name, (Act(FUNCTION, "", name, ("1",)),)) for name in ("ff", "_f"))

    assert 2 * cost(public, SEEN) < cost(private, SEEN)
