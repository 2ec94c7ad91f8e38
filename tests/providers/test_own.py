"""Providers of the user's own: how they are found and made, and what becomes of what they raise."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint

import httpx
import pytest

from regoose.domain.conversation import LLMResponse, Message, Usage, user
from regoose.errors import (
    InvalidSetting,
    ModelDenied,
    ModelRejected,
    ModelUnavailable,
    PriceUnknown,
    RegooseError,
    UnknownModel,
    WindowExceeded,
)
from regoose.providers.attempt import circumstances
from regoose.providers.attended import Attended
from regoose.providers.endpoints import Endpoint, Key
from regoose.providers.names import ModelName
from regoose.providers.own import GROUP, make_from
from regoose.providers.prices import Prices
from regoose.providers.redaction import Redactor
from regoose.providers.windows import Windows

NAME = ModelName("gateway", "llama")
AT = Endpoint(name=NAME, url=None, key=Key(variable="", needed=False))
SECRET = "a-key-that-nobody-may-see"


def point(value: str) -> EntryPoint:
    return EntryPoint("gateway", value, GROUP)


@dataclass
class Own:
    """Answers what it is given, or raises it."""

    outcome: object = None
    secrets: Sequence[str] = (SECRET,)

    async def generate(self, messages: Sequence[Message], **wanted: object) -> LLMResponse:
        del messages, wanted
        if isinstance(self.outcome, Exception):
            try:
                os.environ[SECRET]  # fails: what the error of a provider may come from
            except KeyError as error:
                raise self.outcome from error
        answer: LLMResponse = self.outcome  # pyright: ignore[reportAssignmentType] - or something that is none
        return answer

    def get_model_name(self) -> str:
        return "gateway:llama"

    def get_max_tokens(self) -> int:
        return 32_000


def attended(outcome: object, window: int | None = None) -> Attended:
    return Attended(Own(outcome), AT, window, Redactor())


def answered(status: int, **headers: str) -> httpx.HTTPStatusError:
    request = httpx.Request("POST", f"http://gateway.test/?key={SECRET}")
    response = httpx.Response(status, headers=headers, request=request)
    return httpx.HTTPStatusError(f"{status} for {request.url}", request=request, response=response)


async def failure(outcome: object) -> RegooseError:
    with pytest.raises(RegooseError) as caught:
        await attended(outcome).generate([user("Hi.")])
    seen: BaseException | None = caught.value
    while seen is not None:
        assert SECRET not in f"{seen!r} {vars(seen)}"
        seen = seen.__cause__ or seen.__context__
    return caught.value


async def test_its_answer_is_the_answer() -> None:
    assert (await attended(LLMResponse(text="hello")).generate([user("Hi.")])).text == "hello"


@pytest.mark.parametrize(
    ("raised", "kind", "retryable", "free"),
    [
        (answered(503), ModelUnavailable, True, True),
        (answered(500), ModelUnavailable, True, False),
        (answered(401), ModelDenied, False, True),
        (answered(404), UnknownModel, False, True),
        (httpx.ConnectError(f"no route, {SECRET}"), ModelUnavailable, True, True),
        (httpx.ReadError("cut"), ModelUnavailable, True, False),
        (ConnectionResetError("reset"), ModelUnavailable, True, False),
        (json.JSONDecodeError("no JSON", "<html>", 0), ModelUnavailable, True, False),
        (TypeError(f"a mistake with {SECRET}"), ModelRejected, False, False),
        (ModelUnavailable(f"said so, {SECRET}", hint=SECRET), ModelUnavailable, True, False),
        (WindowExceeded("said so"), WindowExceeded, False, False),
        ("no answer", ModelRejected, False, False),
    ],
    ids=repr,
)
async def test_what_it_raises_becomes_an_error_of_the_tree(
    raised: object, kind: type[RegooseError], *, retryable: bool, free: bool
) -> None:
    error = await failure(raised)
    assert type(error) is kind
    assert (circumstances(error).retryable, circumstances(error).free) == (retryable, free)


async def test_the_wait_that_its_server_asks_for_is_kept() -> None:
    assert circumstances(await failure(answered(429, **{"Retry-After": "7"}))).retry_after == 7


async def test_it_says_the_size_of_its_window_unless_the_user_does() -> None:
    assert (attended(None).get_max_tokens(), attended(None, 9000).get_max_tokens()) == (32_000, 9000)
    assert Windows().known(NAME)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("no.such.module:Gateway", "ModuleNotFoundError: No module named 'no'"),
        ("json:Gateway", "module 'json' has no attribute 'Gateway'"),
        ("json:__name__", "found 'json'"),
        ("json:dumps", "gave a value of <class 'str'>, which is no provider: it lacks generate, get_model_name"),
        ("json:loads", "could not be made for 'llama': JSONDecodeError"),
    ],
)
async def test_what_leads_to_no_provider_is_said_with_where_it_leads(value: str, says: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        await make_from(point(value), "llama")
    assert says in caught.value.message
    assert f"the provider 'gateway' ({value})" in caught.value.message


def test_nobody_charges_for_one_that_says_so() -> None:
    usage = Usage(input_tokens=1_000_000)
    says_local = replace(AT, says_local=True)
    assert says_local.local
    assert Prices().usd(says_local, usage) == 0
    with pytest.raises(PriceUnknown, match="nobody knows the price of gateway:llama"):
        Prices().usd(AT, usage)


def test_a_provider_that_is_not_installed_is_unknown() -> None:
    with pytest.raises(UnknownModel, match="no provider is called 'gateway'; expected one of openai, "):
        ModelName.parse("gateway:llama")
