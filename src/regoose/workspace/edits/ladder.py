"""
The ladder: one edit, one file, rung by rung.

The first rung on which the search text has exactly one place wins. Several places on a rung end the climb, for every
lower rung would find them as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from regoose.workspace.edits import match, shown
from regoose.workspace.edits.forms import Reading, Replace
from regoose.workspace.edits.match import Match
from regoose.workspace.edits.outcome import Ambiguous, Missed, Refusal, Rung, Unclear
from regoose.workspace.edits.source import Source, split_lines
from regoose.workspace.edits.splice import Unfit, splice

Find = Callable[[Sequence[str], Sequence[str]], list[Match]]


@dataclass(frozen=True, slots=True)
class Spliced:
    """The file with one edit made."""

    source: Source
    rung: Rung
    line: int
    """The first line concerned, counted from 1, in the file as it was."""


def climb(edit: Replace, source: Source, path: str) -> Spliced | Refusal:
    """Place a replacement whose search text is not empty."""
    readings = [Reading(edit.search, edit.replace), *edit.others]
    texts = [(split_lines(one.search), split_lines(one.replace)) for one in readings]
    for find in _rungs():
        found = [(search, replace, places) for search, replace in texts if (places := find(search, source.lines))]
        if found:
            return _settle(found, source, path)
    return Missed(path, "the search text was not found", "Read the file again and copy the lines as they stand.")


def _rungs() -> Iterator[Find]:
    yield match.exact
    yield match.trailing
    yield lambda search, lines: match.content(search, lines, match.squeezed)


def _settle(
    found: Sequence[tuple[Sequence[str], Sequence[str], list[Match]]], source: Source, path: str
) -> Spliced | Refusal:
    """Make the edit where there is one place, or several readings that come to the same."""
    places = sorted({place.first for _, _, matches in found for place in matches})
    if len(places) > 1:
        lines = tuple(place + 1 for place in places)
        return Ambiguous(
            path,
            f"the search text fits {_several(len(lines))} places, from lines {', '.join(map(str, lines))}",
            "Give more of the lines around the one that is meant.",
            "\n     …\n".join(shown.numbered(source.lines, place, place + 3) for place in places),
            lines,
        )
    search, replace, matches = found[0]
    try:
        return Spliced(splice(source, matches[0], search, replace), matches[0].rung, places[0] + 1)
    except Unfit as unfit:
        return Unclear(
            path,
            str(unfit),
            "Copy these lines as they stand.",
            shown.numbered(source.lines, places[0] - 2, places[0] + len(search) + 2),
        )


def _several(count: int) -> str:
    return f"{count} or more" if count >= match.MOST_PLACES else str(count)
