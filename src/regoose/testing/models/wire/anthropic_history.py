"""
Which histories Anthropic's Messages accept, and its words for the others.

Neighbouring messages of one role are one turn there, so they are no fault; the results of a message's tool calls
have to stand in one message all the same, before anything else.
"""

from __future__ import annotations

from regoose.testing.models.values import Json, JsonObject, as_objects, as_text
from regoose.testing.models.wire.base import Refused

_TOOL_BLOCKS = frozenset({"tool_use", "tool_result"})


def blocks_of(content: Json) -> list[JsonObject]:
    """Return the blocks of a content; a text is one block."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return as_objects(content)


def check(body: JsonObject) -> Refused | None:
    """Say what the API would not accept about the request, if anything."""
    messages = as_objects(body.get("messages"))
    if not isinstance(body.get("max_tokens"), int):
        return Refused("max_tokens: Field required")
    if not messages:
        return Refused("messages: at least one message is required")
    if wrong := _check_roles(messages) or _check_contents(messages):
        return wrong
    turns = _placed(messages)
    if not body.get("tools") and any(block.get("type") in _TOOL_BLOCKS for turn in turns for _, block in turn):
        return Refused("Requests which include `tool_use` or `tool_result` blocks must define tools.")
    return _check_tools(turns)


def _check_roles(messages: list[JsonObject]) -> Refused | None:
    for message in messages:
        role = as_text(message.get("role"))
        if role == "system":
            return Refused(
                'messages: Unexpected role "system". The Messages API accepts a top-level `system` parameter, not '
                '"system" as an input message role.'
            )
        if role not in {"user", "assistant"}:
            return Refused(f'messages: Unexpected role "{role}". Allowed roles are "user" or "assistant"')
    if messages[0].get("role") != "user":
        return Refused('messages: first message must use the "user" role')
    return None


def _check_contents(messages: list[JsonObject]) -> Refused | None:
    last = len(messages) - 1
    for at, message in enumerate(messages):
        blocks = blocks_of(message.get("content"))
        is_final_answer = at == last and message.get("role") == "assistant"
        if not message.get("content") and not is_final_answer:
            return Refused(
                f"messages.{at}: all messages must have non-empty content except for the optional final assistant "
                "message"
            )
        texts = [as_text(block.get("text")) for block in blocks if block.get("type") == "text"]
        if isinstance(message.get("content"), list) and not all(texts):
            return Refused("messages: text content blocks must be non-empty")
        if not all(text.strip() for text in texts) and not is_final_answer:
            return Refused("messages: text content blocks must contain non-whitespace text")
        if is_final_answer and texts and texts[-1] != texts[-1].rstrip():
            return Refused("messages: final assistant content cannot end with trailing whitespace")
    return None


def _placed(messages: list[JsonObject]) -> list[list[tuple[str, JsonObject]]]:
    """Return the blocks of each message with their places."""
    return [
        [(f"messages.{at}.content.{n}", block) for n, block in enumerate(blocks_of(message.get("content")))]
        for at, message in enumerate(messages)
    ]


def _check_tools(turns: list[list[tuple[str, JsonObject]]]) -> Refused | None:
    seen: set[str] = set()
    for turn, following in zip(turns, [*turns[1:], []], strict=True):
        used = [(where, as_text(block.get("id"))) for where, block in turn if block.get("type") == "tool_use"]
        for where, identity in used:
            if not identity:
                return Refused(f"{where}.tool_use.id: Field required")
            if identity in seen:
                return Refused(f"{where}: `tool_use` ids must be unique")
            seen.add(identity)
        if wrong := _check_results([identity for _, identity in used], turn, following):
            return wrong
    first = [(where, block) for where, block in turns[0] if block.get("type") == "tool_result"]
    return _unexpected(*first[0]) if first else None


def _check_results(
    used: list[str], turn: list[tuple[str, JsonObject]], following: list[tuple[str, JsonObject]]
) -> Refused | None:
    results: list[str] = []
    for where, block in following:
        if block.get("type") == "tool_result":
            identity = as_text(block.get("tool_use_id"))
            if identity not in used:
                return _unexpected(where, block)
            if identity in results:
                return Refused(
                    f"{where}: each tool_use must have a single result. Found multiple `tool_result` blocks with id: "
                    f"{identity}"
                )
            results.append(identity)
    leading = [as_text(block.get("tool_use_id")) for _, block in following[: len(used)]]
    if missing := [identity for identity in used if identity not in leading]:
        place = turn[0][0].rsplit(".content", 1)[0]
        return Refused(
            f"{place}: `tool_use` ids were found without `tool_result` blocks immediately after: {', '.join(missing)}. "
            "Each `tool_use` block must have a corresponding `tool_result` block in the next message."
        )
    return None


def _unexpected(where: str, block: JsonObject) -> Refused:
    return Refused(
        f"{where}: unexpected `tool_use_id` found in `tool_result` blocks: {as_text(block.get('tool_use_id'))}. Each "
        "`tool_result` block must have a corresponding `tool_use` block in the previous message."
    )
