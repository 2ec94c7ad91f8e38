"""Keys appear nowhere: not in what is shown, logged, kept or raised; and nothing is sent to anybody but the model."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regoose.providers.redaction import REDACTED, Redactor
from regoose.settings import Settings
from regoose.settings.layers import variable_of

SECRETS = tuple(name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation))
FILES = tuple(name for name in Settings.model_fields if name.endswith("_key_file"))


class Echo(BaseHTTPRequestHandler):
    """Answers every request 401, with everything that it was sent in the body."""

    heard: list[str]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        sent = " ".join(f"{name}: {value}" for name, value in self.headers.items())
        self.heard.append(sent)
        said = json.dumps({"error": {"message": f"wrong key in {sent} and {body[:100]}", "type": "auth", "code": "x"}})
        self.send_response(401)
        self.send_header("content-type", "application/json")
        self.send_header("x-echo", sent.replace("\n", " ")[:2000])
        self.send_header("content-length", str(len(said)))
        self.end_headers()
        self.wfile.write(said.encode())

    do_GET = do_POST  # noqa: N815 - the name that the library asks for

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        pass


@pytest.fixture
def echo() -> Iterator[tuple[str, list[str]]]:
    heard: list[str] = []
    server = HTTPServer(("127.0.0.1", 0), type("Heard", (Echo,), {"heard": heard}))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", heard
    server.shutdown()
    thread.join()
    server.server_close()


def environment(home: Path, url: str) -> dict[str, str]:
    """Everything set, every secret to a canary of its own, some of them by a file."""
    variables = {variable_of(name): f"canary/{name}+zQ7" for name in SECRETS}
    for name in FILES:
        (home / name).write_text(f"canary/file-{name}+zQ7\n")
    (home / "extra").write_text("canary/extra+zQ7\n")
    addresses = ("OPENAI_BASE_URL", "ANTHROPIC_BASE_URL", "AZURE_OPENAI_ENDPOINT", "OLLAMA_HOST", "LMSTUDIO_BASE_URL")
    return {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        **variables,
        **dict.fromkeys(addresses, url),
        "REGOOSE_STATE_DIR": str(home / "state"),
        "REGOOSE_DEBUG": "true",
        "LOG_LEVEL": "DEBUG",
        "OPENAI_LOG": "debug",
        "ANTHROPIC_LOG": "debug",
        "ANTHROPIC_API_KEY_FILE": str(home / "anthropic_api_key_file"),
        "LLM_MODEL": "gpt-4",
        "REGOOSE_MODEL_PLANNER": "anthropic:claude-sonnet-4-6",
        "REGOOSE_MODEL_CODER": "azure:gpt-4o",
        "REGOOSE_MODEL_TESTER": "ollama:llama3",
        "REGOOSE_MODEL_REVIEWER": "openai-responses:gpt-5.1",
        "REGOOSE_BACKUP_MODEL": "openai:gpt-4",
        "REGOOSE_EMBEDDING_MODEL": "ollama:nomic-embed-text",
        "REGOOSE_MODEL_ENDPOINTS": f"openai:gpt-4={url}/second@{home / 'extra'}",
    }


@pytest.mark.parametrize("words", [["--models"], ["--models", "--json"], ["--settings"], ["--settings", "--json"]])
def test_a_key_is_in_no_output_log_database_or_error(
    words: list[str], tmp_path: Path, echo: tuple[str, list[str]]
) -> None:
    url, heard = echo
    ran = subprocess.run(
        [sys.executable, "-m", "regoose", "doctor", *words],
        env=environment(tmp_path, url),
        cwd=tmp_path,
        capture_output=True,
        check=False,
        timeout=250,
    )
    written = [path for path in (tmp_path / "state").rglob("*") if path.is_file()]
    texts = [ran.stdout, ran.stderr, *(path.read_bytes() for path in written)]
    assert not [text for text in texts if b"canary" in text or b"zQ7" in text]
    if "--models" in words:
        assert ran.returncode == 3, ran.stderr
        assert sum("canary" in sent for sent in heard) >= 6  # the canaries were used, and echoed
        assert REDACTED.encode() in ran.stdout


CODE = """
import asyncio, sys, traceback
from regoose.providers.models import Models
from regoose.domain.conversation import user
from regoose.settings import load
from regoose.testing.ledger import MemoryLedger

async def main():
    loaded = load()
    async with Models(loaded.settings, MemoryLedger()) as models:
        for name in models.lineup().names():
            try:
                await models.for_run("r", model=str(name)).generate("coder", str(name), [user("Hi.")])
            except Exception as error:
                seen = error
                while seen is not None:
                    print(repr(seen), vars(seen), getattr(seen, "hint", ""))
                    seen = seen.__cause__ or seen.__context__
                traceback.print_exception(error)
        print(models.lineup(), loaded)

