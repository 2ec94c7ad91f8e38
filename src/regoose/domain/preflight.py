"""What was found out about a model before work: whether it can be reached, what it can do, what it costs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One thing that a model was tried for."""

    name: str
    """`answers`, `tool calls`, `JSON`, `price` or `window`."""
    passed: bool
    says: str
    """One clause: what was found, or what is missing."""
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preflight:
    """What was found out about a model at one of its endpoints."""

    model: str
    """`provider:name`."""
    roles: tuple[str, ...]
    """What it is set for, `backup` and `embedding` included."""
    endpoint: str
    """Host that it was asked at."""
    trials: tuple[Trial, ...]
    usd: float
    """What trying it cost."""

    @property
    def suitable(self) -> bool:
        """Whether it has all that the work needs."""
        return all(trial.passed for trial in self.trials)
