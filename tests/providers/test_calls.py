"""Retries, deadlines, balance, fallback and budget, with a clock that no test waits for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regoose.domain.budget import Budget
from regoose.domain.conversation import LLMResponse, Message, OutputFormat, ToolSpec, Usage, user
from regoose.domain.run import Cost
from regoose.errors import (
    BudgetExceeded,
    ModelDenied,
    ModelUnavailable,
    PriceUnknown,
    RegooseError,
    WindowExceeded,
)
from regoose.providers.attempt import Circumstances
from regoose.providers.calls import Timing
from regoose.providers.endpoints import Endpoint
from regoose.providers.models import Heard, Models
from regoose.settings import Settings
from regoose.testing.ledger import MemoryLedger

HELLO = LLMResponse(text="hello", usage=Usage(input_tokens=10, output_tokens=5))


def failed(
    kind: type[RegooseError] = ModelUnavailable, *, free: bool = False, after: float | None = None
) -> RegooseError:
    error = kind("no")
    error.__cause__ = Circumstances(retryable=kind is ModelUnavailable, free=free, retry_after=after)
    return error


@dataclass
class Clock:
    """Time that passes while somebody sleeps."""

    time: float = 1000.0
    slept: list[float] = field(default_factory=list[float])

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds
        await asyncio.sleep(0)

    def timing(self) -> Timing:
        return Timing(now=lambda: self.time, wall=lambda: self.time, sleep=self.sleep, chance=lambda: 1.0)


Outcome = LLMResponse | RegooseError | asyncio.Event | float
"""What comes back, is raised, is set before it hangs for ever, or how many seconds it takes."""


@dataclass
class Fake:
    """A model that does as it is told, one outcome after another; the last one for ever."""

    outcomes: Sequence[Outcome] = (HELLO,)
    window: int = 100_000
    limits: list[int | None] = field(default_factory=list[int | None])
    heard: Heard | None = None
    says: Mapping[str, str] = field(default_factory=dict[str, str])

    async def generate(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[ToolSpec] = (),
        output: OutputFormat | None = None,
        max_tokens: int | None = None,
    ) -> LLMResponse:
        del messages, tools, output
        outcome = self.outcomes[min(len(self.limits), len(self.outcomes) - 1)]
        self.limits.append(max_tokens)
        if self.heard and self.says:
            self.heard(self.says)
        if isinstance(outcome, RegooseError):
            raise outcome
        if isinstance(outcome, float | int):
            await asyncio.sleep(outcome)
            return HELLO
        if not isinstance(outcome, asyncio.Event):
            return outcome
        outcome.set()
        await asyncio.Event().wait()
        raise AssertionError

    def get_model_name(self) -> str:
        return "openai:fake"

    def get_max_tokens(self) -> int:
        return self.window


@dataclass
class Bench:
    """Models whose endpoints are fakes, by their addresses; those that are not named work."""

    fakes: dict[str, Fake] = field(default_factory=dict[str, Fake])
    clock: Clock = field(default_factory=Clock)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)

    def fake(self, *outcomes: Outcome, at: str = "main", window: int = 100_000) -> Fake:
        self.fakes[at] = Fake(outcomes or (HELLO,), window=window)
        return self.fakes[at]

    @asynccontextmanager
    async def models(self, **settings: object) -> AsyncGenerator[Models]:
        async def connect(endpoint: Endpoint, window: int, heard: Heard) -> Fake:
            del window
            place = endpoint.host if endpoint.host in self.fakes else str(endpoint.name)
            fake = self.fakes.setdefault(place if place in self.fakes else "main", Fake())
            fake.heard = heard
            return fake

        known: dict[str, object] = {
            "llm_model": "fake",
            "openai_api_key": "k" * 10,
            "model_prices": "openai:fake=1000/2000,openai:backup=1/1",
        }
        loaded = Settings.model_validate({**known, **settings})
        async with Models(loaded, self.ledger, connect=connect, timing=self.clock.timing()) as models:
            yield models


async def ask(models: Models, key: str = "coder 1", budget: Budget | None = None, text: str = "Hi.") -> LLMResponse:
    return await models.for_run("r", budget or Budget(usd=1e9)).generate("coder", key, [user(text)], max_tokens=50)


async def test_an_answer_is_settled_at_what_the_provider_counted() -> None:
    bench = Bench()
    async with bench.models() as models:
        answer = await ask(models)
        assert (answer.text, answer.model, answer.usd) == ("hello", "openai:fake", 0.02)
        assert await models.for_run("r").cost() == Cost(usd=0.02, input_tokens=10, output_tokens=5, calls=1)


async def test_an_answer_that_was_paid_for_is_not_asked_for_again() -> None:
    bench = Bench()
    fake = bench.fake()
    async with bench.models() as models:
        first, again = await ask(models), await ask(models)
        assert again == first
        assert len(fake.limits) == 1
        await ask(models, key="coder 2")
        await ask(models, text="Something else.")
        assert len(fake.limits) == 3


async def test_waits_double_and_the_answer_carries_what_was_lost() -> None:
    bench = Bench()
    bench.fake(failed(), failed(), failed(), HELLO)
    async with bench.models() as models:
        answer = await ask(models)
        assert bench.clock.slept == [0.5, 1.0, 2.0]
        spent = await models.for_run("r").cost()
    assert spent.calls == 4
    assert answer.usd == pytest.approx(spent.usd)


async def test_what_certainly_cost_nothing_is_taken_back() -> None:
    bench = Bench()
    bench.fake(failed(free=True), HELLO)
    async with bench.models() as models:
        assert (await ask(models)).usd == 0.02
        assert (await models.for_run("r").cost()).calls == 1


async def test_a_call_gives_up_after_so_many_attempts() -> None:
    bench = Bench()
    fake = bench.fake(failed())
    async with bench.models(model_attempts=3) as models:
        with pytest.raises(ModelUnavailable):
            await ask(models)
    assert len(fake.limits) == 3


async def test_the_provider_says_how_long_to_wait() -> None:
    bench = Bench()
    bench.fake(failed(after=7.0), HELLO)
    async with bench.models() as models:
        await ask(models)
    assert bench.clock.slept == [7.0]


async def test_too_long_a_wait_is_not_waited() -> None:
    bench = Bench()
    bench.fake(failed(after=3600.0), HELLO)
    async with bench.models() as models:
        with pytest.raises(ModelUnavailable, match="asks to wait 3600 s"):
            await ask(models)
    assert bench.clock.slept == []


async def test_a_final_error_is_not_tried_again_nor_elsewhere() -> None:
    bench = Bench()
    fake, backup = bench.fake(failed(ModelDenied, free=True)), bench.fake(at="openai:backup")
    async with bench.models(backup_model="openai:backup") as models:
        with pytest.raises(ModelDenied):
            await ask(models)
    assert (len(fake.limits), len(backup.limits)) == (1, 0)


async def test_the_backup_answers_where_the_model_goes_on_failing() -> None:
    bench = Bench()
    fake = bench.fake(failed())
    bench.fake(at="openai:backup")
    async with bench.models(backup_model="openai:backup") as models:
        answer = await ask(models)
    assert (answer.text, answer.model) == ("hello", "openai:backup")
    assert len(fake.limits) == 4


async def test_a_deadline_ends_an_attempt_which_counts_in_full_and_the_next_has_longer() -> None:
    bench = Bench()
    bench.fake(30.0, 1.2)
    async with bench.models(llm_timeout=1.0) as models:
        answer = await ask(models)
        spent = await models.for_run("r").cost()
    assert answer.text == "hello"
    assert spent.calls == 2
    assert spent.output_tokens == 55


async def test_a_deadline_says_which_setting_moves_it() -> None:
    bench = Bench()
    bench.fake(5.0)
    async with bench.models(llm_timeout=0.05, model_attempts=1) as models:
        with pytest.raises(ModelUnavailable, match=r"did not answer within 0\.05 s") as caught:
            await ask(models)
    assert "LLM_TIMEOUT" in caught.value.hint


ENDPOINTS = "openai:fake=https://second.test/v1,openai:fake=https://third.test/v1"


async def test_an_endpoint_that_fails_is_avoided_at_once_and_for_a_while() -> None:
    bench = Bench()
    main, second, third = bench.fake(failed(), HELLO), bench.fake(at="second.test"), bench.fake(at="third.test")
    async with bench.models(model_endpoints=ENDPOINTS) as models:
        for number in range(3):
            await ask(models, key=f"c {number}")
        assert bench.clock.slept == []
        assert (len(main.limits), len(second.limits), len(third.limits)) == (1, 3, 0)
        bench.clock.time += 60
        await ask(models, key="later")
    assert len(main.limits) == 2


async def test_calls_at_once_go_to_the_endpoint_with_the_fewest() -> None:
    bench = Bench()
    fakes = [bench.fake(0.05, at=at) for at in ("main", "second.test", "third.test")]
    async with bench.models(model_endpoints=ENDPOINTS) as models:
        await asyncio.gather(*[ask(models, key=f"c {number}") for number in range(9)])
    assert [len(fake.limits) for fake in fakes] == [3, 3, 3]


@pytest.mark.parametrize(
    "headers",
    [
        {"x-ratelimit-limit-tokens": "1000", "x-ratelimit-remaining-tokens": "10", "x-ratelimit-reset-tokens": "1m"},
        {"anthropic-ratelimit-requests-limit": "50", "anthropic-ratelimit-requests-remaining": "1"},
    ],
)
async def test_an_endpoint_that_is_nearly_used_up_is_asked_last(headers: Mapping[str, str]) -> None:
    bench = Bench()
    main, second = bench.fake(), bench.fake(at="second.test")
    main.says = headers
    async with bench.models(model_endpoints="openai:fake=https://second.test/v1") as models:
        for number in range(3):
            await ask(models, key=f"c {number}")
    assert (len(main.limits), len(second.limits)) == (1, 2)


async def test_an_endpoint_that_is_used_up_is_waited_for_where_there_is_no_other() -> None:
    bench = Bench()
    bench.fake().says = {
        "x-ratelimit-limit-requests": "60",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "1s500ms",
    }
    async with bench.models() as models:
        await ask(models)
        await ask(models, key="coder 2")
    assert bench.clock.slept == [1.5]


async def test_nothing_is_asked_that_could_cost_more_than_is_left() -> None:
    bench = Bench()
    fake = bench.fake()
    async with bench.models() as models:
        with pytest.raises(BudgetExceeded, match=r"could cost \$0\.71\d+, and \$0\.0000 of the budget of \$0\.60"):
            await ask(models, budget=Budget(usd=0.6))
    assert fake.limits == []


async def test_where_no_sum_is_given_the_setting_counts() -> None:
    bench = Bench()
    async with bench.models(max_cost=0.0) as models:
        with pytest.raises(BudgetExceeded):
            await models.for_run("r", Budget(calls=5)).generate("coder", "c 1", [user("Hi.")])


async def test_an_unknown_price_is_refused_before_anything_is_asked() -> None:
    bench = Bench()
    fake = bench.fake()
    async with bench.models(model_prices="") as models:
        with pytest.raises(PriceUnknown, match="nobody knows the price of openai:fake"):
            await ask(models)
    assert fake.limits == []


async def test_what_does_not_fit_the_window_is_not_sent() -> None:
    bench = Bench()
    fake = bench.fake(window=1000)
    async with bench.models() as models:
        with pytest.raises(WindowExceeded, match="window holds 1000"):
            await ask(models, text="word " * 1000)
    assert fake.limits == []


async def test_the_answer_is_given_the_room_that_is_left() -> None:
    bench = Bench()
    fake = bench.fake(window=1000)
    async with bench.models() as models:
        await models.for_run("r", Budget(usd=1e9)).generate("coder", "c", [user("x" * 2000)], max_tokens=4000)
    assert fake.limits == [1000 - 504]


async def test_a_call_that_is_cancelled_counts_in_full() -> None:
    bench = Bench()
    begun = asyncio.Event()
    bench.fake(begun)
    async with bench.models() as models:
        task = asyncio.create_task(ask(models))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await models.for_run("r").cost()).calls == 1


async def test_tokens_are_estimated_by_what_was_counted_before() -> None:
    bench = Bench()
    bench.fake(LLMResponse(text="x", usage=Usage(input_tokens=500, output_tokens=1)))
    async with bench.models() as models:
        run = models.for_run("r", Budget(usd=1e9))
        before = run.tokens("coder", [user("y" * 984)])
        await ask(models, text="y" * 984)
        assert (before, run.tokens("coder", [user("y" * 984)])) == (250, 500)


async def test_where_the_provider_does_not_count_the_bound_does() -> None:
    bench = Bench()
    bench.fake(LLMResponse(text="hello"))
    async with bench.models() as models:
        answer = await ask(models)
    assert answer.usage.estimated
    assert answer.usage.input_tokens > 600


UNHURRIED = hypothesis.settings(deadline=None)
OUTCOMES = st.sampled_from(
    [
        HELLO,
        LLMResponse(text="long", usage=Usage(input_tokens=600, output_tokens=50)),
        LLMResponse(text="not counted"),
        failed(),
        failed(free=True),
        failed(after=1.0),
        failed(after=999.0, free=True),
        failed(ModelDenied, free=True),
    ]
)


@UNHURRIED
@given(
    scripts=st.lists(st.lists(OUTCOMES, min_size=1, max_size=6), min_size=3, max_size=3),
    usd=st.floats(0, 8),
    calls=st.integers(1, 8),
    at_once=st.booleans(),
)
async def test_no_sequence_of_faults_exceeds_the_budget_or_pays_an_answer_twice(
    scripts: list[list[Outcome]], usd: float, calls: int, *, at_once: bool
) -> None:
    bench = Bench()
    fakes = [
        bench.fake(*script, at=at) for script, at in zip(scripts, ("main", "second.test", "openai:backup"), strict=True)
    ]
    budget = Budget(usd=usd)
    async with bench.models(
        model_endpoints="openai:fake=https://second.test/v1", backup_model="openai:backup"
    ) as models:

        async def one(number: int) -> LLMResponse | None:
            try:
                return await ask(models, key=f"coder {number}", budget=budget)
            except RegooseError:
                return None

        if at_once:
            answers = await asyncio.gather(*[one(number) for number in range(calls)])
        else:
            answers = [await one(number) for number in range(calls)]
        assert (await models.for_run("r").cost()).usd <= usd + 1e-9
        made = sum(len(fake.limits) for fake in fakes)
        again = [await one(number) for number, answer in enumerate(answers) if answer is not None]
        assert again == [answer for answer in answers if answer is not None]
        assert sum(len(fake.limits) for fake in fakes) == made
