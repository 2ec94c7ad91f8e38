"""What the settings say of models: names, endpoints, prices, windows."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regoose.domain.conversation import Usage, user
from regoose.errors import InvalidSetting, PriceUnknown, RegooseError, UnknownModel
from regoose.providers.endpoints import Endpoint
from regoose.providers.lineup import Lineup, read_lineup
from regoose.providers.names import ModelName, Provider
from regoose.providers.prices import Prices
from regoose.providers.tokens import bound, size
from regoose.settings import Settings


def lineup(**settings: object) -> Lineup:
    return read_lineup(Settings.model_validate(settings))


def main(**settings: object) -> Endpoint:
    read = lineup(**settings)
    return read.endpoints(read.default)[0]


def test_the_seeds_settings_name_the_model_of_every_role() -> None:
    read = lineup(model_coder="ollama:qwen2.5:7b", backup_model="openai:gpt-4o")
    assert str(read.of("planner")) == str(read.of("a role of one's own")) == "openai:gpt-4"
    assert read.of("coder") == ModelName(Provider.OLLAMA, "qwen2.5:7b")
    assert [str(name) for name in read.names()] == ["openai:gpt-4", "ollama:qwen2.5:7b", "openai:gpt-4o"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("gpt-4", "'gpt-4' does not name a model; expected PROVIDER:NAME"),
        ("openai:", "does not name a model"),
        ("opneai:gpt-4", "did you mean 'openai'"),
    ],
)
def test_a_name_that_is_none_is_said_with_what_was_expected(text: str, says: str) -> None:
    with pytest.raises(UnknownModel, match=says):
        lineup(backup_model=text)


@given(provider=st.sampled_from(Provider), model=st.text(min_size=1).filter(lambda text: text == text.strip()))
def test_a_name_is_read_as_it_is_written(provider: Provider, model: str) -> None:
    name = ModelName(provider, model)
    assert ModelName.parse(str(name)) == name


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("", "http://127.0.0.1:11434"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:8000", "http://127.0.0.1:8000"),
        ("gpu.test", "http://gpu.test:11434"),
        ("https://gpu.test", "https://gpu.test:443"),
        ("http://[::1]:9", "http://[::1]:9"),
    ],
)
def test_ollamas_host_is_understood_as_ollama_does(host: str, url: str) -> None:
    assert main(llm_provider="ollama", llm_model="x", ollama_host=host).url == url


@pytest.mark.parametrize(
    ("settings", "local"),
    [
        ({"llm_provider": "ollama", "ollama_host": "http://gpu.test"}, True),
        ({"llm_provider": "ollama", "llm_model": "big-cloud"}, False),
        ({"llm_provider": "lmstudio"}, True),
        ({"openai_base_url": "http://localhost:8000/v1"}, True),
        ({"openai_base_url": "http://127.3.2.1:8000/v1"}, True),
        ({"openai_base_url": "https://models.test/v1"}, False),
        ({}, False),
        ({"llm_provider": "anthropic", "llm_model": "claude-sonnet-4-6"}, False),
    ],
)
def test_a_model_is_local_where_nobody_charges(settings: dict[str, object], *, local: bool) -> None:
    assert main(**settings).local is local


def test_a_price_of_ones_own_counts_first() -> None:
    prices = Prices(["openai:gpt-4=2/0.5/8", "ollama:x=1/1"])
    used = Usage(input_tokens=1_000_000, cached_tokens=400_000, output_tokens=500_000)
    assert prices.usd(main(), used) == pytest.approx(0.6 * 2 + 0.4 * 0.5 + 0.5 * 8)
    assert prices.usd(main(llm_provider="ollama", llm_model="x"), used) == 1.5


def test_what_is_written_into_a_cache_costs_more_and_is_reserved() -> None:
    claude = main(llm_provider="anthropic", llm_model="claude-sonnet-4-6")
    used = Usage(input_tokens=100_000, cached_tokens=60_000, cache_write_tokens=30_000)
    assert Prices().usd(claude, used) == pytest.approx(0.01 * 3 + 0.06 * 0.3 + 0.03 * 3.75)
    own = Prices(["anthropic:claude-sonnet-4-6=3/0.3/15"])
    assert own.usd(claude, used) == pytest.approx(Prices().usd(claude, used))
    for prices in (Prices(), own):
        assert prices.most(claude, input_tokens=100_000, output_tokens=0) == pytest.approx(0.375)
    assert Prices().most(main(), input_tokens=1_000_000, output_tokens=0) == 30


def test_a_known_price_counts_on_this_machine_too_and_an_unknown_one_is_none() -> None:
    million = Usage(input_tokens=1_000_000)
    at = {"openai_base_url": "http://localhost:1/v1"}
    assert Prices().usd(main(**at), million) == 30
    assert Prices().usd(main(**at, llm_model="my-own"), million) == 0
    assert Prices().usd(main(llm_provider="openai-responses", llm_model="gpt-4o"), million) == 2.5
    with pytest.raises(PriceUnknown, match="openai:my-own") as caught:
        Prices().usd(main(llm_model="my-own"), million)
    assert "REGOOSE_MODEL_PRICES=openai:my-own=" in caught.value.hint


@pytest.mark.parametrize(
    "settings",
    [
        {"model_prices": "openai:x=free"},
        {"model_prices": "openai:x=1"},
        {"model_prices": "openai:x=-1/2"},
        {"model_prices": "openai:x=nan/2"},
        {"model_prices": "x=1/2"},
        {"model_windows": "openai:x=many"},
        {"model_windows": "openai:x=0"},
        {"model_endpoints": "openai:x"},
        {"model_endpoints": "openai:x=host"},
        {"model_endpoints": "google:x=https://a.test"},
        {"llm_provider": "gpt"},
    ],
)
def test_what_cannot_be_read_is_named(settings: dict[str, object]) -> None:
    with pytest.raises(RegooseError) as caught:
        lineup(**settings)
    assert isinstance(caught.value, InvalidSetting | UnknownModel)
    assert str(next(iter(settings.values()))) in caught.value.message


def test_further_endpoints_may_have_a_key_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("second\n")
    read = lineup(
        openai_api_key="first",
        model_endpoints=f"openai:gpt-4=https://a.test/v1/,openai:gpt-4=https://b.test/v1@{tmp_path / 'key'}",
    )
    endpoints = read.endpoints(read.default)
    assert [at.url for at in endpoints] == [None, "https://a.test/v1", "https://b.test/v1"]
    assert [at.key.read() for at in endpoints] == ["first", "first", "second"]


def test_windows_are_known_set_or_small() -> None:
    windows = lineup(model_windows="openai:gpt-4=100").windows
    sizes = {
        name: windows.size(ModelName.parse(name))
        for name in ("openai:gpt-4", "openai:gpt-4o", "openai:own", "google:gemini-2.5-pro", "ollama:x", "lmstudio:x")
    }
    assert sizes == {
        "openai:gpt-4": 100,
        "openai:gpt-4o": 128_000,
        "openai:own": 8192,
        "google:gemini-2.5-pro": 1_048_576,
        "ollama:x": 16_384,
        "lmstudio:x": 8192,
    }
    assert not windows.known(ModelName.parse("openai:own"))


@given(text=st.text())
def test_no_tokenizer_of_bytes_can_exceed_four_thirds_of_the_bound(text: str) -> None:
    assert bound(size([user(text)])) * 4 >= len(text.encode("utf-8", "replace")) * 3
