"""Private functions are called for what public ones do not reach, and only where that leaves no trace."""

from __future__ import annotations

from collections.abc import Callable

from regoose_guest.testgen.schema import ResultJson

TEXT = """
RULES = []


def _add(one, many):
    if one == many:
        RULES.append((one + "!", many))
    else:
        RULES.append((one, many))


_add("man", "men")


def _grade(points):
    if points > 1000000:
        raise ValueError("too many")
    return "A" if points > 9 else "B"


def grade(points: bool) -> str:
    return _grade(int(bool(points)))


def plural(word: str) -> str:
    for one, many in RULES:
        if word == one:
            return many
    return word + "s"
"""


def test_private_functions_fill_gaps_and_leave_no_trace(
    generate: Callable[..., ResultJson], passes: Callable[[], bool]
) -> None:
    text = generate(TEXT)["text"]

    assert "_grade(" in text
    assert "_add(" not in text
    assert 'plural("man")' in text or '"men"' in text
    assert passes()
