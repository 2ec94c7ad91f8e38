"""Rerun proofs of changes as people make them: with tests of their own, with none, with tests that were bent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from regoose.domain.evidence import Verdict
from regoose.errors import NothingToFix, PolicyRefused, UsageError

if TYPE_CHECKING:
    from workflows.conftest import Machine, Repository

pytestmark = pytest.mark.slow

MEAN = "tests/test_stats.py::test_mean"
SPREAD = "tests/test_stats.py::test_spread"
MORE = "tests/test_more.py::test_mean_of_one"


def mend(repository: Repository) -> None:
    source = repository.read("stats.py")
    repository.write("stats.py", source.replace("(len(values) - 1)", "len(values)"))


async def test_tests_that_the_change_brings_are_red_on_the_code_of_the_base(
    machine: Machine, repository: Repository
) -> None:
    mend(repository)
    repository.write(
        "tests/test_more.py", "from stats import mean\n\n\ndef test_mean_of_one():\n    assert mean([4]) == 4\n"
    )
    head = repository.commit()
    result = await machine.prove(repository, repository.base, head)
    assert result.evidence.verdict is Verdict.PROVEN
    assert {case.id for case in result.evidence.red} == {MEAN, MORE}
    assert {edit.path for edit in result.patch.edits} == {"stats.py", "tests/test_more.py"}
    assert any("tests/test_more.py" in note for note in result.notes)
    assert (await machine.prove(repository, repository.base, head, MORE)).evidence.green == (MORE,)


async def test_a_test_that_no_longer_asks_the_code_proves_nothing(machine: Machine, repository: Repository) -> None:
    tests = repository.read("tests/test_stats.py")
    repository.write("tests/test_stats.py", tests.replace("assert mean([1, 2, 3]) == 2", "x = 2\n    assert x == 2"))
    repository.write("stats.py", repository.read("stats.py") + "\n\nN = 1\n")
    head = repository.commit()
    with pytest.raises(NothingToFix, match="the tests named pass"):
        await machine.prove(repository, repository.base, head, MEAN)


async def test_a_change_of_tests_alone_is_refused(machine: Machine, repository: Repository) -> None:
    tests = repository.read("tests/test_stats.py")
    repository.write("tests/test_stats.py", tests.replace("== 2", "== 3"))
    with pytest.raises(UsageError, match="tests alone"):
        await machine.prove(repository, repository.base, repository.commit())


async def test_every_test_that_is_named_must_be_red_on_the_base(machine: Machine, repository: Repository) -> None:
    mend(repository)
    head = repository.commit()
    result = await machine.prove(repository, repository.base, head, MEAN, SPREAD)
    assert result.evidence.verdict is Verdict.UNPROVEN
    assert SPREAD in result.evidence.summary
    assert (await machine.prove(repository, repository.base, head, "tests")).evidence.verdict is Verdict.PROVEN


async def test_tests_that_hide_what_the_change_breaks_prove_nothing(machine: Machine, repository: Repository) -> None:
    mend(repository)
    repository.write("stats.py", repository.read("stats.py").replace("max(values)", "0"))
    repository.write("tests/conftest.py", "import stats\n\nstats.spread = lambda values: 5\n")
    result = await machine.prove(repository, repository.base, repository.commit(), MEAN)
    assert result.evidence.verdict is Verdict.UNPROVEN
    assert f"without the new tests, other tests are worse with the patch: {SPREAD}" in result.evidence.summary


async def test_a_link_that_changes_is_refused(machine: Machine, repository: Repository) -> None:
    mend(repository)
    (repository.root / "conftest.py").symlink_to("stats.py")
    with pytest.raises(PolicyRefused, match=r"conftest\.py"):
        await machine.prove(repository, repository.base, repository.commit())
