"""What is forgiven, and what is refused although something like it stands in the file."""

from __future__ import annotations

import pytest

from regoose.workspace.edits import (
    Ambiguous,
    Applied,
    Edit,
    Elided,
    Missed,
    Outcome,
    Refused,
    Replace,
    Rung,
    Unclear,
    Write,
    apply_edits,
    parse_edits,
)

SOURCE = '''\
import os


class Store:
    """Keeps things."""

    def load(self, path, limit=10):
        # Read at most `limit` lines.
        with open(path) as file:
            lines = file.readlines()
        kept = lines[:limit]
        self.count += len(kept)
        return kept

    def save(self, path, lines):
        # Write the lines, one each.
        with open(path, "w") as file:
            file.writelines(lines)
        self.saved = True
        return len(lines)


def total(values):
    result = 0
    for value in values:
        result += value
    return result
'''


def run(search: str, replace: str, source: str = SOURCE, path: str = "a.py", *, whole: bool = True) -> Outcome:
    files = {path: source.encode()}
    return apply_edits([Replace(path, search, replace, whole_lines=whole)], files.get, files)


def made(outcome: Outcome, rung: Rung) -> str | None:
    assert isinstance(outcome, Applied), outcome.message()
    assert outcome.placed[0].rung is rung
    return outcome.patch.edits[0].after


def refused(outcome: Outcome, kind: type) -> str:
    assert isinstance(outcome, Refused)
    assert isinstance(outcome.refusals[0], kind), outcome.message()
    return outcome.message()


def test_a_stale_line_of_context_is_kept_as_the_file_has_it() -> None:
    search = "        with open(path) as f:\n            lines = file.readlines()\n        kept = lines[:limit]\n"
    outcome = run(search, search.replace("kept = lines[:limit]", "kept = lines[:limit] or []"))
    assert made(outcome, Rung.FUZZY) == SOURCE.replace("lines[:limit]", "lines[:limit] or []")
    assert "line 9 is 'with open(path) as file:' and not 'with open(path) as f:'; it stays" in outcome.message()


def test_a_comment_that_nobody_wrote_is_not_written() -> None:
    search = "        self.count += len(kept)\n        # and so\n        return kept\n"
    new = "        self.count += len(kept)\n        # and so\n        self.done = True\n        return kept\n"
    assert made(run(search, new), Rung.FUZZY) == SOURCE.replace(
        "        return kept\n", "        self.done = True\n        return kept\n"
    )


def test_a_line_to_replace_must_stand_in_the_file() -> None:
    search = "        kept = lines[:maximum]\n        self.count += len(kept)\n        return kept\n"
    message = refused(run(search, search.replace("maximum", "maximum + 1")), Missed)
    assert ">    11 |         kept = lines[:limit]" in message
    assert "     12 |         self.count += len(kept)" in message


def test_another_definition_is_never_taken_for_the_one_that_is_named() -> None:
    search = (
        "    def store(self, path, lines):\n        # Write the lines, one each.\n        with open(path, 'w') as f:\n"
    )
    refused(run(search, search.replace("one each.", "one each!")), Missed)


def test_a_twin_is_refused_where_the_line_that_tells_them_apart_is_stale() -> None:
    twins = "".join(f"def {name}():\n    x = load()\n    check(x)\n    return x\n\n\n" for name in "ab")
    refused(run("    x = load()\n    check(x)\n", "    x = load(1)\n    check(x)\n", twins), Ambiguous)
    refused(run("def c():\n    x = load()\n    check(x)\n", "def c():\n    x = load(1)\n    check(x)\n", twins), Missed)


def test_a_heading_tells_twins_apart() -> None:
    twins = "def a():\n    x = 1\n    return x\n\n\ndef b():\n    x = 1\n    return x\n"
    text = "*** Begin Patch\n*** Update File: a.py\n@@ def b():\n-    x = 1\n+    x = 2\n*** End Patch\n"
    files = {"a.py": twins.encode()}
    outcome = apply_edits(parse_edits(text).edits, files.get, files)
    assert made(outcome, Rung.EXACT) == twins.removesuffix("    x = 1\n    return x\n") + "    x = 2\n    return x\n"


