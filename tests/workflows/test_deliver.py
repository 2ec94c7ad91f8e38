from __future__ import annotations

import shlex

from hypothesis import given
from hypothesis import strategies as st

from regoose.domain.patch import FileEdit, Patch
from regoose.domain.repair import Candidate
from regoose.workflows.deliver import Order, branch_name, commit_message, reproduce_command
from regoose.workspace.git import Identity


def order(description: str, targets: tuple[str, ...]) -> Order:
    candidate = Candidate(number=1, patch=Patch(()), template="t", description=description, score=1, behaviour=1)
    return Order(
        run_id="calc-12ab34cd",
        base_commit="0" * 40,
        when=0,
        author=Identity("a", "b"),
        candidate=candidate,
        targets=targets,
        branch=None,
        apply=False,
    )


@given(path=st.text(min_size=1), run_id=st.from_regex(r"[a-z]{1,9}-[0-9a-f]{8}", fullmatch=True))
def test_a_branch_is_named_by_plain_characters_and_ends_in_the_run(path: str, run_id: str) -> None:
    name = branch_name(run_id, Patch((FileEdit(f"src/{path}", "", ""),)))
    head, _, slug = name.partition("/")
    assert head == "regoose"
    assert slug.endswith("-" + run_id.rpartition("-")[2])
    assert set(slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert not slug.startswith("-")


def test_the_message_names_the_tests_and_the_run() -> None:
    message = commit_message(order("Compare with `<=` instead of `<`.", ("t.py::one", "t.py::two")))
    assert message.splitlines()[0] == "Compare with `<=` instead of `<`"
    assert "- t.py::one\n- t.py::two\n" in message
    assert message.endswith("Regoose-Run: calc-12ab34cd\n")


def test_a_long_message_stays_readable() -> None:
    message = commit_message(order("word " * 40, tuple(f"t.py::test_{n}" for n in range(50))))
    assert len(message.splitlines()[0]) <= 72
    assert "- and 30 more" in message


@given(tests=st.lists(st.text(min_size=1), min_size=1, max_size=5))
def test_the_rerun_command_survives_the_shell(tests: list[str]) -> None:
    words = shlex.split(reproduce_command("b" * 40, "h" * 40, tests, are_all_red=False))
    assert words[words.index("--head") + 2 :] == [part for test in tests for part in ("--test", test)]


def test_many_tests_are_left_out_only_where_they_are_all_that_is_red() -> None:
    many = [f"t.py::test_{n}" for n in range(100)]
    assert "--test" not in reproduce_command("b", "h", many, are_all_red=True)
    assert reproduce_command("b", "h", many, are_all_red=False).count("--test") == 100
