"""Hand-made results of test generation: one with everything a report can show, one without a test, one very long."""

from __future__ import annotations

from dataclasses import replace
from textwrap import dedent

from regoose.domain.evidence import Verdict
from regoose.domain.generation import (
    DroppedTest,
    DropReason,
    FileCoverage,
    GenerateResult,
    Kept,
    Mutant,
    MutantStatus,
    MutationReport,
    Oddity,
    Target,
    TestFile,
)
from regoose.domain.run import Cost
from regoose.domain.task import Engine

PRICING = '''\
"""Prices of an order."""

RATES = {"SUMMER": 0.2, "STAFF": 0.5}


def discounted(total, code=None):
    """Return the total less the discount of a code, never below zero."""
    if code is None:
        return total
    rate = RATES.get(code, 0)
    if rate > 1:
        raise ValueError(
            f"a discount of {rate:.0%} gives money away",
        )
    return max(total - total * rate, 0)


def shipping(weights, express=False):
    """Return the price of sending parcels, a number."""
    price = 0
    for weight in weights:
        if weight > 30:
            continue
        price += 5 if weight < 2 else 9
    if express:
        price *= 2
    return price


def cheapest(offers):
    """Return the lowest price offered."""
    best = None
    for offer in offers:
        if best is None or offer.price < best.price:
            best = offer
    return best.price
'''
LABELS = '''\
"""Labels on parcels."""


def label(name, width=20):
    """Return the name, cut to `width` characters."""
    if len(name) <= width:
        return name
    return name[: width - 1] + "…"


def tag(text):
    return f"<b>{text}</b>"
'''
CLOCK = '''\
"""When an order is sent."""

import time


def due(days):
    return time.time() + 86400 * days
'''
TEST_PRICING = '''\
"""Tests of shop.pricing as it behaves today. Read them before you trust them: they may assert a fault."""

import pytest

from shop.pricing import discounted, shipping


@pytest.mark.parametrize(("total", "code", "expected"), [(10, "STAFF", 5.0), (10, None, 10), (10, "", 10)])
def test_discounted(total, code, expected):
    assert discounted(total, code) == expected


def test_shipping():
    assert shipping([1, 3]) == 14


def test_shipping_express():
    assert shipping([1], express=True) == 10
'''
TEST_LABELS = '''\
"""Tests of shop.labels as it behaves today. Read them before you trust them: they may assert a fault."""

from shop.labels import label, tag


def test_label_cuts_a_long_name():
    assert label("a" * 30) == "a" * 19 + "…"


def test_tag():
    assert tag("a&b") == "<b>a&b</b>"
'''
_PRICING_LINES = (3, 6, 8, 9, 10, 11, 12, 15, 18, 20, 21, 22, 23, 24, 25, 26, 27, 30, 32, 33, 34, 35, 36)
_PRICING_BRANCHES = (
    *((8, 9), (8, 10), (11, 12), (11, 15), (21, 22), (21, 25), (22, 23), (22, 24), (25, 26), (25, 27)),
    *((33, 34), (33, 36), (34, 33), (34, 35)),
)


def _coverage(path: str, lines: tuple[int, ...], branches: tuple[tuple[int, int], ...] = ()) -> FileCoverage:
    """Return what covers nothing."""
    return FileCoverage(path=path, lines=lines, covered_lines=(), branches=branches, covered_branches=())


def _mutant(line: int, operator: str, change: tuple[str, str], status: MutantStatus, last: int = 0) -> Mutant:
    """Return a mutant that puts one text for another on a line, or on the lines from `line` to `last`."""
    before = dedent("\n".join(PRICING.split("\n")[line - 1 : last or line]))
    return Mutant(
        path="shop/pricing.py",
        line=line,
        operator=operator,
        before=before,
        after=before.replace(*change),
        status=status,
        killers=("tests/test_pricing.py::test_shipping",) if status is MutantStatus.KILLED else (),
    )


