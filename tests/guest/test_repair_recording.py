"""What is recorded of the calls that tests make, and what is made of them."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from regoose_guest.repair.inputs import Mutator
from regoose_guest.repair.program import Program
from regoose_guest.repair.recording import Call, Recorder, function_of

CODE = """\
def scaled(by):
    def scale(value, *more, extra=0):
        return [one * by + extra for one in (value, *more)]
    return scale


def plain(value):
    return value + 1
"""


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    name = f"recorded_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text(CODE)
    spec = importlib.util.spec_from_file_location(name, tmp_path / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    program = Program(str(tmp_path))
    program.load()
    yield program
    del sys.modules[name]


def record(program: Program) -> list[Call]:
    """Calls of two closures of the edited function and of a function beside it."""
    ((path, (module,)),) = program.modules.items()
    recorder = Recorder(program, {(path, 1, "scaled"): 4})
    recorder.start()
    try:
        twice, thrice = module.scaled(2), module.scaled(3)
        twice(1)
        thrice(1, 5, extra=7)
        module.plain(8)
    finally:
        recorder.stop()
    return recorder.calls


def test_calls_of_closures_are_recorded_with_the_closure_that_was_called(program: Program) -> None:
    calls = [(call.key[2], call.positional, call.keywords, call.edited) for call in record(program)]
    assert calls == [
        ("scaled", (2,), {}, True),
        ("scaled", (3,), {}, True),
        ("scale", (1,), {"extra": 0}, True),
        ("scale", (1, 5), {"extra": 7}, True),
        ("plain", (8,), {}, False),
    ]


def test_a_recorded_call_made_again_answers_as_it_did(program: Program) -> None:
    answers: list[object] = []
    for call in record(program):
        function = function_of(program, call)
        assert function is not None
        answers.append(function(*call.positional, **call.keywords))
    assert answers[2:] == [[2], [10, 22], 9]


def test_generated_calls_go_to_edited_functions_more_often_than_their_share(program: Program) -> None:
    recorded = record(program)
    beside = next(call for call in recorded if not call.edited)
    calls = Mutator([recorded[-2], *([beside] * 9)], seed=0).calls(20, seconds=60)
    assert sum(call.edited for call in calls) > len(calls) / 3
    assert all(call.generated for call in calls)
