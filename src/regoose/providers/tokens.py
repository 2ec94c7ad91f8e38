"""
How many tokens a request takes, without the model's own tokenizer (those tables are downloaded at run time).

Two numbers: an estimate, calibrated by what providers counted for earlier requests, and a bound that the real count
does not exceed. The bound is 0.75 tokens for each byte of UTF-8: three times the usual estimate of a quarter, which
covers base64 (0.68 tokens a byte) and scripts with two tokens a character, plus what a provider adds by itself.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

from regoose.domain.conversation import Message, OutputFormat, ToolSpec
from regoose.providers.names import ModelName

USUAL = 0.25
"""Tokens of a byte."""
MOST = 0.75
"""Tokens of a byte, at most."""
ADDED = 600
"""Tokens that a provider adds at most by itself: instructions on how to call tools."""
_EACH = 16
"""Bytes' worth of framing around a message."""
_INERTIA = 0.7
"""Share of the old ratio that a new observation leaves."""


def size(messages: Sequence[Message], tools: Sequence[ToolSpec] = (), output: OutputFormat | None = None) -> int:
    """Return the bytes that a request takes, tools and schema included."""
    said = sum(len(text.encode("utf-8", "replace")) + _EACH for text in _texts(messages))
    shown = sum(len(json.dumps([tool.name, tool.description, tool.parameters]).encode()) for tool in tools)
    return said + shown + (len(json.dumps(output.schema).encode()) if output else 0)


def bound(number_of_bytes: int) -> int:
    """Return a number of tokens that so many bytes do not exceed."""
    return math.ceil(number_of_bytes * MOST) + ADDED


class Calibration:
    """What providers' own counts taught about the tokens of a byte, for each model. Lives as long as the process."""

    def __init__(self) -> None:
        self._ratios: dict[ModelName, float] = {}

    def estimate(self, model: ModelName, number_of_bytes: int) -> int:
        """Return the likely number of tokens."""
        return math.ceil(number_of_bytes * self._ratios.get(model, USUAL))

    def learn(self, model: ModelName, number_of_bytes: int, tokens: int) -> None:
        """Take in what a provider counted for a request."""
        if number_of_bytes and tokens:
            seen = min(tokens / number_of_bytes, MOST)
            old = self._ratios.get(model)
            self._ratios[model] = seen if old is None else _INERTIA * old + (1 - _INERTIA) * seen


def _texts(messages: Sequence[Message]) -> list[str]:
    return [message.text for message in messages] + [
        call.name + call.arguments for message in messages for call in message.calls
    ]
