"""The JSON between the host and the test generator."""

from __future__ import annotations

from typing import TypedDict


class StyleJson(TypedDict):
    """How the repository formats its code."""

    line_length: int
    quotes: str
    """`"` or `'`."""
    classes: bool
    """Whether its tests stand in classes."""
    own: list[str]
    """Top-level modules of the repository itself, which imports list last."""


class OptionsJson(TypedDict):
    """What to write tests for. Paths of `existing` and `path` are relative to `root`."""

    root: str
    path: str
    module: str
    only: list[str]
    """Qualified names; empty: all that is public."""
    lines: list[int]
    """Changed lines to which the search is bound; empty: all."""
    existing: list[str]
    """Test files whose calls of the module are worth imitating."""
    seconds: float
    jobs: int
    seed: int
    memory_bytes: int
    style: StyleJson
    result: str
    """Absolute path for the `ResultJson`."""


class OddityJson(TypedDict):
    """A behaviour that looks wrong; see `regoose.domain.generation.Oddity`."""

    line: int
    subject: str
    call: str
    observed: str
    why: str


class ResultJson(TypedDict):
    """What was found. `text` is a whole pytest file, empty where there is nothing to assert."""

    text: str
    oddities: list[OddityJson]
    unsteady: int
    note: str
    executions: int
    seconds: float


class ProgressJson(TypedDict):
    """One line on standard output: how far the search is."""

    phase: str
    """`import`, `explore`, `observe`, `mutate`, `sharpen`, `write`."""
    executions: int
    branches: int
    branches_total: int
    cases: int
    killed: int
    mutants: int
    seconds: float
