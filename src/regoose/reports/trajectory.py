"""
A run told as the conversation it was: who said what, which tools were used, what was checked, what it cost.

Works on steps alone, by the shapes of what they keep: the answer of a model beside the messages it was asked with, the
call of a tool, a person's answer, anything that holds checks. Any other step is one line.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from regoose.domain.json import Json
from regoose.domain.run import StepRecord
from regoose.reports.edits import edits_by_model, told_edits
from regoose.reports.steps import Redact

_HEAD, _TAIL = 30, 10
"""Lines kept of a longer text."""
_WIDTH = 2000
"""Characters kept of a longer line."""
_MARKS = {"passed": "✓", "failed": "✗", "not_run": "-"}


@dataclass(frozen=True, slots=True)
class Said:
    """One contribution: who (`system`, `user`, `assistant`, `tool`, `person`, `run`), about what, and the text."""

    who: str
    about: str
    text: str = ""


def trajectory(steps: Sequence[StepRecord], *, whole: bool = False, redact: Redact = str) -> Iterator[Said]:
    """Give what was said, in order; long texts are shortened in their middle unless it is to be `whole`."""
    told = _Told()
    for step in steps:
        for said in told.of(step):
            text = redact(said.text)
            yield Said(said.who, redact(said.about), text if whole else shortened(text))
    if tallies := edits_by_model(steps):
        yield Said("run", "edits, by model", redact("\n".join(told_edits(tallies))))


def shortened(text: str) -> str:
    """Return a text with its middle lines, and the ends of long lines, left out and counted."""
    lines = [
        line if len(line) <= _WIDTH else f"{line[:_WIDTH]}… ({len(line):,} characters)" for line in text.split("\n")
    ]
    if len(lines) <= _HEAD + _TAIL + 1:
        return "\n".join(lines)
    return "\n".join([*lines[:_HEAD], f"… ({len(lines) - _HEAD - _TAIL:,} lines left out)", *lines[-_TAIL:]])


class _Told:
    """What has been told: each request repeats the conversation so far."""

    def __init__(self) -> None:
        self._talks: dict[str, list[Json]] = {}
        self._texts: set[tuple[str, str]] = set()

    def of(self, step: StepRecord) -> Iterator[Said]:
        """Give what a step adds."""
        messages = [part for part in step.request or () if isinstance(part, dict) and "speaker" in part]
        value = step.value if isinstance(step.value, dict) else {}
        call, question = (_part(step, key) for key in ("call", "question"))
        if messages:
            yield from self._turn(step, messages, value)
        elif call:
            text = step.error or _text(value.get("text", step.value))
            self._texts.add(("tool", text))
            yield Said("tool", f"{step.name}{_took(step)}", text)
        elif question:
            yield Said("run", f"{step.name}: {_text(question.get('text'))}", _text(question.get("details", "")))
            yield _answer(value)
        else:
            yield Said("run", f"{step.name}{_took(step)}", step.error or "\n".join(_checks(step.value)))

    def _turn(self, step: StepRecord, messages: list[dict[str, Json]], value: Mapping[str, Json]) -> Iterator[Said]:
        """Give what is new in a request, then the answer."""
        talk = step.name.rsplit(" ", 1)[0]
        before = self._talks.get(talk, [])
        tools = [_text(one.get("name")) for one in _objects(_parts(step, "tools"))]
        if not before and tools:
            yield Said("run", f"{talk} may use: {', '.join(tools)}")
        for message in messages[_shared(before, messages) :]:
            speaker, text = _text(message["speaker"]), _text(message.get("text", ""))
            if (speaker, text) not in self._texts:
                self._texts.add((speaker, text))
                yield Said(speaker, "", text)
        self._talks[talk] = [*messages]
        if step.error:
            yield Said("assistant", f"{step.name}{_took(step)}", step.error)
            return
        text = _text(value.get("text", ""))
        self._texts.add(("assistant", text))
        calls = [line for call in _objects(value.get("calls")) for line in _call(call)]
        yield Said("assistant", f"{step.name}{_spent(value)}{_took(step)}", "\n".join([*filter(None, [text]), *calls]))


def _shared(before: Sequence[Json], now: Sequence[Json]) -> int:
    same = 0
    for one, other in zip(before, now, strict=False):
        if one != other:
            break
        same += 1
    return same


def _spent(value: Mapping[str, Json]) -> str:
    """Say which model answered, the tokens and the money."""
    usage = value.get("usage")
    tokens = usage if isinstance(usage, dict) else {}
    cached = f", {tokens['cached_tokens']} of them cached" if tokens.get("cached_tokens") else ""
    about = "about " if tokens.get("estimated") else ""
    usd = value.get("usd")
    money = f", ${usd:.4f}" if isinstance(usd, float | int) else ""
    stop = f", ended by {value['stop']}" if value.get("stop") not in {"end", "tool calls"} else ""
    counted = f"{about}{tokens.get('input_tokens', 0)} tokens in{cached}, {tokens.get('output_tokens', 0)} out"
    return f": {value.get('model', '')}, {counted}{money}{stop}"


def _call(call: Mapping[str, Json]) -> Iterator[str]:
    """Give the lines of a tool's call; arguments that are no JSON object are given as they are."""
    yield f"→ {_text(call.get('name'))}"
    written = _text(call.get("arguments", ""))
    try:
        arguments: Json = json.loads(written)
    except ValueError:
        arguments = written
    if not isinstance(arguments, dict):
        yield f"  {written}"
        return
    for name, argument in arguments.items():
        lines = _text(argument).split("\n")
        yield f"  {name}: {lines[0]}" if len(lines) == 1 else f"  {name}:"
        yield from (f"    {line}" for line in lines if len(lines) > 1)


def _answer(value: Mapping[str, Json]) -> Said:
    comment = _text(value.get("comment", ""))
    return Said("person", f"{'yes' if value.get('granted') else 'no'}{_by(value)}", comment)


def _by(value: Mapping[str, Json]) -> str:
    return f" ({value['by']})" if value.get("by") else ""


def _checks(value: Json) -> Iterator[str]:
    """Give a line for each check that a value holds, wherever it is."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for check in _objects(value.get("checks")) if isinstance(value, dict) else ():
        status, name, summary = (_text(check.get(key, "")) for key in ("status", "name", "summary"))
        yield f"{_MARKS.get(status, '?')} {name}: {status}. {summary}".rstrip()
    for one in inner:
        yield from _checks(one)


def _took(step: StepRecord) -> str:
    return f" ({step.ended - step.started:.1f} s)" if step.started is not None and step.ended is not None else ""


def _part(step: StepRecord, key: str) -> dict[str, Json]:
    """Return the object that a step was asked with under a name of its own, an empty one where there is none."""
    found = _parts(step, key)
    return found if isinstance(found, dict) else {}


def _parts(step: StepRecord, key: str) -> Json:
    return next((part[key] for part in step.request or () if isinstance(part, dict) and part.keys() == {key}), None)


def _objects(value: Json) -> list[dict[str, Json]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
