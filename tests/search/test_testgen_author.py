"""The host's side: the command it sends, the lines it hears, the draft it makes of every kind of ending."""

from __future__ import annotations

import json

import pytest

from regoose.domain.generation import Oddity, Target, TestFile
from regoose.sandbox.base import Result
from regoose.search.testgen import GenerateOptions, GenerateProgress, Style, generate
from regoose.testing.sandbox import ScriptedSandbox
from regoose_guest.testgen.schema import ResultJson

TARGET = Target(path="src/shop/stock.py", module="shop.stock", only=("Stack",), lines=(3, 4))
OPTIONS = GenerateOptions(
    test_path="tests/test_stock.py", seconds=5, seed=3, style=Style(line_length=100, own=("shop",))
)
RESULT = "/tmp/regoose/testgen-result.json"


def result_file(**changes: object) -> dict[str, bytes]:
    full: ResultJson = {
        "text": "def test_a():\n    assert True\n",
        "oddities": [{"line": 7, "subject": "f", "call": "f(1)", "observed": "IndexError", "why": "An accident."}],
        "unsteady": 2,
        "note": "",
        "executions": 100,
        "seconds": 1.5,
    }
    return {RESULT: json.dumps({**full, **changes}).encode()}


async def test_the_file_and_the_oddities_become_a_draft() -> None:
    sandbox = ScriptedSandbox(Result(exit_code=0, seconds=2.0, files=result_file()))
    draft = await generate(sandbox, "/py", TARGET, OPTIONS)
    assert draft.target == TARGET
    assert draft.file == TestFile("tests/test_stock.py", "def test_a():\n    assert True\n")
    odd = Oddity(path=TARGET.path, line=7, subject="f", call="f(1)", observed="IndexError", why="An accident.")
    assert draft.oddities == (odd,)
    assert (draft.unsteady, draft.note, draft.seconds) == (2, "", 2.0)


async def test_no_text_is_no_file_and_the_note_says_why() -> None:
    sandbox = ScriptedSandbox(Result(exit_code=0, files=result_file(text="\n", note="The module has no functions.")))
    draft = await generate(sandbox, "/py", TARGET, OPTIONS)
    assert draft.file is None
    assert draft.note == "The module has no functions."


async def test_the_command_carries_the_options_and_its_own_environment() -> None:
    sandbox = ScriptedSandbox(Result(exit_code=0, files=result_file()))
    await generate(sandbox, "/py", TARGET, OPTIONS, env={"LANG": "C.UTF-8", "PYTHONPATH": "/work/src"})
    (command,) = sandbox.commands
    assert command.argv[:3] == ("/py", "-m", "regoose_guest.testgen")
    assert command.env["LANG"] == "C.UTF-8"
    assert command.env["PYTHONPATH"].split(":") == ["/opt/regoose", "/work/src"]
    (written,) = command.writes.values()
    given = json.loads(written or b"")
    assert (given["path"], given["module"], given["only"], given["lines"]) == (
        "src/shop/stock.py",
        "shop.stock",
        ["Stack"],
        [3, 4],
    )
    assert (given["seconds"], given["seed"], given["result"]) == (5, 3, RESULT)
    assert given["style"] == {"line_length": 100, "quotes": '"', "classes": False, "own": ["shop"]}
    assert command.reads == (RESULT,)
    assert command.limits is not None
    assert command.limits.seconds > 5


async def test_progress_lines_are_followed_and_other_output_is_not() -> None:
    line = {"phase": "explore", "executions": 3, "branches": 1, "branches_total": 8, "cases": 2, "killed": 0}
    line |= {"mutants": 0, "seconds": 0.5}
    noise = (b"hello", b"{not json", b'{"phase": 1}', b"[]")
    sandbox = ScriptedSandbox(Result(exit_code=0, files=result_file()), (*noise, json.dumps(line).encode()))
    seen: list[GenerateProgress] = []
    await generate(sandbox, "/py", TARGET, OPTIONS, on_progress=seen.append)
    assert [(one.phase, one.executions, one.branches_total) for one in seen] == [("explore", 3, 8)]


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (Result(exit_code=1, stderr=b"Traceback\nImportError: no C extension\n"), "(exit code 1): ImportError: no C"),
        (Result(exit_code=3), "without a result (exit code 3)."),
        (Result(exit_code=None, timed_out=True), "did not end within its time"),
        (Result(exit_code=None, signal=9, out_of_memory=True), "more memory"),
        (Result(exit_code=None, signal=11), "ended by signal 11"),
        (Result(exit_code=0, files={RESULT: b'{"text": 1}'}), "cannot be read"),
        (Result(exit_code=0, files={RESULT: b"\xff"}), "cannot be read"),
    ],
)
async def test_an_engine_that_ends_badly_is_a_note(result: Result, words: str) -> None:
    draft = await generate(ScriptedSandbox(result), "/py", TARGET, OPTIONS)
    assert draft.file is None
    assert words in draft.note
