"""The kept tests one by one, as the formats of test runners want them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from regoose.domain.generation import GenerateResult, Kept


@dataclass(frozen=True, slots=True)
class Case:
    """One kept test; the last run of each was green."""

    id: str
    file: str
    classes: tuple[str, ...]
    name: str
    """With the parameters in brackets, where there are some."""
    seconds: float
    """As last measured; 0 where nobody measured."""

    @property
    def function(self) -> str:
        """Name of the function."""
        return self.name.partition("[")[0]


def cases(result: GenerateResult) -> tuple[Case, ...]:
    """Return the kept tests of all modules, in order."""
    return tuple(case for one in result.modules for case in cases_of(one))


def cases_of(one: Kept) -> Iterator[Case]:
    """Yield the kept tests of one module."""
    measured = len(one.durations) == len(one.tests)
    for at, test in enumerate(one.tests):
        address, bracket, parameters = test.partition("[")
        file, *names = address.split("::")
        *classes, name = names or [""]
        yield Case(test, file, tuple(classes), name + bracket + parameters, one.durations[at] if measured else 0.0)
