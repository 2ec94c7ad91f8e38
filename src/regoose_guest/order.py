"""A random order of tests that keeps what belongs together together, the same for the same seed everywhere."""

from __future__ import annotations

import random
from collections.abc import Sequence


class _Group:
    def __init__(self) -> None:
        self.members: list[tuple[int, _Group | None]] = []
        self.groups: dict[str, _Group] = {}

    def add(self, number: int, path: Sequence[str]) -> None:
        if not path:
            self.members.append((number, None))
            return
        group = self.groups.get(path[0])
        if group is None:
            group = self.groups[path[0]] = _Group()
            self.members.append((number, group))
        group.add(number, path[1:])

    def flatten(self, generator: random.Random, name: str, fixed: frozenset[str], result: list[int]) -> None:
        members = list(self.members)
        if name not in fixed:
            generator.shuffle(members)
        names = {id(group): key for key, group in self.groups.items()}
        for number, group in members:
            if group is None:
                result.append(number)
            else:
                child = names[id(group)]
                group.flatten(generator, f"{name}/{child}" if name else child, fixed, result)


def shuffled(paths: Sequence[Sequence[str]], seed: int, fixed: frozenset[str] = frozenset()) -> list[int]:
    """
    Return the indices of `paths` in a random order in which each group stays contiguous.

    A path names the groups an item is in, outermost first: directories, file, classes. Groups named in `fixed`
    (their path joined by `/`) keep the order of their own members.
    """
    root = _Group()
    for number, path in enumerate(paths):
        root.add(number, path)
    result: list[int] = []
    root.flatten(random.Random(seed), "", fixed, result)  # noqa: S311 - an order of tests, not a secret
    return result