def _mutation() -> MutationReport:
    equivalent = _mutant(20, "constant", ("0", "0.0"), MutantStatus.SURVIVED)
    return MutationReport(
        mutants=(
            _mutant(8, "comparison", ("is", "is not"), MutantStatus.KILLED),
            _mutant(12, "exception", ("ValueError", "TypeError"), MutantStatus.UNCOVERED, last=14),
            _mutant(15, "arithmetic", ("-", "+"), MutantStatus.KILLED),
            _mutant(15, "constant", (", 0)", ", 1)"), MutantStatus.SURVIVED),
            _mutant(21, "iteration", ("for weight in weights", "while weights"), MutantStatus.TIMEOUT),
            _mutant(24, "comparison", ("<", "<="), MutantStatus.SURVIVED),
            _mutant(34, "boolean", ("or", "and"), MutantStatus.UNCOVERED),
            _mutant(35, "assignment", ("offer", "None"), MutantStatus.NOT_RUN),
            replace(equivalent, likely_equivalent=True),
        ),
        possible=31,
        seconds=2.5,
    )


def _pricing() -> Kept:
    path = "shop/pricing.py"
    nothing = _coverage(path, _PRICING_LINES, _PRICING_BRANCHES)
    after = (3, 6, 8, 9, 10, 11, 15, 18, 20, 21, 22, 24, 25, 26, 27, 30)
    branches = ((8, 9), (8, 10), (11, 15), (21, 22), (21, 25), (22, 24), (25, 26), (25, 27))
    file = "tests/test_pricing.py"
    cases = ("10-STAFF-5.0", "10-None-10", "10--10")
    return Kept(
        target=Target(path=path, module="shop.pricing"),
        file=TestFile(file, TEST_PRICING),
        tests=(
            *(f"{file}::test_discounted[{case}]" for case in cases),
            f"{file}::test_shipping",
            f"{file}::test_shipping_express",
        ),
        durations=(0.001, 0.001, 0.002, 0.001, 0.0125),
        before=replace(nothing, covered_lines=(3, 6, 8, 9, 18, 30), covered_branches=((8, 9),)),
        after=replace(nothing, covered_lines=after, covered_branches=branches),
        mutation=_mutation(),
        dropped=(
            DroppedTest(f"{file}::test_shipping_2", DropReason.NO_GAIN, "covers nothing that `test_shipping` does not"),
            DroppedTest(f"{file}::test_cheapest", DropReason.FAILING, "NameError: name 'Offer' is not defined"),
        ),
        oddities=(
            Oddity(
                path=path,
                line=36,
                subject="cheapest",
                call="cheapest([])",
                observed="AttributeError: 'NoneType' object has no attribute 'price'",
                why="An inner result is None and is used as if it were not; no argument is None.",
            ),
        ),
        repeats=3,
        notes=("`cheapest` was not exercised: nothing tells what an offer is.",),
        seconds=11.2,
    )


def _labels() -> Kept:
    path = "shop/labels.py"
    nothing = _coverage(path, (4, 6, 7, 8, 11, 12), ((6, 7), (6, 8)))
    return Kept(
        target=Target(path=path, module="shop.labels"),
        file=TestFile("tests/test_labels.py", TEST_LABELS),
        tests=("tests/test_labels.py::test_label_cuts_a_long_name", "tests/test_labels.py::test_tag"),
        durations=(0.001, 0.001),
        before=nothing,
        after=replace(nothing, covered_lines=nothing.lines, covered_branches=nothing.branches),
        mutation=MutationReport(
            mutants=(
                Mutant(
                    path=path,
                    line=6,
                    operator="comparison",
                    before="if len(name) <= width:",
                    after="if len(name) < width:",
                    status=MutantStatus.KILLED,
                    killers=("tests/test_labels.py::test_label_cuts_a_long_name",),
                ),
            ),
            possible=1,
        ),
        oddities=(
            Oddity(
                path=path,
                line=8,
                subject="label",
                call="label('<i>', width=0)",
                observed="'<i…'",
                why="The docstring says the name is cut to `width` characters, and 3 come back for a width of 0.",
            ),
        ),
        repeats=3,
    )


