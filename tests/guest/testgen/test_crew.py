"""One task for several processes: their shares, their answers, and what ended them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from time import monotonic

from regoose_guest.testgen.crew import Crew, Deadline, documents, errors, lines


def test_every_process_has_its_share_and_its_answer(tmp_path: Path) -> None:
    items = list(range(7))

    def work(share: tuple[int, int], target: str) -> None:
        Path(target).write_text(json.dumps({"mine": items[share[0] :: share[1]]}))

    targets = Crew(str(tmp_path), 3, Deadline(monotonic(), 60)).run("sums", work, monotonic() + 60)

    answers = [answer["mine"] for answer in documents(targets)]
    assert sorted(one for mine in answers for one in mine) == items
    assert not errors(targets)


def test_an_answer_that_was_cut_counts_as_far_as_it_goes(tmp_path: Path) -> None:
    def work(_share: tuple[int, int], target: str) -> None:
        Path(target).write_text('{"a": 1}\n{"b": 2}\n{"c":')
        os._exit(3)

    targets = Crew(str(tmp_path), 1, Deadline(monotonic(), 60)).run("cut", work, monotonic() + 60)

    assert list(lines(targets)) == [{"a": 1}, {"b": 2}]
    assert documents(targets) == []


def test_what_ends_a_process_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    def work(share: tuple[int, int], target: str) -> None:
        if share[0]:
            raise ValueError("no such\nthing")
        Path(target).write_text("[]")

    targets = Crew(str(tmp_path), 2, Deadline(monotonic(), 60)).run("half", work, monotonic() + 60)

    assert errors(targets) == ["no such"]
    assert len(documents(targets)) == 1


def test_patience_ends_soon_after_the_whole_time() -> None:
    fresh, late = Deadline(monotonic(), 100.0), Deadline(monotonic() - 100.0, 100.0)

    assert fresh.patience_for(10.0) == 12.0
    assert 0.5 <= late.patience_for(0.5) < 2.0
    assert Deadline(0.0, 10.0).at(0.5) == 5.0
