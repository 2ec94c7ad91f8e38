from __future__ import annotations

from dataclasses import replace

from regoose.context.index import open_index
from regoose.context.passages import passages
from regoose.context.retrieval import fuse, retrieve
from regoose.context.store import Store
from regoose.context.tree import Tree
from regoose.errors import MachineError
from regoose.testing.embedding import WordEmbedder


async def test_passages_are_found_by_their_words(shop: Tree, store: Store) -> None:
    found = await retrieve(await open_index(shop, store), "what does a parcel cost", 1)
    assert [(one.path, one.start, one.end, one.symbol) for one in found.passages] == [
        ("src/shop/shipping.py", 1, 3, "fee")
    ]


async def test_passages_are_found_by_their_meaning_where_a_model_is_given(shop: Tree, store: Store) -> None:
    index = await open_index(shop, store)
    model = WordEmbedder({"postage": "parcel", "costs": "price", "expensive": "price"})
    plain = await retrieve(index, "expensive postage", 1)
    assert plain.passages == ()
    hybrid = await retrieve(index, "expensive postage", 1, embedder=model, store=store)
    assert [one.symbol for one in hybrid.passages] == ["fee"]


async def test_a_vector_is_asked_for_once(shop: Tree, store: Store) -> None:
    index = await open_index(shop, store)
    model = WordEmbedder()
    first = await retrieve(index, "discount", 3, embedder=model, store=store)
    asked = len(model.asked)
    assert await retrieve(index, "discount", 3, embedder=model, store=store) == first
    assert model.asked[asked:] == [("discount",)]
    other = WordEmbedder(name="another model")
    await retrieve(index, "discount", 3, embedder=other, store=store)
    assert len(other.asked) > 1


async def test_a_model_that_is_away_is_named_and_words_answer(shop: Tree, store: Store) -> None:
    index = await open_index(shop, store)
    away = WordEmbedder(failure=MachineError("no answer from 127.0.0.1:11434"))
    found = await retrieve(index, "parcel", 2, embedder=away, store=store)
    assert found.passages == (await retrieve(index, "parcel", 2)).passages
    assert found.note == "words: no answer from 127.0.0.1:11434"


async def test_every_line_is_in_one_passage(shop: Tree, store: Store) -> None:
    long = "".join(f"def f{number}():\n    return {number}\n\n\n" for number in range(70)) + "x = 1\n" * 150
    index = await open_index(replace(shop, overlay={"long.py": long}), store)
    for path in index.records:
        text = index.tree.text(path) or ""
        found = list(passages(path, text, index.symbols(path)))
        covered = [line for one in found for line in range(one.start, one.end + 1)]
        assert len(covered) == len(set(covered))
        lines = text.splitlines()
        assert {number for number, line in enumerate(lines, 1) if line.strip()} <= set(covered)
        assert all(one.text == "\n".join(lines[one.start - 1 : one.end]) for one in found)


def test_ranks_are_fused() -> None:
    assert fuse([[1, 2, 3], [3, 1]]) == [1, 3, 2]
