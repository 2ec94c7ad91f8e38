"""The server by itself: turns, problems, records, and connections that come and go."""

from __future__ import annotations

import http.client
import json
from typing import cast

import pytest

from regoose.domain.json import Json
from regoose.testing.models import Answer, ModelServer, Script, Turn, Usage, When, call, conversation, say

JsonObject = dict[str, Json]


def ask(server: ModelServer, path: str, body: JsonObject, **headers: str) -> tuple[int, JsonObject]:
    host = server.address.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=20)
    try:
        sent = {
            "content-type": "application/json",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        connection.request("POST", path, json.dumps(body), sent)
        response = connection.getresponse()
        return response.status, cast("JsonObject", json.loads(response.read()))
    finally:
        connection.close()


def chat(server: ModelServer, text: str, system: str = "", **headers: str) -> tuple[int, JsonObject]:
    messages: list[Json] = [{"role": "system", "content": system}, {"role": "user", "content": text}]
    return ask(server, "/v1/chat/completions", {"model": "m", "messages": messages}, **headers)


def said(answer: tuple[int, JsonObject]) -> str:
    assert answer[0] == 200, answer
    return cast("list[dict[str, dict[str, str]]]", answer[1]["choices"])[0]["message"]["content"]


def test_turns_come_in_order() -> None:
    with ModelServer([say("one"), say("two")]) as server:
        assert [said(chat(server, "a")), said(chat(server, "b"))] == ["one", "two"]
        assert (server.calls, server.unused, server.problems) == (2, (), ())


def test_a_request_without_a_turn_is_a_problem() -> None:
    with ModelServer([say("one")]) as server:
        chat(server, "a")
        status, body = chat(server, "b")
    assert status == 500
    assert "all 1 turns are used" in json.dumps(body)
    assert len(server.problems) == 1


def test_an_ordered_turn_says_what_it_expected() -> None:
    with ModelServer([Turn(say("one"), When(last="red", tools=("read",)))]) as server:
        status, body = chat(server, "blue")
    assert status == 500
    assert "the last message lacks 'red': 'blue'; tools not offered: read; offered: none" in json.dumps(body)
    assert server.unused == ("turn 1 of conversation 1",)


def test_roles_are_told_apart_by_their_system_prompt() -> None:
    script = Script(
        (
            conversation(say("plan 1"), say("plan 2"), when=When(system="planner")),
            conversation(say("code 1"), when=When(system="coder")),
        )
    )
    with ModelServer(script) as server:
        asked = ["planner", "coder", "planner"]
        assert [said(chat(server, "x", f"You are the {one}")) for one in asked] == ["plan 1", "code 1", "plan 2"]


def test_matched_turns_are_given_once_to_what_they_match() -> None:
    script = Script.matched(Turn(say("r"), When(last="red")), Turn(say("b"), When(last="blue"), times=2))
    with ModelServer(script) as server:
        assert [said(chat(server, one)) for one in ("blue", "red", "blue")] == ["b", "r", "b"]
        assert chat(server, "red")[0] == 500


def test_a_turn_may_be_made_from_its_request() -> None:
    with ModelServer([Turn(lambda request: say(request.last.upper()), times=2)]) as server:
        assert [said(chat(server, "a")), said(chat(server, "b"))] == ["A", "B"]


def test_a_turn_that_fails_is_a_problem() -> None:
    def fails(request: object) -> Answer:
        raise ZeroDivisionError(request)

    with ModelServer([Turn(fails)]) as server:
        assert chat(server, "a")[0] == 500
    assert "ZeroDivisionError" in server.problems[0]


def test_keys_are_asked_for_and_kept_as_digests_alone() -> None:
    with ModelServer([say("one")], key="sk-canary") as server:
        assert chat(server, "a")[0] == 401
        assert chat(server, "a", authorization="Bearer sk-wrong")[0] == 401
        assert said(chat(server, "a", authorization="Bearer sk-canary")) == "one"
    assert "sk-" not in repr(server.exchanges)
    assert server.requests[2].headers["authorization"].startswith("sha256:")
    assert server.usage.output == 1  # refused requests are not billed


def test_usage_is_as_scripted_or_follows_from_the_texts() -> None:
    with ModelServer([Answer("one", usage=Usage(100, 7)), say("x" * 40), call("read", path="a")]) as server:
        for _ in range(3):
            chat(server, "a")
    scripted, counted, called = [one.usage for one in server.exchanges]
    assert scripted == Usage(100, 7)
    assert counted is not None
    assert counted.output == 10
    assert called is not None
    assert called.input == counted.input


def test_a_stopped_server_refuses_connections_and_comes_back_at_its_address() -> None:
    with ModelServer([say("one"), say("two")]) as server:
        chat(server, "a")
        server.stop()
        with pytest.raises(ConnectionRefusedError):
            chat(server, "b")
        server.start()
        assert said(chat(server, "b")) == "two"


def test_unknown_paths_are_problems() -> None:
    with ModelServer([]) as server:
        assert ask(server, "/v1/completions", {})[0] == 404
    assert server.problems == ("no route for POST /v1/completions",)
