"""Models tried before work, in front of a scripted server."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from regoose.domain.preflight import Preflight
from regoose.providers.models import Models
from regoose.providers.preflight import preflight
from regoose.settings import Settings
from regoose.testing.ledger import MemoryLedger
from regoose.testing.models import Answer, FaultKind, ModelServer, ToolCall, call, fail, say

READY = (call("report", word="ready"), call("status", word="ready"))


@asynccontextmanager
async def models(server: ModelServer, **settings: object) -> AsyncGenerator[Models]:
    known: dict[str, object] = {"openai_base_url": server.url("openai"), "openai_api_key": "k" * 10}
    async with Models(Settings.model_validate({**known, **settings}), MemoryLedger()) as made:
        yield made


def shown(found: Preflight) -> dict[str, bool]:
    return {trial.name: trial.passed for trial in found.trials}


def says(found: Preflight, name: str) -> str:
    return next(trial.says for trial in found.trials if trial.name == name)


async def test_a_model_that_has_everything() -> None:
    with ModelServer(READY) as server:
        async with models(server, backup_model="openai:gpt-4") as made:
            (found,) = await preflight(made)
    assert found.suitable
    assert (found.model, found.endpoint) == ("openai:gpt-4", "127.0.0.1")
    assert found.roles == ("planner", "coder", "tester", "reviewer", "backup")
    assert shown(found) == {"price": True, "answers": True, "tool calls": True, "JSON": True, "window": True}
    assert says(found, "price") == "$30 in, $60 out for a million tokens"
    assert says(found, "window") == "8192 tokens"
    assert 0 < found.usd < 0.05


async def test_a_model_for_embeddings_is_tried_beside_them() -> None:
    with ModelServer(READY) as server:
        async with models(server, embedding_model="ollama:nomic-embed-text", ollama_host=server.url("ollama")) as made:
            _, embedding = await preflight(made)
    assert (embedding.model, embedding.roles, embedding.suitable) == ("ollama:nomic-embed-text", ("embedding",), True)
    assert says(embedding, "answers").startswith("gave a vector of ")


async def test_what_a_model_lacks_is_named() -> None:
    with ModelServer([say("I cannot call tools."), say("no JSON")]) as server:
        async with models(server) as made:
            (found,) = await preflight(made)
    assert not found.suitable
    assert shown(found) == {"price": True, "answers": True, "tool calls": False, "JSON": False, "window": True}
    assert "it answered 'I cannot call tools.'" in says(found, "tool calls")


async def test_malformed_arguments_are_no_tool_call() -> None:
    with ModelServer([Answer(tool_calls=(ToolCall("report", '{"word": '),)), READY[1]]) as server:
        async with models(server) as made:
            (found,) = await preflight(made)
    assert not shown(found)["tool calls"]


async def test_a_wrong_key_ends_the_trials_of_that_model_alone() -> None:
    with ModelServer(
        [fail(FaultKind.UNAUTHORIZED), call("report", word="x"), say(json.dumps({"word": "x"}))]
    ) as server:
        async with models(server, model_planner="openai:gpt-4o") as made:
            first, second = await preflight(made)
    assert shown(first) == {"price": True, "answers": False, "window": True}
    assert "status 401" in says(first, "answers")
    assert second.suitable


async def test_a_missing_key_and_a_missing_address_are_named() -> None:
    with ModelServer([]) as server:
        async with models(
            server, llm_provider="anthropic", llm_model="claude-sonnet-4-6", backup_model="azure:gpt-4o"
        ) as made:
            first, second = await preflight(made)
    assert "ANTHROPIC_API_KEY is not set" in says(first, "answers")
    assert "AZURE_OPENAI_ENDPOINT" in says(second, "answers")
    assert first.usd == 0


async def test_an_unknown_price_is_said_before_anything_is_asked() -> None:
    with ModelServer([]) as server:
        remote = server.url("openai").replace("127.0.0.1", "models.test")
        async with models(server, openai_base_url=remote, llm_model="my-own") as made:
            (found,) = await preflight(made)
    assert shown(found) == {"price": False, "window": True}
    assert "nobody knows the price of openai:my-own" in says(found, "price")


async def test_a_small_window_is_too_small() -> None:
    with ModelServer(READY) as server:
        async with models(server, model_windows="openai:gpt-4=4096") as made:
            (found,) = await preflight(made)
    assert not shown(found)["window"]


async def test_a_local_model_is_free_of_charge() -> None:
    with ModelServer([call("report", word="ready"), say('{"word": "ready"}')]) as server:
        async with models(
            server, llm_provider="ollama", llm_model="qwen2.5:7b", ollama_host=server.url("ollama")
        ) as made:
            (found,) = await preflight(made)
    assert found.suitable, found
    assert (says(found, "price"), found.usd) == ("free of charge", 0)
