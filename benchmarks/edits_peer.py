"""
Apply the cases that `edits.py --write-cases FILE` wrote by aider's search/replace algorithm, for comparison.

Run it with the interpreter of an environment that has `aider-chat`: `python edits_peer.py FILE`.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import cast

Place = Callable[[str, str, str], "str | None"]


def main() -> None:
    """Print how many were applied rightly, refused and applied wrongly."""
    coder = importlib.import_module("aider.coders.editblock_coder")
    place = cast("Place", coder.replace_most_similar_chunk)
    counts: dict[str, Counter[str]] = {"right": Counter(), "must be refused": Counter()}
    with Path(sys.argv[1]).open(encoding="utf-8") as file:
        for line in file:
            case = cast("dict[str, str | None]", json.loads(line))
            wanted = case["wanted"]
            result = _applied(place, *(cast("str", case[key]) for key in ("before", "search", "replace")))
            if result is None:
                verdict = "refused"
            else:
                verdict = "right" if wanted is not None and _normal(result) == _normal(wanted) else "wrong"
            counts["must be refused" if wanted is None else "right"][verdict] += 1
    for group, verdicts in counts.items():
        print(group, dict(verdicts))


def _applied(place: Place, before: str, search: str, replace: str) -> str | None:
    try:
        return place(before, search, replace)
    except ValueError:
        return None  # placeholders that do not pair


def _normal(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines() if line.strip()]


if __name__ == "__main__":
    main()
