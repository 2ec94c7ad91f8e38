"""A model for processes that are killed: it answers by how far a conversation is, and writes down each paid call."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from regoose.domain.conversation import LLMResponse, Message, Speaker, Stop, ToolCall, Usage
from regoose.domain.json import Json

Turn = tuple[str, dict[str, Json]]
"""Tool and its arguments."""


@dataclass(frozen=True)
class PaidModel:
    """Implements `LLMProvider`. `scripts` maps words of a role's system prompt to its turns."""

    scripts: Mapping[str, Sequence[Turn]]
    bill: Path
    """Gets a line for each call."""

    async def generate(self, messages: Sequence[Message], **_wanted: object) -> LLMResponse:
        words = next(words for words in self.scripts if words in messages[0].text)
        turn = sum(message.speaker is Speaker.ASSISTANT for message in messages)
        with self.bill.open("a") as file:
            file.write(f"{words} {turn}\n")
        tool, arguments = self.scripts[words][turn]
        call = ToolCall(id=f"call-{turn}", name=tool, arguments=json.dumps(arguments))
        usage = Usage(input_tokens=1000, output_tokens=100)
        return LLMResponse(text="", calls=(call,), stop=Stop.TOOL_CALLS, usage=usage)

    def get_model_name(self) -> str:
        return "ollama:paid"

    def get_max_tokens(self) -> int:
        return 32_000
