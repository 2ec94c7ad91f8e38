"""From a request to its response: routes, keys, checks, the script's turn, and the record of it all."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from regoose.testing.models import state
from regoose.testing.models.catalogue import catalogue
from regoose.testing.models.delivery import (
    Response,
    failure_response,
    json_response,
    stream_response,
    whole_response,
)
from regoose.testing.models.director import Director, Unscripted
from regoose.testing.models.headers import kept, sent_with
from regoose.testing.models.record import Exchange, Record
from regoose.testing.models.reply import reply_to
from regoose.testing.models.request import Request
from regoose.testing.models.routes import format_of
from regoose.testing.models.script import WIRE_FAULTS, Answer, Fault, FaultKind, Script
from regoose.testing.models.values import JsonObject, as_object, parsed
from regoose.testing.models.wire.base import WireFormat


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request as HTTP carries it."""

    method: str
    target: str
    headers: Sequence[tuple[str, str]]
    content: bytes = b""

    @property
    def path(self) -> str:
        """The path without the query."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        """The last value of each name in the query."""
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.target).query).items()}

    @property
    def keys(self) -> set[str]:
        """The keys that came with it, whichever way."""
        values: Mapping[str, str] = {name.lower(): value for name, value in self.headers}
        named = [values.get(name, "") for name in ("x-api-key", "api-key", "x-goog-api-key")]
        given = [*named, values.get("authorization", "").removeprefix("Bearer "), self.query.get("key", "")]
        return {one for one in given if one}


@dataclass(slots=True)
class Backend:
    """
    Answers requests by a script.

    A `key`, where given, is asked for; `models`, where given, are all that there are.
    """

    script: Script
    key: str | None = None
    models: tuple[str, ...] = ()
    record: Record = field(default_factory=Record)
    director: Director = field(init=False)

    def __post_init__(self) -> None:
        self.director = Director(self.script)

    def respond(self, incoming: Incoming) -> Response:
        """Answer a request."""
        try:
            body = as_object(parsed(incoming.content or b"{}"))
        except (json.JSONDecodeError, UnicodeDecodeError):
            return json_response(400, {"error": {"message": "the body is no JSON", "type": "invalid_request_error"}})
        if (incoming.method, incoming.path) == ("GET", state.PATH):
            return json_response(200, state.state(self.record, self.director))
        wire = format_of(incoming.method, incoming.path, incoming.query)
        if wire is not None:
            return self._model_call(incoming, wire, body)
        found = catalogue(incoming.method, incoming.path, body, self.models)
        if found is not None:
            return json_response(200, found)
        self.record.problem(f"no route for {incoming.method} {incoming.path}")
        return json_response(404, {"error": {"message": f"Invalid URL ({incoming.method} {incoming.path})"}})

    def _model_call(self, incoming: Incoming, wire: WireFormat, body: JsonObject) -> Response:
        number = self.record.number()
        prompt = wire.read(body, incoming.path)
        request = Request(number, wire.name, incoming.path, prompt, kept(incoming.headers), body)
        if self.key is not None and self.key not in incoming.keys:
            return self._error(wire, request, Answer(fault=Fault(FaultKind.UNAUTHORIZED)))
        if self.models and prompt.model not in self.models:
            return self._error(wire, request, Answer(fault=Fault(FaultKind.UNKNOWN_MODEL)))
        if refused := wire.check(body):
            self.record.problem(f"request {number} is illegal in {wire.name}: {refused.message}")
            failure = wire.refused(refused)
            self.record.add(Exchange(request, failure.status))
            return failure_response(failure, {})
        try:
            answer = self.director.answer(request)
        except Unscripted as wrong:
            return self._unscripted(request, str(wrong))
        except Exception as wrong:  # noqa: BLE001  # a turn's own function may do anything wrong
            return self._unscripted(request, f"the turn for request {number} failed: {wrong!r}")
        return self._answer(wire, request, answer)

    def _unscripted(self, request: Request, why: str) -> Response:
        self.record.problem(why)
        self.record.add(Exchange(request, 500))
        body: JsonObject = {"error": {"message": why, "type": "unscripted", "param": None, "code": "unscripted"}}
        if request.protocol == "ollama":
            body = {"error": why}
        return json_response(500, body, {"x-should-retry": "false"})

    def _error(self, wire: WireFormat, request: Request, answer: Answer) -> Response:
        assert answer.fault is not None
        failure = wire.failure(answer.fault, request.prompt.model, request.number)
        self.record.add(Exchange(request, failure.status))
        return failure_response(failure, sent_with(answer, wire.name, request.number))

    def _answer(self, wire: WireFormat, request: Request, answer: Answer) -> Response:
        fault = answer.fault
        is_error = fault is not None and fault.kind not in WIRE_FAULTS
        untellable = fault is not None and fault.kind is FaultKind.STREAM_ERROR and not request.prompt.stream
        if is_error or untellable:
            return self._error(wire, request, answer)
        reply = reply_to(request, answer)
        render = stream_response if request.prompt.stream else whole_response
        response = render(wire, reply, fault, sent_with(answer, wire.name, request.number))
        self.record.add(Exchange(request, response.status, reply.usage if response.status == HTTPStatus.OK else None))
        return response
