"""What is remembered of good candidates, and what may be done with them."""

from __future__ import annotations

import ast
from random import Random
from typing import List, Sequence

from regoose_guest.testgen.acts import Act

LONGEST = 8
"""Acts of a candidate."""


class Entry:
    """A candidate that reached something new, to be varied."""

    __slots__ = ("acts", "is_fine")

    def __init__(self, acts: Sequence[Act], *, is_fine: bool) -> None:
        self.acts = list(acts)
        self.is_fine = is_fine


def is_history(entry: Entry) -> bool:
    """Whether more can be done with the object that a candidate made."""
    acts = entry.acts
    return entry.is_fine and 1 < len(acts) < LONGEST and not any(act.receiver != "v0" for act in acts[1:])


def is_chained(acts: Sequence[Act]) -> bool:
    """Whether an act is of what another one but the first gave."""
    return any(act.receiver not in {"", "v0"} for act in acts)


def items_of(text: str) -> List[str]:
    """Return the first items or keys of a display."""
    try:
        node = ast.parse(text, mode="eval").body
    except SyntaxError:
        return []
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return [ast.unparse(one) for one in node.elts[:3]]
    return [ast.unparse(one) for one in node.keys[:3] if one] if isinstance(node, ast.Dict) else []


def entwined(random: Random, given: Sequence[str]) -> List[str]:
    """Return arguments of which one speaks of an item or key of another: a look-up means something only then."""
    items = {number: found for number, found in enumerate(map(items_of, given)) if found}
    if not items or len(given) < 2:  # noqa: PLR2004 - one has no other
        return list(given)
    source = random.choice(list(items))
    at = random.choice([number for number in range(len(given)) if number != source])
    item = random.choice(items[source])
    return [*given[:at], f"[{item}]" if given[at].startswith("[") else item, *given[at + 1 :]]
