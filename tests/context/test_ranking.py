from __future__ import annotations

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
