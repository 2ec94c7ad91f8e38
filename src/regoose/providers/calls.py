"""
Everything around an attempt, in one place: budget, deadline, retry, balance, fallback, and the ledger's book of it.

An attempt is entered in the ledger at the most that it can cost before it is made, and settled by what the provider
counted. One that failed is taken back where it certainly cost nothing (it was declined, or never connected); any
other stays entered in full, because nobody knows. Endpoints that fail are avoided for a while: exponentially longer,
with full jitter (Brooker, "Exponential Backoff and Jitter", 2015), or as long as the provider says.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, replace

from regoose.domain.budget import Budget, Reservation
from regoose.domain.conversation import LLMResponse, Message, OutputFormat, ToolSpec, Usage
from regoose.domain.run import Cost
from regoose.errors import ModelUnavailable, RegooseError, WindowExceeded
from regoose.providers.attempt import Circumstances, circumstances
from regoose.providers.balance import Place, choose
from regoose.providers.endpoints import Endpoint
from regoose.providers.ledger import Ledger
from regoose.providers.prices import Prices
from regoose.providers.tokens import Calibration, bound, size

_SHORTEST_ANSWER = 256
"""Tokens; a call that leaves less room than that for its answer is not made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The clock, sleep and chance that calls go by."""

    now: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: Callable[[], float] = random.random
    """In [0, 1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long and how often is tried. Times are in seconds."""

    attempts: int = 4
    """At one model, over all of its endpoints."""
    hosted: float = 30.0
    """One attempt at a provider's model."""
    local: float = 600.0
    """One attempt at a local model."""
    call: float = 10.0
    """All attempts at one answer together: so many times the deadline of one."""
    first_wait: float = 0.5
    longest_wait: float = 20.0
    """Between attempts, where the provider does not say."""
    longest_asked: float = 60.0
    """What a provider may ask to wait. Where it asks for more, another model is tried, or the call fails."""

    def attempt(self, place: Place) -> float:
        """Return the deadline of an attempt."""
        return (self.local if place.endpoint.local else self.hosted) * place.patience


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One call of a run."""

    run_id: str
    key: str
    budget: Budget
    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...]
    output: OutputFormat | None
    max_tokens: int

    def digest(self) -> str:
        """Return what tells this request from another of the same name: not which model it goes to."""
        said = [asdict(part) for part in (*self.messages, *self.tools)] + [asdict(self.output) if self.output else None]
        return hashlib.sha256(json.dumps([said, self.max_tokens], sort_keys=True).encode()).hexdigest()


@dataclass(slots=True)
class _Course:
    """How a call goes."""

    ask: Ask
    digest: str
    bytes: int
    attempts: int = 0
    lost: float = 0.0
    """US dollars of attempts that may have cost and gave nothing."""


class Calls:
    """Makes calls: each answer is paid for once."""

    def __init__(
        self, ledger: Ledger, prices: Prices, calibration: Calibration, patience: Patience, timing: Timing
    ) -> None:
        self._ledger = ledger
        self._prices = prices
        self._calibration = calibration
        self._patience = patience
        self._timing = timing

    async def answer(self, ask: Ask, models: Sequence[Sequence[Place]]) -> LLMResponse:
        """
        Return the answer, from the ledger where it was paid for already; `models` are tried in turn.

        The next model is tried only where the one before could not be reached or went on failing. Raises
        `BudgetExceeded`, `WindowExceeded`, `PriceUnknown` and what `LLMProvider` raises.
        """
        course = _Course(ask, ask.digest(), size(ask.messages, ask.tools, ask.output))
        if known := await self._ledger.recall(ask.run_id, ask.key, course.digest):
            return known
        for places in models[:-1]:
            try:
                return await self._from_model(course, places)
            except ModelUnavailable as error:
                if not circumstances(error).retryable:
                    raise
        return await self._from_model(course, models[-1])

    async def _from_model(self, course: _Course, places: Sequence[Place]) -> LLMResponse:
        """Ask one model, as often as patience allows."""
        ends = self._timing.now() + self._patience.call * max(self._patience.attempt(place) for place in places)
        failure: RegooseError | None = None
        for _ in range(self._patience.attempts):
            now = self._timing.now()
            place = choose(places, now)
            wait = max(0.0, place.avoided_until - now)
            if wait > self._patience.longest_asked or now + wait >= ends:
                raise _gave_up(place, failure, wait)
            if wait:
                await self._timing.sleep(wait)
            try:
                return await self._attempt(course, place, ends)
            except RegooseError as error:
                found = circumstances(error)
                if not found.retryable:
                    raise
                failure = error
                self._avoid(place, found)
        assert failure is not None
        raise failure

    async def _attempt(self, course: _Course, place: Place, ends: float) -> LLMResponse:
        ask, now = course.ask, self._timing.now()
        max_tokens = self._room(course, place)
        worst = self._worst(course, place, max_tokens)
        course.attempts += 1
        entry = await self._ledger.reserve(
            Reservation(
                run_id=ask.run_id,
                key=ask.key,
                digest=course.digest,
                attempt=course.attempts,
                model=str(place.endpoint.name),
                worst=worst,
            ),
            ask.budget,
        )
        seconds = min(self._patience.attempt(place), max(0.0, ends - now))
        place.in_flight += 1
        try:
            response = await self._within(seconds, place, ask, max_tokens)
        except RegooseError as error:
            if circumstances(error).free:
                await self._ledger.release(entry)
            else:
                course.lost += worst.usd
            raise
        finally:
            place.in_flight -= 1
        place.failures = 0
        return await self._settle(course, place, entry, _counted(response, worst))

    async def _within(self, seconds: float, place: Place, ask: Ask, max_tokens: int) -> LLMResponse:
        try:
            async with asyncio.timeout(seconds):
                return await place.provider.generate(
                    ask.messages, tools=ask.tools, output=ask.output, max_tokens=max_tokens
                )
        except TimeoutError:
            place.more_patience()
        raise ModelUnavailable(
            f"{place.endpoint.name} at {place.endpoint.host} did not answer within {seconds:g} s",
            hint="Give it more time with LLM_TIMEOUT (seconds), then go on: `regoose runs resume`.",
        ) from Circumstances(retryable=True, free=False)

    async def _settle(self, course: _Course, place: Place, entry: str, response: LLMResponse) -> LLMResponse:
        usage = response.usage
        if not usage.estimated:
            self._calibration.learn(place.endpoint.name, course.bytes, usage.input_tokens)
        actual = Cost(
            usd=self._prices.usd(place.endpoint, usage),
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            calls=1,
        )
        response = replace(response, usd=course.lost + actual.usd, model=str(place.endpoint.name))
        await self._ledger.settle(entry, actual, response)
        return response

    def _room(self, course: _Course, place: Place) -> int:
        """Return the tokens that the answer may take; raises `WindowExceeded`."""
        window = place.provider.get_max_tokens()
        likely = self._calibration.estimate(place.endpoint.name, course.bytes)
        room = window - likely
        if room < min(_SHORTEST_ANSWER, course.ask.max_tokens):
            raise WindowExceeded(
                f"about {likely} tokens have to be said to {place.endpoint.name}, whose window holds {window}",
                hint=f"If it holds more, say so: REGOOSE_MODEL_WINDOWS={place.endpoint.name}=TOKENS.",
            )
        return min(course.ask.max_tokens, room)

    def _worst(self, course: _Course, place: Place, max_tokens: int) -> Cost:
        """Return the most that an attempt can cost; raises `PriceUnknown`."""
        most = bound(course.bytes)
        usd = self._prices.most(place.endpoint, input_tokens=most, output_tokens=max_tokens)
        return Cost(usd=usd, input_tokens=most, output_tokens=max_tokens, calls=1)

    def _avoid(self, place: Place, how: Circumstances) -> None:
        place.failures += 1
        wait = min(self._patience.longest_wait, self._patience.first_wait * 2 ** (place.failures - 1))
        wait = wait * self._timing.chance() if how.retry_after is None else how.retry_after
        place.avoided_until = max(place.avoided_until, self._timing.now() + wait)


def _counted(response: LLMResponse, worst: Cost) -> LLMResponse:
    """Return an answer with its tokens; the most that they can be where the provider did not count."""
    if response.usage.input_tokens or response.usage.output_tokens:
        return response
    most = Usage(input_tokens=worst.input_tokens, output_tokens=worst.output_tokens, estimated=True)
    return replace(response, usage=most)


def _gave_up(place: Place, failure: RegooseError | None, wait: float) -> RegooseError:
    """Say that the wait would be too long; the next model may be tried."""
    asked = f"{_of(place.endpoint)} asks to wait {wait:.0f} s"
    why = ModelUnavailable(f"{asked}, after: {failure.message}" if failure else asked)
    why.__cause__ = Circumstances(retryable=True, free=True)
    return why


def _of(endpoint: Endpoint) -> str:
    return f"{endpoint.name} at {endpoint.host}"
