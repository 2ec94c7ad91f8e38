"""The results file cannot be changed, cut or added to unnoticed by anyone without the key."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from regoose.domain.evidence import Outcome
from regoose.verify.results import read_results
from regoose_guest.journal import Journal

KEY = bytes(32)
outcomes = st.lists(st.sampled_from(["passed", "failed", "error", "skipped"]), min_size=1, max_size=8)


def written(results: list[str], *, finish: bool = True) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "deep" / "results"
        journal = Journal(str(path), KEY)
        journal.record("begin", {"pytest": "9"})
        journal.record("collected", {"ids": [f"t::{number}" for number in range(len(results))]})
        for number, outcome in enumerate(results):
            journal.record("start", {"i": number})
            journal.record("case", {"i": number, "outcome": outcome, "seconds": 0.1, "lines": {"a.py": "1-3"}})
        if finish:
            journal.record("end", {"exit": 0})
            journal.finish()
        return path.read_bytes()


@given(outcomes)
def test_what_is_written_is_read(results: list[str]) -> None:
    run = read_results(written(results), KEY)
    assert [case.outcome for case in run.cases] == [Outcome(result) for result in results]
    assert run.collected == tuple(f"t::{number}" for number in range(len(results)))
    assert run.ended
    assert not run.problems
    assert run.lines["t::0"] == {"a.py": {1, 2, 3}}


@given(outcomes, st.data())
def test_a_changed_byte_is_noticed(results: list[str], data: st.DataObject) -> None:
    content = bytearray(written(results))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    run = read_results(bytes(content), KEY)
    assert run.problems or not run.ended


@given(outcomes, st.data())
def test_a_line_dropped_moved_or_repeated_is_noticed(results: list[str], data: st.DataObject) -> None:
    lines = written(results).splitlines(keepends=True)
    place = data.draw(st.integers(0, len(lines) - 2))
    line = lines.pop(place)
    if data.draw(st.booleans()):
        lines.insert(data.draw(st.integers(0, len(lines)).filter(lambda other: other != place)), line)
    run = read_results(b"".join(lines), KEY)
    assert run.problems or not run.ended


@given(outcomes, st.data())
def test_a_file_that_was_cut_keeps_what_came_before_and_never_ends(results: list[str], data: st.DataObject) -> None:
    content = written(results)
    run = read_results(content[: data.draw(st.integers(0, len(content) - 1))], KEY)
    assert not run.ended
    assert [case.outcome for case in run.cases] == [Outcome(result) for result in results[: len(run.cases)]]


def test_another_key_reads_nothing() -> None:
    run = read_results(written(["passed"]), bytes(31) + b"x")
    assert not run.begun
    assert run.problems


def test_a_test_that_had_begun_is_named() -> None:
    lines = written(["passed", "passed"]).splitlines(keepends=True)
    run = read_results(b"".join(lines[:5]), KEY)
    assert run.running == "t::1"
    assert [case.id for case in run.cases] == ["t::0"]
