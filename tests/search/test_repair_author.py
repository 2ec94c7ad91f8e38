"""The host's side: the command it sends, the lines it hears, the report it builds."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regoose.sandbox.base import Result
from regoose.search.repair import RepairOptions, RepairProgress, repair
from regoose.search.repair.result import apply_spans
from regoose.testing.sandbox import ScriptedSandbox
from regoose_guest.repair.schema import ResultJson, SpanJson

BASE = b"def f(a):\r\n    return a < 1  # \xe9\r\n"


def result_file(**changes: object) -> dict[str, bytes]:
    full: ResultJson = {
        "stopped": "proven enough",
        "note": "",
        "tried": 12,
        "seconds": 1.5,
        "behaviours": 2,
        "candidates": [
            {
                "number": 1,
                "spans": [{"path": "f.py", "start": 24, "end": 25, "new": "<="}],
                "template": "comparison operator",
                "description": "Compare with `<=`",
                "score": 0.5,
                "behaviour": 1,
                "fixed": ["t::a"],
                "kept": [],
            }
        ],
        "suspects": [{"path": "f.py", "line": 2, "function": "f", "score": 1.0}],
        "differences": [{"call": "f(1)", "before": "False", "answers": [{"candidates": [1], "value": "True"}]}],
        "failing": ["t::a"],
        "unmeasured": [],
    }
    return {"/tmp/regoose/repair-result.json": json.dumps({**full, **changes}).encode()}


def base(path: str) -> bytes:
    assert path == "f.py"
    return BASE


async def test_a_candidate_becomes_a_patch_of_the_base_with_every_other_byte_kept() -> None:
    sandbox = ScriptedSandbox(Result(exit_code=0, files=result_file()))
    report = await repair(sandbox, "/venv/bin/python", RepairOptions(targets=("t::a",)), files=base)
    (candidate,) = report.candidates
    (edit,) = candidate.patch.edits
    assert edit.after is not None
    assert edit.after.encode("utf-8", "surrogateescape") == BASE.replace(b"<", b"<=")
    assert (report.behaviours, report.tried, report.stopped) == (2, 12, "proven enough")
    assert report.suspects[0].score == 1.0
    assert report.differences[0].answers[0].candidates == (1,)


async def test_the_command_carries_the_options_and_its_own_environment() -> None:
    sandbox = ScriptedSandbox(Result(exit_code=0, files=result_file()))
    options = RepairOptions(targets=("t::a",), seconds=5, seed=3)
    await repair(sandbox, "/py", options, files=base, env={"LANG": "C.UTF-8", "PYTHONPATH": "/work/src"})
    (command,) = sandbox.commands
    assert command.argv[:3] == ("/py", "-m", "regoose_guest.repair")
    assert command.env["LANG"] == "C.UTF-8"
    assert command.env["PYTHONPATH"].split(":") == ["/opt/regoose", "/work/src"]
    (written,) = command.writes.values()
    assert written is not None
    given = json.loads(written)
    assert (given["targets"], given["seconds"], given["seed"]) == (["t::a"], 5, 3)
    assert command.limits is not None
    assert command.limits.seconds > 5


async def test_progress_lines_are_followed_and_other_output_is_not() -> None:
    line = {"phase": "search", "tried": 3, "plausible": 1, "best": "x", "seconds": 0.5}
    noise = (b"hello", b"{not json", b'{"phase": 1}', b"[]")
    sandbox = ScriptedSandbox(Result(exit_code=0, files=result_file()), (*noise, json.dumps(line).encode()))
    seen: list[RepairProgress] = []
    await repair(sandbox, "/py", RepairOptions(targets=()), files=base, on_progress=seen.append)
    assert seen == [RepairProgress(phase="search", tried=3, plausible=1, best="x", seconds=0.5)]


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (
            Result(exit_code=1, stderr=b"Traceback\nModuleNotFoundError: No module named 'pytest'\n"),
            "No module named 'pytest'",
        ),
        (Result(exit_code=None, timed_out=True), "did not end within its time"),
        (Result(exit_code=0, files={"/tmp/regoose/repair-result.json": b'{"stopped": 1}'}), "cannot be read"),
    ],
)
async def test_an_engine_that_ends_badly_is_reported_not_raised(result: Result, words: str) -> None:
    report = await repair(ScriptedSandbox(result), "/py", RepairOptions(targets=()), files=base)
    assert report.stopped == "unsupported"
    assert words in report.note
    assert report.candidates == ()


@given(st.binary(max_size=60), st.data())
def test_spans_replace_their_bytes_and_no_other(before: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(before)), min_size=2, max_size=2)))
    new = data.draw(st.binary(max_size=8))
    span: SpanJson = {"path": "f", "start": cuts[0], "end": cuts[1], "new": new.decode("utf-8", "surrogateescape")}
    assert apply_spans(before, [span]) == before[: cuts[0]] + new + before[cuts[1] :]


def test_spans_that_do_not_fit_the_base_are_refused() -> None:
    one: SpanJson = {"path": "f", "start": 0, "end": 3, "new": ""}
    other: SpanJson = {"path": "f", "start": 2, "end": 4, "new": ""}
    with pytest.raises(ValueError, match="does not fit"):
        apply_spans(b"abcdef", [one, other])
    with pytest.raises(ValueError, match="does not fit"):
        apply_spans(b"ab", [one])
