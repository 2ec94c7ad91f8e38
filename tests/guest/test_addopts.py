from __future__ import annotations

import pytest

from regoose_guest.addopts import kept_options


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("-xvs", "-vs"),
        ("-n auto -v", "-v"),
        ("-nauto", ""),
        ("-n4 --dist loadscope --strict-markers", "--strict-markers"),
        ("--maxfail=1 -ra", "-r a"),
        ("--maxfail 1 tests", "tests"),
        ("--cov --cov-report term-missing tests", "tests"),
        ("--cov=pkg --cov-report=xml --cov-fail-under 90 --no-cov-on-fail", ""),
        ("--lf --ff --sw --nf", ""),
        ("-p randomly -p pytester", "-p pytester"),
        ("-p no:cacheprovider", "-p no:cacheprovider"),
        ("--doctest-modules --import-mode=importlib -W error", "--doctest-modules --import-mode=importlib -W error"),
        ("--reruns 3 --reruns-delay=1 --only-rerun X", ""),
        ("--random-order-bucket=global --randomly-seed=1 --reverse", ""),
        ("-m slow -k name", "-m slow -k name"),
        ("-o xfail_strict=true -c other.ini", "-o xfail_strict=true -c other.ini"),
        ("--my-own-option value", "--my-own-option value"),
        ("-- -x", "-- -x"),
    ],
)
def test_what_cannot_hold_is_left_out_and_the_rest_kept(given: str, kept: str) -> None:
    assert kept_options(given.split(), selecting=False) == kept.split()


def test_named_tests_are_not_filtered_by_mark_or_keyword() -> None:
    assert kept_options(["-v", "-m", "not slow", "-kfoo", "-q"], selecting=True) == ["-v", "-q"]


def test_arguments_that_pytest_did_not_know_are_dropped() -> None:
    assert kept_options(["--nbval", "-v", "--flake8=1"], selecting=False, dropped=["--nbval", "--flake8=1"]) == ["-v"]
