"""`regoose test`: what it asks of the services, what it prints, and its exit codes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from regoose.domain.budget import Budget
from regoose.domain.generation import GenerateTask
from regoose.domain.run import RunState
from regoose.domain.task import Engine
from regoose.errors import UsageError
from regoose.testing.generation_samples import generated, nothing_kept
from regoose.testing.services import FakeServices

if TYPE_CHECKING:
    from cli.conftest import Call

ID = "example-1"


@pytest.fixture
def services() -> FakeServices:
    made = FakeServices()
    made.runs.results[ID] = generated()
    made.runs.states[ID] = RunState.FINISHED
    return made


def asked(services: FakeServices) -> GenerateTask:
    (task,) = services.runs.tasks
    assert isinstance(task, GenerateTask)
    return task


def test_the_result_ends_with_the_report_and_the_command_that_runs_the_tests(call: Call) -> None:
    ran = call("test", "pricing")
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines[-2].split() == ["report", generated().report]
    assert lines[-1].split(maxsplit=1) == ["rerun", generated().reproduce]


def test_options_are_passed_on(call: Call, services: FakeServices, tmp_path: Path) -> None:
    options = [
        "--diff",
        "main",
        "--engine",
        "search",
        "--branch",
        "b",
        "--apply",
        "--fresh",
        "--append",
        "--min-gain",
        "2.5",
    ]
    flags = ["--budget", "5", "--sandbox", "podman", "--python", "3.12", "--output", "checks"]
    options += ["--model", "openai:gpt-4.1", "--max-cost", "0.5"]
    assert call("test", "a.py", "pkg.b", "--repo", str(tmp_path), *options, *flags).code == 0
    task = asked(services)
    assert (task.repository, task.targets, task.since) == (str(tmp_path), ("a.py", "pkg.b"), "main")
    assert (task.engine, task.branch, task.apply, task.fresh, task.append) == (Engine.SEARCH, "b", True, True, True)
    assert (task.seconds, task.output, task.min_gain) == (5.0, "checks", 2.5)
    assert (task.sandbox, task.python) == ("podman", "3.12")
    assert (task.model, task.budget) == ("openai:gpt-4.1", Budget(usd=services.loaded.settings.max_cost))
    given = {"generate_seconds": 5.0, "max_cost": 0.5, "sandbox": "podman", "python": "3.12"}
    assert services.connected == [(tmp_path, given)]


def test_a_target_that_is_there_says_which_repository_is_meant(
    call: Call, services: FakeServices, tmp_path: Path
) -> None:
    (tmp_path / "shelf.py").touch()
    assert call("test", "books", f"{tmp_path}/shelf.py::Shelf.add").code == 0
    assert asked(services).targets == ("books", f"{tmp_path}/shelf.py::Shelf.add")
    assert asked(services).repository == str(tmp_path)


def test_a_relative_target_keeps_its_place(
    call: Call, services: FakeServices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pkg").mkdir()
    monkeypatch.chdir(tmp_path)
    assert call("test", "pkg").code == 0
    assert (asked(services).targets, asked(services).repository) == ((f"{tmp_path}/pkg",), f"{tmp_path}/pkg")


def test_nothing_kept_is_exit_code_1(call: Call, services: FakeServices) -> None:
    services.runs.results[ID] = nothing_kept()
    ran = call("test", "pricing", "--json")
    assert ran.code == 1
    assert json.loads(ran.out)["status"] == "unproven"


def test_json_is_the_contract(call: Call) -> None:
    document = json.loads(call("test", "pricing", "--json").out)
    contract = {"run_id", "status", "engine", "targets", "files", "branch_coverage", "line_coverage", "mutation"}
    assert contract | {"dropped", "cost", "seconds", "report"} <= document.keys()
    assert document["branch_coverage"].keys() == document["line_coverage"].keys() == {"before", "after"}
    assert {"killed", "total"} <= document["mutation"].keys()
    assert all({"path", "tests"} <= file.keys() for file in document["files"])
    assert document["dropped"].keys() == {"flaky", "no_gain", "failing"}


def test_what_is_known_is_told_without_a_run(call: Call, services: FakeServices) -> None:
    services.known = replace(generated(), cached=3)
    ran = call("test", "pricing")
    assert (ran.code, services.runs.tasks) == (0, [])
    assert str(generated().report) in ran.out
    assert call("test", "pricing", "--fresh").code == 0
    assert len(services.runs.tasks) == 1


def test_an_error_of_the_targets_is_wrong_usage(call: Call, services: FakeServices) -> None:
    services.runs.error = UsageError("there is no file 'x.py' in the tree", hint="Did you mean y.py?")
    ran = call("test", "x.py", "--json")
    assert ran.code == 2
    assert json.loads(ran.out)["error"]["hint"] == "Did you mean y.py?"


@pytest.mark.parametrize("options", [["--budget", "0"], ["--min-gain", "101"], ["--engine", "magic"]])
def test_values_out_of_range_are_refused_before_there_is_a_run(
    call: Call, services: FakeServices, options: list[str]
) -> None:
    ran = call("test", "pricing", *options)
    assert (ran.code, services.runs.tasks) == (2, [])


def test_runs_show_tells_the_result_of_a_run_of_tests(call: Call) -> None:
    assert str(generated().report) in call("runs", "show", ID).out
    document = json.loads(call("runs", "show", ID, "--json").out)
    assert document["kind"] == "test"
    assert document["result"]["files"]
