"""When a repair counts as right: against a reference program, and against the maintainers' fix."""

import random
import sys
from pathlib import Path

import pytest
from bug_corpus import BugEntry, FailingRepository
from library_history import Library
from quixbugs_inputs import GENERATORS, Node, inputs_of
from quixbugs_judge import plain, same
from real_bugs import EQUAL, replay
from replay_values import describe, varied

FIXED = """
LIMIT = 3


def clip(items, limit=LIMIT):
    return _cut(items, limit)


def _cut(items, limit):
    return [item for item in items if item is not None][:limit]
"""
TESTS = """
from lib import clip


def test_clip():
    assert clip([1, None, 2, 3, 4]) == [1, 2, 3]
"""


def judged(tmp_path: Path, patched: str) -> str:
    (tmp_path / "lib.py").write_text(FIXED)
    (tmp_path / "test_lib.py").write_text(TESTS)
    library = Library(name="lib", repository="a/lib", pythons=("3.13",), requirements=())
    bug = BugEntry(
        name="lib-1",
        library=library,
        commit="",
        parent="",
        source="lib.py",
        test_files=("test_lib.py",),
        python="3.13",
        red=("test_lib.py::test_clip",),
        red_either_way=0,
    )
    failing = FailingRepository(bug=bug, folder=tmp_path, python=Path(sys.executable))
    return replay(failing, tmp_path, [{"path": "lib.py", "fixed": FIXED, "patched": patched}])


def test_another_way_to_write_the_fix_is_equal(tmp_path: Path) -> None:
    patched = FIXED.replace("item is not None]", "not (item is None)]").replace("[:limit]", "[0:limit]")
    assert judged(tmp_path, patched) == EQUAL


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("item is not None", "item"),
        ("[:limit]", "[:3]"),
        ("limit=LIMIT", "limit=4"),
        ("LIMIT = 3", "LIMIT = 4"),
        ("[item for", "[str(item) for"),
    ],
)
def test_a_patch_that_acts_otherwise_on_some_call_differs(tmp_path: Path, old: str, new: str) -> None:
    assert judged(tmp_path, FIXED.replace(old, new)).startswith("differs on")


def test_what_no_test_calls_is_not_judged(tmp_path: Path) -> None:
    assert judged(tmp_path, FIXED + "\n\ndef unused():\n    return 1\n").startswith("not judged")


def test_results_are_compared_by_content() -> None:
    assert describe([1, (2.0, {"a"})]) == describe([1, (2.0, {"a"})])
    assert describe([1] == [1]) != describe(1)
    assert describe([1]) != describe((1,))
    assert describe(iter([1, 2])) == describe(number for number in (1, 2))


@pytest.mark.parametrize("value", [3, 2.5, "text", b"bytes", [1, 2], (1,), {"a": 1}, {1, 2}, None, True])
def test_a_variation_keeps_the_kind_or_is_none(value: object) -> None:
    rng = random.Random(0)
    kinds: set[type] = {type(varied(rng, value)) for _ in range(200)}
    assert kinds <= {type(value), type(None)}


@pytest.mark.parametrize("program", sorted(GENERATORS))
def test_inputs_are_many_and_the_same_every_time(program: str) -> None:
    first = [repr(arguments) for arguments in inputs_of(program)]
    assert len(first) >= 25
    assert first == [repr(arguments) for arguments in inputs_of(program)]


def test_linked_lists_and_orderings_are_read_as_values() -> None:
    tail = Node(2)
    assert plain(Node(1, successor=tail)) == ("linked list", [1, 2])
    assert plain([tail]) == [2]


def test_a_root_may_be_off_by_its_tolerance() -> None:
    assert same("sqrt", (2, 0.1), 1.41, 1.5)
    assert not same("sqrt", (2, 0.01), 1.41, 1.5)
    assert not same("gcd", (2, 1), 1, 2)
