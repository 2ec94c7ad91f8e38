from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from regoose.context.index import open_index
from regoose.context.store import Store
from regoose.context.tree import Tree


async def test_only_what_changed_is_read_again(shop: Tree, store: Store) -> None:
    first = await open_index(shop, store)
    assert (first.counts.files, first.counts.parsed_now) == (7, 7)
    again = await open_index(shop, store)
    assert again.counts.parsed_now == 0
    assert again.records == first.records
    (shop.root / "src/shop/money.py").write_text("def half(): ...\n", encoding="utf-8")
    (shop.root / "src/shop/shipping.py").unlink()
    changed = await open_index(shop, store)
    assert changed.counts.parsed_now == 1
    assert [symbol.name for symbol in changed.symbols("src/shop/money.py")] == ["half"]
    assert "src/shop/shipping.py" not in changed.records


async def test_unsaved_edits_are_indexed(shop: Tree, store: Store) -> None:
    edited = replace(shop, overlay={"src/shop/cart.py": "def sell(): ...\n", "README.md": None})
    index = await open_index(edited, store)
    assert [symbol.name for symbol in index.symbols("src/shop/cart.py")] == ["sell"]
    assert "README.md" not in index.records


async def test_links_are_not_followed(shop: Tree, store: Store, tmp_path: Path) -> None:
    (tmp_path / "secret.py").write_text("password = 1\n", encoding="utf-8")
    (shop.root / "link.py").symlink_to(tmp_path / "secret.py")
    (shop.root / "folder").symlink_to(tmp_path)
    index = await open_index(shop, store)
    assert len(index.records) == 7
    assert shop.read("link.py") is None
