"""Runs from the command line: answered, replayed, forked, told and exported."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from regoose.domain.approval import Approval, Question
from regoose.domain.ask import AskResult
from regoose.domain.evidence import Finding
from regoose.domain.patch import FileEdit, Patch
from regoose.domain.run import Cost, RunState, StepRecord
from regoose.errors import ReplayMiss
from regoose.reports.steps import load
from regoose.testing import samples
from regoose.testing.services import FakeServices

if TYPE_CHECKING:
    from cli.conftest import Call

ID = "example-1"
PLAN = Question(gate="plan", text="Shall this plan be carried out?", details="1. Mend the mean.")


@pytest.fixture
def services() -> FakeServices:
    made = FakeServices()
    made.runs.results[ID] = samples.proven()
    made.runs.states[ID] = RunState.FINISHED
    return made


@pytest.fixture
def waiting(services: FakeServices) -> FakeServices:
    services.runs.states[ID] = RunState.WAITING
    services.runs.questions[ID] = PLAN
    return services


def test_a_run_that_waits_says_what_for_and_how_to_answer(call: Call, waiting: FakeServices) -> None:
    for command in (["runs", "watch", ID], ["fix", "/r"]):
        ran = call(*command)
        assert (ran.code, ran.out) == (130, "")
        assert PLAN.text in ran.err
        assert f"`regoose runs approve {ID}`; or no: add `--reject --comment TEXT`." in ran.err
    assert call("runs", "watch", ID, "--json").document["run_id"] is None
    del waiting.runs.results[ID]
    shown = call("runs", "show", ID)
    assert (PLAN.details in shown.err, f"runs approve {ID}`" in shown.err) == (True, True)
    assert '"gate": "plan"' in call("runs", "list", "--json").out
    assert waiting.runs.answers == {}


def test_approve_keeps_the_answer_and_goes_on(call: Call, waiting: FakeServices) -> None:
    ran = call("runs", "approve", ID, "--comment", "Go on.")
    assert ran.code == 0
    assert ran.err.startswith(f"Yes: {PLAN.text}\n")
    given = waiting.runs.answers[ID]
    assert (given.granted, given.comment, bool(given.by)) == (True, "Go on.", True)
    again = call("runs", "approve", ID, "--reject")
    assert (again.code, "does not wait for an answer" in again.err) == (2, True)


def test_reject_says_no(call: Call, waiting: FakeServices) -> None:
    assert call("runs", "approve", ID, "--reject", "--comment", "Too large.").code == 0
    assert waiting.runs.answers[ID].granted is False


def test_at_a_terminal_a_person_is_asked_at_once(call: Call, waiting: FakeServices) -> None:
    asked: list[Question] = []

    def yes(question: Question) -> Approval:
        asked.append(question)
        return Approval(granted=True, by="ada")

    assert call("fix", "/r", ask=yes).code == 0
    assert asked == [PLAN]
    assert waiting.runs.answers == {ID: Approval(granted=True, by="ada")}


def test_who_gives_no_answer_leaves_the_run_waiting(call: Call, waiting: FakeServices) -> None:
    def leave(_question: Question) -> None:
        """Give no answer."""

    ran = call("fix", "/r", ask=leave)
    assert (ran.code, waiting.runs.states[ID]) == (130, RunState.WAITING)


def test_replay_tells_what_was_met(call: Call, services: FakeServices) -> None:
    ran = call("runs", "replay", ID)
    assert ran.out == "Replayed 2 steps, 0 calls of a model: the same result, byte for byte.\n"
    services.runs.states["cut-short"] = RunState.INTERRUPTED
    assert "as far as run cut-short is recorded." in call("runs", "replay", "cut-short").out
    document = call("runs", "replay", ID, "--json").document
    assert document == {
        "run_id": ID,
        "steps": 2,
        "model_calls": 0,
        "has_ended": True,
        "next_step": None,
        "error": None,
    }


def test_what_differs_is_an_error(call: Call, services: FakeServices) -> None:
    services.runs.error = ReplayMiss("step 3 (coder 1) was asked something else")
    ran = call("runs", "replay", ID)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.splitlines()[-2:] == [
        "error: step 3 (coder 1) was asked something else",
        "hint: Replay it with the version and prompts that recorded it, or go another way: `regoose runs fork`.",
    ]


def test_fork_and_resume_take_changes_of_the_task(call: Call, services: FakeServices) -> None:
    assert call("runs", "fork", ID, "--at", "coder 3", "--max-cost", "2.5", "--model", "ollama:qwen").code == 0
    assert services.runs.forks == [(ID, "coder 3")]
    assert services.runs.overrides == [{"budget": {"usd": 2.5}, "model": "ollama:qwen"}]
    assert call("runs", "resume", ID, "--max-cost", "1").code == 0
    assert services.runs.overrides[1] == {"budget": {"usd": 1.0}}
    assert call("runs", "fork", ID).code == 2
    assert call("runs", "fork", "nobody", "--at", "1").code == 2


def test_a_trajectory_ends_with_how_to_see_all_of_it(call: Call) -> None:
    ran = call("runs", "show", ID, "--trajectory")
    assert ran.out.splitlines() == ["run  prepare (1.0 s)", "run  search (2.0 s)"]
    assert ran.err == f"Long texts are shortened; all of it: regoose runs show {ID} --trajectory --whole\n"
    assert call("runs", "show", ID, "--trajectory", "--whole").err == ""


def test_the_edits_of_each_model_are_counted(call: Call, services: FakeServices) -> None:
    assert call("runs", "list", "--edits").out == "No model has edited a file in these runs.\n"
    services.runs.steps = (
        StepRecord(number=1, name="coder 1", started=1.0, ended=2.0, value={"model": "test:one", "text": ""}),
        StepRecord(number=2, name="coder 1.1 edit", started=2.0, ended=3.0, value={"edits": {"exact": 1, "Missed": 1}}),
    )
    assert call("runs", "list", "--edits").out == "test:one: 1 of 2 edits placed (1 exact, 1 Missed)\n"
    counted = {"test:one": {"edits": 2, "placed": 1, "by_rung": {"exact": 1, "Missed": 1}}}
    assert call("runs", "list", "--edits", "--json").document["edits"] == counted
    assert call("runs", "show", ID, "--json").document["edits"] == counted
    assert "edits" not in call("runs", "list", "--json").document


def test_export_writes_a_line_a_step(call: Call, tmp_path: Path) -> None:
    out = call("runs", "export", ID).out
    assert [step.name for step in load(out.splitlines())] == ["prepare", "search"]
    assert call("runs", "export", ID, "--output", str(tmp_path / "run.jsonl")).out == ""
    assert (tmp_path / "run.jsonl").read_text() == out


def test_no_secret_leaves_by_them(call: Call, services: FakeServices) -> None:
    services.runs.results["canary-1"] = samples.proven()
    services.runs.states["canary-1"] = RunState.FINISHED
    services.runs.steps = (StepRecord(number=1, name="canary", started=1.0, ended=2.0, value={"key": "canary"}),)
    for command in (["export", "canary-1"], ["show", "canary-1", "--trajectory"]):
        out = call("runs", *command).out
        assert ("canary" in out, "[redacted]" in out) == (False, True)


def test_what_a_role_of_ones_own_handed_in_is_shown(call: Call, services: FakeServices) -> None:
    edit = FileEdit(path="count.md", before=None, after="2\n")
    refused = Finding("policy", "not this role", "stats.py", 0, "not yours", blocking=False)
    services.runs.results[ID] = AskResult(
        run_id=ID,
        role="counter",
        repository="/r",
        base_commit="0" * 40,
        output='{"functions":2}',
        patch=Patch((edit,)),
        refused=(refused,),
        cost=Cost(usd=0.5, input_tokens=10, output_tokens=5, calls=1),
        seconds=1.5,
        models=(("counter", "openai:gpt-4"),),
    )
    shown = call("runs", "show", ID)
    assert shown.code == 0
    for line in ("The counter handed in:", '  "functions": 2', "+2", "refused: stats.py: not yours", "openai:gpt-4"):
        assert line in shown.out
    document = call("runs", "watch", ID, "--json").document
    assert (document["role"], document["output"]) == ("counter", {"functions": 2})
    assert document["cost"] == {"usd": 0.5, "input_tokens": 10, "output_tokens": 5, "calls": 1}
