"""What docs/extending.md shows works as it stands, in few lines: the files of examples/extending, at work."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import tomllib
from collections.abc import Generator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pydantic import BaseModel

from regoose.agents.prompt import read_prompt
from regoose.domain.json import Json
from regoose.testing.models import ModelServer, Script, Turn, When, call, conversation

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "extending"
KEY = "a-key-that-nobody-may-see"
AUTHOR = ("-c", "user.name=A", "-c", "user.email=a@localhost")


@pytest.mark.parametrize("name", ["own_tool.py", "own_role.py", "own_provider.py"])
def test_each_takes_fewer_than_thirty_lines(name: str) -> None:
    assert len((EXAMPLES / name).read_text(encoding="utf-8").splitlines()) < 30


@dataclass
class House:
    """A gateway: it is overloaded at first, then calls the tool that it is given, or answers in the shape asked for."""

    asked: list[dict[str, Json]] = field(default_factory=list[dict[str, Json]])
    keys: set[str] = field(default_factory=set[str])

    def answer(self, asked: dict[str, Json]) -> tuple[int, Json]:
        self.asked.append(asked)
        if len(self.asked) == 1:
            return 503, {"error": f"busy, said to {KEY}"}
        usage: Json = {"input_tokens": 90, "output_tokens": 9}
        ready = json.dumps({"word": "ready"})
        if asked["tools"]:
            call: Json = {"id": "1", "name": "report", "arguments": ready}
            return 200, {"text": "", "calls": [call], "stop": "tool calls", "usage": usage}
        return 200, {"text": ready, "usage": usage}


@pytest.fixture
def house() -> Generator[tuple[House, str]]:
    gateway = House()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            gateway.keys.add(self.headers["Authorization"])
            status, answer = gateway.answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Retry-After", "0")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it has in its base
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield gateway, f"http://127.0.0.1:{server.server_address[1]}/chat"
        server.shutdown()


def install(site: Path) -> None:
    """Leave what installing the example leaves that counts: its entry points."""
    project = tomllib.loads((EXAMPLES / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    info = site / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Name: {project['name']}\nVersion: {project['version']}\n", encoding="utf-8")
    lines = [
        line
        for group, points in project["entry-points"].items()
        for line in (f"[{group}]", *(f"{name} = {value}" for name, value in points.items()))
    ]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def run(place: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        "PYTHONPATH": f"{place / 'site'}:{EXAMPLES}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "REGOOSE_STATE_DIR": str(place / "state"),
        "REGOOSE_CACHE_DIR": str(place / "cache"),
        **environment,
    }
    return subprocess.run(
        [sys.executable, *arguments], cwd=place, env=env, capture_output=True, text=True, check=False, timeout=120
    )


def test_a_provider_of_ones_own_is_tried_as_any_other(house: tuple[House, str], tmp_path: Path) -> None:
    gateway, url = house
    install(tmp_path / "site")
    named = {"LLM_PROVIDER": "gateway", "LLM_MODEL": "llama-70b", "GATEWAY_URL": url, "GATEWAY_KEY": KEY}
    done = run(tmp_path, "-m", "regoose", "doctor", "--models", "--json", **named)
    assert done.returncode == 0, done.stdout + done.stderr
    (model,) = json.loads(done.stdout)["models"]
    said = {trial["name"]: trial["says"] for trial in model["trials"]}
    assert (model["model"], model["suitable"], model["usd"]) == ("gateway:llama-70b", True, 0)
    assert (said["price"], said["window"]) == ("free of charge", "32000 tokens")
    assert gateway.keys == {f"Bearer {KEY}"}
    assert [(one["model"], bool(one["tools"]), bool(one["output"])) for one in gateway.asked] == [
        ("llama-70b", True, False),  # answered with 503
        ("llama-70b", True, False),
        ("llama-70b", False, True),
    ]
    assert KEY not in done.stdout + done.stderr
    kept = [path for path in (tmp_path / "state").rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]
    assert kept == []


def test_a_provider_of_ones_own_that_lacks_what_it_needs_says_so(tmp_path: Path) -> None:
    install(tmp_path / "site")
    done = run(tmp_path, "-m", "regoose", "doctor", "--models", "--json", LLM_PROVIDER="gateway", LLM_MODEL="llama-70b")
    assert done.returncode == 3
    (trial,) = json.loads(done.stdout)["models"][0]["trials"]
    assert trial["says"] == (
        "the provider 'gateway' (own_provider:Gateway) could not be made for 'llama-70b': KeyError: 'GATEWAY_KEY'"
    )


CHANGELOG = """\
# Changelog