asyncio.run(main())
"""


def test_a_key_is_in_no_exception_however_deep(tmp_path: Path, echo: tuple[str, list[str]]) -> None:
    url, heard = echo
    ran = subprocess.run(
        [sys.executable, "-c", CODE],
        env=environment(tmp_path, url),
        cwd=tmp_path,
        capture_output=True,
        check=True,
        timeout=250,
    )
    assert b"ModelDenied" in ran.stdout
    assert len(heard) >= 5
    shown = ran.stdout + ran.stderr
    assert b"canary" not in shown
    assert b"zQ7" not in shown


def test_no_trace_is_sent_whatever_the_environment_asks(tmp_path: Path, echo: tuple[str, list[str]]) -> None:
    from regoose.testing.models import ModelServer, say  # noqa: PLC0415 - beside the one test that needs it

    collector, heard = echo
    code = CODE.replace("print(models.lineup(), loaded)", "await asyncio.sleep(1)")
    with ModelServer([say("hello"), say("hello")]) as server:
        ran = subprocess.run(
            [sys.executable, "-c", code],
            env={
                "HOME": str(tmp_path),
                "PATH": os.environ["PATH"],
                "LANGSMITH_TRACING": "true",
                "LANGSMITH_TRACING_V2": "true",
                "LANGCHAIN_TRACING_V2": "true",
                "LANGSMITH_API_KEY": "lsv2_x",
                "LANGSMITH_ENDPOINT": collector,
                "LANGCHAIN_ENDPOINT": collector,
                "LANGSMITH_GATEWAY": collector,
                "LANGSMITH_GATEWAY_API_KEY": "lsv2_y",
                "OPENAI_API_KEY": "some-key-of-mine",
                "OPENAI_BASE_URL": server.url("openai"),
                "ANTHROPIC_API_KEY": "some-key-of-mine",
                "ANTHROPIC_BASE_URL": server.url("anthropic"),
                "REGOOSE_MODEL_PLANNER": "anthropic:claude-sonnet-4-6",
            },
            cwd=tmp_path,
            capture_output=True,
            check=True,
            timeout=250,
        )
    assert server.calls == 2, ran.stdout
    assert heard == []


async def test_the_gateway_of_the_environment_is_not_where_an_address_is_not_set() -> None:
    """Neither LangChain nor a client library is left to ask the environment where to send a key."""
    code = """
from pydantic import SecretStr
from regoose.providers.endpoints import Endpoint, Key
from regoose.providers.langchain.request import Quirks, Setup
from regoose.providers.names import ModelName
from regoose.providers.langchain import anthropic, openai
names = ("openai:gpt-4", "openai-responses:gpt-5", "anthropic:claude-sonnet-4-6")
for family, name in zip((openai, openai, anthropic), names):
    at = Endpoint(name=ModelName.parse(name), url=None, key=Key(variable="K"))
    model = family.connect(Setup(endpoint=at, key="k", temperature=None, quirks=Quirks())).model
    client = model._async_client if family is anthropic else model.root_async_client
    print(client.base_url)
"""
    hostile = "http://127.0.0.1:1/stolen"
    names = ("LANGSMITH_GATEWAY", "OPENAI_BASE_URL", "OPENAI_API_BASE", "ANTHROPIC_BASE_URL", "ANTHROPIC_API_URL")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, env={**os.environ, **dict.fromkeys(names, hostile)}, stdout=subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert out.decode().split() == [
        "https://api.openai.com/v1/",
        "https://api.openai.com/v1/",
        "https://api.anthropic.com",
    ]


@given(secret=st.text(min_size=6, max_size=40), before=st.text(max_size=20), after=st.text(max_size=20))
def test_a_known_secret_is_taken_out_wherever_it_stands(secret: str, before: str, after: str) -> None:
    assert secret in REDACTED or secret not in Redactor([secret])(f"{before}{secret}{after}")


@pytest.mark.parametrize(
    "text",
    [
        "sk-proj-abcdefghijklmnop123",
        "sk-ant-api03-abcdefghijklmnop",
        "AIzaSyA1234567890abcdefghijklmnopqrstuv",
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "github_pat_11ABCDEFG0abcdefghijklmnop",
        "AKIAIOSFODNN7EXAMPLE",
        "Authorization: Bearer abcdef.ghijkl-mnopqr",
        "https://user:hunter22@proxy.test/",
    ],
)
def test_what_looks_like_a_secret_is_taken_out(text: str) -> None:
    assert REDACTED in Redactor()(text)


@pytest.mark.parametrize("text", ["task-force", "sk-1", "a bearer of news", "http://host:80/path", "AKIA"])
def test_what_does_not_is_left(text: str) -> None:
    assert Redactor()(text) == text
