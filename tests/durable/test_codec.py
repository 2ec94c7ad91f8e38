from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regoose import errors
from regoose.domain.patch import FileEdit, Patch
from regoose.domain.task import FixTask
from regoose.durable.codec import dumps, from_json, loads, to_json


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Inner:
    text: str
    colour: Colour


@dataclass(frozen=True, slots=True)
class Outer:
    many: tuple[Inner, ...]
    maybe: Inner | None
    share: float
    table: dict[str, tuple[str, ...]]
    lines: Mapping[str, frozenset[int]]


texts = st.text(st.characters(codec=None)) | st.binary().map(lambda raw: raw.decode("utf-8", "surrogateescape"))
inners = st.builds(Inner, texts, st.just(Colour.RED))
outers = st.builds(
    Outer,
    st.lists(inners).map(tuple),
    st.none() | inners,
    st.floats(allow_nan=False, allow_infinity=False),
    st.dictionaries(texts, st.lists(texts).map(tuple)),
    st.dictionaries(texts, st.frozensets(st.integers())),
)


@given(outers)
def test_a_value_survives_the_journal(value: Outer) -> None:
    assert from_json(loads(dumps(to_json(value, Outer))), Outer) == value  # type: ignore[arg-type]


def test_a_patch_of_bytes_that_are_no_text_survives() -> None:
    patch = Patch((FileEdit("a\udcff.py", "x\udc80\r\n", None),))
    assert from_json(loads(dumps(to_json(patch, Patch))), Patch) == patch  # type: ignore[arg-type]


def test_a_task_survives() -> None:
    task = FixTask(repository="/r ä", tests=("a::b",), choose=2)
    assert from_json(loads(dumps(to_json(task, FixTask))), FixTask) == task  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [errors.NothingToFix, errors.SandboxDied, errors.TimeLimit, errors.RegooseError])
def test_an_error_keeps_its_class_message_and_hint(kind: type[errors.RegooseError]) -> None:
    back = loads(dumps(kind("what", hint="how")))
    assert type(back) is kind
    assert isinstance(back, errors.RegooseError)
    assert (back.message, back.hint) == ("what", "how")


def test_no_pickle_and_no_code_in_the_text() -> None:
    assert json.loads(dumps(ValueError("x")))["$error"] == "RegooseError"
