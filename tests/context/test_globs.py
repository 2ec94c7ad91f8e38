from __future__ import annotations

import pytest

from regoose.context.globs import matcher
from regoose.errors import TimeLimit, UsageError


@pytest.mark.parametrize(
    ("pattern", "paths"),
    [
        ("**", ["a.py", "src/a.py", "src/b/c.txt"]),
        ("*.py", ["a.py", "src/a.py"]),
        ("src/*", ["src/a.py"]),
        ("src/**", ["src/a.py", "src/b/c.txt"]),
        ("src/", ["src/a.py", "src/b/c.txt"]),
        ("**/c.*", ["src/b/c.txt"]),
        ("./src/?.py", ["src/a.py"]),
        ("[ab].py", ["a.py", "src/a.py"]),
        ("[!a].py", []),
        ("a", []),
        ("src/[a.py", []),
    ],
)
def test_a_pattern_means_these_paths(pattern: str, paths: list[str]) -> None:
    matches = matcher(pattern)
    assert [path for path in ("a.py", "src/a.py", "src/b/c.txt") if matches(path)] == paths


@pytest.mark.parametrize("pattern", ["", " ", "x" * 501, "[z-a]"])
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(UsageError):
        matcher(pattern)


def test_a_pattern_of_many_stars_ends() -> None:
    with pytest.raises(TimeLimit):
        matcher("*a" * 100 + "b")("a" * 4000)
