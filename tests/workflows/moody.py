"""A model over HTTP that has faults first and then carries out the script of `scripted`, natively or in text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from regoose.domain.json import Json
from regoose.testing.models import Answer, Conversation, Request, Script, ToolCall, Turn, fail, say

from .scripted import script

WORDS = {
    "analyses a requirement": "planner",
    "expert test engineer": "tester",
    "carries out a plan": "coder",
    "reviews a change": "reviewer",
}


@dataclass
class Moody:
    """A model that has faults first and does its part then: the next thing that it has not done."""

    faults: list[Answer | None] = field(default_factory=list["Answer | None"])
    has_tools: bool = True
    sound: int = 0
    """Answers that are as they should be."""

    def script(self) -> Script:
        """Return the script of a server that is this model."""
        return Script((Conversation((Turn(self.answer, times=10_000),)),))

    def answer(self, request: Request) -> Answer:
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None:
            self.sound += fault.fault is None
            return fault
        if request.prompt.tools and not self.has_tools:
            return fail("no_tools")
        self.sound += 1
        if "Sum up this work" in request.last:
            return say("It is under way.")
        role = next(role for words, role in WORDS.items() if words in request.system)
        return self._next(
            request,
            [one.tool_calls[0] for one in script()[role] if one.tool_calls[0].name not in {"read", "run_tests"}],
        )

    def _next(self, request: Request, calls: Sequence[ToolCall]) -> Answer:
        made = [_block(one.name, one.arguments) for message in request.prompt.messages for one in message.calls]
        for one in calls:
            block = _block(one.name, one.raw)
            if one.name == "finish" or not (block in made or block in request.text):
                return Answer(tool_calls=(one,)) if request.prompt.tools else say(f"```tool\n{block}\n```")
        raise AssertionError(request.last)


def _block(name: str, arguments: str) -> str:
    """Write a call as it stands in text."""
    try:
        read: Json = json.loads(arguments or "{}")
    except ValueError:
        read = arguments
    return json.dumps({"name": name, "arguments": read})
