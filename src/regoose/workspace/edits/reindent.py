"""How new lines are indented where the author's lines were indented otherwise than the file's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from regoose.workspace.edits.match import indent


@dataclass(frozen=True, slots=True)
class Linear:
    """Depth in the file = (depth as written - `start`) * `times` / `per` + `base`, in `blank`s."""

    start: int
    base: int
    times: int
    per: int
    blank: str

    def of(self, written: str) -> str | None:
        """Return the indentation in the file; None where it comes to no whole depth."""
        depth, rest = divmod((len(written) - self.start) * self.times, self.per)
        return None if rest or self.base + depth < 0 else self.blank * (self.base + depth)


@dataclass(frozen=True, slots=True)
class Reindent:
    """What a new line's indentation becomes; made from the lines that author and file have in common."""

    first: tuple[str, str] | None
    """The first line's own pair, where the author cut its indentation off and kept that of the others."""
    known: tuple[tuple[str, str], ...]
    rule: Linear | None

    def line(self, line: str, *, is_first: bool, near: Sequence[tuple[str, str]] = ()) -> str | None:
        """
        Return a new line as it is to stand in the file; None where its indentation cannot be derived.

        `near` are the pairs of indentation of the lines around it, which decide where no rule holds throughout.
        """
        if not line.strip():
            return ""
        written = indent(line)
        if is_first and self.first and written == self.first[0]:
            return self.first[1] + line[len(written) :]
        found = self._indent(written, near)
        return None if found is None else found + line[len(written) :]

    def _indent(self, written: str, near: Sequence[tuple[str, str]]) -> str | None:
        if all(mine == theirs for mine, theirs in self.known):
            return written
        exactly = {theirs for mine, theirs in self.known if mine == written}
        if len(exactly) == 1 and self.rule:
            return exactly.pop()
        if self.rule:
            return self.rule.of(written)
        around = {theirs for mine, theirs in near if mine == written}
        return around.pop() if len(around) == 1 else None


def derive(pairs: Sequence[tuple[str, str]]) -> Reindent:
    """Derive the rule from pairs of lines, as the author wrote them and as the file has them."""
    known = [(indent(mine), indent(theirs)) for mine, theirs in pairs]
    distinct = tuple(dict.fromkeys(known))
    rule = _linear(distinct)
    if (known and rule is None) or _cut(known):
        mine, theirs = known[0]
        rest = tuple(dict.fromkeys(known[1:]))
        if len(mine) < len(theirs) and rest and (known[0] not in rest) and (other := _linear(rest)):
            return Reindent((mine, theirs), rest, other)
    return Reindent(None, distinct, rule)


def _cut(known: Sequence[tuple[str, str]]) -> bool:
    """Whether the first line alone lost its indentation: no rule of all is as simple as none for the others."""
    return len(known) > 1 and known[0][0] == "" != known[0][1] and all(mine == theirs for mine, theirs in known[1:])


def _linear(distinct: Sequence[tuple[str, str]]) -> Linear | None:
    blanks = {character for _, theirs in distinct for character in theirs} or {" "}
    if len(blanks) > 1 or len({character for mine, _ in distinct for character in mine}) > 1:
        return None
    depths = sorted({(len(mine), len(theirs)) for mine, theirs in distinct})
    blank = blanks.pop()
    start, base = depths[0]
    tabs = any(character == "\t" for mine, _ in distinct for character in mine)
    if len(depths) == 1:
        unit = _unit(start, base) if tabs != (blank == "\t") and base else (1, 1)
        return Linear(start, base, *unit, blank)
    times, per = depths[1][1] - base, depths[1][0] - start
    if per <= 0 or times <= 0:
        return None
    rule = Linear(start, base, times, per, blank)
    return rule if all(rule.of(" " * mine) == blank * theirs for mine, theirs in depths) else None


def _unit(mine: int, theirs: int) -> tuple[int, int]:
    """One depth each, tabs against blanks, at a level that both have."""
    return theirs, mine or 1
