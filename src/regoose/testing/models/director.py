"""Gives each request its turn of the script, whichever thread asks."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from regoose.testing.models.request import Request
from regoose.testing.models.script import Answer, Conversation, Script, Turn


class Unscripted(Exception):
    """No turn of the script is for this request; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class _Place:
    conversation: int
    turn: int


class Director:
    """Keeps how often each turn was used."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._used: dict[_Place, int] = {}
        self._lock = threading.Lock()

    def answer(self, request: Request) -> Answer:
        """Return the scripted answer and count its turn as used; raises `Unscripted` where there is none."""
        with self._lock:
            turn = self._take(request)
        return turn.answer if isinstance(turn.answer, Answer) else turn.answer(request)

    def unused(self) -> tuple[str, ...]:
        """Name the turns that were never used."""
        with self._lock:
            return tuple(
                f"turn {place.turn + 1} of {_name(conversation, place.conversation)}"
                for place, conversation, _ in self._places()
                if place not in self._used
            )

    def _places(self) -> list[tuple[_Place, Conversation, Turn]]:
        return [
            (_Place(c, t), conversation, turn)
            for c, conversation in enumerate(self._script.conversations)
            for t, turn in enumerate(conversation.turns)
        ]

    def _take(self, request: Request) -> Turn:
        why: list[str] = []
        for number, conversation in enumerate(self._script.conversations):
            place, reason = self._find(number, conversation, request)
            if place is not None:
                self._used[place] = self._used.get(place, 0) + 1
                return conversation.turns[place.turn]
            why.append(f"{_name(conversation, number)}: {reason}")
        raise Unscripted(
            f"request {request.number} ({request.protocol}, model {request.prompt.model!r}) has no turn in the script: "
            + ("; ".join(why) or "the script is empty")
        )

    def _find(self, number: int, conversation: Conversation, request: Request) -> tuple[_Place | None, str]:
        if reason := conversation.when.mismatch(request):
            return None, reason
        left = [at for at, turn in enumerate(conversation.turns) if self._used.get(_Place(number, at), 0) < turn.times]
        if not left:
            return None, f"all {len(conversation.turns)} turns are used" if conversation.turns else "it has no turns"
        reasons: list[str] = []
        for at in left[:1] if conversation.ordered else left:
            reason = conversation.turns[at].when.mismatch(request)
            if not reason:
                return _Place(number, at), ""
            reasons.append(f"turn {at + 1} does not match ({reason})")
        return None, ", ".join(reasons)


def _name(conversation: Conversation, number: int) -> str:
    return f"conversation {conversation.name or number + 1}"
