"""Edits counted by model and rung, from the steps of runs."""

from __future__ import annotations

from regoose.domain.json import Json
from regoose.domain.run import StepRecord
from regoose.reports.edits import UNKNOWN, added, edits_by_model, edits_document, told_edits
from regoose.reports.trajectory import Said, trajectory
from regoose.workspace.edits import Tally


def step(name: str, value: Json) -> StepRecord:
    return StepRecord(number=1, name=name, started=None, ended=None, value=value, request=({"call": {}},))


STEPS = (
    step("coder 1", {"model": "a:large", "text": ""}),
    step("tester 1", {"model": "b:small", "text": ""}),
    step("coder 1.1 edit", {"text": "done", "edits": {"exact": 2, "fuzzy": 1}}),
    step("tester 1.1 create", {"text": "done", "edits": {"whole": 1}}),
    step("coder 2", {"model": "a:other", "text": ""}),
    step("coder 2.1 read", {"text": "1 x", "edits": {}}),
    step("coder 2.2 edit", {"text": "not found", "edits": {"Missed": 1, "Ambiguous": 2}}),
    step("coder 10.1 edit", {"text": "done", "edits": {"exact": 1}}),
)


def test_each_edit_counts_for_the_model_whose_answer_it_was() -> None:
    assert edits_by_model(STEPS) == {
        "a:large": Tally({"exact": 2, "fuzzy": 1}),
        "b:small": Tally({"whole": 1}),
        "a:other": Tally({"Missed": 1, "Ambiguous": 2}),
        UNKNOWN: Tally({"exact": 1}),
    }
    assert edits_by_model(STEPS[:2]) == {}


def test_runs_add_up_by_model() -> None:
    both = added([edits_by_model(STEPS[:3]), edits_by_model(STEPS[:4])])
    assert edits_document(both) == {
        "a:large": {"edits": 6, "placed": 6, "by_rung": {"exact": 4, "fuzzy": 2}},
        "b:small": {"edits": 1, "placed": 1, "by_rung": {"whole": 1}},
    }


def test_a_trajectory_ends_with_them() -> None:
    assert list(trajectory(STEPS[:7]))[-1] == Said(
        "run",
        "edits, by model",
        "a:large: 3 of 3 edits placed (2 exact, 1 fuzzy)\n"
        "b:small: 1 of 1 edits placed (1 whole)\n"
        "a:other: 0 of 3 edits placed (2 Ambiguous, 1 Missed)",
    )
    assert told_edits({}) == []
