from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regoose.context.mentions import Place, find_mentions
from regoose.context.words import Splitter


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('  File "/a/b/shop/cart.py", line 19, in total', Place("/a/b/shop/cart.py", 19, "traceback", "total")),
        ("src/shop/cart.py:19: ValueError", Place("src/shop/cart.py", 19, "traceback")),
        ("FAILED tests/test_cart.py::TestCart::test_total[1-2]", Place("tests/test_cart.py", 0, "test", "test_total")),
        ("see `shop\\money.py` please", Place("shop/money.py", 0, "path")),
        ("in https://example.org/blob/main/src/shop/money.py#L4 it", Place("src/shop/money.py", 0, "path")),
    ],
)
def test_places_are_found(text: str, place: Place) -> None:
    found = find_mentions(text).places
    assert any(
        one.path.endswith(place.path) and (one.line, one.how, one.function) == (place.line, place.how, place.function)
        for one in found
    )


def test_names_are_told_by_their_look_by_quotes_and_by_code_blocks() -> None:
    found = find_mentions(
        "`total` and round_half_up, Cart, CartItem or shown() in shop.cart.Cart\n```\nbasket = 1\n```\n"
    )
    assert {"total", "round_half_up", "CartItem", "shown"} <= set(found.names)
    assert found.dotted == ("shop.cart.Cart",)
    assert found.fenced == ("basket",)
    assert "and" not in found.names


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    mentions = find_mentions(text)
    assert all(name in text for name in (*mentions.names, *mentions.dotted, *mentions.fenced))


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("HTTPResponse", ["http", "response", "httpresponse"]),
        ("get_records", ["record", "get_records"]),
        ("__init__", ["init"]),
        ("entries", ["entry"]),
        ("class2dict", ["class", "dict", "class2dict"]),
        ("the", []),
        ("x" * 80, []),
    ],
)
def test_an_identifier_is_split(token: str, words: list[str]) -> None:
    assert list(Splitter().split(token)) == words
