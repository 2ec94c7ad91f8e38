"""Edits of one call: all or none, in order, over files that are held in memory."""

from __future__ import annotations

import pytest

from regoose.workspace.edits import (
    Ambiguous,
    Applied,
    Delete,
    Edit,
    Missed,
    Move,
    NoSuchFile,
    Outcome,
    OutsideRepository,
    PathTaken,
    Refused,
    Replace,
    Rung,
    Tally,
    Unchanged,
    Undecodable,
    Unparsable,
    Write,
    apply_edits,
)
from regoose.workspace.edits.source import legible

SOURCE = "def a():\n    x = 1\n    return x\n\n\ndef b():\n    y = 2\n    return y\n"


def run(files: dict[str, bytes], *edits: Edit) -> Outcome:
    return apply_edits(edits, files.get, files)


def applied(outcome: Outcome) -> dict[str, str | None]:
    assert isinstance(outcome, Applied), outcome.message()
    return {edit.path: edit.after for edit in outcome.patch.edits}


def kinds(outcome: Outcome) -> list[str]:
    assert isinstance(outcome, Refused)
    return [refusal.kind for refusal in outcome.refusals]


def rung_of(outcome: Outcome) -> Rung:
    assert isinstance(outcome, Applied), outcome.message()
    return outcome.placed[0].rung


def test_an_exact_search_is_replaced() -> None:
    outcome = run({"a.py": SOURCE.encode()}, Replace("a.py", "    x = 1\n", "    x = 3\n"))
    assert applied(outcome) == {"a.py": SOURCE.replace("x = 1", "x = 3")}
    assert rung_of(outcome) is Rung.EXACT


def test_a_dedented_search_is_indented_on_writing() -> None:
    outcome = run({"a.py": SOURCE.encode()}, Replace("a.py", "x = 1\nreturn x\n", "if True:\n    x = 3\nreturn x\n"))
    assert applied(outcome) == {"a.py": SOURCE.replace("    x = 1\n", "    if True:\n        x = 3\n")}
    assert rung_of(outcome) is Rung.INDENTATION


def test_blanks_for_tabs_are_written_as_tabs() -> None:
    tabbed = SOURCE.replace("    ", "\t")
    edit = Replace("a.py", "def a():\n    x = 1\n", "def a():\n    if 1:\n        x = 1\n")
    outcome = run({"a.py": tabbed.encode()}, edit)
    assert applied(outcome) == {"a.py": tabbed.replace("\tx = 1\n", "\tif 1:\n\t\tx = 1\n")}
    assert rung_of(outcome) is Rung.WHITESPACE


def test_a_dropped_blank_line_is_kept() -> None:
    edit = Replace("a.py", "    return x\ndef b():\n", "    return x\ndef c():\n")
    assert applied(run({"a.py": SOURCE.encode()}, edit)) == {"a.py": SOURCE.replace("def b", "def c")}


def test_line_endings_and_a_missing_last_one_are_kept() -> None:
    before = b"a\r\nb\r\nc"
    assert applied(run({"a.txt": before}, Replace("a.txt", "b\nc\n", "b\nd\ne\n"))) == {"a.txt": "a\r\nb\r\nd\r\ne"}


def test_a_place_that_is_not_the_only_one_is_refused() -> None:
    outcome = run({"a.txt": b"x\ny\nx\n"}, Replace("a.txt", "x\n", "z\n"))
    assert isinstance(outcome, Refused)
    refusal = outcome.refusals[0]
    assert isinstance(refusal, Ambiguous)
    assert refusal.lines == (1, 3)
    assert "     3 | x" in refusal.message()


def test_one_refusal_refuses_all() -> None:
    fine, miss = Replace("a.py", "    x = 1\n", "    x = 3\n"), Replace("a.py", "nowhere\n", "\n")
    outcome = run({"a.py": SOURCE.encode()}, fine, miss)
    assert kinds(outcome) == [Missed.__name__]
    assert Tally.of(outcome) == Tally({"exact": 1, "Missed": 1})


def test_edits_see_those_before_them() -> None:
    edits = (Write("n.txt", "one\n"), Replace("n.txt", "one\n", "two\n"), Move("n.txt", "m.txt"), Delete("old.txt"))
    assert applied(run({"old.txt": b"old\n"}, *edits)) == {"m.txt": "two\n", "old.txt": None}


@pytest.mark.parametrize("path", ["a" * 256, f"{'é' * 128}.py", "a/" * 500 + "b"])
def test_paths_that_no_file_system_takes_are_refused(path: str) -> None:
    assert kinds(run({}, Write(path, "x\n"))) == [OutsideRepository.__name__]


def test_paths_that_leave_the_repository_are_refused() -> None:
    for path in ("../a.py", "/etc/passwd", "src/../../a", ".git/config", "sub/.GIT/hooks/x", "", "C:\\x", "a\0b"):
        assert kinds(run({}, Write(path, "x"))) == [OutsideRepository.__name__], path
        assert kinds(run({"f": b"x"}, Move("f", path))) == [OutsideRepository.__name__], path


