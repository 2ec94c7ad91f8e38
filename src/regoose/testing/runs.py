"""Runs for tests: one without an engine, its steps kept in memory, and a workflow that goes as an agent's does."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from regoose.domain.approval import Approval, Question
from regoose.domain.conversation import LLMResponse, Message, Stop, ToolCall, Usage, answer, system, user
from regoose.domain.event import Event
from regoose.domain.json import Json
from regoose.durable.codec import to_json
from regoose.durable.run import Run
from regoose.errors import PolicyRefused


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


@dataclass
class Talk:
    """
    A workflow that goes as an agent's does: turns of a model with a tool each, a person's yes, a delivery.

    `effects` hears each thing that is really done, by the name of its step; what it raises ends the step.
    """

    effects: Callable[[str], None]
    turns: int = 3
    prompt: str = "You are a careful programmer."

    async def __call__(self, run: Run, task: Json) -> Json:
        """Carry the run out."""
        talk = [system(self.prompt), user(f"Carry out: {json.dumps(task)}")]
        for turn in range(1, self.turns + 1):
            request: list[Json] = [{"tools": [{"name": "read"}]}, *(to_json(one, Message) for one in talk)]
            name = f"coder {turn}"
            response = await run.step(name, LLMResponse, partial(self._answer, name), _say_response, request)
            call = response.calls[0]
            name = f"{name}.1 {call.name}"
            output = await run.step(name, str, partial(self._use, name), request=[{"call": to_json(call, ToolCall)}])
            talk += [response.message(), answer(call, output)]
        approval = await run.gate("plan", "Shall it be delivered?", f"{self.turns} files were read.")
        if not approval.granted:
            raise PolicyRefused(f"refused: {approval.comment}")
        delivered = await run.step("deliver", str, partial(self._use, "deliver"))
        return {"status": "proven", "talk": [one.text for one in talk], "delivered": delivered}

    async def _answer(self, name: str) -> LLMResponse:
        self.effects(name)
        call = ToolCall(id=f"call-{name}", name="read", arguments='{"path": "src/stats.py"}')
        usage = Usage(input_tokens=1200, cached_tokens=1000, output_tokens=80)
        return LLMResponse(
            text=f"{name}: let me look.", calls=(call,), stop=Stop.TOOL_CALLS, usage=usage, model="test:one", usd=0.0042
        )

    async def _use(self, name: str) -> str:
        self.effects(name)
        return f"what {name} gave"


def _say_response(response: LLMResponse) -> str:
    return f"{response.usage.output_tokens} tokens"
