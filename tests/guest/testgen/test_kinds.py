"""Annotations, defaults and uses become kinds of values."""

from __future__ import annotations

import datetime as dt
import enum
import typing

import pytest

from regoose_guest.testgen.kinds import ANY, Annotations, Kind


class Stack:
    """A class of the module."""


class Colour(enum.Enum):
    """An enumeration of another one."""

    RED = 1


NAMESPACE: dict[str, object] = {"Stack": Stack, "Colour": Colour, "Union": typing.Union}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (int, Kind("int")),
        (slice, Kind("slice")),
        (dt.timedelta, Kind("timedelta")),
        (None, Kind("none")),
        (typing.Any, ANY),
        ("int", Kind("int")),
        ("no such thing", ANY),
        (list[int], Kind("list", (Kind("int"),))),
        (typing.Iterable[str], Kind("list", (Kind("str"),))),
        (dict[str, int], Kind("dict", (Kind("str"), Kind("int")))),
        (tuple[int, ...], Kind("tuple", (Kind("int"),))),
        (tuple[int, str], Kind("row", (Kind("int"), Kind("str")))),
        (int | None, Kind("union", (Kind("int"), Kind("none")))),
        (int | str, Kind("union", (Kind("int"), Kind("str")))),
        (typing.Literal["a", 1], Kind("literals", (Kind("literal", text="'a'"), Kind("literal", text="1")))),
        (typing.Callable[[int], str], Kind("callable")),
        (Stack, Kind("instance", text="Stack")),
        ("Stack", Kind("instance", text="Stack")),
        (Colour, Kind("foreign", text="Colour")),
        (typing.TypeVar("T", int, str), Kind("union", (Kind("int"), Kind("str")))),
        (typing.NewType("Size", int), Kind("int")),
    ],
)
def test_reads_annotations(given: object, expected: Kind) -> None:
    assert Annotations(NAMESPACE, {"Stack": Stack}).kind(given) == expected


def test_default_and_uses_weigh_most() -> None:
    annotations = Annotations(NAMESPACE, {"Stack": Stack})
    mix = annotations.mixed({"str": 3, "instance:Stack": 3}, has_default=True, default=1, named="dict")
    weights = {one.text or one.name: weight for one, weight in zip(mix.of, mix.weights, strict=True)}

    assert weights["int"] > weights["str"] == weights["Stack"] > weights["dict"] > 0
