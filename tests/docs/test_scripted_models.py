"""The examples of docs/testing-models.md."""

from __future__ import annotations

import pytest
from openai import OpenAI

from regoose.domain.conversation import Stop, system, user
from regoose.providers.port import LLMProvider
from regoose.testing.models import (
    ModelServer,
    Script,
    ScriptedProvider,
    Turn,
    Usage,
    When,
    conversation,
    fail,
    say,
)


async def title(provider: LLMProvider, text: str) -> str:
    """Ask for a title of at most five words, and insist once."""
    asked = [system("You give titles of at most five words."), user(text)]
    for _ in range(2):
        response = await provider.generate(asked)
        if response.stop is Stop.END and len(response.text.split()) <= 5:
            return response.text
        asked += [response.message(), user("That is more than five words.")]
    raise ValueError("no title")


async def test_it_insists_once() -> None:
    provider = ScriptedProvider(
        [
            say("A title that goes on for far too long"),
            Turn(say("Far shorter"), When(system="titles", last="more than five words")),
        ]
    )
    assert await title(provider, "A long story") == "Far shorter"
    assert provider.unused == ()


async def test_it_gives_up() -> None:
    with pytest.raises(ValueError, match="no title"):
        await title(ScriptedProvider([Turn(say("One two three", stop="length"), times=2)]), "A long story")


def test_a_program_that_uses_a_client_library() -> None:
    script = [fail("rate_limit", retry_after=0.01), say("Paris", usage=Usage(input=30, output=1))]
    with ModelServer(script, key="sk-test", keep_alive=False) as server:
        with OpenAI(base_url=server.url("openai"), api_key="sk-test", max_retries=1) as client:
            asked = client.chat.completions.create(
                model="small", messages=[{"role": "user", "content": "The capital of France?"}]
            )
        assert asked.choices[0].message.content == "Paris"
        assert (server.calls, server.usage.input, server.problems) == (2, 30, ())
        assert server.requests[0].last == "The capital of France?"


def test_two_roles_and_one_that_follows_what_it_is_asked() -> None:
    script = Script(
        (
            conversation(say("1. Look. 2. Write."), say("done"), when=When(system="planner"), name="planner"),
            conversation(Turn(lambda request: say(request.last.upper()), times=100), when=When(system="coder")),
        )
    )
    with (
        ModelServer(script, keep_alive=False) as server,
        OpenAI(base_url=server.url("openai"), api_key="any") as client,
    ):

        def ask(role: str, text: str) -> str:
            answer = client.responses.create(model="m", instructions=f"You are the {role}.", input=text)
            return answer.output_text

        assert ask("planner", "Begin.") == "1. Look. 2. Write."
        assert ask("coder", "Write it.") == "WRITE IT."
        assert ask("planner", "And then?") == "done"
