"""A role of the user's own at work on a checkout: what is asked for, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass, field

from regoose.domain.budget import Budget
from regoose.domain.evidence import Finding
from regoose.domain.patch import Patch
from regoose.domain.run import Cost
from regoose.domain.task import TaskLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class AskTask:
    """Have a role work on a checkout. `repository` is the absolute path of the user's checkout."""

    repository: str
    role: str
    """Its name: the role itself is code, which the program has that asks."""
    variables: dict[str, str]
    """Those of the role's prompt."""
    within: str = ""
    """Directory of the project meant, relative to the top of a repository that holds several; empty for the top."""
    model: str | None = None
    """`provider:name` in place of the one that is set."""
    budget: Budget = field(default_factory=Budget)
    limits: TaskLimits = field(default_factory=TaskLimits)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskResult:
    """What came of it. Nothing is written anywhere: the patch is for the caller to use."""

    run_id: str
    role: str
    repository: str
    base_commit: str
    """What the patch applies to; uncommitted work of the checkout is part of it."""
    output: str
    """What the role handed in, as JSON."""
    patch: Patch
    """What it changed."""
    refused: tuple[Finding, ...]
    """What the policy did not let it do."""
    cost: Cost
    seconds: float
    models: tuple[tuple[str, str], ...]
    """Role and the name of its model."""
