"""Cases whose outcome may hang on chance: on the order of a set of texts, on numbers drawn from the system."""

from __future__ import annotations

import ast
import os
import random
from typing import Any, Sequence

from regoose_guest.testgen.acts import Act

TODAY = "datetime.date.today()"
SEEDS = ("5", "1031")
"""Hash seeds of two more looks at every case of the file."""
MORE_SEEDS = ("2", "17", "313", "4099", "65537", "99991", "123457", "7654321")
"""Those of more looks at doubtful ones. Of two texts, a set shows the same one first under all once in 2,000 times."""


def is_doubtful(acts: Sequence[Act]) -> bool:
    """Whether an argument is a set whose order differs from process to process, or the day of the test's run."""
    given = (text for act in acts for text in (*act.positional, *(value for _, value in act.keywords)))
    return any(TODAY in text or ("{" in text and _has_set(text)) for text in given)


def _has_set(text: str) -> bool:
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return any(isinstance(node, ast.Set) and len(node.elts) > 1 and not _are_numbers(node) for node in ast.walk(tree))


def _are_numbers(node: ast.Set) -> bool:
    for one in node.elts:
        inner = one.operand if isinstance(one, ast.UnaryOp) else one
        if not isinstance(inner, ast.Constant) or not isinstance(inner.value, (int, float)):
            return False
    return True


class Draws:
    """Counts how often this process asks the system for random bytes."""

    def __init__(self) -> None:
        self.count = 0
        for holder, name in ((os, "urandom"), (random, "_urandom")):
            self._watch(holder, name)

    def _watch(self, holder: Any, name: str) -> None:
        given = getattr(holder, name, None)
        if given is None:
            return

        def drawn(size: int) -> Any:
            self.count += 1
            return given(size)

        setattr(holder, name, drawn)
