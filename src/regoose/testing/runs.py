"""A run without an engine: its steps are done at once and kept in memory. For tests of workflows and of agents."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from regoose.domain.approval import Approval, Question
from regoose.domain.event import Event
from regoose.domain.json import Json
from regoose.durable.run import Run


@dataclass
class MemorySteps:
    """Does every step and keeps what was asked and given, in the order in which the steps ended."""

    names: list[str] = field(default_factory=list[str])
    requests: list[Sequence[Json] | None] = field(default_factory=list[Sequence[Json] | None])
    values: list[Json] = field(default_factory=list[Json])

    async def meet(self, name: str, request: Sequence[Json] | None, do: Callable[[], Awaitable[Json]]) -> Json:
        """Do the step."""
        value = await do()
        self.names.append(name)
        self.requests.append(request)
        self.values.append(value)
        return value


def memory_run(
    folder: Path,
    answers: Mapping[str, Approval] | None = None,
    steps: MemorySteps | None = None,
    tell: Callable[[Event], None] | None = None,
) -> Run:
    """Return a run whose gates are answered by `answers`, by their names; a gate that has none suspends it."""

    async def answer(question: Question) -> Approval | None:
        return (answers or {}).get(question.gate)

    return Run("run-1", folder, tell or _hear_nothing, steps or MemorySteps(), answer)


def _hear_nothing(_event: Event) -> None:
    """Tell nobody."""