def test_a_path_slightly_wrong_is_mended_where_one_file_can_be_meant() -> None:
    files = {"src/pkg/Mod.py": b"a = 1\n"}
    for path in ("src/pkg/mod.py", "a/src/pkg/Mod.py", "repo/src/pkg/Mod.py", "./src/pkg/Mod.py", "pkg/Mod.py"):
        assert applied(run(files, Replace(path, "a = 1\n", "a = 2\n"))) == {"src/pkg/Mod.py": "a = 2\n"}, path


def test_a_path_that_could_mean_several_files_is_refused() -> None:
    files = {"one/mod.py": b"a = 1\n", "two/mod.py": b"a = 1\n"}
    assert kinds(run(files, Replace("mod.py", "a = 1\n", "a = 2\n"))) == [NoSuchFile.__name__]


def test_a_new_file_beside_one_that_differs_in_case_is_refused() -> None:
    assert kinds(run({"README.md": b"x\n"}, Write("readme.md", "y\n"))) == [PathTaken.__name__]
    assert kinds(run({"a": b"x\n"}, Write("a/b", "y\n"))) == [PathTaken.__name__]


def test_encodings_are_kept() -> None:
    latin = "# -*- coding: latin-1 -*-\nname = 'é'\n".encode("latin-1")
    outcome = run({"a.py": latin}, Replace("a.py", "name = 'é'\n", "name = 'ü'\n"))
    after = applied(outcome)["a.py"]
    assert after is not None
    assert after.encode("utf-8", "surrogateescape") == latin.replace(b"\xe9", b"\xfc")
    assert kinds(run({"a.py": latin}, Replace("a.py", "name = 'é'\n", "name = '→'\n"))) == [Undecodable.__name__]
    assert kinds(run({"a.bin": b"\x00\x01"}, Replace("a.bin", "x", "y"))) == [Undecodable.__name__]
    assert kinds(run({"a.txt": b"\xff"}, Replace("a.txt", "x", "y"))) == [Undecodable.__name__]


@pytest.mark.parametrize("codec", ["rot13", "undefined", "hex", "idna", "aliases", "mbcs", "utf-7", "nonesuch"])
def test_an_encoding_that_cannot_be_obeyed_is_a_refusal(codec: str) -> None:
    content = f"# coding: {codec}\nx = 1\ny = 'é'\n".encode("latin-1")
    assert kinds(run({"a.py": content}, Replace("a.py", "x = 1\n", "x = 2\n"))) == [Undecodable.__name__]
    assert kinds(run({"a.py": content}, Write("a.py", "x = 2\n"))) == [Undecodable.__name__]


def test_a_file_is_shown_in_its_encoding_as_far_as_that_goes() -> None:
    latin = "# coding: latin-1\nname = 'é'\n".encode("latin-1")
    assert legible(latin, "a.py") == "# coding: latin-1\nname = 'é'\n"
    assert legible(latin, "a.txt") == "# coding: latin-1\nname = '\ufffd'\n"
    assert legible("né\n".encode("utf-8-sig"), "a.py") == "né\n"
    for codec in ("utf-16", "utf-32"):
        assert legible("né\n".encode(codec), "a.txt") == "né\n"
    for codec in ("rot13", "undefined", "hex", "idna", "mbcs"):
        assert legible(f"# coding: {codec}\nx = 1\n".encode(), "a.py") == f"# coding: {codec}\nx = 1\n"
    assert legible(b"\x00\x01", "a.py") is None


def test_edits_that_change_nothing_are_refused() -> None:
    assert kinds(run({"a": b"x\n"}, Replace("a", "x\n", "x\n"))) == [Unchanged.__name__]
    assert kinds(run({})) == [Unchanged.__name__]


def test_a_result_that_does_not_parse_is_refused_with_its_line() -> None:
    outcome = run({"a.py": SOURCE.encode()}, Replace("a.py", "    x = 1\n", "    x = (1\n"))
    assert isinstance(outcome, Refused)
    assert isinstance(outcome.refusals[0], Unparsable)
    assert outcome.refusals[0].line == 2
    assert ">     2 |     x = (1" in outcome.message()
    assert kinds(run({}, Write("n.py", "def\n"))) == [Unparsable.__name__]
    assert kinds(run({"a.toml": b"a = 1\n"}, Replace("a.toml", "a = 1\n", "a =\n"))) == [Unparsable.__name__]
    assert kinds(run({"a.json": b"{}\n"}, Write("a.json", "{,}\n"))) == [Unparsable.__name__]


def test_a_file_that_did_not_parse_before_need_not_afterwards() -> None:
    assert applied(run({"a.py": b"def (\nx = 1\n"}, Replace("a.py", "x = 1\n", "x = 2\n"))) == {
        "a.py": "def (\nx = 2\n"
    }


def test_lint_errors_of_the_edit_alone_are_noted() -> None:
    before = b"import os\n\n\ndef a():\n    return 1\n"
    outcome = run({"a.py": before}, Replace("a.py", "    return 1\n", "    return missing\n"))
    assert isinstance(outcome, Applied)
    assert outcome.notes == ("a.py:5: undefined name 'missing'",)
