"""What looks wrong reaches the report, and plainly wrong arguments do not."""

from __future__ import annotations

from collections.abc import Callable

from regoose_guest.testgen.schema import ResultJson

ODD = '''
import re


def mean(values):
    """Return the mean of the values."""
    total = 0
    for one in values:
        total += one
    return total / len(values)


def first_word(text):
    return text.strip().split()[0].lower()


def number_in(text: str) -> int:
    return int(re.search(r"[0-9]+", text).group())


def sign(number: int) -> str:
    if number > 0:
        word = "plus"
    elif number < 0:
        word = "minus"
    return word


def depth(number: int) -> int:
    return 0 if number == 0 else 1 + depth(number - 1)


def double(number: int) -> int:
    """
    >>> double(4)
    9
    """
    return 2 * number


def label(size: int) -> str:
    if size > 100:
        return None
    return "small"


def price(net: float, rate: float) -> float:
    if net < 0:
        raise ValueError("negative")
    return net * rate
'''


def test_accidents_and_contradictions_reach_the_report(
    generate: Callable[..., ResultJson], passes: Callable[[], bool]
) -> None:
    result = generate(ODD)

    told = {one["subject"]: one for one in result["oddities"]}
    assert passes()
    assert set(told) == {"mean", "first_word", "number_in", "sign", "depth", "double", "label"}
    assert told["mean"]["observed"].startswith("ZeroDivisionError")
    assert told["first_word"]["observed"].startswith("IndexError")
    assert told["sign"]["call"] == "sign(0)"
    assert "9" in told["double"]["why"]
    assert "RecursionError" not in result["text"]
    assert "UnboundLocalError" not in result["text"]
    assert "price(" in result["text"]
