"""Money: what a run may spend on models."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What one run may spend on models; None is without bound. Compared with `regoose.domain.run.Cost`."""

    usd: float | None = None
    tokens: int | None = None
    """Input and output together."""
    calls: int | None = None
