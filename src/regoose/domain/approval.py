"""A person's yes or no, and what it was asked about."""

from __future__ import annotations

from dataclasses import dataclass

from regoose.errors import ApprovalNeeded


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a run asks a person before it goes on."""

    gate: str
    """Tells the gates of one run apart, e.g. `plan`."""
    text: str
    """One sentence that yes or no answers."""
    details: str = ""
    """What the person has to see for it, several lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """The answer."""

    granted: bool
    comment: str = ""
    """Why, in the person's words; whoever writes next may read it."""
    by: str = ""
    """Name of the account that answered."""


def unanswered(run_id: str, question: str) -> ApprovalNeeded:
    """Return the error that says how to answer a run's question."""
    return ApprovalNeeded(
        f"run {run_id} waits for an answer: {question}",
        hint=f"Say yes: `regoose runs approve {run_id}`; or no: add `--reject --comment TEXT`.",
    )
