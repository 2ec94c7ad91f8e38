from __future__ import annotations

import shlex

from hypothesis import given
from hypothesis import strategies as st

from regoose.workflows.deliver import branch_name, message_of_fix, message_of_tests, reproduce_command


@given(path=st.text(min_size=1), run_id=st.from_regex(r"[a-z]{1,9}-[0-9a-f]{8}", fullmatch=True))
def test_a_branch_is_named_by_plain_characters_and_ends_in_the_run(path: str, run_id: str) -> None:
    name = branch_name(run_id, f"src/{path}")
    head, _, slug = name.partition("/")
    assert head == "regoose"
    assert slug.endswith("-" + run_id.rpartition("-")[2])
    assert set(slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert not slug.startswith("-")


def test_the_message_names_the_tests_and_the_run() -> None:
    message = message_of_fix("calc-12ab34cd", "Compare with `<=` instead of `<`.", ("t.py::one", "t.py::two"))
    assert message.splitlines()[0] == "Compare with `<=` instead of `<`"
    assert "- t.py::one\n- t.py::two\n" in message
    assert message.endswith("Regoose-Run: calc-12ab34cd\n")


def test_a_long_message_stays_readable() -> None:
    message = message_of_fix("calc-12ab34cd", "word " * 40, tuple(f"t.py::test_{n}" for n in range(50)))
    assert len(message.splitlines()[0]) <= 72
    assert "- and 30 more" in message


def test_the_message_of_generated_tests_names_the_modules() -> None:
    assert message_of_tests("calc-12ab34cd", ["calc/rates.py"], 7).splitlines()[0] == "Add tests for calc/rates.py"
    message = message_of_tests("calc-12ab34cd", [f"m{n}.py" for n in range(21)], 7)
    assert message.splitlines()[0] == "Add tests for 21 modules"
    assert "- and 1 more" in message


@given(tests=st.lists(st.text(min_size=1), min_size=1, max_size=5))
def test_the_rerun_command_survives_the_shell(tests: list[str]) -> None:
    words = shlex.split(reproduce_command("b" * 40, "h" * 40, tests, are_all_red=False))
    assert words[words.index("--head") + 2 :] == [part for test in tests for part in ("--test", test)]


def test_many_tests_are_left_out_only_where_they_are_all_that_is_red() -> None:
    many = [f"t.py::test_{n}" for n in range(100)]
    assert "--test" not in reproduce_command("b", "h", many, are_all_red=True)
    assert reproduce_command("b", "h", many, are_all_red=False).count("--test") == 100
