"""Tools spoken of in text, for models that cannot call any."""

from __future__ import annotations

import json

import pytest

from regoose.agents.dialect import text_dialect
from regoose.domain.conversation import LLMResponse, Message, Speaker, Stop, ToolCall, ToolSpec, answer, system, user

READ = ToolSpec(name="read", description="Show a file.", parameters={"type": "object"})


def calls_of(text: str, stop: Stop = Stop.END) -> list[tuple[str, object]]:
    response = text_dialect().read(LLMResponse(text=text, stop=stop), 3)
    return [(call.name, json.loads(call.arguments)) for call in response.calls]


def test_a_block_is_a_call() -> None:
    text = 'I look.\n```tool\n{"name": "read", "arguments": {"path": "a.py"}}\n```\n'
    assert calls_of(text) == [("read", {"path": "a.py"})]


def test_edits_stand_in_text_and_finish_comes_last() -> None:
    block = "a.py\n<<<<<<< SEARCH\nx = 1\n=======\nx = 2\n>>>>>>> REPLACE\n"
    text = f'```tool\n{{"name": "finish", "arguments": {{}}}}\n```\n{block}'
    found = calls_of(text)
    assert [name for name, _ in found] == ["edit", "finish"]
    edit = found[0][1]
    assert isinstance(edit, dict)
    assert block.strip() in edit["patch"]


@pytest.mark.parametrize("block", ['{"name": "read", "arguments": ', '["read"]', '{"tool": "read"}', ""])
def test_a_malformed_block_is_a_malformed_call(block: str) -> None:
    response = text_dialect().read(LLMResponse(text=f"```tool\n{block}\n```\n"), 1)
    assert len(response.calls) == 1
    assert response.calls[0].arguments.strip() == block.strip()


def test_what_was_cut_off_makes_no_call() -> None:
    assert calls_of('```tool\n{"name": "read", "arguments": {}}\n```\n', Stop.LENGTH) == []


def test_the_model_is_told_of_the_tools_and_their_results_in_text() -> None:
    call = ToolCall(id="1", name="read", arguments="{}")
    asked = [
        system("You code."),
        user("Do it."),
        Message(speaker=Speaker.ASSISTANT, text="```tool…```", calls=(call,)),
        answer(call, "x = 1"),
        user("Go on."),
    ]
    messages, tools = text_dialect().ask(asked, [READ])
    assert tools == ()
    assert "## read" in messages[0].text
    assert [message.speaker for message in messages] == ["system", "user", "assistant", "user"]
    assert messages[3].text == "Result of `read`:\n\nx = 1\n\nGo on."
    assert messages[2].calls == ()
