"""Which tests a run repairs: those asked for, as far as they are red for a reason that a patch can mend."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from regoose.domain.evidence import CaseResult
from regoose.errors import NothingToFix, RegooseError, UsageError
from regoose.verify.baseline import cannot_collect, needs_environment, unavailable
from regoose.verify.flaky import Baseline


def choose_targets(baseline: Baseline, asked: Sequence[str]) -> tuple[str, ...]:
    """
    Return the ids of the tests to repair, in the order of the suite.

    `asked` names tests, classes or files; empty means every red test. Raises `UsageError` for a name that is no test,
    `NothingToFix` where all of them pass or flip, `CollectionFailed` where what is red is in a file that cannot be
    collected, `EnvironmentUnavailable` where they lack a module or the network.
    """
    cases = [case for case in baseline.report.cases if not asked or any(_is_named(case.id, name) for name in asked)]
    for name in asked:
        if not any(_is_named(case.id, name) for case in baseline.report.cases):
            raise _uncollected(baseline, name) or _unknown(name, baseline)
    red = [case for case in cases if case.outcome.is_red]
    if not red and not asked and (error := _uncollected(baseline, "")):
        raise error
    if not red:
        what = "the tests named" if asked else f"all {len(cases)} tests"
        raise NothingToFix(f"{what} pass on the base: there is nothing to fix")
    steady = [case for case in red if case.id not in baseline.flaky_ids]
    if not steady:
        names = ", ".join(case.id for case in red[:3])
        raise NothingToFix(
            f"the only red tests do not do the same thing twice on the same code: {names}",
            hint="Make them deterministic first; a patch cannot be proven by a test that flips.",
        )
    mendable = [case for case in steady if not _lacks_environment(case)]
    if not mendable:
        assert steady[0].failure is not None
        raise unavailable(steady[0].id, steady[0].failure)
    return tuple(case.id for case in mendable)


def _uncollected(baseline: Baseline, name: str) -> RegooseError | None:
    """Return the error for a file of tests that cannot be collected: the one that `name` is in, any for no name."""
    path = name.removeprefix("./").partition("::")[0].rstrip("/")
    errors = [
        error for error in baseline.report.collection_errors if not path or f"{error.path}/".startswith(f"{path}/")
    ]
    return cannot_collect(errors) if errors else None


def _is_named(test: str, name: str) -> bool:
    name = name.removeprefix("./").rstrip("/")
    return test == name or any(test.startswith(name + mark) for mark in ("::", "[", "/"))


def _lacks_environment(case: CaseResult) -> bool:
    return case.failure is not None and needs_environment(case.failure)


def _unknown(name: str, baseline: Baseline) -> UsageError:
    close = difflib.get_close_matches(name, baseline.report.collected, 1, cutoff=0.4)
    hint = f"Did you mean {close[0]}?" if close else "`pytest --collect-only -q` lists the tests."
    return UsageError(f"{name!r} is not a test that pytest collects here", hint=hint)
