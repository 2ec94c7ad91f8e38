"""The JSON between the host and mutation analysis."""

from __future__ import annotations

from typing import TypedDict

KILLED, TIMEOUT, SURVIVED, UNCOVERED, NOT_RUN = "killed", "timeout", "survived", "uncovered", "not run"
"""What becomes of a mutant: the values of `regoose.domain.generation.MutantStatus`."""


class TestJson(TypedDict):
    """One test and what it runs of the module."""

    id: str
    lines: list[int]


class OptionsJson(TypedDict):
    """Which module to change, and which tests are to notice."""

    root: str
    path: str
    """Of the module's file, relative to `root`. Under whatever names it is imported, it is known by its file."""
    tests: list[TestJson]
    first: int
    """How many of `tests`, from the front, are tried before the others; a kill by one of them settles a mutant."""
    lines: list[int]
    """Change only these; empty: all."""
    seconds: float
    """Wall clock of the whole."""
    jobs: int
    most: int
    """How many mutants at most: a sample drawn with `seed`."""
    killers: int
    """Kills of a mutant after which it is left."""
    seed: int
    memory_bytes: int
    result: str
    """Absolute path for the `ResultJson`."""


class MutantJson(TypedDict):
    """One mutant; see `regoose.domain.generation.Mutant`."""

    line: int
    operator: str
    before: str
    after: str
    status: str
    killers: list[str]
    likely_equivalent: bool


class ResultJson(TypedDict):
    """What came of it."""

    mutants: list[MutantJson]
    possible: int
    missing: list[str]
    """Tests that were not found."""
    red: list[str]
    """Tests that do not pass on the module as it is, or not in every order: they judge nothing."""
    note: str
    """Why there is nothing, in one sentence; else empty."""
    seconds: float


class CollectedJson(TypedDict):
    """What the collector tells the driving process. Tests go by their numbers in the options."""

    found: list[int]
    sharing: list[int]
    """Those with fixtures that may last beyond a test: whichever runs first pays for them."""
    lines: list[int]
    """Lines of the module that ran meanwhile."""
    is_imported: bool
    """Whether something imported the module."""
    seconds: float
    """CPU time."""
    own: list[str]
    """Files of the repository that were imported, real paths."""
    others: list[str]
    """Modules from elsewhere that were."""
