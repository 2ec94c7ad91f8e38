"""Laws that hold for any file and any edit."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from regoose.domain.patch import FileEdit, Patch
from regoose.workspace.edits import (
    Ambiguous,
    Applied,
    Delete,
    Edit,
    Outcome,
    Refused,
    Replace,
    Rung,
    Tally,
    Unclear,
    Write,
    apply_edits,
    parse_edits,
)

WORDS = ("alpha", "beta = 1", "gamma()", "    delta", "        epsilon(1)", "", "# zeta", "...", ")", "return x")
some_lines = st.lists(st.sampled_from(WORDS) | st.text("ab ='\t", max_size=6), max_size=25)
some_endings = st.sampled_from(("\n", "\r\n"))


def run(files: dict[str, bytes], *edits: Edit) -> Outcome:
    return apply_edits(edits, files.get, files)


def joined(lines: list[str]) -> str:
    return "".join(line + "\n" for line in lines)


@st.composite
def edits_of_a_file(draw: st.DrawFn) -> tuple[list[str], int, int, list[str], int, int]:
    """A file, the lines of it to replace, the new ones, and the lines shown around them."""
    lines = draw(some_lines.filter(any))
    start = draw(st.integers(0, len(lines)))
    end = draw(st.integers(start, min(len(lines), start + 4)))
    first = draw(st.integers(max(0, start - 4), start))
    last = draw(st.integers(end, min(len(lines), end + 4)))
    return lines, start, end, draw(some_lines), first, last


@given(edits_of_a_file(), some_endings, st.sampled_from(("ended", "open")))
def test_an_edit_with_one_exact_place_is_made_there_and_endings_stay(
    edit: tuple[list[str], int, int, list[str], int, int], ending: str, last_line: str
) -> None:
    lines, start, end, new, first, last = edit
    search, replace = lines[first:last], lines[first:start] + new + lines[end:last]
    places = [at for at in range(len(lines) - len(search) + 1) if lines[at : at + len(search)] == search]
    results = {tuple(lines[:at] + replace + lines[at + len(search) :]) for at in places}
    before = ending.join(lines) + (ending if last_line == "ended" else "")
    outcome = run({"f": before.encode()}, Replace("f", joined(search), joined(replace), whole_lines=True))
    if not joined(search).strip() or (last_line == "open" and not lines[-1]):
        return  # nothing to look for; or a last line that is blank and open is no line of the file
    if len(results) > 1:
        assert isinstance(outcome, Refused)
        assert isinstance(outcome.refusals[0], Ambiguous)
    elif isinstance(outcome, Refused) and isinstance(outcome.refusals[0], Unclear):
        assert not any(line[:1].isspace() for line in search if line.strip())  # nothing shows how deep the file is
        assert any(line[:1].isspace() for line in new)
    elif search != replace and last_line == "ended" and len(places) == 1:
        assert isinstance(outcome, Applied)
        assert outcome.placed[0].rung is Rung.EXACT
        after = "".join(line + ending for line in lines[:start] + new + lines[end:])
        assert outcome.patch.edits == (FileEdit("f", before, after),)


@given(some_lines.filter(any), some_lines, some_lines, st.sampled_from(("a block", "a string")))
def test_only_lines_that_are_shown_go_and_only_new_ones_come(
    lines: list[str], search: list[str], replace: list[str], notation: str
) -> None:
    before = joined(lines)
    outcome = run(
        {"f": before.encode()}, Replace("f", joined(search), joined(replace), whole_lines=notation == "a block")
    )
    if not isinstance(outcome, Applied) or not joined(search).strip():
        return
    after = outcome.patch.edits[0].after
    assert after is not None
    gone, come = squeezed(before) - squeezed(after), squeezed(after) - squeezed(before)
    assert gone <= squeezed(joined(search))
    assert come <= squeezed(joined(replace))


def squeezed(text: str) -> Counter[str]:
    """Count lines, white space and the kind of quotes aside."""
    return Counter(key for line in text.splitlines() if (key := "".join(line.split()).replace("'", '"')))


@given(st.lists(st.text("abc", min_size=3, max_size=8), min_size=4, max_size=12, unique=True), st.data())
def test_white_space_is_forgiven_where_lines_differ_by_more(lines: list[str], data: st.DataObject) -> None:
    depths = [data.draw(st.integers(0, 3)) * 4 for _ in lines]
    file = [" " * depth + line for depth, line in zip(depths, lines, strict=True)]
    shift = data.draw(st.integers(1, 8))
    at = data.draw(st.integers(0, len(file) - 1))
    search = [" " * shift + line + data.draw(st.sampled_from(("", " ", "\t"))) for line in file]
    replace = [*search[:at], " " * (shift + depths[at]) + "new", *search[at + 1 :]]
    outcome = run({"f": joined(file).encode()}, Replace("f", joined(search), joined(replace)))
    assert isinstance(outcome, Applied)
    assert outcome.patch.edits[0].after == joined([*file[:at], " " * depths[at] + "new", *file[at + 1 :]])


texts = st.lists(st.text("abc +-@\t", max_size=6), max_size=12).map(joined)
patches = st.dictionaries(
    st.sampled_from(("a", "b c", "d/e.txt")), st.tuples(texts.map(lambda text: "x\n" + text), texts), min_size=1
)


@given(patches)
def test_a_patch_survives_being_written_as_a_diff_and_read_again(files: dict[str, tuple[str, str]]) -> None:
    patch = Patch(tuple(FileEdit(path, old, new) for path, (old, new) in sorted(files.items()) if new and old != new))
    before = {path: old.encode() for path, (old, _) in files.items()}
    outcome = run(before, *parse_edits(f"```diff\n{patch.diff()}```\n").edits)
    if isinstance(outcome, Applied):
        for edit in outcome.patch.edits:
            assert edit.after is not None
            assert edit in patch.edits


@given(texts, texts)
def test_a_refused_call_leaves_nothing_behind(old: str, new: str) -> None:
    files = {"f": old.encode()}
    outcome = run(files, Write("f", new), Write("g", new), Delete("missing"))
    assert isinstance(outcome, Refused)
    assert files == {"f": old.encode()}


@given(st.lists(st.dictionaries(st.sampled_from([*Rung, "Missed"]), st.integers(1, 9))))
def test_tallies_add_up(counts: list[dict[str, int]]) -> None:
    tallies = [Tally({str(key): count for key, count in one.items()}) for one in counts]
    assert Tally.total(tallies).edits == sum(tally.edits for tally in tallies)
    assert Tally.total(tallies).placed == sum(tally.placed for tally in tallies)


@given(st.text('<>=SEARCHREPLACE`~-+@ {}[]"\n\r\tab./*#', max_size=400))
def test_any_text_can_be_read(text: str) -> None:
    parsed = parse_edits(text)
    assert parsed.edits or parsed.problems
