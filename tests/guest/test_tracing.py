from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import regoose_guest
from regoose_guest.tracing import Tree, pack, unpack

TRACED = """\
import threading


def loop(n):
    total = 0
    for i in range(n):
        if i == 100:
            total = -1
        total += i
    return total


def gen():
    yield 1
    yield 2


def worker():
    thread = threading.Thread(target=loop, args=(1,))
    thread.start()
    thread.join()
"""

DRIVER = """\
import json, sys
sys.path[:0] = [{guest!r}, {tree!r}]
from regoose_guest import tracing
tracer = getattr(tracing, {tracer!r})
tracer = tracer({tree!r}) if {tracer!r} == "make_tracer" else tracer(tracing.Tree({tree!r}))
tracer.start()
import traced
seen = [tracer.take()]
for run in (lambda: traced.loop(3), lambda: traced.loop(3), lambda: list(traced.gen()), traced.worker, json.dumps):
    try:
        run()
    except TypeError:
        pass
    seen.append(tracer.take())
tracer.stop()
traced.loop(101)
seen.append(tracer.take())
tracer.stop()
print(json.dumps([tracing.pack(lines) for lines in seen]))
"""


@given(st.dictionaries(st.text(min_size=1), st.sets(st.integers(1, 60), min_size=1)))
def test_packed_lines_unpack_to_the_same(lines: dict[str, set[int]]) -> None:
    assert unpack(pack(lines)) == lines


def test_ranges_are_compact() -> None:
    assert pack({"a.py": {3, 4, 5, 9, 11, 12}}) == {"a.py": "3-5,9,11-12"}


@pytest.mark.parametrize(
    ("minor", "tracer"),
    [(9, "make_tracer"), (11, "make_tracer"), (12, "make_tracer"), (13, "make_tracer"), (13, "SettraceTracer")],
)
def test_each_context_gets_the_lines_it_ran(
    make_environment: Callable[..., Path],
    write_tree: Callable[[dict[str, str]], Path],
    minor: int,
    tracer: str,
) -> None:
    tree = write_tree({"traced.py": TRACED})
    guest = str(Path(regoose_guest.__file__).parent.parent)
    script = DRIVER.format(guest=guest, tree=str(tree), tracer=tracer)
    python = make_environment(minor, "pytest")
    done = subprocess.run([str(python), "-I", "-c", script], capture_output=True, check=True, timeout=60)
    loaded, *calls, nothing, stopped = json.loads(done.stdout)
    once = {"traced.py": "5-7,9-10"}
    assert set(unpack(loaded)["traced.py"]) >= {1, 4, 13, 18}
    assert calls == [once, once, {"traced.py": "14-15"}, {"traced.py": "5-7,9-10,19-21"}]
    assert nothing == {}
    assert stopped == {}


def test_installed_packages_inside_the_tree_are_not_the_trees_own(tmp_path: Path) -> None:
    tree = Tree(str(tmp_path))
    assert tree.relative(str(tmp_path / "pkg" / "a.py")) == "pkg/a.py"
    assert tree.relative(str(tmp_path / ".venv" / "lib" / "a.py")) is None
    assert tree.relative(str(tmp_path / "x" / "site-packages" / "a.py")) is None
    assert tree.relative(str(tmp_path) + "-other/a.py") is None
    assert tree.relative("<string>") is None
