"""What a call gives is looked into the way a caller would: entered, iterated over, awaited, its arguments at hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from regoose_guest.testgen.acts import CONSTRUCTOR, FUNCTION, METHOD, Act, held_arguments
from regoose_guest.testgen.folders import is_outside
from regoose_guest.testgen.guard import Guard
from regoose_guest.testgen.running import Outcome, Runner

MODULE = """
import asyncio
from contextlib import asynccontextmanager, contextmanager

@contextmanager
def logged(log):
    if not log:
        raise ValueError("no log")
    log.append("in")
    yield len(log)
    log.append("out")

@asynccontextmanager
async def session(name):
    yield name.upper()

async def countdown(start):
    while start:
        yield start
        start -= 1

class Door:
    is_open = False
    def __enter__(self):
        self.is_open = True
        return self
    def __exit__(self, *_):
        self.is_open = False
    def look(self):
        return self.is_open

def save(path, text):
    path.write_text(text)

def load(path):
    return path.read_text()
"""


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    namespace: dict[str, object] = {}
    exec(MODULE, namespace)
    return Runner(namespace, Guard(str(tmp_path)), str(tmp_path))


def run(runner: Runner, *acts: Act) -> Outcome:
    return runner.run(acts, 5.0, holds=True)


@pytest.mark.parametrize(
    ("call", "expected", "wrapped"),
    [
        (Act(FUNCTION, "", "logged", ("['a']",)), 2, "with"),
        (Act(FUNCTION, "", "session", ("'a'",)), "A", "awith"),
        (Act(FUNCTION, "", "countdown", ("2",)), [2, 1], "aiter"),
    ],
)
def test_what_a_call_is_made_for_is_looked_at(runner: Runner, call: Act, expected: object, wrapped: str) -> None:
    outcome = run(runner, call)
    assert (outcome.values, outcome.wrapped, outcome.error) == ([expected], wrapped, None)


def test_what_raises_as_it_is_entered_is_told_from_a_call_that_raises(runner: Runner) -> None:
    outcome = run(runner, Act(FUNCTION, "", "logged", ("[]",)))
    assert (str(outcome.error), outcome.wrapped) == ("no log", "with")
    outcome = run(runner, Act(FUNCTION, "", "logged"))
    assert (type(outcome.error), outcome.wrapped) == (TypeError, "")


def test_what_is_entered_is_left_after_the_last_act(runner: Runner) -> None:
    door = Act(CONSTRUCTOR, "", "Door")
    outcome = run(runner, door, Act(METHOD, "v0", "__enter__"), Act(METHOD, "v0", "look"))
    assert outcome.values[2] is True
    assert not outcome.values[0].is_open


def test_arguments_that_may_be_changed_are_at_hand_afterwards(runner: Runner) -> None:
    run(runner, Act(FUNCTION, "", "logged", ("['a']",)))
    assert runner.locals["a0"] == ["a", "in", "out"]
    act = Act(METHOD, "v0", "put", ("1", "[2]"), (("more", "{3}"),))
    assert held_arguments(act)[1] == {"a1": "[2]", "a_more": "{3}"}
    assert held_arguments(Act(METHOD, "v0", "__eq__", ("[2]",)))[1] == {}


def test_files_that_a_call_writes_are_news_and_those_written_for_it_are_not(runner: Runner) -> None:
    place = "tmp_path / 'a.txt'"
    run(runner, Act(FUNCTION, "", "save", (place, "'b'")))
    assert runner.files == {f"({place}).read_text()": "b"}
    outcome = run(runner, Act(FUNCTION, "", f"({place}).write_text", ("'c'",)), Act(FUNCTION, "", "load", (place,)))
    assert (outcome.values[-1], runner.files) == ("c", {})


@pytest.mark.parametrize("text", ["tmp_path / '/etc'", "tmp_path / 'a/../..'", "f(tmp_path / 3)", "tmp_path / '/'"])
def test_paths_out_of_the_folder_are_refused(runner: Runner, text: str) -> None:
    assert is_outside(text)
    with pytest.raises(ValueError, match="out of the folder"):
        run(runner, Act(FUNCTION, "", "load", (text,)))


def test_paths_in_the_folder_are_not_refused() -> None:
    assert not any(map(is_outside, ["tmp_path", "tmp_path / 'a/b.txt'", "[tmp_path / 'a', tmp_path / 'b']", "'/'"]))
