from __future__ import annotations

from pathlib import Path

import pytest

from regoose.context.graph import reference_graph, spread
from regoose.context.index import open_index
from regoose.context.ranking import rank
from regoose.context.repository_map import approximate_tokens, repository_map
from regoose.context.store import Store
from regoose.context.tree import Tree

TRACEBACK = """Totals are off
Traceback (most recent call last):
  File "/usr/lib/python3.11/site-packages/shop/cart.py", line 19, in total
    return round_half_up(sum(self.items) * (1 - discount))
  File "/usr/lib/python3.11/site-packages/shop/money.py", line 6, in round_half_up
    return int(amount + 0.5)
ValueError: cannot convert float NaN to integer
"""


async def test_the_frames_of_a_traceback_come_first(shop: Tree, store: Store) -> None:
    ranking = await rank(await open_index(shop, store), TRACEBACK)
    assert {file.path for file in ranking.files[:2]} == {"src/shop/money.py", "src/shop/cart.py"}
    assert {symbol.name for symbol in ranking.symbols[:2]} == {"round_half_up", "Cart.total"}
    assert "traceback: /usr/lib/python3.11/site-packages/shop/cart.py" in ranking.files[0].reasons


async def test_words_find_the_file_that_speaks_of_it(shop: Tree, store: Store) -> None:
    ranking = await rank(await open_index(shop, store), "The fee of heavy parcels should be higher")
    assert ranking.files[0].path == "src/shop/shipping.py"


async def test_a_test_named_in_the_task_leads_to_what_it_tests(shop: Tree, store: Store) -> None:
    ranking = await rank(await open_index(shop, store), "tests/test_cart.py::test_total_rounds_negative_amounts fails")
    sources = [file.path for file in ranking.files if file.role == "source"]
    assert sources[0] == "src/shop/cart.py"


async def test_the_map_shows_signatures_within_its_budget(shop: Tree, store: Store) -> None:
    index = await open_index(shop, store)
    drawn = await repository_map(index, await rank(index, "rounding of the total"), tokens=100)
    assert approximate_tokens(drawn) <= 100
    assert (
        "    17:   def total(self, discount: float) -> int  # Return the sum after the discount." in drawn.splitlines()
    )


@pytest.mark.parametrize("tokens", [0, 5, 20, 50, 90, 150, 400, 4000])
@pytest.mark.parametrize("task", ["rounding of the total", "parcels", "", TRACEBACK])
async def test_the_map_never_exceeds_its_budget(shop: Tree, store: Store, task: str, tokens: int) -> None:
    index = await open_index(shop, store)
    drawn = await repository_map(index, await rank(index, task), tokens=tokens)
    assert approximate_tokens(drawn) <= tokens
    if tokens == 4000 and task == "parcels":
        assert "src/shop/shipping.py\n     1: def fee(weight: float) -> int  # What a parcel costs.\n" in drawn


async def test_the_same_question_has_the_same_answer(shop: Tree, tmp_path: Path) -> None:
    answers: set[str] = set()
    for name in ("one", "two"):
        index = await open_index(shop, Store(tmp_path / name))
        for _ in range(2):
            ranking = await rank(index, TRACEBACK + "discounts")
            answers.add(repr(ranking) + await repository_map(index, ranking, tokens=300))
        (tmp_path / "elsewhere").mkdir(exist_ok=True)
        (tmp_path / "elsewhere/other.py").write_text("def total(): ...\n", encoding="utf-8")
        await open_index(Tree(root=tmp_path / "elsewhere"), Store(tmp_path / "two"))
    assert len(answers) == 1


async def test_a_dotted_name_leads_to_its_definition(shop: Tree, store: Store) -> None:
    ranking = await rank(await open_index(shop, store), "shop.money.shown prints a wrong sign")
    assert ranking.files[0].path == "src/shop/money.py"
    assert ranking.symbols[0].name == "shown"
    assert "named: shop.money.shown" in ranking.files[0].reasons


async def test_what_uses_a_class_points_to_where_it_is_defined(shop: Tree, store: Store) -> None:
    graph = reference_graph(await open_index(shop, store))
    assert "src/shop/cart.py" in graph["tests/test_cart.py"]
    assert "src/shop/money.py" in graph["src/shop/cart.py"]
    assert "src/shop/cart.py" in graph["src/shop/__init__.py"]
    assert all(abs(sum(edges.values()) - 1) < 1e-9 for edges in graph.values())


async def test_attention_is_neither_made_nor_lost(shop: Tree, store: Store) -> None:
    graph = reference_graph(await open_index(shop, store))
    ended = spread(graph, {"tests/test_cart.py": 3.0, "README.md": 1.0})
    assert abs(sum(ended.values()) - 1) < 1e-9
    assert ended["src/shop/cart.py"] > ended["src/shop/money.py"] > 0
