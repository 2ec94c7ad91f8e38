"""
The HTML report of `regoose test`: one file without scripts or network, for who decides whether to keep the tests.

The verdict and the figures come first, then what looks wrong in the code, then module by module the tests, the lines
they run and the small faults they would notice or miss.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from regoose.domain.generation import DroppedTest, GenerateResult, Kept, Mutant, MutantStatus, Oddity
from regoose.reports import diff
from regoose.reports.generation.numbers import DROPPED, Figures, figures, headline
from regoose.reports.generation.shading import Shade, State, counts, shades
from regoose.reports.page import page
from regoose.reports.source import lines, markup
from regoose.reports.wording import TITLES

OPEN_MODULES = 3
"""Modules whose details are shown at once; with more, each unfolds."""
OPEN_ROWS = 20
"""Rows of a table that are shown at once; the rest unfolds."""
OPEN_LINES = 600
"""Lines of a module that are shown at once; a longer one unfolds."""
COLOURED = 150_000
"""Characters of code on one page that are coloured; what comes after them is plain, as colouring takes long."""
MARKS = {State.BEFORE: "✓", State.NEW: "+", State.PART: "½", State.MISSED: "✗"}
LEGEND = (
    (State.BEFORE, "run before"),
    (State.NEW, "run by the new tests"),
    (State.PART, "run in part"),
    (State.MISSED, "not run"),
)


@dataclass(frozen=True, slots=True)
class _Change:
    """One mutant with its small diff."""

    mutant: Mutant
    rows: tuple[diff.Row, ...]


@dataclass(frozen=True, slots=True)
class _List:
    """Mutants of one kind, the first of which are shown at once."""

    title: str
    note: str
    is_open: bool
    first: tuple[_Change, ...]
    more: tuple[_Change, ...]

    def __len__(self) -> int:
        return len(self.first) + len(self.more)


@dataclass(frozen=True, slots=True)
class _Module:
    """One module as the page shows it."""

    anchor: str
    kept: Kept
    figures: Figures
    is_open: bool
    code: Markup
    """The module's lines with their coverage; empty where its source is not at hand."""
    code_open: bool
    states: tuple[tuple[State, str, int], ...]
    tests: Markup
    mutants: tuple[_List, ...]
    not_run: int


@dataclass(frozen=True, slots=True)
class _Odd:
    """Behaviour that looks wrong, with the anchor of its line; empty where that is not on the page."""

    oddity: Oddity
    anchor: str


class _Colours:
    """Colours code until `left` characters are used up."""

    def __init__(self, left: int) -> None:
        self._left = left

    def lines(self, path: str, text: str) -> list[Markup]:
        """Return the lines of a file as HTML."""
        self._left -= len(text)
        return [markup(line) for line in lines(path if self._left >= 0 else "", text)]


def render(result: GenerateResult, sources: Mapping[str, str]) -> str:
    """Return the report; `sources` maps paths to the text of the modules, one that is missing is shown without code."""
    modules = _modules(result, sources)
    sums = figures(result.modules)
    return page(
        "generation.html.j2",
        result=result,
        title=TITLES[result.status],
        reason=headline(result),
        not_enforced=result.not_enforced,
        sums=sums,
        files=sum(one.file is not None for one in result.modules),
        modules=modules,
        oddities=_oddities(modules),
        reasons=DROPPED,
        marks=MARKS,
        legend=LEGEND,
        cut=_cut,
    )


def _cut(rows: Sequence[DroppedTest | _Odd]) -> tuple[Sequence[DroppedTest | _Odd], Sequence[DroppedTest | _Odd]]:
    return rows[:OPEN_ROWS], rows[OPEN_ROWS:]


def _modules(result: GenerateResult, sources: Mapping[str, str]) -> list[_Module]:
    colours = _Colours(COLOURED)
    is_open = len(result.modules) <= OPEN_MODULES
    code = [_code(f"m{number}", one, sources.get(one.target.path), colours) for number, one in _numbered(result)]
    return [
        _Module(
            anchor=f"m{number}",
            kept=one,
            figures=figures([one]),
            is_open=is_open,
            code=text,
            code_open=is_open and _is_of_interest(count, sources.get(one.target.path, "")),
            states=tuple((state, words, count[state]) for state, words in LEGEND),
            tests=Markup("\n").join(colours.lines(one.file.path, one.file.text)) if one.file else Markup(),
            mutants=tuple(_lists(one.mutation.mutants)),
            not_run=sum(mutant.status is MutantStatus.NOT_RUN for mutant in one.mutation.mutants),
        )
        for (number, one), (text, count) in zip(_numbered(result), code, strict=True)
    ]


def _is_of_interest(count: Mapping[State, int], source: str) -> bool:
    """Whether a module's lines are worth showing at once: few enough, and not all run before."""
    return source.count("\n") <= OPEN_LINES and any(count[state] for state in State if state is not State.BEFORE)


def _numbered(result: GenerateResult) -> Iterable[tuple[int, Kept]]:
    return enumerate(result.modules, 1)


def _code(anchor: str, one: Kept, source: str | None, colours: _Colours) -> tuple[Markup, Mapping[State, int]]:
    """Return the rows of a module's lines, and how many lines are in which state."""
    shaded = shades(source or "", one.before, one.after)
    count = counts(shaded, one.after.lines)
    if source is None:
        return Markup(), count
    rows = [
        _row(f"{anchor}-{number}", number, html, shaded.get(number))
        for number, html in enumerate(colours.lines(one.target.path, source), 1)
    ]
    return Markup("\n").join(rows), count


def _row(anchor: str, number: int, html: Markup, shade: Shade | None) -> Markup:
    state, mark, missing = "none", "", ""
    if shade is not None:
        state, mark = shade.state.value, MARKS[shade.state]
        missing = f'<span class="why">{escape(shade.missing)}</span>' if shade.missing else ""
    return Markup(  # noqa: S704 - the line is HTML already, what is missing is escaped, the rest is our own
        f'<tr class="{state}" id="{anchor}"><td class="n">{number}</td><td class="s">{mark}</td>'
        f'<td class="c">{html}{missing}</td></tr>'
    )


def _lists(mutants: Sequence[Mutant]) -> Iterable[_List]:
    alive = [one for one in mutants if not one.is_killed and one.status is not MutantStatus.NOT_RUN]
    yield _list(
        "No test notices",
        "If one of these were a mistake somebody made, the tests would stay green.",
        [one for one in alive if not one.likely_equivalent],
        is_open=True,
    )
    yield _list(
        "Likely without effect",
        "These changes look as if no test could notice them. They count as alive.",
        [one for one in alive if one.likely_equivalent],
    )
    yield _list("Noticed", "", [one for one in mutants if one.is_killed])


def _list(title: str, note: str, mutants: Sequence[Mutant], *, is_open: bool = False) -> _List:
    ordered = sorted(mutants, key=lambda one: (one.status is MutantStatus.UNCOVERED, one.line))
    changes = tuple(_Change(one, diff.small(one.before, one.after)) for one in ordered)
    return _List(title, note, is_open, changes[:OPEN_ROWS], changes[OPEN_ROWS:])


def _oddities(modules: Sequence[_Module]) -> list[_Odd]:
    with_code = {one.kept.target.path: one for one in modules if one.code}
    return [
        _Odd(odd, f"{with_code[odd.path].anchor}-{odd.line}" if odd.path in with_code else "")
        for one in modules
        for odd in one.kept.oddities
    ]
