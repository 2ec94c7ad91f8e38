"""
The loop of an agent: ask the model, use the tools it calls one after another, until it hands in what its role asks for.

Each model call and each tool call is a step of the run: journalled, replayed, never paid for twice.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Generic, Protocol

from regoose.agents.changes import Changes
from regoose.agents.desk import Desk
from regoose.agents.dialect import NATIVE, Dialect, text_dialect
from regoose.agents.gatekeeper import Gatekeeper, Refused
from regoose.agents.role import FINISH, O, Role
from regoose.agents.talk import Talk
from regoose.agents.tool import AnyTool, Mistake, Observation, Prepared, parse
from regoose.agents.trouble import Trouble, ending_trouble
from regoose.domain.conversation import LLMResponse, Message, ToolCall, ToolSpec, answer, system, user
from regoose.domain.policy import Act, Action
from regoose.errors import AgentFailed, ModelUnsuitable, PolicyRefused, WindowExceeded

if TYPE_CHECKING:
    from regoose.durable.run import Run


class UnknownTool(Mistake):
    """The model called a tool that it does not have."""


_SAME = 3
"""How often one action may be repeated while nothing changes."""


_NO_SUMMARY = "It could not be summed up. Look again at what you need; what you changed is still changed."


class Models(Protocol):
    """The models of one run, by role; see `regoose.providers`."""

    async def generate(
        self, role: str, key: str, messages: Sequence[Message], *, tools: Sequence[ToolSpec] = (), max_tokens: int
    ) -> LLMResponse:
        """Answer a conversation; `key` names the call, so that one that was answered is not made again."""
        ...


@dataclass(frozen=True, slots=True)
class ModelRoom:
    """What a model can hold and say, in tokens."""

    window: int
    answer_tokens: int

    @property
    def answer(self) -> int:
        """The most that one answer gets: of a small window, a quarter."""
        return min(self.answer_tokens, self.window // 4)


class Agent(Generic[O]):
    """
    A role at work on one task. `work` begins, `go_on` sends it back with what was found.

    `room` is the model's, as the run recorded it.
    """

    def __init__(
        self, role: Role[O], models: Models, run: Run, desk: Desk, gatekeeper: Gatekeeper, room: ModelRoom
    ) -> None:
        self._role = role
        self._specs = role.specs()
        self._room = room
        self._models = models
        self._run = run
        self._desk = desk
        self._gatekeeper = gatekeeper
        self._dialect: Dialect = NATIVE
        self._talk = Talk((), ())
        self._turn = 0
        self._troubles = 0
        self._seen: Counter[tuple[str, str, str]] = Counter()

    @property
    def changes(self) -> Changes:
        """What it has changed."""
        return self._desk.changes

    async def work(self, **variables: str) -> O:
        """Open the conversation by the role's prompt and return what is handed in; raises `AgentFailed`."""
        told, asked = self._role.prompt.render(**variables)
        self._talk = Talk((system(told), user(asked)), self._specs)
        return await self._until_finished()

    async def go_on(self, findings: str) -> O:
        """Go on with the same conversation, and return what is handed in next."""
        self._talk.add(user(findings))
        return await self._until_finished()

    async def _until_finished(self) -> O:
        self._troubles = 0
        while self._turn < self._role.turns:
            self._turn += 1
            response = await self._ask()
            if response is None:
                continue
            output = await self._act(response)
            if output is not None:
                return output
        raise AgentFailed(f"turns: the {self._role.name} did not finish within {self._role.turns} turns")

    async def _ask(self) -> LLMResponse | None:
        """Make one model call; None where it has to be put differently, which is arranged for."""
        name = f"{self._role.name} {self._turn}"
        await self._talk.fit(self._room.window, self._room.answer, self._summarise)
        try:
            response = await self._call(name, *self._dialect.ask(self._talk.messages, self._specs))
        except WindowExceeded:
            self._trouble(Trouble("window", ""))
            self._talk.distrust()
            return None
        except ModelUnsuitable:
            if self._dialect is not NATIVE:
                raise
            self._dialect = text_dialect()
            return None
        self._talk.learn(response)
        return self._dialect.read(response, self._turn)

    async def _call(self, name: str, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> LLMResponse:
        role, limit = self._role.name, self._room.answer
        return await self._run.step(
            name,
            LLMResponse,
            lambda: self._models.generate(role, name, messages, tools=tools, max_tokens=limit),
            _say_response,
            request=[{"tools": [asdict(tool) for tool in tools]}, *(asdict(message) for message in messages)],
        )

    async def _act(self, response: LLMResponse) -> O | None:
        """Do what the answer calls for; return what was handed in, if anything."""
        trouble = ending_trouble(response)
        if trouble is not None:
            if response.text.strip():
                self._talk.add(Message(speaker=response.message().speaker, text=response.text))
            self._trouble(trouble)
            return None
        self._talk.add(response.message())
        output: O | None = None
        for number, call in enumerate(response.calls, start=1):
            if output is not None:
                self._talk.add(answer(call, "Not done: you have handed in your result before."))
            elif call.name == FINISH:
                output = await self._finish(number, call)
            else:
                self._talk.add(answer(call, await self._use(number, call)))
        return output

    async def _use(self, number: int, call: ToolCall) -> str:
        """Use one tool; return what the model is told."""
        try:
            prepared = self._tool(call.name).prepare(call.arguments)
            name = f"{self._role.name} {self._turn}.{number} {call.name}"
            await self._gatekeeper.let(name, prepared.actions, self._role.refuses)
            self._stop_repeating(call)
            observation = await self._run.step(
                name, Observation, lambda: self._observe(prepared), _say_observation, request=[{"call": asdict(call)}]
            )
        except Mistake as mistake:
            self._count_trouble(_mistake_name(mistake, call))
            return str(mistake)
        if observation.refused:
            self._gatekeeper.refused(name, prepared.actions, observation.refused)
        self._troubles = 0
        let = {action.target for action in prepared.actions}
        others = [Action(Act.WRITE, edit.path) for edit in observation.patch.edits if edit.path not in let]
        try:
            await self._gatekeeper.let(name, others, self._role.refuses)  # a path may have been mended on the way
        except Mistake as mistake:
            return str(mistake)
        self._desk.changes.apply(observation.patch)
        return observation.text

    async def _observe(self, prepared: Prepared) -> Observation:
        """Use a tool; what it says of its wrong use is told as well as what it found."""
        await self._desk.place.tree()
        try:
            return await prepared.use(self._desk)
        except Mistake as mistake:
            return Observation(str(mistake))
        except PolicyRefused as error:
            return Observation(f"Refused by policy: {error.message}. Find another way.", refused=error.message)

    def _tool(self, name: str) -> AnyTool:
        for tool in self._role.tools:
            if tool.name == name:
                return tool
        known = ", ".join([*(tool.name for tool in self._role.tools), FINISH])
        raise UnknownTool(f"There is no tool {name!r}. The tools are: {known}.")

    async def _finish(self, number: int, call: ToolCall) -> O | None:
        name = f"{self._role.name} {self._turn}.{number} {FINISH}"
        output: O | None = None
        try:
            output = handed_in = parse(self._role.output, call.arguments, "what you handed in")
            wanting = await self._run.step(name, str, lambda: self._accepted(handed_in), _say_acceptance)
        except Mistake as mistake:
            wanting = str(mistake)
        self._talk.add(answer(call, wanting or "Handed in."))
        if wanting:
            self._count_trouble("wrong result")
            return None
        return output

    async def _accepted(self, output: O) -> str:
        await self._desk.place.tree()
        try:
            return await self._role.accept(output, self._desk)
        except PolicyRefused as error:
            return f"Refused by policy: {error.message}."
        except Mistake as mistake:
            return str(mistake)

    def _stop_repeating(self, call: ToolCall) -> None:
        """Raise `Mistake` where an action is repeated though nothing has changed; `AgentFailed` where it goes on."""
        action = (call.name, call.arguments, self._desk.changes.state())
        self._seen[action] += 1
        if self._seen[action] > 2 * _SAME:
            raise AgentFailed(f"loop: the {self._role.name} repeated `{call.name}` {2 * _SAME} times without a change")
        if self._seen[action] > _SAME:
            raise Mistake(
                f"You have done exactly this {_SAME} times, and nothing has changed since. Do something else, or "
                "call `finish`."
            )

    def _trouble(self, trouble: Trouble) -> None:
        self._count_trouble(trouble.name)
        if trouble.told:
            self._talk.add(user(trouble.told))

    def _count_trouble(self, name: str) -> None:
        self._troubles += 1
        if self._troubles > self._role.patience:
            raise AgentFailed(
                f"{name}: the {self._role.name} could not be used {self._troubles} times in a row; the last: {name}"
            )

    async def _summarise(self, messages: Sequence[Message]) -> str:
        """Have a part summed up. The tools stay named: Anthropic refuses a history of calls without them."""
        name = f"{self._role.name} {self._turn} summary"
        asked = user(
            "Sum up this work for yourself, in at most 400 words: what is known, what was changed and where, what "
            "failed and why, what remains to be done. Use no tool."
        )
        try:
            response = await self._call(name, *self._dialect.ask([*messages, asked], self._specs))
        except WindowExceeded:
            return _NO_SUMMARY
        return response.text.strip() or _NO_SUMMARY


def _mistake_name(mistake: Mistake, call: ToolCall) -> str:
    if isinstance(mistake, UnknownTool):
        return "unknown tool"
    if isinstance(mistake, Refused):
        return "refused by policy"
    try:
        json.loads(call.arguments or "{}")
    except ValueError:
        return "malformed tool call"
    return "wrong tool call"


def _say_response(response: LLMResponse) -> str:
    calls = ", ".join(call.name for call in response.calls)
    usage = f"{response.usage.input_tokens:,} + {response.usage.output_tokens:,} tokens"
    return f"{calls or response.stop.value} ({usage}, ${response.usd:.4f})"


def _say_acceptance(wanting: str) -> str:
    return wanting.partition("\n")[0] or "handed in"


def _say_observation(observation: Observation) -> str:
    first = observation.text.strip().partition("\n")[0]
    return first if len(first) <= 100 else f"{first[:99]}…"  # noqa: PLR2004 - a line of a terminal
