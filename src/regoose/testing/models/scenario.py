"""
Scripts as files: TOML or JSON of the same shape as the values of `script`, without the functions.

    mode = "ordered"                              # or "matched"
    key = "sk-test"                               # asked for, where given
    models = ["small"]                            # all there are, where given

    [[turn]]
    when = { system = "planner", last = "endpoint", tools = ["read"] }
    text = "…"                                    # or json = { … }, which is written as text
    tool_calls = [{ name = "read", arguments = { path = "a.py" } }]   # a string of arguments is sent as it is
    stop = "length"
    usage = { input = 100, output = 20, cached = 80 }
    times = 2

    [[turn]]
    fault = { kind = "rate_limit", retry_after = 0.1 }

    [[conversation]]
    name = "coder"
    when = { system = "coder" }
    [[conversation.turn]]
    text = "…"
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, field_validator

from regoose.errors import UsageError
from regoose.testing.models.script import (
    Answer,
    Conversation,
    Fault,
    FaultKind,
    RateLimit,
    Script,
    Stop,
    ToolCall,
    Turn,
    Usage,
    When,
)

_HINT = "The shape of a scenario is shown in docs/testing-models.md."
_Seconds = Annotated[float, Field(ge=0)]
_Count = Annotated[int, Field(ge=0)]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A script with the key and the models that the server asks for."""

    script: Script
    key: str | None = None
    models: tuple[str, ...] = ()


def read_scenario(path: Path) -> Scenario:
    """Read a file; raises `UsageError` where it is none, naming the place that is wrong."""
    try:
        text = path.read_text(encoding="utf-8")
        values: object = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
        return _File.model_validate(values).scenario()
    except OSError as wrong:
        raise UsageError(f"{path} cannot be read: {wrong.strerror}", hint=_HINT) from wrong
    except ValidationError as wrong:
        found = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'file'}: {one['msg']}" for one in wrong.errors())
        raise UsageError(f"{path} is no scenario: {found}", hint=_HINT) from wrong
    except ValueError as wrong:
        raise UsageError(f"{path} is neither TOML nor JSON: {wrong}", hint=_HINT) from wrong


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _When(_Part):
    system: str = ""
    last: str = ""
    anywhere: str = ""
    tools: tuple[str, ...] = ()
    model: str = ""
    protocol: str = ""

    def value(self) -> When:
        return When(self.system, self.last, self.anywhere, self.tools, self.model, self.protocol)


class _Call(_Part):
    name: str
    arguments: dict[str, JsonValue] | str = ""
    id: str | None = None

    def value(self) -> ToolCall:
        raw = self.arguments if isinstance(self.arguments, str) else json.dumps(self.arguments)
        return ToolCall(self.name, raw, self.id)


class _Usage(_Part):
    input: _Count
    output: _Count
    cached: _Count = 0
    cache_write: _Count = 0
    reasoning: _Count = 0


class _Fault(_Part):
    kind: FaultKind
    seconds: _Seconds = 0.0
    after: _Count = 2
    retry_after: _Seconds | None = None
    as_date: bool = False
    message: str = ""


class _RateLimit(_Part):
    requests_left: _Count
    tokens_left: _Count
    reset_seconds: _Seconds = 1.0
    requests: _Count = 500
    tokens: _Count = 30_000


class _Turn(_Part):
    when: _When = _When()
    times: Annotated[int, Field(ge=1)] = 1
    text: str = ""
    json_text: JsonValue = Field(default=None, alias="json")
    tool_calls: tuple[_Call, ...] = ()
    stop: Stop = "auto"
    usage: _Usage | None = None
    fault: _Fault | None = None
    rate_limit: _RateLimit | None = None
    headers: dict[str, str] = Field(default_factory=dict[str, str])

    @field_validator("json_text")
    @classmethod
    def _written(cls, value: JsonValue) -> JsonValue:
        return json.dumps(value)

    def value(self) -> Turn:
        answer = Answer(
            text=self.text or (self.json_text if isinstance(self.json_text, str) else ""),
            tool_calls=tuple(one.value() for one in self.tool_calls),
            stop=self.stop,
            usage=Usage(**self.usage.model_dump()) if self.usage else None,
            fault=Fault(**self.fault.model_dump()) if self.fault else None,
            rate_limit=RateLimit(**self.rate_limit.model_dump()) if self.rate_limit else None,
            headers=self.headers,
        )
        return Turn(answer, self.when.value(), self.times)


class _Conversation(_Part):
    turn: tuple[_Turn, ...]
    name: str = ""
    when: _When = _When()
    ordered: bool = True

    def value(self) -> Conversation:
        return Conversation(tuple(one.value() for one in self.turn), self.when.value(), self.ordered, self.name)


class _File(_Part):
    mode: Literal["ordered", "matched"] = "ordered"
    key: str | None = None
    models: tuple[str, ...] = ()
    turn: tuple[_Turn, ...] = ()
    conversation: tuple[_Conversation, ...] = ()

    def scenario(self) -> Scenario:
        conversations = [one.value() for one in self.conversation]
        if self.turn:
            turns = tuple(one.value() for one in self.turn)
            conversations.append(Conversation(turns, ordered=self.mode == "ordered"))
        return Scenario(Script(tuple(conversations)), self.key, self.models)
