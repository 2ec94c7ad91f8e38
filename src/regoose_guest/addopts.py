"""
Which of a repository's own pytest options are left out, and why.

A repository's `addopts` are kept, because tests may need them (plugins, markers, doctests, import mode). Left out is
what would run tests in other processes, stop early, choose by earlier results, repeat until green, measure coverage
next to our own, or shuffle.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_FLAG, _VALUE, _MAYBE = 0, 1, 2

_LONG = {
    # other processes
    "--numprocesses": _VALUE,
    "--maxprocesses": _VALUE,
    "--dist": _VALUE,
    "--tx": _VALUE,
    "--max-worker-restart": _VALUE,
    "--looponfail": _FLAG,
    "--loadscope-reorder": _FLAG,
    "--no-loadscope-reorder": _FLAG,
    # stop early, or do not run
    "--exitfirst": _FLAG,
    "--maxfail": _VALUE,
    "--max-warnings": _VALUE,
    "--pdb": _FLAG,
    "--trace": _FLAG,
    "--collect-only": _FLAG,
    "--co": _FLAG,
    "--setup-only": _FLAG,
    "--setup-plan": _FLAG,
    "--strict-config": _FLAG,
    # choose by earlier results
    "--lf": _FLAG,
    "--last-failed": _FLAG,
    "--lfnf": _VALUE,
    "--last-failed-no-failures": _VALUE,
    "--ff": _FLAG,
    "--failed-first": _FLAG,
    "--nf": _FLAG,
    "--new-first": _FLAG,
    "--sw": _FLAG,
    "--stepwise": _FLAG,
    "--sw-skip": _FLAG,
    "--stepwise-skip": _FLAG,
    "--sw-reset": _FLAG,
    "--stepwise-reset": _FLAG,
    # repeat until green
    "--reruns": _VALUE,
    "--reruns-delay": _VALUE,
    "--only-rerun": _VALUE,
    "--rerun-except": _VALUE,
    "--fail-on-flaky": _FLAG,
    "--force-flaky": _FLAG,
    "--max-runs": _VALUE,
    "--min-passes": _VALUE,
    "--no-flaky-report": _FLAG,
    "--no-success-flaky-report": _FLAG,
    # measure
    "--cov": _MAYBE,
    "--cov-report": _VALUE,
    "--cov-config": _VALUE,
    "--cov-fail-under": _VALUE,
    "--cov-context": _VALUE,
    "--cov-precision": _VALUE,
    "--cov-append": _FLAG,
    "--cov-branch": _FLAG,
    "--cov-reset": _FLAG,
    "--no-cov": _FLAG,
    "--no-cov-on-fail": _FLAG,
    "--junitxml": _VALUE,
    "--junit-xml": _VALUE,
    # shuffle
    "--randomly-seed": _VALUE,
    "--randomly-dont-reorganize": _FLAG,
    "--randomly-dont-reset-seed": _FLAG,
    "--random-order": _FLAG,
    "--random-order-bucket": _VALUE,
    "--random-order-seed": _VALUE,
    "--reverse": _FLAG,
}
_SELECTING = {"-k": _VALUE, "-m": _VALUE}
_SHORT_WITH_VALUE = frozenset("kmnprcoW")
_SHORT_LEFT_OUT = frozenset("xndf")
_PLUGINS_LEFT_OUT = frozenset({"randomly", "random_order", "random_order.plugin", "pytest_randomly"})


def kept_options(args: Sequence[str], *, selecting: bool, dropped: Iterable[str] = ()) -> list[str]:
    """
    Return `args` without what is left out.

    `selecting`: tests are named one by one, so `-k` and `-m` are left out as well. `dropped`: whole arguments that
    pytest did not know (their plugin is not installed).
    """
    unknown = frozenset(dropped)
    kept: list[str] = []
    rest = [argument for argument in args if argument not in unknown]
    while rest:
        argument = rest.pop(0)
        if argument == "--":
            return [*kept, argument, *rest]
        if argument.startswith("--"):
            _long(argument, rest, kept)
        elif argument.startswith("-") and len(argument) > 1:
            _short(argument, rest, kept, selecting=selecting)
        else:
            kept.append(argument)
    return kept


def _long(argument: str, rest: list[str], kept: list[str]) -> None:
    name, equals, _ = argument.partition("=")
    arity = _LONG.get(name)
    if arity is None:
        kept.append(argument)
    elif not equals and rest and (arity == _VALUE or (arity == _MAYBE and not rest[0].startswith("-"))):
        rest.pop(0)


def _short(argument: str, rest: list[str], kept: list[str], *, selecting: bool) -> None:
    """Take a cluster such as `-xvs` or `-n4` apart; letters that take a value end it."""
    flags = ""
    letters = argument[1:]
    for position, letter in enumerate(letters):
        if letter not in _SHORT_WITH_VALUE:
            flags += "" if letter in _SHORT_LEFT_OUT else letter
            continue
        if flags:
            kept.append("-" + flags)
        value = letters[position + 1 :] or (rest.pop(0) if rest else "")
        left_out = letter in _SHORT_LEFT_OUT or (selecting and "-" + letter in _SELECTING)
        if not left_out and not (letter == "p" and value in _PLUGINS_LEFT_OUT):
            kept.extend(["-" + letter, value])
        return
    if flags:
        kept.append("-" + flags)
