"""A model without a wire: the fake of `regoose.providers.port.LLMProvider`, with the scripts of the server."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from regoose.domain.conversation import LLMResponse, Message, OutputFormat, Speaker, ToolCall, ToolSpec
from regoose.domain.conversation import Stop as Stopped
from regoose.domain.conversation import Usage as Used
from regoose.errors import (
    ModelDenied,
    ModelRejected,
    ModelUnavailable,
    ModelUnsuitable,
    QuotaExhausted,
    RegooseError,
    UnknownModel,
    WindowExceeded,
)
from regoose.providers.attempt import Circumstances
from regoose.testing.models.director import Director, Unscripted
from regoose.testing.models.reply import reply_to
from regoose.testing.models.request import CallSeen, MessageSeen, Prompt, Request
from regoose.testing.models.script import Answer, Fault, FaultKind, Script, Turn
from regoose.testing.models.values import JsonObject
from regoose.testing.models.wire.openai_chat import OpenAIChat

_ERRORS: dict[FaultKind, type[RegooseError]] = {
    FaultKind.QUOTA: QuotaExhausted,
    FaultKind.UNAUTHORIZED: ModelDenied,
    FaultKind.FORBIDDEN: ModelDenied,
    FaultKind.UNKNOWN_MODEL: UnknownModel,
    FaultKind.BAD_REQUEST: ModelRejected,
    FaultKind.CONTEXT_OVERFLOW: WindowExceeded,
    FaultKind.PROMPT_FILTERED: ModelRejected,
    FaultKind.NO_TOOLS: ModelUnsuitable,
}
_MAY_COST = frozenset({FaultKind.SERVER_ERROR, FaultKind.RESET, FaultKind.CUT, FaultKind.TRUNCATED, FaultKind.GARBAGE})
_WAITS = frozenset({FaultKind.SLOW_START, FaultKind.DRIP})
_STOPS = {
    "end": Stopped.END,
    "tool_calls": Stopped.TOOL_CALLS,
    "length": Stopped.LENGTH,
    "refusal": Stopped.REFUSAL,
    "content_filter": Stopped.CONTENT_FILTER,
}


class ScriptedProvider:
    """
    Answers by a script; a list of turns is a script in order.

    Faults are the errors that the port names for them, or waits. `requests` has what was asked, `problems` what the
    script had no turn for and histories that no API takes: calls without answers, answers without calls.
    """

    def __init__(
        self, script: Script | Sequence[Turn | Answer], *, name: str = "scripted:model", window: int = 128_000
    ) -> None:
        self._director = Director(script if isinstance(script, Script) else Script.ordered(*script))
        self._name = name
        self._window = window
        self.requests: list[Request] = []
        self.problems: list[str] = []

    async def generate(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[ToolSpec] = (),
        output: OutputFormat | None = None,
        max_tokens: int | None = None,
    ) -> LLMResponse:
        """Return the turn's answer; raises its fault, `ModelRejected` for a history, `Unscripted` without a turn."""
        prompt = Prompt(
            model=self._name,
            messages=tuple(_seen(one) for one in messages if one.speaker is not Speaker.SYSTEM),
            system="\n".join(one.text for one in messages if one.speaker is Speaker.SYSTEM),
            tools=tuple(one.name for one in tools),
            max_tokens=max_tokens,
            schema=None if output is None else output.schema,
        )
        body: JsonObject = {"messages": [_written(one) for one in messages]}
        request = Request(len(self.requests) + 1, "port", "", prompt, body=body)
        self.requests.append(request)
        if refused := OpenAIChat().check(body):
            self.problems.append(f"request {request.number} is illegal: {refused.message}")
            raise ModelRejected(refused.message)
        try:
            answer = self._director.answer(request)
        except Unscripted as wrong:
            self.problems.append(str(wrong))
            raise
        if answer.fault is not None:
            await _befall(answer.fault, self._name)
        return self._response(request, answer)

    def get_model_name(self) -> str:
        """Return the name that was given."""
        return self._name

    def get_max_tokens(self) -> int:
        """Return the window that was given."""
        return self._window

    @property
    def unused(self) -> tuple[str, ...]:
        """The turns that nothing has asked for yet."""
        return self._director.unused()

    def _response(self, request: Request, answer: Answer) -> LLMResponse:
        reply = reply_to(request, answer)
        return LLMResponse(
            text=reply.text,
            calls=tuple(
                ToolCall(id=one.id or f"made_{request.number}_{index}", name=one.name, arguments=one.raw)
                for index, one in enumerate(reply.calls)
            ),
            stop=_STOPS[reply.stop],
            usage=Used(
                input_tokens=reply.usage.input,
                cached_tokens=reply.usage.cached,
                output_tokens=reply.usage.output,
                estimated=answer.usage is None,
            ),
            model=self._name,
        )


def _written(message: Message) -> JsonObject:
    """Return a message as OpenAI has it, whose rules a history is held to."""
    written: JsonObject = {"role": message.speaker.value, "content": message.text}
    if message.calls:
        written["tool_calls"] = [
            {"id": one.id, "type": "function", "function": {"name": one.name, "arguments": one.arguments}}
            for one in message.calls
        ]
    if message.answers:
        written["tool_call_id"] = message.answers
    return written


def _seen(message: Message) -> MessageSeen:
    return MessageSeen(
        role="tool" if message.speaker is Speaker.TOOL else "user" if message.speaker is Speaker.USER else "assistant",
        text=message.text,
        calls=tuple(CallSeen(one.id, one.name, one.arguments) for one in message.calls),
        answers=(message.answers,) if message.answers else (),
    )


async def _befall(fault: Fault, model: str) -> None:
    """Wait, or raise what the fault is to who asks through the port."""
    if fault.kind in _WAITS:
        await asyncio.sleep(fault.seconds)
    elif fault.kind is FaultKind.ENDLESS:
        await asyncio.Event().wait()
    else:
        error = _ERRORS.get(fault.kind, ModelUnavailable)
        raise error(fault.message or f"{model}: {fault.kind.value}, as scripted") from Circumstances(
            retryable=error is ModelUnavailable, free=fault.kind not in _MAY_COST, retry_after=fault.retry_after
        )
