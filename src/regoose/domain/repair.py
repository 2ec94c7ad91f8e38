"""What a search for a repair found: candidate patches, how they differ, and where the fault seems to be."""

from __future__ import annotations

from dataclasses import dataclass

from regoose.domain.evidence import Difference
from regoose.domain.patch import Patch


@dataclass(frozen=True, slots=True)
class Suspect:
    """A place that the failing tests run and the passing ones mostly do not."""

    path: str
    line: int
    function: str
    score: float
    """Ochiai, 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A patch that passes the tests, with what speaks for it. `number` is 1-based, best first."""

    number: int
    patch: Patch
    template: str
    """Kind of edit, e.g. `comparison operator`; two joined by ` + ` for a two-edit repair."""
    description: str
    """One sentence a reviewer reads, e.g. ``Compare with `<=` instead of `<` ``."""
    score: float
    behaviour: int
    """Candidates with the same number answer every generated input alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairReport:
    """Outcome of one search. `candidates` holds the best of each surviving behaviour first, then the rest."""

    candidates: tuple[Candidate, ...]
    suspects: tuple[Suspect, ...]
    differences: tuple[Difference, ...]
    behaviours: int
    """How many distinguishable behaviours pass every test."""
    tried: int
    seconds: float
    stopped: str
    """`proven enough`, `exhausted`, `budget` or `unsupported`."""
    note: str = ""
