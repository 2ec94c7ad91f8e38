"""Edits with context lines, and the damage that models do to them."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edit_corpus import TrueEdit, older_context

_WORDS = ("value", "result", "the", "cached", "new", "default", "items", "each", "option", "index")
_MARKERS = ("...", "# ...", "# ... existing code ...", "# ... rest of the code ...", "# (unchanged)")


@dataclass(slots=True)
class Row:
    """One line of an edit as it will be written: `sign` is a blank, `-` or `+`."""

    sign: str
    text: str
    at: int = -1
    """The line of the file that it is, blanks aside; -1 where it is none of it, or no longer."""


@dataclass(slots=True)
class Draft:
    """An edit with context lines, to be damaged."""

    edit: TrueEdit
    first: int
    rows: list[Row]
    rng: random.Random
    path: str = ""

    @property
    def search(self) -> list[str]:
        """The lines to look for."""
        return [row.text for row in self.rows if row.sign != "+"]

    @property
    def replace(self) -> list[str]:
        """The lines to put there."""
        return [row.text for row in self.rows if row.sign != "-"]

    def contexts(self) -> list[Row]:
        """Return the context lines that say something."""
        return [row for row in self.rows if row.sign == " " and row.text.strip()]


def draft(edit: TrueEdit, rng: random.Random, context: int | None = None) -> Draft | None:
    """Write an edit with one to five lines of context, or more until it has one place; None where it has none."""
    size = context if context is not None else rng.randint(1, 5)
    for around in range(size, size + 6):
        made = written(edit, rng, around)
        if any(line.strip() for line in made.search) and places(edit.before, made) == 1:
            return made
    return None


def written(edit: TrueEdit, rng: random.Random, around: int) -> Draft:
    """Write an edit with so many lines of context."""
    first, last = max(0, edit.start - around), min(len(edit.before), edit.end + around)
    rows = [Row("-" if edit.start <= at < edit.end else " ", edit.before[at], at) for at in range(first, last)]
    rows[edit.end - first : edit.end - first] = [Row("+", line) for line in edit.new]
    return Draft(edit, first, rows, rng, edit.path)


def places(lines: Sequence[str], made: Draft) -> int:
    """Count where the lines that are still sure stand, at their distances, all white space forgiven."""
    wanted = [(row.at - made.first, "".join(row.text.split())) for row in made.rows if row.at >= 0]
    wanted = [(at, text) for at, text in wanted if text]
    if not wanted:
        return 0
    squeezed = ["".join(line.split()) for line in lines]
    starts = [row - wanted[0][0] for row, text in enumerate(squeezed) if text == wanted[0][1]]
    return sum(
        all(0 <= start + at < len(squeezed) and squeezed[start + at] == text for at, text in wanted) for start in starts
    )


Damage = Callable[[Draft], bool]
"""Damages a draft in place; says whether there was something to damage."""


def trailing_blanks(made: Draft) -> bool:
    """Add blanks at line ends."""
    for row in made.rows:
        if made.rng.random() < 0.5:
            row.text += made.rng.choice((" ", "  ", "\t"))
    return True


def tabs(made: Draft) -> bool:
    """Write each four blanks of indentation as a tab."""
    shows = any(row.sign != "+" and row.text.startswith("    ") for row in made.rows)
    return shows and _each(made, lambda text: re.sub(r"^(?: {4})+", lambda found: "\t" * (len(found[0]) // 4), text))


def half_depth(made: Draft) -> bool:
    """Indent by two where the file indents by four."""
    return all(depth_of(row.text) % 4 == 0 for row in made.rows if row.text.strip()) and _each(
        made, lambda text: " " * (depth_of(text) // 2) + text.lstrip(" ")
    )


def dedented(made: Draft) -> bool:
    """Cut the indentation off that all lines share."""
    common = min((depth_of(row.text) for row in made.rows if row.text.strip()), default=0)
    return common > 0 and _each(made, lambda text: text[common:])


def indented(made: Draft) -> bool:
    """Indent everything by some more."""
    blank = " " * made.rng.choice((1, 2, 4, 8))
    return _each(made, lambda text: blank + text if text.strip() else text)


def block_indented(made: Draft) -> bool:
    """Shift the context before the change, or the one behind it, and leave the rest."""
    rows = made.rows if made.rng.random() < 0.5 else made.rows[::-1]
    shift = made.rng.choice((-4, -1, 1, 4))
    touched = False
    for row in rows:
        if row.sign != " ":
            break
        if row.text.strip() and depth_of(row.text) + shift >= 0:
            row.text = " " * (depth_of(row.text) + shift) + row.text.lstrip(" ")
            touched = True
    return touched


def first_line_stripped(made: Draft) -> bool:
    """Cut the indentation off the first line alone."""
    row = made.rows[0]
    if row.sign != " " or row.text == row.text.lstrip() or len(made.rows) < 2:
        return False
    row.text = row.text.lstrip()
    return True


def inner_blanks(made: Draft) -> bool:
    """Write operators, commas and brackets with other blanks, but in new lines."""
    touched = False
    for row in made.rows:
        body = row.text.lstrip()
        changed = re.sub(r" ?([=,(]) ?", made.rng.choice((r"\1", r"\1 ", r" \1 ")), body)
        if row.sign != "+" and changed != body:
            row.text = row.text[: len(row.text) - len(body)] + changed
            touched = True
    return touched


def blank_lines_dropped(made: Draft) -> bool:
    """Leave blank lines of the context out."""
    kept = [row for row in made.rows if row.text.strip() or row.sign != " "]
    touched = len(kept) < len(made.rows)
    made.rows[:] = kept
    return touched


def blank_line_added(made: Draft) -> bool:
    """Put a blank line between two of the context."""
    at = [index for index in range(1, len(made.rows)) if made.rows[index].sign == made.rows[index - 1].sign == " "]
    if at:
        made.rows.insert(made.rng.choice(at), Row(" ", ""))
    return bool(at)


def stale_comment(made: Draft) -> bool:
    """Change the words of a comment, or of the text of a document."""
    prose = not made.edit.path.endswith((".py", ".pyi"))
    rows = [row for row in made.contexts() if prose or row.text.lstrip().startswith("#")]
    if not rows:
        return False
    row = made.rng.choice(rows)
    words = row.text.split(" ")
    words[made.rng.randrange(len(words) // 2, len(words))] = made.rng.choice(_WORDS)
    return _stale(row, " ".join(words))


def stale_line(made: Draft) -> bool:
    """Change, add or drop one word of a context line."""
    rows = [row for row in made.contexts() if len(re.findall(r"\w+", row.text)) > 1]
    if not rows:
        return False
    row = made.rng.choice(rows)
    found = made.rng.choice(list(re.finditer(r"\w+", row.text)))
    word = made.rng.choice(("", found[0] + "_" + made.rng.choice(_WORDS), made.rng.choice(_WORDS)))
    return _stale(row, row.text[: found.start()] + word + row.text[found.end() :])


def stale_version(made: Draft) -> bool:
    """Write context lines as they were some versions earlier."""
    olds = older_context(made.edit, made.first, made.first + len(made.search)) if made.edit.older else []
    rows = [row for row in made.rows if row.sign != "+"]
    return sum(_stale(rows[at - made.first], text) for at, text in olds) > 0


def line_missing(made: Draft) -> bool:
    """Leave a line out that has context on both sides."""
    signs = "".join(row.sign for row in made.rows)
    inner = [at for at in range(1, len(signs) - 1) if signs[at - 1 : at + 2] == "   " and made.rows[at].text.strip()]
    if not inner:
        return False
    del made.rows[made.rng.choice(inner)]
    return True


def comment_invented(made: Draft) -> bool:
    """Put a comment between two lines of the context."""
    at = [index for index in range(1, len(made.rows)) if made.rows[index].sign == made.rows[index - 1].sign == " "]
    if not at or not made.edit.path.endswith(".py"):
        return False
    index = made.rng.choice(at)
    text = " " * depth_of(made.rows[index].text) + "# " + " ".join(made.rng.choices(_WORDS, k=4))
    made.rows.insert(index, Row(" ", text))
    return True


def quotes(made: Draft) -> bool:
    """Write the other kind of quotes."""
    touched = False
    for row in made.rows:
        if row.sign != "+" and ("'" in row.text) != ('"' in row.text):
            row.text = row.text.translate(str.maketrans("'\"", "\"'"))
            touched = True
    new = {row.text for row in made.rows if row.sign == "+"}
    return touched and not any(row.text in new for row in made.rows if row.sign == "-")


def typographic(made: Draft) -> bool:
    """Write quotes and dashes as a typesetter would."""
    touched = False
    for row in made.rows:
        changed = row.text.replace("'", "\N{RIGHT SINGLE QUOTATION MARK}").replace(" -- ", " \N{EN DASH} ")
        if row.sign != "+" and changed != row.text:
            row.text = changed
            touched = True
    return touched


def elided(made: Draft) -> bool:
    """Put a placeholder for a run of context lines, three or more."""
    runs = [run for run in _context_runs(made.rows) if len(run) > 4]
    if not runs:
        return False
    run = made.rng.choice(runs)
    length = made.rng.randint(3, len(run) - 2)
    start = made.rng.randint(1, len(run) - 1 - length)
    depth = min(
        (depth_of(made.rows[at].text) for at in run[start : start + length] if made.rows[at].text.strip()), default=0
    )
    marker = Row(" ", " " * depth + made.rng.choice(_MARKERS))
    made.rows[run[start] : run[start] + length] = [marker]
    return True


def listing_numbers(made: Draft) -> bool:
    """Copy the numbers that a listing puts before the lines."""
    number = made.first
    for row in made.rows:
        if row.sign != "+":
            number += 1
            row.text = f"{number:>5} | {row.text}"
    return True


PATH_DAMAGE: dict[str, Callable[[str], str]] = {
    "path: case": lambda path: path.swapcase() if "/" not in path else path[0].swapcase() + path[1:],
    "path: a/ before it": lambda path: "a/" + path,
    "path: repository before it": lambda path: "repo/" + path,
    "path: folder missing": lambda path: path.partition("/")[2],
}
TEXT_DAMAGE: dict[str, tuple[Damage, int | None]] = {
    "none": (lambda _: True, None),
    "trailing blanks": (trailing_blanks, None),
    "tabs for blanks": (tabs, None),
    "half the depth": (half_depth, None),
    "dedented": (dedented, None),
    "indented": (indented, None),
    "context block shifted": (block_indented, 3),
    "first line stripped": (first_line_stripped, None),
    "blanks within lines": (inner_blanks, None),
    "blank lines dropped": (blank_lines_dropped, 4),
    "blank line added": (blank_line_added, 3),
    "stale comment": (stale_comment, 3),
    "stale context line": (stale_line, 3),
    "context of older version": (stale_version, 5),
    "context line missing": (line_missing, 4),
    "comment invented": (comment_invented, 3),
    "other quotes": (quotes, None),
    "typographic quotes": (typographic, None),
    "elided lines": (elided, 8),
    "short context": (lambda _: True, 0),
    "numbers of a listing": (listing_numbers, None),
    "dedented, trailing blanks": (lambda made: dedented(made) and trailing_blanks(made), None),
    "dedented, stale line": (lambda made: stale_line(made) and dedented(made), 4),
    "tabs, blank lines dropped": (lambda made: blank_lines_dropped(made) and tabs(made), 4),
}


def _each(made: Draft, change: Callable[[str], str]) -> bool:
    texts = [change(row.text) for row in made.rows]
    touched = any(text != row.text for text, row in zip(texts, made.rows, strict=True))
    for row, text in zip(made.rows, texts, strict=True):
        row.text = text
    return touched


def _stale(row: Row, text: str) -> bool:
    if "".join(text.split()) == "".join(row.text.split()) or not text.strip():
        return False
    row.text, row.at = text, -1
    return True


def _context_runs(rows: Sequence[Row]) -> list[list[int]]:
    runs: list[list[int]] = [[]]
    for at, row in enumerate(rows):
        if row.sign == " ":
            runs[-1].append(at)
        elif runs[-1]:
            runs.append([])
    return runs


def depth_of(text: str) -> int:
    """Count the blanks before a line."""
    return len(text) - len(text.lstrip(" "))
