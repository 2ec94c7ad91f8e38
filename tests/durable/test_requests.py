"""What steps were asked: it survives the journal, and any change of it is noticed and named."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regoose.domain.json import Json
from regoose.durable import record
from regoose.durable.difference import show_difference
from regoose.durable.engine import Engine
from regoose.durable.journal import Journal
from regoose.durable.record import Record
from regoose.durable.recorded import Recorded
from regoose.durable.replay import replay
from regoose.durable.requests import Requests
from regoose.durable.run import Run, Workflow
from regoose.errors import ReplayMiss

texts = st.sampled_from(["", "a", "b", "\udcff", "$request", "$error"])
leaves = st.none() | st.booleans() | st.integers(-3, 3) | texts
values: st.SearchStrategy[Json] = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["text", "speaker", "$request", "$error", "value"]), inner, max_size=3)
    ),
    max_leaves=6,
)
requests = st.none() | st.lists(values.map(lambda value: {"part": value}), max_size=5)


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    request: Sequence[Json] | None
    value: Json


steps = st.builds(Step, st.sampled_from(["coder 1", "coder 2", "tester 1"]), requests, values)
scripts = st.lists(steps, max_size=8)


def stored(script: Sequence[Step]) -> tuple[Record, ...]:
    """Return the steps as a journal gives them back."""
    known = Requests()
    kept: list[Record] = []
    for number, step in enumerate(script, start=1):
        asked = None if step.request is None else known.pack(number, step.request)
        text = json.dumps(record.pack_value(step.value, asked))
        kept.append(record.read(number, step.name, text, None, (None, None)))
        if asked is not None:
            known.learn(number, asked)
    return tuple(kept)


@given(scripts)
def test_values_and_requests_survive_the_journal(script: list[Step]) -> None:
    kept = stored(script)
    assert [one.value for one in kept] == [step.value for step in script]
    known = Recorded(kept).requests
    for number, step in enumerate(script, start=1):
        assert known.of(number) == (None if step.request is None else tuple(step.request))


@given(scripts, st.data())
def test_the_first_steps_are_complete_without_the_later_ones(script: list[Step], data: st.DataObject) -> None:
    kept = stored(script)
    cut = data.draw(st.integers(0, len(script)))
    known = Recorded(kept[:cut]).requests
    assert [known.of(n + 1) for n in range(cut)] == [
        None if step.request is None else tuple(step.request) for step in script[:cut]
    ]


@given(st.permutations(range(1, 6)), st.lists(st.lists(st.sampled_from("abc"), max_size=4), min_size=5, max_size=5))
def test_steps_at_once_may_be_recorded_in_any_order(order: list[int], asked: list[list[str]]) -> None:
    known = Requests()
    kept: list[Record] = []
    for number in order:
        packed = known.pack(number, asked[number - 1])
        kept.append(record.read(number, "n", json.dumps(record.pack_value(None, packed)), None, (None, None)))
        known.learn(number, packed)
    read = Recorded(kept).requests
    assert [read.of(number) for number in range(1, 6)] == [tuple(parts) for parts in asked]


def test_a_part_is_kept_once() -> None:
    known = Requests()
    long: list[Json] = [{"text": "x" * 1000}]
    sizes: list[int] = []
    for number in range(1, 50):
        long.append({"speaker": "user", "text": f"message {number}"})
        packed = known.pack(number, long)
        known.learn(number, packed)
        sizes.append(len(json.dumps(record.pack_request(packed))))
    assert max(sizes[1:]) < 250


DIFFERENCES: list[tuple[Json, Json, str]] = [
    (
        {"speaker": "user", "text": "a b c"},
        {"speaker": "user", "text": "a x c"},
        '(user message) differs at text; recorded: "a b c"; now: "a x c"',
    ),
    ({"tools": [{"name": "a"}]}, {"tools": []}, '(tools) differs at tools[0].name; recorded: "a"; now: nothing'),
    ({"tools": []}, {"speaker": "user", "text": ""}, "(tools, now user message) differs at tools"),
    ({"a": 1}, {"a": "1"}, '(a) differs at a; recorded: "1"; now: "1"'),
    ({"a": 1}, None, '(a) is missing now; recorded: "{\\"a\\": 1}"'),
    (None, {"speaker": "tool", "text": "t"}, "(tool message) is additional now: "),
]


@pytest.mark.parametrize(("was", "now", "said"), DIFFERENCES)
def test_a_difference_is_shown_with_its_place(was: Json, now: Json, said: str) -> None:
    assert said in show_difference(2, was, now)


def test_a_long_text_is_shown_around_the_difference() -> None:
    was, now = "a" * 500 + "X" + "b" * 500, "a" * 500 + "Y" + "b" * 500
    shown = show_difference(1, {"text": was}, {"text": now})
    assert f'recorded: "…{"a" * 60}X{"b" * 59}…"; now: "…{"a" * 60}Y{"b" * 59}…"' in shown


def played(script: Sequence[Step]) -> Workflow:
    """Return a workflow that makes the steps of a script, in order."""

    async def workflow(run: Run, _task: Json) -> Json:
        given: list[Json] = []
        for number, step in enumerate(script, start=1):

            async def do(step: Step = step) -> str:
                return json.dumps(step.value)

            name = f"{step.name} {number}"
            given.append(await run.step(name, str, do, request=step.request))
        return {"given": given}

    return workflow


async def replayed(state: Path, run_id: str, script: Sequence[Step]) -> int:
    workflow = played(script)
    return (await replay(Journal(state), run_id, {"fix": workflow}, lambda _event: None)).steps


def changed(script: Sequence[Step], data: st.DataObject) -> tuple[int, list[Step]] | None:
    """Change one request that was kept; None where there is none."""
    asked = [(at, step.request) for at, step in enumerate(script) if step.request is not None]
    if not asked:
        return None
    at, request = data.draw(st.sampled_from(asked))
    other = data.draw(requests.filter(lambda one: one != request and json.dumps(one or []) != json.dumps(request)))
    return at, [replace(step, request=other) if n == at else step for n, step in enumerate(script)]


@given(st.lists(scripts, min_size=4, max_size=6), st.data())
@settings(max_examples=3, deadline=None)
async def test_replay_equals_the_run_and_a_changed_request_is_a_miss(
    several: list[list[Step]], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        state = Path(directory)
        turn = iter(several)

        async def next_one(run: Run, task: Json) -> Json:
            return await played(next(turn))(run, task)

        async with Engine(state, {"fix": next_one}) as engine:
            for number in range(len(several)):
                await engine.start("fix", f"fix-{number}", {})
                await engine.result(f"fix-{number}")
        for number, script in enumerate(several):
            assert await replayed(state, f"fix-{number}", script) == len(script)
            change = changed(script, data)
            if change is not None:
                at, other = change
                with pytest.raises(ReplayMiss, match=rf"step {at + 1} \({script[at].name} {at + 1}\)"):
                    await replayed(state, f"fix-{number}", other)
