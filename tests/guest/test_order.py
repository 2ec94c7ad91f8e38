from __future__ import annotations

from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from regoose_guest.order import shuffled

paths = st.lists(st.lists(st.sampled_from("abc"), max_size=3), max_size=30)
seeds = st.integers(0, 2**32)


@given(paths, seeds)
def test_the_order_is_a_permutation(items: list[list[str]], seed: int) -> None:
    assert sorted(shuffled(items, seed)) == list(range(len(items)))


@given(paths, seeds)
def test_the_same_seed_gives_the_same_order(items: list[list[str]], seed: int) -> None:
    assert shuffled(items, seed) == shuffled(items, seed)


@given(paths, seeds)
def test_every_group_stays_contiguous(items: list[list[str]], seed: int) -> None:
    order = [items[number] for number in shuffled(items, seed)]
    for depth in range(1, 4):
        names = [tuple(path[:depth]) if len(path) >= depth else None for path in order]
        runs = [name for name, _ in groupby(names) if name is not None]
        assert len(runs) == len(set(runs))


@given(paths, seeds)
def test_a_fixed_group_keeps_the_order_of_its_own_members(items: list[list[str]], seed: int) -> None:
    order = shuffled(items, seed, frozenset({"a"}))
    own = [number for number in order if items[number] == ["a"]]
    assert own == sorted(own)


def test_seeds_differ() -> None:
    items = [[name] for name in "abcdefghij"]
    assert len({tuple(shuffled(items, seed)) for seed in range(5)}) == 5
