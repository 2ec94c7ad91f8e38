"""Strings are made that regular expressions match."""

from __future__ import annotations

import re
from random import Random

import pytest

from regoose_guest.testgen.regexes import matching


@pytest.mark.parametrize(
    "pattern",
    [
        r"abc",
        r"[a-f]{2,3}\d+",
        r"(?P<year>\d{4})-(?P<month>\d{1,2})$",
        r"^(a|b|cd)*(?:x)?\s\w$",
        r"(['\"])[^'\"]*\1",
        r"[^a-z]\D\S\W",
        r"<img\b[^>]*\balt=(\"([^\"]*)\"|'([^']*)')[^>]*>",
        r"(a)?b(?(1)c|d)",
    ],
)
def test_matches(pattern: str) -> None:
    random = Random(3)
    made = [matching(random, pattern) for _ in range(60)]

    fit = [one for one in made if one is not None and re.search(pattern, one)]
    assert len(fit) > 40
    assert len(set(fit)) > (0 if pattern == "abc" else 1)


def test_dates_come_out_as_dates() -> None:
    random = Random(3)
    made = [matching(random, r"(?P<month>\d{2})/(?P<day>\d{2})") or "" for _ in range(200)]

    assert any(1 <= int(one[:2]) <= 12 and 1 <= int(one[3:]) <= 28 for one in made)


def test_gives_none_for_what_is_no_pattern() -> None:
    assert matching(Random(3), "(") is None