def _clock() -> Kept:
    path = "shop/clock.py"
    nothing = _coverage(path, (3, 6, 7))
    return Kept(
        target=Target(path=path, module="shop.clock"),
        file=None,
        tests=(),
        before=nothing,
        after=nothing,
        mutation=MutationReport(),
        dropped=(DroppedTest("tests/test_clock.py::test_due", DropReason.FLAKY, "passed 1 of 3 times"),),
    )


def generated() -> GenerateResult:
    """Return a result of three modules: one partly covered, one wholly, one of which nothing was kept."""
    return GenerateResult(
        run_id="shop-0123abcd",
        status=Verdict.PROVEN,
        engine=Engine.SEARCH,
        repository="/home/ada/shop",
        base_commit="0123456789abcdef0123456789abcdef01234567",
        modules=(_pricing(), _labels(), _clock()),
        branch="regoose/tests-shop-0123abcd",
        commit="89abcdef0123456789abcdef0123456789abcdef",
        applied=False,
        reproduce="python -m pytest tests/test_pricing.py tests/test_labels.py",
        seconds=18.25,
        cost=Cost(),
        report="/home/ada/.local/share/regoose/runs/shop-0123abcd/report.html",
        environment="CPython 3.13.0, dependencies from pyproject.toml (extra test)",
        sandbox="bubblewrap 0.8.0",
        not_enforced=("disk limit",),
        notes=("1 of 12 existing tests is red and counts for nothing: `tests/test_old.py::test_tax`.",),
        cached=1,
    )


def nothing_kept() -> GenerateResult:
    """Return a result without a test."""
    return replace(
        generated(), status=Verdict.UNPROVEN, modules=(_clock(),), branch=None, commit=None, reproduce="", cached=0
    )


def long(lines: int, modules: int) -> tuple[GenerateResult, dict[str, str]]:
    """Return a result of many long modules and their sources, `lines` together, and as many lines of tests."""
    one, texts = _pricing(), {}
    one, length = _pricing(), PRICING.count("\n")
    copies = max(1, lines // (length * modules))
    kept: list[Kept] = []
    texts: dict[str, str] = {}
    for number in range(modules):
        path, file = f"shop/part_{number}.py", f"tests/test_part_{number}.py"
        texts[path] = PRICING * copies
        kept.append(
            replace(
                one,
                target=Target(path=path, module=f"shop.part_{number}"),
                file=TestFile(file, TEST_PRICING * (2 * copies)),
                tests=tuple(f"{file}::test_{copy}" for copy in range(10 * copies)),
                durations=(),
                oddities=(replace(one.oddities[0], path=path),),
                before=_repeated(one.before, path, length, copies),
                after=_repeated(one.after, path, length, copies),
                mutation=replace(one.mutation, mutants=_repeated_mutants(path, length, copies)),
            )
        )
    return replace(generated(), modules=tuple(kept)), texts


def _repeated(one: FileCoverage, path: str, length: int, copies: int) -> FileCoverage:
    def lines(some: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(line + copy * length for copy in range(copies) for line in some)

    def branches(some: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
        return tuple((a + copy * length, b + copy * length) for copy in range(copies) for a, b in some)

    return FileCoverage(
        path=path,
        lines=lines(one.lines),
        covered_lines=lines(one.covered_lines),
        branches=branches(one.branches),
        covered_branches=branches(one.covered_branches),
    )


def _repeated_mutants(path: str, length: int, copies: int) -> tuple[Mutant, ...]:
    return tuple(
        replace(mutant, path=path, line=mutant.line + copy * length)
        for copy in range(copies)
        for mutant in _mutation().mutants
    )


def generated_sources() -> dict[str, str]:
    """Return the modules on the base."""
    return {"shop/pricing.py": PRICING, "shop/labels.py": LABELS, "shop/clock.py": CLOCK}