@pytest.mark.parametrize("marker", ["...", "# ...", "# ... existing code ...", "# (unchanged)"])
def test_a_placeholder_on_both_sides_keeps_what_it_stands_for(marker: str) -> None:
    search = f"    def load(self, path, limit=10):\n        {marker}\n        return kept\n"
    new = f"    def load(self, path, limit=20):\n        {marker}\n        return list(kept)\n"
    assert made(run(search, new), Rung.FUZZY) == SOURCE.replace("limit=10", "limit=20").replace(
        "return kept", "return list(kept)"
    )


def test_a_placeholder_on_one_side_is_refused() -> None:
    whole = SOURCE[SOURCE.index("    def load") : SOURCE.index("    def save")]
    shown = "    def load(self, path, limit=10):\n        # ... existing code ...\n        return kept\n"
    refused(run(whole, shown), Elided)
    refused(run(shown, whole), Elided)
    files = {"a.py": SOURCE.encode()}
    outcome = apply_edits([Write("a.py", "import os\n# ... rest of the file ...\n")], files.get, files)
    refused(outcome, Elided)


def test_a_short_text_for_a_long_file_is_refused() -> None:
    long = "".join(f"line {number}\n" for number in range(60))
    files = {"a.txt": long.encode()}
    refused(apply_edits([Write("a.txt", "line 1\nline 2\n")], files.get, files), Elided)


def test_a_definition_is_found_by_its_name() -> None:
    search = (
        "def total(values):\n    '''Sum.'''\n    outcome = 0\n"
        "    for value in values:\n        result += value\n    return outcome\n"
    )
    outcome = run(search, search.replace("result += value", "result += int(value)"))
    assert made(outcome, Rung.SYNTAX) == SOURCE.replace("result += value", "result += int(value)")


def test_a_part_of_a_line_can_be_replaced() -> None:
    outcome = run("limit=10", "limit=20", whole=False)
    assert made(outcome, Rung.EXACT) == SOURCE.replace("limit=10", "limit=20")
    refused(run("lines", "rows", whole=False), Ambiguous)
    refused(run("imi", "x", whole=False), Missed)


def test_every_place_is_replaced_where_that_is_asked() -> None:
    files = {"a.py": SOURCE.encode()}
    outcome = apply_edits([Replace("a.py", "result", "answer", every=True)], files.get, files)
    assert made(outcome, Rung.EXACT) == SOURCE.replace("result", "answer")
    assert outcome.placed[0].notes == ("3 places were replaced",)


def test_a_first_line_that_lost_its_indentation() -> None:
    search = "kept = lines[:limit]\n        self.count += len(kept)"
    outcome = run(search, "kept = lines[:limit]\n        self.count += 1", whole=False)
    assert made(outcome, Rung.INDENTATION) == SOURCE.replace("+= len(kept)", "+= 1")
    outcome = run("self.saved = True", "self.saved = True\n        self.path = path", whole=False)
    assert made(outcome, Rung.INDENTATION) == SOURCE.replace(
        "self.saved = True\n", "self.saved = True\n        self.path = path\n"
    )


def test_a_line_without_indentation_that_may_go_on_at_two_depths_is_refused() -> None:
    refused(run("return kept", "return kept\n\n\ndef new():\n    pass", whole=False), Unclear)


def test_numbers_of_a_listing_are_left_away() -> None:
    outcome = run("   11 |         kept = lines[:limit]\n", "   11 |         kept = lines[limit:]\n")
    assert made(outcome, Rung.EXACT) == SOURCE.replace("[:limit]", "[limit:]")


def test_a_text_that_is_applied_already_is_named() -> None:
    search = "        self.saved = False\n        return len(lines)\n"
    assert "stands at line 19" in refused(run(search, search.replace("False", "True")), Missed)


