"""What is asked for: a task, and the limits under which it is carried out."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from regoose.domain.budget import Budget


class Engine(StrEnum):
    """Who writes: the built-in search, a model, or the first and then the second."""

    SEARCH = "search"
    MODEL = "model"
    AUTO = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskLimits:
    """Bounds of one run. Times in seconds of wall clock."""

    search_seconds: float = 60.0
    suite_seconds: float = 600.0
    run_seconds: float = 1800.0
    repeats: int = 5
    """How often the target tests must pass on the head, each time in another random order."""
    attempts: int = 5
    """How many candidate patches go through the full proof at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FixTask:
    """Make failing tests pass. `repository` is the absolute path of the user's checkout."""

    repository: str
    within: str = ""
    """Directory of the project meant, relative to the top of a repository that holds several; empty for the top."""
    tests: tuple[str, ...] = ()
    """pytest node ids to repair; empty means every test of the project that fails on the base."""
    engine: Engine = Engine.AUTO
    model: str | None = None
    """`provider:name` in place of the one that is set."""
    budget: Budget = field(default_factory=Budget)
    branch: str | None = None
    apply: bool = False
    choose: int | None = None
    """1-based number of the alternative to deliver; None delivers the first."""
    sandbox: str | None = None
    """Backend asked for. Kept with the task, as `python` is, so that a resumed run goes on in the same place."""
    python: str | None = None
    limits: TaskLimits = field(default_factory=TaskLimits)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofTask:
    """Rerun a proof: `tests` are red on `base` and green on `head`. `repository` is the absolute path of a checkout."""

    repository: str
    base: str
    """Any name of a commit; so is `head`."""
    head: str
    tests: tuple[str, ...]
    limits: TaskLimits = field(default_factory=TaskLimits)
