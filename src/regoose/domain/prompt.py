"""What was found about a prompt."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptCheck:
    """What was found about the prompt of one role."""

    role: str
    path: str
    version: int | None
    tokens: int
    """About how many it takes with values of their largest usual size."""
    problems: tuple[str, ...]
