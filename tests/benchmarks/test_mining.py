"""Which commits of a library's history count as the repair of a bug."""

import subprocess
from pathlib import Path

import pytest
from library_history import is_test_path
from mine_bugs import find_fixes, is_library_source, is_small_repair, quote, red_tests

BEFORE = '''
def first(items):
    """Return the first."""
    return items[1]
'''


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (BEFORE.replace("items[1]", "items[0]"), "small"),
        (BEFORE.replace("the first", "the very first"), "no"),
        (BEFORE + "# a remark\n", "no"),
        (BEFORE + "\n\ndef second(items):\n    return items[1]\n", "no"),
        (BEFORE.replace("(items)", "(items, default=None)"), "no"),
        (BEFORE.replace("(items)", "(items: list[int])").replace("items[1]", "items[0]"), "small"),
        (BEFORE.replace("    return items[1]", "".join(f"    print({n})\n" for n in range(9))), "no"),
        ("print 'old python'", "no"),
    ],
)
def test_a_repair_changes_few_lines_of_code_and_no_definition(after: str, expected: str) -> None:
    assert is_small_repair(BEFORE, after) is (expected == "small")


@pytest.mark.parametrize("path", ["tests/data/a.txt", "lib/tests/x.py", "test_a.py", "lib/a_test.py", "test.py"])
def test_files_of_the_tests_are_known(path: str) -> None:
    assert is_test_path(path)
    assert not is_library_source(path)


@pytest.mark.parametrize("path", ["setup.py", "docs/example.py", "lib/_version.py", "lib/data.json", "conftest.py"])
def test_what_is_not_shipped_code_is_no_source(path: str) -> None:
    assert not is_library_source(path)


def test_a_red_test_counts_when_it_fails_in_its_own_call_and_turns_green() -> None:
    broken = {"t::a": ("failed", "AssertionError"), "t::b": ("passed", "")}
    repaired = {"t::a": ("passed", ""), "t::b": ("passed", "")}
    assert red_tests(broken, repaired) == ("t::a",)


@pytest.mark.parametrize(
    ("kind_before", "outcome_after"),
    [
        ("ImportError", "passed"),
        ("NameError", "passed"),
        ("setup:AssertionError", "passed"),
        ("collect", "passed"),
        ("AssertionError", "skipped"),
        ("AssertionError", "failed"),
    ],
)
def test_a_test_that_lacks_something_or_stays_red_speaks_against_the_commit(
    kind_before: str, outcome_after: str
) -> None:
    broken = {"t::a": ("failed", kind_before)}
    assert red_tests(broken, {"t::a": (outcome_after, "AssertionError")}) == ()


def test_a_fix_that_breaks_another_test_is_no_fix() -> None:
    broken = {"t::a": ("failed", "AssertionError"), "t::b": ("passed", "")}
    assert red_tests(broken, {"t::a": ("passed", ""), "t::b": ("failed", "ValueError")}) == ()


def test_test_ids_are_quoted_for_toml() -> None:
    assert quote('t::a["x\\y"\t]') == r'"t::a[\"x\\y\"\U00000009]"'


def test_fixes_are_found_in_a_history(tmp_path: Path) -> None:
    def commit(message: str, **files: str) -> None:
        for name, text in files.items():
            (tmp_path / f"{name}.py").write_text(text)
        identity = ["-c", "user.name=A", "-c", "user.email=a@localhost"]
        subprocess.run(["git", "add", "-A"], cwd=tmp_path, check=True)
        subprocess.run(["git", *identity, "commit", "-q", "-m", message], cwd=tmp_path, check=True)

    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=tmp_path, check=True)
    commit("Begin", lib=BEFORE, test_lib="from lib import first\n")
    commit("Add a remark", lib=BEFORE + "# remark\n", test_lib="from lib import first\n# x\n")
    repaired = BEFORE.replace("items[1]", "items[0]")
    commit("Fix first", lib=repaired, test_lib="from lib import first\ndef test_a(): assert first([1, 2]) == 1\n")
    commit("Fix nothing that is tested", lib=repaired.replace("items[0]", "items[-1]"))
    (fix,) = find_fixes(tmp_path / ".git")
    assert (fix.source, fix.tests) == ("lib.py", ("test_lib.py",))
