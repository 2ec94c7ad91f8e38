"""A small repository that the tests of this room look at."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from regoose.context.store import Store
from regoose.context.tree import Tree

SHOP: Mapping[str, str] = {
    "README.md": "# Shop\n\nSells things; discounts are rounded.\n",
    "pyproject.toml": '[project]\nname = "shop"\n',
    "src/shop/__init__.py": '"""A shop."""\n\nfrom shop.cart import Cart\n\n__all__ = ["Cart"]\n',
    "src/shop/cart.py": (
        '"""What a customer buys."""\n\nfrom shop.money import round_half_up\n\nLIMIT = 99\n\n\n'
        'class Cart:\n    """Items and their prices."""\n\n    def __init__(self) -> None:\n        self.items = []\n\n'
        "    def add(self, price: int, times: int = 1) -> None:\n        self.items.append(price * times)\n\n"
        '    def total(self, discount: float) -> int:\n        """Return the sum after the discount."""\n'
        "        return round_half_up(sum(self.items) * (1 - discount))\n"
    ),
    "src/shop/money.py": (
        '"""Amounts in cents."""\n\n\ndef round_half_up(amount: float) -> int:\n    """Round to whole cents."""\n'
        "    return int(amount + 0.5)\n\n\ndef shown(cents: int) -> str:\n    return f'{cents / 100:.2f}'\n"
    ),
    "src/shop/shipping.py": (
        'def fee(weight: float) -> int:\n    """What a parcel costs."""\n    return 500 if weight > 2 else 300\n'
    ),
    "tests/test_cart.py": (
        "from shop.cart import Cart\n\n\ndef test_total_rounds_negative_amounts() -> None:\n"
        "    cart = Cart()\n    cart.add(-1)\n    assert cart.total(0.5) == -1\n"
    ),
}


@pytest.fixture
def shop(tmp_path: Path) -> Tree:
    root = tmp_path / "shop"
    for path, text in SHOP.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return Tree(root=root)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cache")
