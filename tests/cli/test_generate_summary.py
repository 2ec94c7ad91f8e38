"""What a person reads in the terminal at the end of `regoose test`."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from regoose.cli.summary import show_generate
from regoose.domain.generation import GenerateResult
from regoose.testing.generation_samples import generated, long, nothing_kept


def shown(result: GenerateResult, rerun: str = "") -> list[str]:
    out = io.StringIO()
    show_generate(Console(file=out, highlight=False, soft_wrap=True), result, rerun)
    return out.getvalue().splitlines()


def test_the_verdict_is_first_and_the_command_that_reruns_is_last() -> None:
    lines = shown(generated(), "python -m pytest tests/test_pricing.py")
    assert lines[0] == (
        "Proven: 7 tests for 2 modules, green 3 times in random order: branches covered 6.2 → 62.5 %, "
        "mutants killed 4 of 9."
    )
    assert lines[-1].split(maxsplit=1) == ["rerun", "python -m pytest tests/test_pricing.py"]
    assert lines[-2].split() == ["report", generated().report]
    assert "branch        regoose/tests-shop-0123abcd" in lines


def test_each_module_has_a_row() -> None:
    lines = [line.split(maxsplit=2) for line in shown(generated())]
    assert ["shop.pricing", "5", "7.1 → 57.1 %  3 of 8          tests/test_pricing.py"] in lines
    assert ["shop.clock", "0", "-             -               -"] in lines
    assert ["together", "7", "6.2 → 62.5 %  4 of 9"] in lines


def test_what_looks_wrong_and_what_was_dropped_is_told() -> None:
    lines = shown(generated())
    assert "Look at these, they are not asserted:" in lines
    assert "  shop/labels.py:8  label('<i>', width=0)  gives  '<i…'" in lines
    assert "dropped       1 flaky, 1 without gain, 1 failing" in lines
    assert "from cache    1 of 3 modules" in lines
    assert any(line.startswith("note          shop/pricing.py: `cheapest` was not exercised") for line in lines)


def test_nothing_kept_is_said_without_a_command_to_rerun() -> None:
    lines = shown(nothing_kept())
    assert lines[0] == "Not proven: No test was worth keeping: 1 flaky."
    assert not any(line.startswith(("rerun", "branch", "together")) for line in lines)


def test_a_large_package_is_cut_and_says_so() -> None:
    result, _ = long(2_000, 45)
    lines = shown(result)
    assert sum(line.startswith("shop.part_") for line in lines) == 40
    assert any(line.endswith("and 5 more modules") for line in lines)
    assert "  and 35 more in the report" in lines


def test_a_module_is_named_alone() -> None:
    (pricing, *_) = generated().modules
    lines = shown(replace(generated(), modules=(pricing,)))
    assert lines[0].startswith("Proven: 5 tests for shop.pricing, green 3 times in random order: ")
