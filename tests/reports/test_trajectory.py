"""A run told as a conversation, from an export that is kept as it was written."""

from __future__ import annotations

import json
from pathlib import Path

from regoose.domain.run import StepRecord
from regoose.reports.steps import export, load
from regoose.reports.trajectory import Said, shortened, trajectory

EXPORT = Path(__file__).parents[1] / "durable" / "data" / "run.jsonl"


def steps() -> tuple[StepRecord, ...]:
    return load(EXPORT.read_text().splitlines())


def test_it_reads_like_a_conversation() -> None:
    said = [(one.who, one.about.split(" (")[0], one.text) for one in trajectory(steps())]
    spent = "test:one, 1200 tokens in, 1000 of them cached, 80 out, $0.0042"
    call = "→ read\n  path: src/stats.py"
    assert said == [
        ("run", "coder may use: read", ""),
        ("system", "", "You are a careful programmer."),
        ("user", "", 'Carry out: {"repository": "/r"}'),
        ("assistant", f"coder 1: {spent}", f"coder 1: let me look.\n{call}"),
        ("tool", "coder 1.1 read", "what coder 1.1 read gave"),
        ("assistant", f"coder 2: {spent}", f"coder 2: let me look.\n{call}"),
        ("tool", "coder 2.1 read", "what coder 2.1 read gave"),
        ("run", "approval plan: Shall it be delivered?", "2 files were read."),
        ("person", "yes", "Go on."),
        ("run", "deliver", ""),
    ]


def step(value: object, request: tuple[object, ...] | None = None, error: str | None = None) -> StepRecord:
    document = {"number": 1, "name": "coder 1", "started": None, "ended": None, "value": value, "error": error}
    return load([json.dumps({**document, "request": request})])[0]


def test_what_goes_wrong_is_told_too() -> None:
    asked = ({"speaker": "user", "text": "Do it."},)
    (_, failed) = trajectory([step(None, asked, "length: the answer is cut off")])
    assert failed == Said("assistant", "coder 1", "length: the answer is cut off")
    call = {"name": "edit", "arguments": '{"path": '}
    answer = {"text": "", "calls": [call], "stop": "length", "usage": {"estimated": True}, "model": "m:n"}
    (_, cut) = trajectory([step(answer, asked)])
    assert cut == Said("assistant", "coder 1: m:n, about 0 tokens in, 0 out, ended by length", '→ edit\n  {"path": ')
    multi = {"name": "edit", "arguments": json.dumps({"text": "a\nb", "at": 3})}
    (_, told) = trajectory([step({**answer, "calls": [multi]}, asked)])
    assert told.text == "→ edit\n  text:\n    a\n    b\n  at: 3"


def test_checks_are_told_wherever_they_stand() -> None:
    checks = [
        {"name": "red", "status": "passed", "summary": "2 red."},
        {"name": "green", "status": "failed", "summary": ""},
    ]
    (said,) = trajectory([step({"proof": [{"checks": checks}]})])
    assert said.text == "✓ red: passed. 2 red.\n✗ green: failed."


def test_long_texts_are_shortened_in_their_middle_unless_all_is_wanted() -> None:
    text = "\n".join(str(n) for n in range(100))
    short = shortened(text).split("\n")
    assert (short[0], short[30], short[-1], len(short)) == ("0", "… (60 lines left out)", "99", 41)
    assert shortened("x" * 3000) == "x" * 2000 + "… (3,000 characters)"
    (said,) = trajectory([step(text, ({"call": {}},))], whole=True)
    assert said.about == "coder 1"


def test_secrets_never_leave() -> None:
    def redact(text: str) -> str:
        return text.replace("canary", "[secret]")

    hidden = step({"canary": ["canary"]}, ({"speaker": "user", "text": "a canary"},), "canary!")
    assert "canary" not in "".join(export([hidden], redact))
    assert "canary" not in repr(list(trajectory([hidden], redact=redact)))
