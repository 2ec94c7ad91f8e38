from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from regoose.domain.patch import FileEdit, Patch

LINES = st.lists(
    st.text(st.sampled_from("ab -+@\\\t\r\f\0\x85\u2028é\udcff\"'"), max_size=6).map(lambda line: line + "\n"),
    max_size=12,
)
ENDS = st.sampled_from(["", "x", "\r", "-- y", "é\udc80"])
TEXTS: st.SearchStrategy[str] = st.tuples(LINES, ENDS).map(lambda parts: "".join(parts[0]) + parts[1])
NAMES = st.text(st.sampled_from("ab .-_\"'\\\t\n\rü\udcfe{}*?"), min_size=1, max_size=8).filter(
    lambda name: name.strip(".") != ""
)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)


def encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def git_apply(root: Path, diff: str, *options: str) -> None:
    env = {
        "PATH": os.environ["PATH"],
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_DIR": "/nonexistent",
    }
    subprocess.run(["git", "apply", *options], cwd=root, input=encode(diff), check=True, env=env, capture_output=True)


def check(edit: FileEdit, context: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        target = Path(os.fsdecode(os.path.join(os.fsencode(name), encode(edit.path))))  # noqa: PTH118
        target.parent.mkdir(parents=True, exist_ok=True)
        if edit.before is not None:
            target.write_bytes(encode(edit.before))
        git_apply(Path(name), Patch((edit,)).diff(context), *(["--unidiff-zero"] if context == 0 else []))
        assert (target.read_bytes() if target.exists() else None) == (
            None if edit.after is None else encode(edit.after)
        )


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(PATHS, st.one_of(st.none(), TEXTS), st.one_of(st.none(), TEXTS), st.sampled_from([0, 1, 3]))
def test_git_apply_gives_exactly_the_patched_bytes(
    path: str, before: str | None, after: str | None, context: int
) -> None:
    assume(before != after)
    check(FileEdit(path, before, after), context)


@pytest.mark.parametrize(
    "path", ["a b.py", 'q"uote.py', "back\\slash.py", "ümlaut/ß.py", "tab\there", "x\udcff.py", "-n"]
)
def test_unusual_paths(path: str) -> None:
    check(FileEdit(path, "a\nb\n", "a\nc\n"), 3)
    check(FileEdit(path, None, "new"), 3)
    check(FileEdit(path, "old\n", None), 3)


def test_an_edit_that_changes_nothing_has_no_diff() -> None:
    assert Patch((FileEdit("a", "x\n", "x\n"),)).diff() == ""


def test_changed_lines_counts_content_that_looks_like_a_header() -> None:
    assert Patch((FileEdit("a", "-- x\n\fy\n", "++ z\n\fy\n"),)).changed_lines() == 2