def test_two_readings_that_differ_are_refused() -> None:
    source = "Title\n=======\nText\n"
    text = "a.rst\n<<<<<<< SEARCH\nTitle\n=======\n=======\nNew\n=======\n>>>>>>> REPLACE\n"
    files = {"a.rst": source.encode()}
    edits: tuple[Edit, ...] = parse_edits(text).edits
    outcome = apply_edits(edits, files.get, files)
    refused(outcome, Unclear)


HOSTILE = {
    "the same line": ("x = 1\n" * 100_000, "x = 1\n" * 50_000 + "y\n"),
    "a long line": ("x = 1\n" * 1_000, "x" * 1_000_000 + "\n"),
    "many lines": ("".join(f"line {n}\n" for n in range(100_000)), "".join(f"line {n} \nnew\n" for n in range(60_000))),
    "blank lines": ("x = 1\n" * 1_000, "\n" * 1_000_000 + "x = 2"),
    "placeholders": ("x = 1\n" * 10_000, "...\nx = 1\n" * 50_000),
    "common lines": ("def f():\n    pass\n\n" * 30_000, "def f():\n    pas\n    pass\n\n" * 100),
    "markers": ("x\n" * 1_000, "# " + "." * 1_000_000 + "\n"),
    "numbers": ("x\n" * 1_000, "1" * 500_000 + "\n" + " " * 500_000 + "|\n"),
    "brackets": ("x = 1\n", "x = " + "(" * 500_000),
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_are_answered(name: str) -> None:
    source, search = HOSTILE[name]
    for path in ("a.txt", "a.py"):
        outcome = run(search, search + "new = 1\n", source, path)
        assert isinstance(outcome, Refused)


@pytest.mark.timeout(60)
def test_a_small_edit_of_a_large_file() -> None:
    source = "".join(f"value_{n} = {n}\n" for n in range(100_000))
    search = "value_500 = 500\nvalue_501 =  501\nvalue_502 = 5020\nvalue_503 = 503\n"
    outcome = run(search, search.replace("501 =  501", "501 = 0"), source)
    assert made(outcome, Rung.FUZZY) == source.replace("value_501 = 501\n", "value_501 = 0\n")


@pytest.mark.timeout(60)
@pytest.mark.parametrize("text", ["-" * 500_000, "a" * 500_000 + " = " + "1 + " * 100_000 + "1\n", "[" * 100_000])
def test_hostile_python_is_answered(text: str) -> None:
    files: dict[str, bytes] = {}
    assert isinstance(apply_edits([Write("a.py", text)], files.get, files), Refused | Applied)


def test_new_lines_among_lines_of_two_shifts() -> None:
    source = "def f(x):\n    if x:\n        first(x)\n    last(x)\n"
    shifted = "        if x:\n        first(x)\n    last(x)\n"
    beside_right = shifted.replace("    last", "        second(x)\n    last")
    assert made(run(shifted, beside_right, source), Rung.INDENTATION) == source.replace(
        "    last", "        second(x)\n    last"
    )
    beside_shifted = shifted.replace("        first", "            zeroth(x)\n        first")
    assert made(run(shifted, beside_shifted, source), Rung.INDENTATION) == source.replace(
        "        first", "        zeroth(x)\n        first"
    )
    refused(run(shifted, beside_shifted, source, "a.txt"), Unclear)


def test_steps_of_another_width_and_a_shift_are_told_apart_or_refused() -> None:
    source = "def f(x):\n    if x:\n        first(x)\n    last(x)\n"
    halved = "  if x:\n    first(x)\n"
    assert made(run(halved, halved + "    second(x)\n", source), Rung.INDENTATION) == source.replace(
        "    last", "        second(x)\n    last"
    )
    line = "  last(x)\n"
    assert made(run(line, line + "  end(x)\n", source), Rung.INDENTATION) == source + "    end(x)\n"
    assert made(run(line, "  if x:\n    last(x)\n", source), Rung.INDENTATION) == source.replace(
        "    last(x)\n", "    if x:\n        last(x)\n"
    )
    deep = "    first(x)\n"
    refused(run(deep, deep + "  return x\n", source, "a.txt"), Unclear)


def test_new_lines_step_as_the_file_does_where_the_search_text_shows_no_depth() -> None:
    source = "import os\n\nif os.name:\n    x = 1\n"
    message = refused(run("import os\n", "import os\n\nif os:\n  y = 1\n", source), Unclear)
    assert "'y = 1' is indented by a step ('  ') that the file does not have" in message
    assert isinstance(run("import os\n", "import os\n\nif os:\n    y = 1\n", source), Applied)
    assert isinstance(run(source, source + "if os:\n  y = 1\n", source), Applied)


def test_a_stale_line_at_the_edge_may_tell_a_copy_apart() -> None:
    stale = "        kept = lines[:limit]\n        self.count += len(kept)\n        return kept_lines\n"
    new = stale.replace("count +=", "count -=")
    assert made(run(stale, new), Rung.FUZZY) == SOURCE.replace("self.count +=", "self.count -=")
    refused(run(stale.replace("kept_lines", "values"), new.replace("kept_lines", "values")), Missed)
    quoted = '        with open(path, "r") as file:\n            file.writelines(lines)\n        self.saved = True\n'
    refused(run(quoted, quoted.replace("True", "False")), Missed)


def test_any_of_several_equal_runs_may_be_meant_by_a_deletion() -> None:
    source = "first = 10_2\nshared()\nsecond = 1000\nfirst = 1000\nshared()\nthird = 1000\n"
    search = "first = 1000\nshared()\nsecond = 1000\nfirst = 1000\nshared()\nthird = 1000\n"
    refused(run(search, "first = 1000\nshared()\nthird = 1000\n", source), Missed)


def test_several_places_of_context_alone_do_not_matter() -> None:
    source = "def f():\n    one()\n    done()\n    two()\n    done()\n"
    search = "def f():\n    one()\n    ...\n    done()\n"
    assert made(run(search, search.replace(" one", " first"), source), Rung.FUZZY) == source.replace(" one", " first")


def test_new_lines_beside_a_shifted_context_of_one_side_are_refused_where_both_depths_fit() -> None:
    search = "    kept = lines[:limit]\n    self.count += len(kept)\n    return kept\n"
    refused(run(search, search + "    self.last = kept\n", path="a.txt"), Unclear)
    assert made(run(search, search.replace("return kept", "return list(kept)")), Rung.INDENTATION) == SOURCE.replace(
        "return kept", "return list(kept)"
    )


def test_a_file_that_shows_no_step_is_indented_by_four_and_lists_hang() -> None:
    source = "import os\nimport sys\n"
    refused(run("import sys\n", "import sys\n\n\ndef f():\n  return 1\n", source), Unclear)
    assert isinstance(run("import sys\n", "import sys\n\n\ndef f():\n    return 1\n", source), Applied)
    changes = "- One thing.\n- Another.\n"
    hanging = "- One thing, told\n  at length.\n"
    assert isinstance(run("- One thing.\n", hanging, changes, "CHANGES.md"), Applied)
    refused(run("- One thing.\n", hanging.replace("  at", " at"), changes, "CHANGES.md"), Unclear)


def test_new_lines_that_stand_there_already_are_not_inserted_again() -> None:
    source = "import argparse\nimport operator\nimport functools\nimport itertools\nimport collections\n"
    search = "import argparse\nimport functools\nimport itertools\nimport collections\n"
    refused(run(search, search.replace("import f", "import operator\nimport f"), source), Missed)


def test_a_name_that_stands_elsewhere_tells_a_copy_apart() -> None:
    copy = "numbers = load_numbers()\nkept = Store(numbers)\ncheck_all_of(kept)\nprint_sorted(kept)\n"
    search = copy.replace("Store", "Shelf")
    new = search.replace("check_all_of(kept)", "check_each_of(kept)")
    refused(run(search, new, copy + "\n\nclass Shelf:\n    pass\n"), Missed)
    assert made(run(search, new, copy), Rung.FUZZY) == copy.replace("check_all_of", "check_each_of")
