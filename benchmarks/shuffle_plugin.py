"""pytest plugin: run the tests in the order that the seed in the environment variable `SHUFFLE` gives."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Shuffle."""
    seed = os.environ.get("SHUFFLE")
    if seed:
        random.Random(int(seed)).shuffle(items)
