"""Endings that an unwary loop takes for success: what a model is told of each, and the name under which it fails."""

from __future__ import annotations

from dataclasses import dataclass

from regoose.domain.conversation import LLMResponse, Stop


@dataclass(frozen=True, slots=True)
class Trouble:
    """An answer that cannot be used."""

    name: str
    told: str


def ending_trouble(response: LLMResponse) -> Trouble | None:
    """Return what is wrong with how an answer ended; None where its calls can be looked at."""
    match response.stop:
        case Stop.LENGTH:
            told = (
                f"Your answer was cut off after {response.usage.output_tokens} tokens, so nothing of it was used. "
                "Answer more briefly: one tool call at a time, and long files in several edits."
            )
            return Trouble("length", told)
        case Stop.REFUSAL:
            return Trouble("refusal", "You declined. The task is ordinary software work in a sandbox; please go on.")
        case Stop.CONTENT_FILTER:
            return Trouble("content filter", "Your answer was held back by a filter. Please say it differently.")
        case Stop.END | Stop.TOOL_CALLS:
            pass
    if response.calls:
        return None
    if not response.text.strip():
        return Trouble("empty answer", "Your answer was empty. Use a tool, or call `finish` when you are done.")
    return Trouble("no tool call", "You used no tool. Use one to go on, or call `finish` to hand in your result.")
