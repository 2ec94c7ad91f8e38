"""
The ladder: one edit, one file, rung by rung.

The first rung on which the search text has exactly one place wins. Several places on a rung end the climb, for every
lower rung would find them as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from regoose.workspace.edits import anchors, check, elision, fragment, match, shown, syntax
from regoose.workspace.edits.forms import Reading, Replace
from regoose.workspace.edits.match import Match, indent, squeezed
from regoose.workspace.edits.nearest import nearest
from regoose.workspace.edits.outcome import Ambiguous, Elided, Missed, Refusal, Rung, Unclear
from regoose.workspace.edits.source import Source, split_lines
from regoose.workspace.edits.splice import Unfit, changes, splice

_NUMBERED = re.compile(r">? {0,8}\d{1,7} ?(?:\||:|\t|→) ?(.*)")
_MOST_FORGIVEN = 10_000
"""Lines of search text; of a longer one only blanks at line ends are forgiven."""
_COPY = "Read the file again and copy the lines as they stand."


@dataclass(frozen=True, slots=True)
class Spliced:
    """The file with one edit made."""

    source: Source
    rung: Rung
    line: int
    """The first line concerned, counted from 1, in the file as it was."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Text:
    """One reading of an edit, in lines."""

    search: tuple[str, ...]
    replace: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a reading fits."""

    text: _Text
    match: Match


def climb(edit: Replace, source: Source, path: str) -> Spliced | Refusal:
    """Place a replacement whose search text is not empty."""
    texts = list(_readings(edit))
    if elided := elision.only_in(texts[0].replace, texts[0].search):
        return _lost(path, elided)
    if edit.every:
        return _everywhere(edit, source, path)
    for places in _rungs(edit, texts, source.lines, path):
        if places:
            return _settle(_narrowed(places, edit.within, source.lines), source, path)
    return _missed(texts[0], source, path)


def _readings(edit: Replace) -> Iterator[_Text]:
    for one in (Reading(edit.search, edit.replace), *edit.others):
        search, replace = split_lines(one.search), split_lines(one.replace)
        yield _Text(tuple(search), tuple(replace))
        if all(_NUMBERED.fullmatch(line) for line in search if line.strip()):
            yield _Text(tuple(map(_unnumbered, search)), tuple(map(_unnumbered, replace)))


def _unnumbered(line: str) -> str:
    """Leave away the number that a listing puts before a line."""
    found = _NUMBERED.fullmatch(line)
    return found[1] if found else line


def _rungs(edit: Replace, texts: Sequence[_Text], lines: Sequence[str], path: str) -> Iterator[list[_Place]]:
    """Yield the places on each rung."""
    whole = [_Place(text, one) for text in texts for one in match.exact(text.search, lines)]
    part = [] if edit.whole_lines or edit.search.endswith("\n") else _fragments(edit, lines)
    yield part if len(part) > len(whole) and (len(texts[0].search) == 1 or not whole) else whole
    yield [_Place(text, one) for text in texts for one in match.trailing(text.search, lines)]
    if len(texts[0].search) > _MOST_FORGIVEN:
        return
    yield [_Place(text, one) for text in texts for one in match.content(text.search, lines, squeezed)]
    yield [
        _Place(text, Match(Rung.FUZZY, one.pairs))
        for text in texts
        for one in match.content(text.search, lines, anchors.folded)
    ]
    yield [_Place(text, one) for text in texts for one in elision.find(text.search, lines)]
    whole_texts = [text for text in texts[:1] if not any(elision.is_marker(line) for line in text.search)]
    finders = (anchors.find, syntax.find) if path.endswith((".py", ".pyi")) else (anchors.find,)
    for find in finders:
        yield [_Place(text, found) for text in whole_texts if (found := find(text.search, text.replace, lines))]


def _fragments(edit: Replace, lines: Sequence[str]) -> list[_Place]:
    """Find the text within lines, unless it is a line without its indentation that becomes several."""
    found = fragment.fragments("\n".join(split_lines(edit.search)), "\n".join(split_lines(edit.replace)), lines)
    places = [_Place(_Text(one.search, one.replace), one.match) for one in found]
    if (
        len(places) == 1
        and "\n" in edit.replace.strip()
        and squeezed(edit.search) == squeezed("".join(places[0].text.search))
    ):
        return []
    return places


def _narrowed(places: list[_Place], heading: str, lines: Sequence[str]) -> list[_Place]:
    """Keep the places under a heading where several fit the text, and any is under it."""
    if len({place.match.first for place in places}) < 2 or not squeezed(heading):  # noqa: PLR2004 - nothing to tell apart
        return places
    return [place for place in places if _under(lines, place.match.first, squeezed(heading))] or places


def _under(lines: Sequence[str], row: int, heading: str) -> bool:
    """Whether a line that encloses this one, by its indentation, begins with the heading."""
    depth = len(indent(lines[row])) + 1
    for above in range(row, -1, -1):
        line = lines[above]
        if line.strip() and len(indent(line)) < depth:
            depth = len(indent(line))
            if squeezed(line).startswith(heading):
                return True
    return False


def _settle(places: Sequence[_Place], source: Source, path: str) -> Spliced | Refusal:
    """Make the edit where all places and readings come to the same, or one reading alone can be parsed."""
    firsts = sorted({place.match.first for place in places})
    several = len(firsts) > 1 or len({place.match.pairs for place in places if place.text is places[0].text}) > 1
    made: dict[Source, Spliced] = {}
    why = ""
    for place in places:
        if lost := _marker_lost(place):
            return _lost(path, lost)
        try:
            results = splice(source, place.match, place.text.search, place.text.replace)
        except Unfit as unfit:
            why = why or str(unfit)
            continue
        for one in results:
            made.setdefault(one, Spliced(one, place.match.rung, firsts[0] + 1, _stale_note(place, source.lines)))
    if several and (why or len(made) > 1 or len(places) >= match.MOST_PLACES):
        return _ambiguous(path, firsts, source.lines)
    if len(made) > 1:
        made = {one: spliced for one, spliced in made.items() if check.parses(path, one.text)}
    if len(made) == 1:
        return made.popitem()[1]
    why = why or "the edit can be read in more than one way, and the results differ"
    size = len(places[0].text.search)
    hint = "Copy these lines as they stand, and an indented one of the file where new lines are indented."
    return Unclear(path, why, hint, shown.numbered(source.lines, firsts[0] - 2, firsts[0] + size + 2))


def _stale_note(place: _Place, lines: Sequence[str]) -> str:
    """Name the first line of context that the file has otherwise; it stayed as the file has it."""
    pairs = [(row, place.match.pairs[row]) for row in sorted(place.match.stale)]
    stale = [(row, at) for row, at in pairs if at != match.UNPAIRED]
    if not stale:
        return ""
    row, at = stale[0]
    return f"line {at + 1} is {lines[at].strip()[:100]!r} and not {place.text.search[row].strip()[:100]!r}; it stays"


def _marker_lost(place: _Place) -> str | None:
    """Return a placeholder of the search text that the replacement drops."""
    rows = [row for row in place.match.stale if elision.is_marker(place.text.search[row])]
    differing = changes(place.text.search, place.text.replace, literal=False) if rows else []
    return next(
        (place.text.search[row].strip() for row in rows for one in differing if one.start <= row < one.end), None
    )


def _everywhere(edit: Replace, source: Source, path: str) -> Spliced | Refusal:
    """Replace each place where the text stands exactly."""
    search, replace = "\n".join(split_lines(edit.search)), "\n".join(split_lines(edit.replace))
    found = fragment.fragments(search, replace, source.lines, len(source.lines) + 1)
    text = "\n".join(source.lines)
    if not found or text.count(search) != len(found):
        return _missed(_Text(tuple(split_lines(edit.search)), ()), source, path)
    lines = text.replace(search, replace).split("\n")
    return Spliced(
        source.rewritten("\n".join(lines) + "\n"),
        Rung.EXACT,
        found[0].match.first + 1,
        f"{len(found)} places were replaced",
    )


def _ambiguous(path: str, firsts: Sequence[int], lines: Sequence[str]) -> Ambiguous:
    several = f"{len(firsts)} or more" if len(firsts) >= match.MOST_PLACES else str(len(firsts))
    named = ", ".join(str(first + 1) for first in firsts)
    return Ambiguous(
        path,
        f"the search text fits {several} places, at lines {named}"
        if len(firsts) > 1
        else "the search text fits in several ways",
        "Give more of the lines around the one that is meant.",
        "\n      …\n".join(shown.numbered(lines, first, first + 3) for first in firsts),
        tuple(first + 1 for first in firsts),
    )


def _missed(text: _Text, source: Source, path: str) -> Missed:
    done = match.content(text.replace, source.lines, squeezed)
    if len(done) == 1 and len("".join(map(squeezed, text.replace))) > 20:  # noqa: PLR2004 - shorter text may be anywhere
        at = done[0].first + 1
        why = f"the search text was not found, but the new text stands at line {at}: it may be applied already"
    else:
        why = "the search text was not found"
    return Missed(path, why, _COPY, nearest(text.search, source.lines))


def _lost(path: str, marker: str) -> Elided:
    return Elided(
        path,
        f"the placeholder {marker!r} stands for lines that would be lost",
        "Write these lines out, or put the same placeholder into the search text and the replacement.",
    )
