from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import regoose_guest
from regoose_guest.arcs import pack_arcs, unpack_arcs
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


ARCS = """\
import json, sys
sys.path[:0] = [{guest!r}, {tree!r}]
from regoose_guest import arcs, tracing
if {settrace}:
    tracer = arcs.SettraceArcs(tracing.Tree({tree!r}), ["traced.py"])
else:
    tracer = arcs.make_arc_tracer({tree!r}, ["traced.py"])
tracer.start()
import traced
loaded = tracer.take_arcs()
def removing():
    sys.settrace(None)
    traced.loop(1)
seen = []
for run in (lambda: traced.loop(0), removing, lambda: list(traced.gen()), traced.worker, json.dumps):
    tracer.take()
    try:
        run()
    except TypeError:
        pass
    seen.append(tracer.take_arcs())
tracer.stop()
traced.loop(101)
seen.append(tracer.take_arcs())
tracer.stop()
print(json.dumps([arcs.pack_arcs(one) for one in [loaded, *seen]]))
"""


@pytest.mark.parametrize(("minor", "settrace"), [(9, False), (11, False), (12, False), (13, False), (13, True)])
def test_each_context_gets_the_arcs_it_took(
    make_environment: Callable[..., Path],
    write_tree: Callable[[dict[str, str]], Path],
    minor: int,
    settrace: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    tree = write_tree({"traced.py": TRACED})
    script = ARCS.format(guest=str(Path(regoose_guest.__file__).parent.parent), tree=str(tree), settrace=settrace)
    done = subprocess.run(
        [str(make_environment(minor, "pytest")), "-I", "-c", script], capture_output=True, check=True, timeout=60
    )
    loaded, empty, removed, generated, threaded, nothing, stopped = json.loads(done.stdout)
    around = {"traced.py": "-4>5>6>10>-4"}
    once = {(-4, 5), (5, 6), (6, 7), (7, 9), (9, 6), (6, 10), (10, -4)}
    assert {(-1, 1), (1, 4), (4, 13), (13, 18), (18, -1)} <= unpack_arcs(loaded)["traced.py"]
    assert unpack_arcs(empty) == unpack_arcs(around)
    if minor < 12 or settrace:  # a trace function can be removed; the next context has it again
        assert removed == {}
    else:
        assert unpack_arcs(removed)["traced.py"] == once
    assert unpack_arcs(generated)["traced.py"] == {(-13, 14), (14, 15), (15, -13)}
    assert unpack_arcs(threaded)["traced.py"] == once | {(-18, 19), (19, 20), (20, 21), (21, -18)}
    assert nothing == stopped == {}


@given(st.dictionaries(st.text(min_size=1), st.sets(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=1)))
def test_packed_arcs_unpack_to_the_same(arcs: dict[str, set[tuple[int, int]]]) -> None:
    assert unpack_arcs(pack_arcs(arcs)) == arcs


def test_chains_are_compact() -> None:
    assert pack_arcs({"a.py": {(1, 2), (-1, 1), (2, -1), (1, 5)}}) == {"a.py": "-1>1>2,1>5,2>-1"}


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
