"""The journal's file, where several processes come to it at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from regoose.durable import database


@pytest.fixture
def processes() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(6, mp_context=get_context("forkserver")) as pool:
        yield pool


def test_all_who_make_it_at_once_get_it(tmp_path: Path, processes: ProcessPoolExecutor) -> None:
    for number in range(20):
        place = tmp_path / str(number)
        assert list(processes.map(database.check, [place] * 6)) == [place / "regoose.db"] * 6
