"""What the command line says and keeps where a model cannot do its part: real settings, services, clients and HTTP."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from regoose.app import App, wire
from regoose.cli.main import run
from regoose.cli.shell import Flags
from regoose.search.repair import repair
from regoose.settings import load
from regoose.testing.models import ModelServer, fail
from regoose.testing.search import ScriptedSearch

from .moody import Moody
from .suite import ruled

if TYPE_CHECKING:
    from regoose.workflows.site import Equipment
    from workflows.conftest import Machine, Repository


@dataclass
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, object]:
        return json.loads(self.out)


@dataclass
class Terminal:
    """A terminal whose environment is `environ`."""

    home: Path
    equipment: Equipment
    capture: pytest.CaptureFixture[str]
    environ: dict[str, str] = field(default_factory=dict[str, str])

    def __call__(self, *arguments: str) -> Ran:
        code = run(list(arguments), self.connect)
        captured = self.capture.readouterr()
        return Ran(code, captured.out, captured.err)

    @asynccontextmanager
    async def connect(self, repository: Path | None, flags: Flags) -> AsyncGenerator[App]:
        environ = {"REGOOSE_STATE_DIR": str(self.home / "state"), "REGOOSE_REPEATS": "1", **self.environ}
        loaded = load(repository, flags=flags, environ=environ, directory=self.home, user_config=self.home / "none")
        async with wire(loaded, self.equipment) as app:
            yield app

    def reach(self, server: ModelServer, protocol: str = "openai", model: str = "gpt-4o") -> None:
        address = "OLLAMA_HOST" if protocol == "ollama" else f"{protocol.upper()}_BASE_URL"
        key = {} if protocol == "ollama" else {f"{protocol.upper()}_API_KEY": "the-right-key"}
        self.environ |= {"LLM_PROVIDER": protocol, "LLM_MODEL": model, address: server.url(protocol), **key}


@pytest.fixture
def terminal(machine: Machine, capsys: pytest.CaptureFixture[str]) -> Terminal:
    machine.home.mkdir()
    return Terminal(machine.home, replace(machine.equip(ScriptedSearch([])), choose=ruled), capsys)


def solve(terminal: Terminal, repository: Repository, *more: str) -> Ran:
    return terminal("solve", "Add a median to stats.", "--repo", str(repository.root), *more)


def fails(terminal: Terminal, repository: Repository, code: int, kind: str, *words: str) -> str:
    """Check both forms of a failure, and return the run that the JSON names."""
    said = solve(terminal, repository)
    assert (said.code, said.out) == (code, "")
    ran = solve(terminal, repository, "--json")
    document = ran.document
    assert ran.code == code, document
    error = document["error"]
    assert isinstance(error, dict)
    assert error["type"] == kind
    for word in words:
        assert word in f"{error['message']}\n{error['hint']}"
        assert word in said.err
    assert "error: " in said.err
    assert "hint: " in said.err
    assert repository.branches() == []
    assert isinstance(document["run_id"], str)
    return document["run_id"]


def goes_on(terminal: Terminal, repository: Repository, run_id: str) -> None:
    """Check that the run goes on to its end, without doing again what it did."""
    ran = terminal("runs", "resume", run_id, "--json")
    assert ran.code == 0, ran.out
    assert (ran.document["status"], ran.document["run_id"]) == ("proven", run_id)
    assert repository.branches() == [ran.document["branch"]]


def test_no_key(terminal: Terminal, repository: Repository) -> None:
    model = Moody()
    with ModelServer(model.script(), key="the-right-key") as server:
        terminal.environ["LLM_MODEL"] = "gpt-4o"
        run_id = fails(terminal, repository, 3, "NoModel", "OPENAI_API_KEY is not set", "--model")
        terminal.reach(server)
        goes_on(terminal, repository, run_id)


def test_a_wrong_key(terminal: Terminal, repository: Repository) -> None:
    model = Moody()
    with ModelServer(model.script(), key="the-right-key") as server:
        terminal.reach(server)
        terminal.environ["OPENAI_API_KEY"] = "a-wrong-key-of-mine"
        run_id = fails(terminal, repository, 3, "ModelDenied", "openai:gpt-4o at 127.0.0.1", "401", "key")
        assert "a-wrong-key-of-mine" not in terminal("runs", "show", run_id, "--json").out
        terminal.environ["OPENAI_API_KEY"] = "the-right-key"
        goes_on(terminal, repository, run_id)


def test_an_exhausted_quota(terminal: Terminal, repository: Repository) -> None:
    model = Moody([None, None, fail("quota"), None, None, fail("quota")])
    with ModelServer(model.script()) as server:
        terminal.reach(server)
        run_id = fails(terminal, repository, 4, "QuotaExhausted", "openai:gpt-4o", "insufficient_quota", "resume")
        paid = model.sound
        goes_on(terminal, repository, run_id)
        assert model.sound - paid == 4, "what was answered is not asked again"


def test_an_unknown_model(terminal: Terminal, repository: Repository) -> None:
    with ModelServer(Moody().script(), models=["gpt-4o"]) as server:
        terminal.reach(server, model="gpt-4o-mini")
        run_id = fails(terminal, repository, 2, "UnknownModel", "openai:gpt-4o-mini", "404", "--model")
        shown = terminal("runs", "show", run_id, "--json").document
        assert "failed" in str(shown)
        ran = terminal("runs", "fork", run_id, "--at", "models", "--model", "openai:gpt-4o", "--json")
        assert (ran.code, ran.document["status"]) == (0, "proven")


def test_a_window_that_is_too_small(terminal: Terminal, repository: Repository) -> None:
    with ModelServer(Moody().script()) as server:
        terminal.reach(server)
        terminal.environ["REGOOSE_MODEL_WINDOWS"] = "openai:gpt-4o=1500"
        fails(terminal, repository, 4, "WindowExceeded", "1,500", "larger window")
        assert server.calls == 0


def test_a_model_without_tools_carries_it_out_in_text(terminal: Terminal, repository: Repository) -> None:
    model = Moody(has_tools=False)
    with ModelServer(model.script()) as server:
        terminal.reach(server, "ollama", "llama2")
        ran = solve(terminal, repository, "--json")
    assert server.problems == ()
    assert (ran.code, ran.document["status"]) == (0, "proven"), ran.out
    assert [request.prompt.tools == () for request in server.requests].count(True) == model.sound == 6


@pytest.mark.slow
def test_a_search_that_proves_spends_nothing_and_says_what_it_saved(
    terminal: Terminal, machine: Machine, repository: Repository
) -> None:
    terminal.equipment = machine.equip(repair)
    with ModelServer([]) as server:
        terminal.reach(server)
        ran = terminal("fix", str(repository.root), "--engine", "auto")
        assert (server.calls, server.problems) == (0, ())
    assert ran.code == 0, ran.err
    saved = r"The search proved this patch, so no model was asked: nothing was spent \(reading the task.*openai:gpt-4o"
    (folder,) = (machine.home / "state" / "runs").iterdir()
    document = json.loads((folder / "result.json").read_text())
    assert (document["status"], document["engine"], document["cost"]["calls"]) == ("proven", "search", 0)
    shown = " ".join(re.sub(r"<[^>]*>", " ", (folder / "report.html").read_text()).split())
    for said in (" ".join(ran.out.split()), " ".join(document["notes"]), shown):
        assert re.search(saved, said), said


def test_a_reviewer_that_cannot_be_used_costs_no_proof(terminal: Terminal, repository: Repository) -> None:
    model = Moody([None] * 5 + [fail("unknown_model")])
    with ModelServer(model.script()) as server:
        terminal.reach(server)
        ran = solve(terminal, repository, "--json")
    assert (ran.code, ran.document["status"], ran.document["review"]) == (0, "proven", None), ran.out
    assert (server.calls, model.sound) == (6, 5)
