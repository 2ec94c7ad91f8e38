"""Scripts as files, and the server as a process."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from regoose.errors import UsageError
from regoose.testing.models import (
    Answer,
    Conversation,
    Fault,
    FaultKind,
    RateLimit,
    Scenario,
    Script,
    ToolCall,
    Turn,
    Usage,
    When,
    read_scenario,
)

FULL = """
mode = "matched"
key = "sk-test"
models = ["small", "large"]

[[turn]]
when = { system = "planner", last = "red", tools = ["read"], model = "small", protocol = "openai", anywhere = "x" }
text = "hello"
tool_calls = [{ name = "read", arguments = { path = "a" } }, { name = "read", arguments = "{", id = "" }]
stop = "length"
usage = { input = 100, output = 20, cached = 80, cache_write = 1, reasoning = 2 }
rate_limit = { requests_left = 1, tokens_left = 2 }
headers = { x-a = "b" }
times = 3

[[turn]]
json = { plan = ["a"] }

[[turn]]
fault = { kind = "reset", seconds = 0.5, after = 1, retry_after = 2, as_date = true, message = "m" }

[[conversation]]
name = "coder"
when = { system = "coder" }
[[conversation.turn]]
text = "done"
"""
MEANT = Scenario(
    Script(
        (
            Conversation((Turn(Answer("done")),), When(system="coder"), name="coder"),
            Conversation(
                (
                    Turn(
                        Answer(
                            "hello",
                            (ToolCall("read", '{"path": "a"}'), ToolCall("read", "{", "")),
                            "length",
                            Usage(100, 20, 80, 1, 2),
                            rate_limit=RateLimit(1, 2),
                            headers={"x-a": "b"},
                        ),
                        When("planner", "red", "x", ("read",), "small", "openai"),
                        3,
                    ),
                    Turn(Answer('{"plan": ["a"]}')),
                    Turn(Answer(fault=Fault(FaultKind.RESET, 0.5, 1, 2, as_date=True, message="m"))),
                ),
                ordered=False,
            ),
        )
    ),
    "sk-test",
    ("small", "large"),
)


def test_a_file_says_what_values_say(tmp_path: Path) -> None:
    path = tmp_path / "script.toml"
    path.write_text(FULL)
    assert read_scenario(path) == MEANT


def test_json_is_as_good_as_toml(tmp_path: Path) -> None:
    path = tmp_path / "script.json"
    path.write_text(json.dumps({"turn": [{"text": "a", "tool_calls": [{"name": "x", "arguments": {"n": None}}]}]}))
    call = ToolCall("x", '{"n": null}')
    assert read_scenario(path).script == Script.ordered(Answer("a", (call,)))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[[turn]]\ntxt = 'a'", "turn.0.txt: Extra inputs are not permitted"),
        ("[[turn]]\nfault = {kind = 'explode'}", "turn.0.fault.kind: Input should be 'rate_limit'"),
        ("[[turn]]\ntimes = 0", "turn.0.times"),
        ("[[turn]", "neither TOML nor JSON"),
    ],
)
def test_a_wrong_file_is_told_where(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "script.toml"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        read_scenario(path)
    assert complaint in caught.value.message
    assert str(path) in caught.value.message


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_scenario(tmp_path / "none.toml")


def test_the_server_is_a_program_too(tmp_path: Path) -> None:
    script, record = tmp_path / "script.toml", tmp_path / "record.json"
    script.write_text("[[turn]]\ntext = 'hello'")
    argv = [sys.executable, "-m", "regoose.testing.models", str(script), "--record", str(record)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            asked = Request(f"{address}/v1/chat/completions", b'{"messages": [{"role": "user", "content": "a"}]}')
            assert b"hello" in urlopen(asked, timeout=20).read()
            state = json.loads(urlopen(f"{address}/scripted/state", timeout=20).read())
            assert (state["calls"], state["problems"], state["exchanges"][0]["status"]) == (1, [], 200)
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=20)
        finally:
            process.kill()
    assert (process.returncode, errors) == (0, "")
    assert json.loads(record.read_text())["usage"]["output"] == 1


def test_the_program_fails_where_the_script_had_no_turn(tmp_path: Path) -> None:
    script = tmp_path / "script.toml"
    script.write_text("")
    argv = [sys.executable, "-m", "regoose.testing.models", str(script)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            body = b'{"messages": [{"role": "user", "content": "a"}]}'
            with pytest.raises(OSError, match="500"):
                urlopen(Request(f"{address}/v1/chat/completions", body), timeout=20)
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=20)
        finally:
            process.kill()
    assert process.returncode == 1
    assert "the script is empty" in errors
