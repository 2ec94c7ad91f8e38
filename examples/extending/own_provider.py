"""A model of one's own: here one that always hands in the same."""

import json
from collections.abc import Sequence

from regoose.domain.conversation import LLMResponse, Message, Stop, ToolCall, Usage


class Parrot:
    """Implements `regoose.providers.port.LLMProvider`."""

    async def generate(self, messages: Sequence[Message], **wanted: object) -> LLMResponse:
        """Answer once; `wanted` has `tools`, `output` and `max_tokens`. `ModelUnavailable` is tried again."""
        handed_in = json.dumps({"summary": messages[-1].text, "open_points": 0})
        call = ToolCall(id="1", name="finish", arguments=handed_in)
        return LLMResponse(text="", calls=(call,), stop=Stop.TOOL_CALLS, usage=Usage(input_tokens=9, output_tokens=9))

    def get_model_name(self) -> str:
        """Return what reports call it."""
        return "python:own_provider.Parrot"

    def get_max_tokens(self) -> int:
        """Return the size of its window."""
        return 32_000
