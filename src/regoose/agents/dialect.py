"""
How tools are spoken of with a model: natively, or in text for models that cannot call any.

In text, a call is a fenced block tagged `tool` that holds JSON; edits may also stand there as search/replace blocks or
unified diffs, which such models write better than JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from regoose.domain.conversation import LLMResponse, Message, Speaker, Stop, ToolCall, ToolSpec

_BLOCK = re.compile(r"^[ \t]*```tool[ \t]*\n(.*?)^[ \t]*```[ \t]*$", re.DOTALL | re.MULTILINE)
_EDITS = re.compile(r"^<{5,9} ?SEARCH|^\*\*\* Begin Patch|^--- \S.*\n\+\+\+ \S", re.MULTILINE)


class Dialect(Protocol):
    """A way to speak of tools."""

    def ask(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec]
    ) -> tuple[Sequence[Message], Sequence[ToolSpec]]:
        """Return what the model is sent."""
        ...

    def read(self, response: LLMResponse, turn: int) -> LLMResponse:
        """Return the answer with the calls that it makes."""
        ...


@dataclass(frozen=True, slots=True)
class _Native:
    def ask(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec]
    ) -> tuple[Sequence[Message], Sequence[ToolSpec]]:
        return messages, tools

    def read(self, response: LLMResponse, turn: int) -> LLMResponse:
        del turn
        return response


NATIVE: Dialect = _Native()


@dataclass(frozen=True, slots=True)
class _Text:
    def ask(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec]
    ) -> tuple[Sequence[Message], Sequence[ToolSpec]]:
        names = {call.id: call.name for message in messages for call in message.calls}
        told = [_in_text(message, names) for message in messages]
        if tools and told and told[0].speaker is Speaker.SYSTEM:
            told[0] = replace(told[0], text=f"{told[0].text}\n\n{_manual(tools)}")
        return _joined(told), ()

    def read(self, response: LLMResponse, turn: int) -> LLMResponse:
        if response.stop is not Stop.END:
            return response
        calls = tuple(
            replace(call, id=f"text-{turn}-{number}") for number, call in enumerate(_calls(response.text), start=1)
        )
        return replace(response, calls=calls, stop=Stop.TOOL_CALLS if calls else Stop.END)


def text_dialect() -> Dialect:
    """Return the dialect for a model that has no tool calls."""
    return _Text()


def _in_text(message: Message, names: dict[str, str]) -> Message:
    if message.speaker is Speaker.TOOL:
        text = f"Result of `{names.get(message.answers, 'the tool')}`:\n\n{message.text}"
        return Message(speaker=Speaker.USER, text=text)
    return replace(message, calls=())


def _joined(messages: Sequence[Message]) -> list[Message]:
    """Join neighbours of one speaker: some models take strictly alternating messages alone."""
    joined: list[Message] = []
    for message in messages:
        if joined and joined[-1].speaker is message.speaker:
            joined[-1] = replace(joined[-1], text=f"{joined[-1].text}\n\n{message.text}")
        else:
            joined.append(message)
    return joined


def _calls(text: str) -> list[ToolCall]:
    calls = [_call(block) for block in _BLOCK.findall(text)]
    rest = _BLOCK.sub("", text)
    if _EDITS.search(rest):
        finishing = [call for call in calls if call.name == "finish"]
        others = [call for call in calls if call.name != "finish"]
        calls = [*others, ToolCall(id="", name="edit", arguments=json.dumps({"patch": rest})), *finishing]
    return calls


def _call(block: str) -> ToolCall:
    """Read one block; one that is no JSON object becomes a call whose arguments are as malformed as it was."""
    try:
        value = json.loads(block)
        name, arguments = str(value["name"]), value.get("arguments", {})
    except (ValueError, KeyError, TypeError, AttributeError):
        named = re.search(r'"name"\s*:\s*"([^"]*)"', block)
        return ToolCall(id="", name=named[1] if named else "tool", arguments=block)
    return ToolCall(id="", name=name, arguments=json.dumps(arguments))


def _manual(tools: Sequence[ToolSpec]) -> str:
    parts = [
        "# Tools",
        "To use a tool, write a block like this, and stop; its result comes as the next message:",
        '```tool\n{"name": "read", "arguments": {"path": "src/app.py"}}\n```',
        "To change files you may also write blocks like this instead of calling `edit`:",
        "src/app.py\n<<<<<<< SEARCH\nlines to find, exactly as they are\n=======\nlines to put there\n>>>>>>> REPLACE",
    ]
    parts += [f"## {tool.name}\n{tool.description}\nArguments: {json.dumps(tool.parameters)}" for tool in tools]
    return "\n\n".join(parts)
