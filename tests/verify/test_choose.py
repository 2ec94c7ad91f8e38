"""Few tests that do what all do."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from regoose.verify.choose import Candidate, choose, why_needless


def _candidates(found: list[tuple[frozenset[int], float]]) -> list[Candidate]:
    return [Candidate((f"t{number}",), frozenset(goals), cost) for number, (goals, cost) in enumerate(found)]


some = st.tuples(st.frozensets(st.integers(0, 12)), st.sampled_from([1.0, 2.0, 5.0]))
candidates = st.lists(some, max_size=12).map(_candidates)


@given(candidates)
def test_the_chosen_do_what_all_do_and_each_is_needed(found: list[Candidate]) -> None:
    chosen = choose(found)
    everything = frozenset[object]().union(*(one.goals for one in found))
    assert frozenset[object]().union(*(one.goals for one in chosen)) == everything
    for one in chosen:
        others = frozenset[object]().union(*(other.goals for other in chosen if other is not one))
        assert one.goals - others
    assert [one.tests for one in chosen] == [one.tests for one in found if one in chosen]


def test_the_cheaper_of_equals_is_chosen() -> None:
    dear, cheap = Candidate(("dear",), frozenset({1}), 2.0), Candidate(("cheap",), frozenset({1}), 1.0)
    assert choose([dear, cheap]) == (cheap,)


def test_a_needless_test_is_told_which_other_does_all_it_does() -> None:
    one, two = Candidate(("t1",), frozenset({1, 2})), Candidate(("t2",), frozenset({3}))
    assert "t1 does" in why_needless(Candidate(("t3",), frozenset({2})), [one, two])
    assert "other kept tests do" in why_needless(Candidate(("t3",), frozenset({2, 3})), [one, two])
    assert "reaches nothing" in why_needless(Candidate(("t3",), frozenset()), [one, two])
