"""What became of edits: where each was placed, or why it was refused, in words written for its author."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from regoose.domain.patch import Patch


class Rung(StrEnum):
    """How much of the search text had to be forgiven."""

    EXACT = "exact"
    WHITESPACE = "whitespace"
    INDENTATION = "indentation"
    FUZZY = "fuzzy"
    SYNTAX = "syntax"
    WHOLE = "whole"
    """The edit names a file and no place in it: written, deleted or moved."""


@dataclass(frozen=True, slots=True)
class Placed:
    """One edit that was placed."""

    path: str
    rung: Rung
    line: int = 1
    """The first line it concerns, counted from 1 in the text it was applied to."""
    notes: tuple[str, ...] = ()
    """What the author should know: a path that was mended, lines that were not as it wrote them."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One edit that was not applied; the subclass says of what kind."""

    path: str
    why: str
    """What was wrong, with the value."""
    hint: str = ""
    """What to do next."""
    shown: str = ""
    """Numbered lines of the file as it stands."""

    @property
    def kind(self) -> str:
        """The name under which it is counted."""
        return type(self).__name__

    def message(self) -> str:
        """Tell the author: what, why, the nearest lines, what to do."""
        return "\n".join(part for part in (f"{self.path}: {self.why}", self.shown, self.hint) if part)


@dataclass(frozen=True, slots=True)
class Missed(Refusal):
    """The search text stands nowhere in the file."""


@dataclass(frozen=True, slots=True)
class Ambiguous(Refusal):
    """The search text fits several places."""

    lines: tuple[int, ...] = ()
    """The first line of each place, counted from 1."""


@dataclass(frozen=True, slots=True)
class Unclear(Refusal):
    """The place is known, but not what the lines there should become: unseen lines, underivable indentation."""


@dataclass(frozen=True, slots=True)
class NoSuchFile(Refusal):
    """The file to change is not there."""


@dataclass(frozen=True, slots=True)
class PathTaken(Refusal):
    """A file stands where another should go."""


@dataclass(frozen=True, slots=True)
class OutsideRepository(Refusal):
    """The path leaves the repository or names git's own files."""


@dataclass(frozen=True, slots=True)
class Undecodable(Refusal):
    """The file is no text, or its encoding cannot hold the new one."""


@dataclass(frozen=True, slots=True)
class Unparsable(Refusal):
    """The file could be parsed before, and the result cannot."""

    line: int | None = None


@dataclass(frozen=True, slots=True)
class Elided(Refusal):
    """A placeholder stands for lines that would be lost."""


@dataclass(frozen=True, slots=True)
class Unchanged(Refusal):
    """The edits leave every file as it is."""


@dataclass(frozen=True, slots=True)
class Malformed(Refusal):
    """The edit itself cannot be read; nothing was looked up."""


@dataclass(frozen=True, slots=True)
class Applied:
    """All edits of one call, as one patch."""

    patch: Patch
    placed: tuple[Placed, ...]
    """One of each edit, in their order."""
    notes: tuple[str, ...] = ()
    """Lint errors that the edits brought in, by file and line."""

    def message(self) -> str:
        """Tell the author what was done and what to look at."""
        lines = [f"{place.path}: {_done(place)}" for place in self.placed]
        lines += [f"note: {note}" for place in self.placed for note in place.notes]
        return "\n".join(lines + [f"note: {note}" for note in self.notes])


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was applied, since at least one edit of the call could not be."""

    refusals: tuple[Refusal, ...]
    placed: tuple[Placed, ...] = ()
    """The edits that would have been placed."""

    def message(self) -> str:
        """Tell the author why nothing was applied, edit by edit."""
        head = "Nothing was applied."
        if self.placed:
            fine = ", ".join(sorted({place.path for place in self.placed}))
            head += f" {len(self.placed)} other edit(s) would fit ({fine}): send all again, the refused ones mended."
        return "\n\n".join([head, *(refusal.message() for refusal in self.refusals)])


Outcome = Applied | Refused


@dataclass(frozen=True, slots=True)
class Tally:
    """How many edits ended on which rung or in which refusal; sums by `+`, so one can be kept for each model."""

    counts: Mapping[str, int] = field(default_factory=dict[str, int])

    @classmethod
    def of(cls, outcome: Outcome) -> Tally:
        """Count one call's edits."""
        kinds = [place.rung.value for place in outcome.placed]
        if isinstance(outcome, Refused):
            kinds += [refusal.kind for refusal in outcome.refusals]
        return cls(dict(Counter(kinds)))

    def __add__(self, other: Tally) -> Tally:
        """Sum two tallies."""
        return Tally(dict(Counter(self.counts) + Counter(other.counts)))

    @classmethod
    def total(cls, tallies: Iterable[Tally]) -> Tally:
        """Sum any number of tallies."""
        return sum(tallies, cls())

    @property
    def edits(self) -> int:
        """How many edits were counted."""
        return sum(self.counts.values())

    @property
    def placed(self) -> int:
        """How many of them were placed."""
        return sum(self.counts.get(rung.value, 0) for rung in Rung)


def _done(place: Placed) -> str:
    if place.rung is Rung.WHOLE:
        return "done"
    return f"placed at line {place.line}" + ("" if place.rung is Rung.EXACT else f" ({place.rung.value} forgiven)")
