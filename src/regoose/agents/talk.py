"""
One conversation, kept within the model's window.

What is too long is shortened in this order: the oldest outputs of tools are left out, then everything between the
opening and the latest turns becomes a summary. Sizes are estimated from characters and corrected by what the provider
counted, which the journal holds: so a replay shortens in the same places.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from regoose.domain.conversation import LLMResponse, Message, Speaker, ToolSpec, user
from regoose.errors import WindowExceeded

Summarise = Callable[[Sequence[Message]], Awaitable[str]]
"""Sums up a part of a conversation in a few paragraphs."""

_CHARACTERS_PER_TOKEN = 3.5
_PER_MESSAGE = 8
_OPENING = 2
"""The role and the task stay as they are."""
_LATEST = 6
"""Messages at the end whose outputs are left alone."""
_SPARE = 0.05
"""Part of the window that stays free, for an estimate that is too low."""
_AIM = 0.7
"""Part of the room that is filled after shortening, so that not every turn has to shorten again."""
_LEFT_OUT = "[output left out to save room: {} characters. Use the tool again if you need it.]"


class Talk:
    """The messages of one conversation, oldest first."""

    def __init__(self, opening: Sequence[Message], tools: Sequence[ToolSpec]) -> None:
        self.messages = list(opening)
        self._fixed = sum(_size(str(tool.parameters)) + _size(tool.description) for tool in tools)
        self._ratio = 1.0

    def add(self, *messages: Message) -> None:
        """Go on with the conversation."""
        self.messages += messages

    def learn(self, response: LLMResponse) -> None:
        """Correct the estimate by what the provider counted for the messages as they are now."""
        counted, estimated = response.usage.input_tokens, self._estimated()
        if counted and not response.usage.estimated:
            self._ratio = min(4.0, max(0.25, self._ratio * counted / estimated))

    def distrust(self) -> None:
        """Take every message for larger: the model said that they do not fit."""
        self._ratio *= 1.5

    async def fit(self, window: int, answer_tokens: int, summarise: Summarise) -> None:
        """Shorten the conversation until it fits; raises `WindowExceeded` where it cannot."""
        room = window * (1 - _SPARE) - answer_tokens
        if self._estimated() <= room:
            return
        aim = room * _AIM
        self._leave_out_outputs(aim)
        if self._estimated() > aim:
            await self._sum_up(summarise)
        if self._estimated() > room:
            self._leave_out_outputs(room, latest=1)
        if self._estimated() > room:
            raise WindowExceeded(
                f"the conversation takes about {self._estimated():,.0f} tokens, and a window of {window:,} leaves "
                f"{max(0, room):,.0f} for it"
            )

    def _estimated(self) -> float:
        return self._ratio * (self._fixed + sum(_message_size(message) for message in self.messages))

    def _leave_out_outputs(self, aim: float, latest: int = _LATEST) -> None:
        for at in range(_OPENING, len(self.messages) - latest):
            if self._estimated() <= aim:
                return
            message = self.messages[at]
            note = _LEFT_OUT.format(f"{len(message.text):,}")
            if message.speaker is Speaker.TOOL and len(note) < len(message.text):
                self.messages[at] = replace(message, text=note)

    async def _sum_up(self, summarise: Summarise) -> None:
        """Put a summary in the place of the middle, cut where the model begins a turn: calls keep their answers."""
        end = next(
            (at for at in range(len(self.messages) - _LATEST, _OPENING, -1) if _begins_turn(self.messages[at])), 0
        )
        if end <= _OPENING:
            return
        summary = await summarise(self.messages[:end])
        self.messages[_OPENING:end] = [user(f"What you have done so far, summed up:\n\n{summary}")]


def _begins_turn(message: Message) -> bool:
    return message.speaker is Speaker.ASSISTANT


def _size(text: str) -> float:
    return len(text) / _CHARACTERS_PER_TOKEN


def _message_size(message: Message) -> float:
    calls = sum(_size(call.name) + _size(call.arguments) + _PER_MESSAGE for call in message.calls)
    return _size(message.text) + calls + _PER_MESSAGE
