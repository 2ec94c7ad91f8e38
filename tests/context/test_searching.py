from __future__ import annotations

from dataclasses import replace

import pytest

from regoose.context.index import open_index
from regoose.context.searching import list_files, search_symbol, search_text
from regoose.context.store import Store
from regoose.context.tree import Tree
from regoose.errors import TimeLimit, UsageError


async def test_lines_are_found_by_a_regular_expression(shop: Tree) -> None:
    found = await search_text(shop, r"^def \w+\(amount")
    assert [(one.path, one.line, one.text) for one in found.matches] == [
        ("src/shop/money.py", 4, "def round_half_up(amount: float) -> int:")
    ]


async def test_a_literal_is_no_expression(shop: Tree) -> None:
    found = await search_text(shop, "(1 - discount)", literal=True)
    assert [(one.path, one.line) for one in found.matches] == [("src/shop/cart.py", 19)]


async def test_unsaved_edits_count(shop: Tree) -> None:
    edited = replace(shop, overlay={"src/shop/new.py": "amount = 1\n", "src/shop/money.py": None})
    found = await search_text(edited, "amount", paths="src/**/*.py")
    assert [one.path for one in found.matches] == ["src/shop/new.py"]


async def test_what_is_not_shown_is_counted(shop: Tree) -> None:
    found = await search_text(shop, ".", limit=3)
    assert (len(found.matches), found.files) == (3, 7)
    assert found.total == 33


async def test_a_long_line_is_cut_around_its_match(shop: Tree) -> None:
    edited = replace(shop, overlay={"long.txt": "x" * 5000 + "needle" + "y" * 5000})
    (match,) = (await search_text(edited, "needle")).matches
    assert len(match.text) < 250
    assert "needle" in match.text


async def test_lines_are_counted_as_editors_do(shop: Tree) -> None:
    edited = replace(shop, overlay={"odd.txt": "a\fb\x0bc\u2028d\r\nx\ry\nneedle\n"})
    assert [one.line for one in (await search_text(edited, "needle")).matches] == [4]


async def test_each_file_is_searched_in_its_encoding_and_what_is_left_out_is_named(shop: Tree) -> None:
    (shop.root / "latin.py").write_bytes("# coding: latin-1\nname = 'café'\n".encode("latin-1"))
    (shop.root / "wide.txt").write_bytes("un café\n".encode("utf-16"))
    (shop.root / "marked.txt").write_bytes("café\n".encode("utf-8-sig"))
    (shop.root / "large.txt").write_bytes("café\n".encode() * 200_000)
    found = await search_text(shop, "café")
    assert [(one.path, one.text) for one in found.matches] == [
        ("latin.py", "name = 'café'"),
        ("marked.txt", "café"),
        ("wide.txt", "un café"),
    ]
    assert [(one.path, one.reason) for one in found.skipped] == [("large.txt", "1,200,000 bytes, more than 1,000,000")]
    assert (await search_text(shop, "café", paths="*.py")).skipped == ()
    assert [one.path for one in (await list_files(shop, "*.txt")).skipped] == ["large.txt"]


@pytest.mark.parametrize("pattern", ["(", "", "[a-", "x" * 3000])
async def test_what_is_no_pattern_is_said_so(shop: Tree, pattern: str) -> None:
    with pytest.raises(UsageError):
        await search_text(shop, pattern)


async def test_a_pattern_that_explodes_ends(shop: Tree) -> None:
    edited = replace(shop, overlay={"hostile.txt": "a" * 5000 + "\n"})
    with pytest.raises(TimeLimit):
        await search_text(edited, r"(a|aa|b?a)+(a|aa|b?a)+\d\1", paths="hostile.txt", seconds=0.2)


async def test_symbols_are_found_by_their_last_or_their_qualified_name(shop: Tree, store: Store) -> None:
    index = await open_index(shop, store)
    for name in ("total", "Cart.total", "shop.cart.Cart.total", "Cart.total()"):
        (first, *_) = await search_symbol(index, name)
        assert (first.path, first.symbol.name, first.symbol.start, first.symbol.end) == (
            "src/shop/cart.py",
            "Cart.total",
            17,
            19,
        )
        assert first.symbol.signature == "def total(self, discount: float) -> int"
        assert first.symbol.summary == "Return the sum after the discount."


async def test_files_are_listed_by_pattern_and_depth(shop: Tree) -> None:
    assert (await list_files(shop, "*.py", depth=1)).entries == ("src/ (4 files)", "tests/ (1 file)")
    assert (await list_files(shop, "src/*/m*.py")).entries == ("src/shop/money.py",)
    shortened = await list_files(shop, limit=2)
    assert (len(shortened.entries), shortened.total) == (2, 7)
