"""Facts that happened during a run, in order: what observers (terminal, later streams) are told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

EventData = dict[str, "str | int | float | bool | None"]


@dataclass(frozen=True, slots=True)
class Event:
    """One fact. `step` names the step it belongs to, `message` is a sentence a person reads."""

    run_id: str
    step: str
    kind: str
    """`started`, `progress`, `finished`, `replayed`, `failed`, or `waiting` for a person's answer."""
    message: str
    data: EventData = field(default_factory=EventData)


Observer = Callable[[Event], None]
"""Receives events. It may fail; the journal does not care."""
