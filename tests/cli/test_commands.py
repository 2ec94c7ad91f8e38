"""The commands: what they ask of the services, what they print where, and the exit code of every ending."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from regoose.domain.event import Event
from regoose.domain.evidence import Verdict
from regoose.domain.patch import FileEdit, Patch
from regoose.domain.run import FixResult, ProofResult, RunState
from regoose.domain.task import Engine, FixTask
from regoose.errors import MachineError, NoSandbox, PolicyRefused, TimeLimit, UnknownRun
from regoose.sandbox.base import Guarantee, Probe
from regoose.testing import samples
from regoose.testing.services import FakeServices

if TYPE_CHECKING:
    from cli.conftest import Call

ID = "example-1"


@pytest.fixture
def services() -> FakeServices:
    made = FakeServices()
    made.runs.results[ID] = samples.proven()
    made.runs.states[ID] = RunState.FINISHED
    return made


def proof_result(verdict: Verdict = Verdict.PROVEN) -> ProofResult:
    one = samples.proven()
    assert one.patch is not None
    return ProofResult(
        repository=one.repository,
        base_commit="a" * 40,
        head_commit="b" * 40,
        patch=one.patch,
        evidence=replace(one.evidence, verdict=verdict),
        seconds=3.0,
        environment="CPython 3.13",
        sandbox="bubblewrap",
    )


def with_verdict(result: FixResult, verdict: Verdict) -> FixResult:
    return replace(result, evidence=replace(result.evidence, verdict=verdict))


def test_fix_ends_with_the_report_and_the_command_that_reruns_the_proof(call: Call) -> None:
    ran = call("fix", "/some/where")
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines[0] == "Proven: 2 failing tests pass with a change of one line, and nothing else got worse."
    assert lines[-2].split() == ["report", samples.proven().report]
    assert lines[-1].split(maxsplit=1) == ["rerun", f"{samples.proven().reproduce} /home/ada/market-predictor"]
    assert "+    return [fmean(closes[end - window : end]) for end in range(window, len(closes) + 1)]" in lines


def test_fix_passes_its_options_on(call: Call, services: FakeServices, tmp_path: Path) -> None:
    options = ["--engine", "search", "--branch", "b", "--choose", "2", "--apply"]
    flags = ["--budget", "5", "--sandbox", "podman", "--python", "/usr/bin/python3", "--max-cost", "0.5"]
    options += ["--model", "openai:gpt-4.1"]
    assert call("fix", str(tmp_path), "--test", "t.py::a", "--test", "t.py::b", *options, *flags).code == 0
    (task,) = services.runs.tasks
    assert isinstance(task, FixTask)
    assert (task.repository, task.tests) == (str(tmp_path), ("t.py::a", "t.py::b"))
    assert (task.engine, task.branch, task.choose, task.apply) == (Engine.SEARCH, "b", 2, True)
    assert task.limits.search_seconds == 5.0
    assert task.model == "openai:gpt-4.1"
    assert (task.sandbox, task.python) == ("podman", "/usr/bin/python3")
    assert services.connected == [
        (tmp_path, {"search_seconds": 5.0, "max_cost": 0.5, "sandbox": "podman", "python": "/usr/bin/python3"})
    ]


@pytest.mark.parametrize(
    ("verdict", "code"),
    [(Verdict.PROVEN, 0), (Verdict.UNPROVEN, 1), (Verdict.FAILED, 1), (Verdict.CANCELLED, 1)],
)
def test_the_verdict_decides_the_exit_code(call: Call, services: FakeServices, verdict: Verdict, code: int) -> None:
    services.runs.results[ID] = with_verdict(samples.proven(), verdict)
    ran = call("fix", "--json")
    assert ran.code == code
    assert ran.document["status"] == verdict.value


def test_json_is_alone_on_standard_output(call: Call, services: FakeServices) -> None:
    services.runs.events = [
        Event(ID, "search", "started", "search"),
        Event(ID, "search", "finished", "search: 3 candidates"),
    ]
    ran = call("fix", "--json")
    assert ran.document["run_id"] == samples.proven().run_id
    assert ran.err.startswith("✓ search 3 candidates (")


def test_a_sandbox_of_no_known_name_is_refused_before_there_is_a_run(call: Call, services: FakeServices) -> None:
    ran = call("fix", "--sandbox", "chroot", "--json")
    assert (ran.code, services.runs.tasks) == (2, [])
    error = json.loads(ran.out)["error"]
    assert error["type"] == "InvalidSetting"
    assert "'chroot'" in error["message"]
    assert "landlock" in error["message"]


@pytest.mark.parametrize("options", [["--json"], []])
def test_a_patch_of_bytes_that_are_no_utf_8_is_shown(call: Call, services: FakeServices, options: list[str]) -> None:
    patch = Patch((FileEdit("latin.py", "N = '\udce9'\n", "N = '\udce8'\n"),))
    services.runs.results[ID] = replace(samples.proven(), patch=patch)
    ran = call("fix", *options)
    assert ran.code == 0
    shown = json.loads(ran.out)["patch"] if options else ran.out.replace("\\udce8", "\udce8")
    assert "+N = '\udce8'" in shown


def test_a_choice_is_shown_with_every_answer(call: Call, services: FakeServices) -> None:
    services.runs.results[ID] = samples.choice()
    ran = call("fix")
    assert "2 changes pass every test and differ in what they do:" in ran.out
    assert ["moving_average([1.0],", "1)", "[]", "[1.0]", "StatisticsError(…)"] in [
        line.split() for line in ran.out.splitlines()
    ]
    assert "--choose N" in ran.out


def test_what_was_not_proven_shows_where_the_fault_seems_to_be(call: Call, services: FakeServices) -> None:
    services.runs.results[ID] = samples.unproven()
    ran = call("fix")
    assert ran.code == 1
    assert ran.out.startswith("Not proven: No change")
    assert "  1.00  src/market_predictor/indicators.py:10  moving_average" in ran.out.splitlines()
    assert "rerun" not in ran.out


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UnknownRun("no run is called 'x'"), 2),
        (NoSandbox("no backend works here"), 3),
        (TimeLimit("60 s are over"), 4),
        (PolicyRefused("not allowed"), 5),
    ],
)
def test_every_refusal_is_a_message_a_hint_and_an_exit_code(
    call: Call, services: FakeServices, error: MachineError, code: int
) -> None:
    services.runs.error = error
    ran = call("fix")
    assert (ran.code, ran.out) == (code, "")
    assert ran.err == f"error: {error.message}\nhint: {error.hint}\n"
    ran = call("fix", "--json")
    assert ran.code == code
    named = {"type": type(error).__name__, "message": error.message, "hint": error.hint}
    assert ran.document == {"error": named, "run_id": ID}


def test_a_refusal_before_the_run_has_no_run_id(call: Call, services: FakeServices) -> None:
    services.refusal = NoSandbox("no backend works here")
    assert call("fix", "--json").document["run_id"] is None


@pytest.mark.parametrize(
    "arguments", [["fix", "--bogus"], ["fix", "--choose", "0"], ["fix", "a", "b"], ["prove"], ["runs", "show"]]
)
def test_wrong_usage_is_code_2_in_json_too(call: Call, arguments: list[str]) -> None:
    ran = call(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: ")
    document = call(*arguments, "--json").document
    assert isinstance(document["error"], dict)
    assert document["error"]["type"] == "UsageError"


def test_a_bug_ends_in_a_message_and_a_log(
    call: Call, services: FakeServices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    services.runs.error = ValueError("what is this")
    ran = call("fix")
    assert ran.code == 1
    assert "unexpected ValueError: what is this" in ran.err
    assert "Traceback" not in ran.err
    (log,) = tmp_path.rglob("error-*.log")
    assert str(log) in ran.err
    assert "Traceback" in log.read_text()
    monkeypatch.setenv("REGOOSE_DEBUG", "1")
    assert "Traceback" in call("fix").err


def test_an_interrupted_run_says_how_to_go_on(call: Call, services: FakeServices) -> None:
    async def interrupt() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(30)

    services.runs.pause = interrupt
    ran = call("fix")
    assert (ran.code, ran.out) == (130, "")
    assert ran.err == f"error: interrupted; resumable\nhint: regoose runs resume {ID}\n"


def test_prove_reruns_a_proof(call: Call, services: FakeServices) -> None:
    services.proof = proof_result()
    ran = call("prove", "--base", "v1", "--head", "v2", "--test", "t.py::a", "--test", "t.py::b", "/some/where")
    assert ran.code == 0
    assert ran.out.startswith("Proven: ")
    assert "green on head" in ran.out
    (task,) = services.proof_tasks
    assert (task.base, task.head, task.tests, task.repository) == ("v1", "v2", ("t.py::a", "t.py::b"), "/some/where")
    services.proof = proof_result(Verdict.UNPROVEN)
    ran = call("prove", "--base", "v1", "--head", "v2", "--test", "t.py::a", "--json")
    assert ran.code == 1
    assert (ran.document["status"], ran.document["head_commit"]) == ("unproven", "b" * 40)


def test_runs_are_listed_and_shown(call: Call, services: FakeServices) -> None:
    services.runs.states["cut-short"] = RunState.INTERRUPTED
    listed = call("runs", "list").out.splitlines()
    assert listed[0].split() == ["run", "state", "verdict", "started", "took", "repository"]
    assert [line.split()[:2] for line in listed[1:]] == [[ID, "finished"], ["cut-short", "interrupted"]]
    shown = call("runs", "show", ID).out
    assert ["2", "search", "2.0", "s"] in [line.split() for line in shown.splitlines()]
    assert "Proven: 2 failing tests pass" in shown
    document = call("runs", "show", "cut-short", "--json").document
    assert (document["state"], document["result"]) == ("interrupted", None)
    assert call("runs", "show", "cut-short").err == "hint: regoose runs resume cut-short\n"


def test_no_runs_yet(call: Call, services: FakeServices) -> None:
    services.runs.states.clear()
    ran = call("runs", "list")
    assert (ran.code, ran.out, ran.err) == (0, "", "No runs yet.\n")
    assert call("runs", "list", "--json").document == {"runs": []}


def test_resume_takes_the_interrupted_run(call: Call, services: FakeServices) -> None:
    assert call("runs", "resume").code == 2
    services.runs.states["cut-short"] = RunState.INTERRUPTED
    services.runs.results["cut-short"] = samples.unproven()
    assert call("runs", "resume").code == 1
    assert call("runs", "watch", ID).code == 0


def test_cancel(call: Call, services: FakeServices) -> None:
    services.runs.states["cut-short"] = RunState.INTERRUPTED
    assert call("runs", "cancel", "cut-short").err == "Run cut-short is cancelled.\n"
    assert call("runs", "cancel", "nobody").code == 2


def test_doctor_tells_what_each_sandbox_enforces(call: Call, services: FakeServices) -> None:
    services.found = (
        Probe(backend="bubblewrap", available=True, version="0.8.0", enforced=frozenset(Guarantee)),
        Probe(backend="podman", available=True, version="4.3", enforced=frozenset(Guarantee) - {Guarantee.DISK}),
        Probe(backend="docker", available=False, reason="no daemon answers", remedy="systemctl start docker"),
    )
    ran = call("doctor")
    assert ran.code == 0
    assert "✓ bubblewrap  0.8.0  enforces all 13 guarantees" in ran.out
    assert "✓ podman      4.3  enforces everything but: disk limit" in ran.out
    assert "✗ docker      not available: no daemon answers" in ran.out
    assert "hint: systemctl start docker" in ran.out
    (first, *_) = json.loads(call("doctor", "--json").out)["sandboxes"]
    assert first["not_enforced"] == []
    services.found = services.found[2:]
    assert call("doctor").code == 3


def test_doctor_shows_each_setting_with_its_source(call: Call) -> None:
    ran = call("doctor", "--settings")
    assert ran.code == 0
    rows = [line.split() for line in ran.out.splitlines()]
    assert ["REGOOSE_REPEATS", "5", "default"] in rows
    assert ["LLM_MODEL", "gpt-4", "default"] in rows
    assert ["API_PORT", "8002", "default", "read,", "acts", "with", "the", "service"] in rows
    settings = json.loads(call("doctor", "--settings", "--json").out)["settings"]
    assert {"name", "variable", "value", "source", "where", "acts", "description"} == set(settings[0])


def test_colour_is_left_out_where_the_user_asks(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in call("fix").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in call("fix").out
    monkeypatch.delenv("FORCE_COLOR")
    assert "\x1b[" not in call("fix").out


def test_demo_repairs_a_copy_of_the_example(call: Call, services: FakeServices) -> None:
    ran = call("demo")
    assert ran.code == 0
    (task,) = services.runs.tasks
    directory = Path(task.repository)
    assert str(directory) in ran.err
    assert (directory / ".git").is_dir()
    assert "range(window, len(closes))" in (directory / "src" / "market_predictor" / "indicators.py").read_text()
    assert (directory / "tests" / "test_service.py").is_file()