## Unreleased

- Prices are kept in memory.
"""
ENTRY = "- Prices are written to a file."


def repository(place: Path) -> Path:
    place.mkdir()
    (place / "CHANGELOG.md").write_text(CHANGELOG, encoding="utf-8")
    (place / "prices.py").write_text("PRICES = {}\n", encoding="utf-8")
    for arguments in (["init", "-q"], ["add", "."], [*AUTHOR, "commit", "-qm", "Begin"]):
        subprocess.run(["git", *arguments], cwd=place, check=True)
    return place


def test_a_role_and_a_tool_of_ones_own_work_as_a_run_like_any_other(tmp_path: Path) -> None:
    target = repository(tmp_path / "target")
    script = Script(
        (
            conversation(
                call("changelog", word="PRICES"),
                Turn(call("create", path="prices.py", text=""), When(last="- Prices are kept in memory.")),
                Turn(
                    call("edit", path="CHANGELOG.md", search="## Unreleased\n", replace=f"## Unreleased\n\n{ENTRY}"),
                    When(last="not yours"),
                ),
                call("changelog", word="file"),
                Turn(call("finish", entry=ENTRY), When(last=ENTRY)),
                when=When(system="You keep the changelog", anywhere="The change is: prices are kept in a file"),
            ),
        )
    )
    code = f"import asyncio, pathlib, own_role; print(asyncio.run(own_role.write_entry(pathlib.Path({str(target)!r}), "
    code += "'prices are kept in a file')))"
    with ModelServer(script) as server:
        named = {"OPENAI_BASE_URL": server.url("openai"), "OPENAI_API_KEY": KEY, "LLM_MODEL": "gpt-4"}
        done = run(tmp_path, "-c", code, **named)
        assert done.returncode == 0, done.stderr
        assert f"+{ENTRY}\n" in done.stdout
        assert "prices.py" not in done.stdout
        assert (target / "CHANGELOG.md").read_text(encoding="utf-8") == CHANGELOG
        assert server.problems == ()
        assert server.calls == 5
    runs = json.loads(run(tmp_path, "-m", "regoose", "runs", "list", "--json").stdout)["runs"]
    (one,) = [(kept["run_id"], kept["kind"], kept["state"]) for kept in runs]
    assert one[1:] == ("ask", "finished")
    shown = json.loads(run(tmp_path, "-m", "regoose", "runs", "show", one[0], "--json").stdout)
    steps = [step["name"] for step in shown["steps"]]
    assert steps[:4] == ["models", "prepare", "scribe 1", "scribe 1.1 changelog"]
    assert steps[-3:] == ["scribe 5", "scribe 5.1 finish", "result"]
    assert shown["result"]["output"] == {"entry": ENTRY}
    assert shown["result"]["cost"]["calls"] == 5
    assert shown["result"]["cost"]["usd"] > 0
    (refused,) = shown["result"]["refused"]
    assert (refused["path"], refused["rule"]) == ("prices.py", "not this role")


def test_the_prompt_of_the_role_is_in_order() -> None:
    class Entry(BaseModel):
        entry: str

    assert read_prompt("scribe", EXAMPLES).problems(Entry) == ()
