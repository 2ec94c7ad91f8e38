"""Whether the assertions of a test would fail: what was seen against what is expected."""

from __future__ import annotations

import ast
import math
from typing import Any, Dict, List, Optional, Sequence

from regoose_guest.testgen.observing import SeenJson
from regoose_guest.testgen.showing import Row

_TOLERANCE, _LEAST = 1e-6, 1e-12
"""Those of `pytest.approx`."""
_VALUES = frozenset(("equal", "approx", "is"))
"""Kinds of rows that say what an expression gives."""


def differs(seen: Optional[SeenJson], expected: SeenJson) -> bool:  # noqa: PLR0911 - one for each part of an outcome
    """Whether assertions written for one outcome would fail on another."""
    if seen is None or seen["ended"] != expected["ended"]:
        return True
    mine, other = expected["raised"], seen["raised"]
    if (mine is None) != (other is None):
        return True
    if mine is not None and other is not None:
        if mine["type"] != other["type"]:
            return True
        if mine["message"] and mine["message"] not in other["message"]:
            return True
    if expected["printed"] and seen["printed"] != expected["printed"]:
        return True
    if expected["wrapped"] != seen["wrapped"]:
        return True
    return not _hold(expected["rows"], seen["rows"])


def _hold(expected: Sequence[Row], seen: Sequence[Row]) -> bool:
    known = set(map(tuple, seen))
    doubtful = [row for row in expected if tuple(row) not in known]
    if not doubtful:
        return True
    shown: Dict[str, List[Row]] = {}
    for row in seen:
        shown.setdefault(row[1], []).append(row)
    return all(any(_holds(row, other) for other in shown.get(row[1], ())) for row in doubtful)


def _holds(expected: Row, seen: Row) -> bool:
    """Whether an assertion passes on another value of its expression: `== 0` does on `0.0` and on `False`."""
    if expected[0] not in {"equal", "approx"} or seen[0] not in _VALUES:
        return False
    try:
        wanted: Any = ast.literal_eval(expected[2])
        found: Any = ast.literal_eval(seen[2])
        if expected[0] == "approx":
            return math.isclose(wanted, found, rel_tol=_TOLERANCE, abs_tol=_LEAST)
        return bool(wanted == found)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return False
