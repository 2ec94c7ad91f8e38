"""Money: what a run may spend on models, and what one call of a model may cost it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What models charged for the run; all zero where none was called. A call whose end nobody knows counts in full."""

    usd: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0
    calls: int = 0

    def __add__(self, other: Cost) -> Cost:
        """Return both together."""
        return Cost(
            usd=self.usd + other.usd,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            calls=self.calls + other.calls,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What one run may spend on models; None is without bound. Compared with `Cost`."""

    usd: float | None = None
    tokens: int | None = None
    """Input and output together."""
    calls: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """What is set aside for one attempt before it is made: the most that it can cost."""

    run_id: str
    key: str
    """The caller's stable name of the call, e.g. `coder 3`."""
    digest: str
    """Of the request: the same name with another request is another call."""
    attempt: int
    model: str
    """`provider:name`."""
    worst: Cost


_DUST = 1e-9
"""US dollars that sums of floating-point numbers may be off by."""


def excess(budget: Budget, spent: Cost, reservation: Reservation) -> str | None:
    """Say why an attempt must not be made: which limit it could break. None where it breaks none."""
    worst = reservation.worst
    tokens = spent.input_tokens + spent.output_tokens
    more = worst.input_tokens + worst.output_tokens
    call = f"the next call of {reservation.model} ({reservation.key})"
    if budget.usd is not None and spent.usd + worst.usd > budget.usd + _DUST:
        return f"{call} could cost ${worst.usd:.4f}, and ${spent.usd:.4f} of the budget of ${budget.usd:.2f} are spent"
    if budget.tokens is not None and tokens + more > budget.tokens:
        return f"{call} could take {more} tokens, and {tokens} of the budget of {budget.tokens} are spent"
    if budget.calls is not None and spent.calls + worst.calls > budget.calls:
        return f"{call} would be one more than the budget of {budget.calls} calls"
    return None
