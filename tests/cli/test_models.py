"""`doctor --models`: what is shown of the models that are set, and how it ends."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from regoose.domain.preflight import Preflight, Trial
from regoose.testing.services import FakeServices

if TYPE_CHECKING:
    from cli.conftest import Call

FIT = Preflight(
    model="openai:gpt-4o",
    roles=("planner", "coder"),
    endpoint="api.test",
    trials=(Trial(name="answers", passed=True, says="answered by 5 tokens"),),
    usd=0.0125,
)
UNFIT = replace(
    FIT,
    model="ollama:tiny",
    roles=("backup",),
    trials=(Trial(name="tool calls", passed=False, says="it answered 'no'", hint="Choose another."),),
    usd=0.0,
)


@pytest.fixture
def services() -> FakeServices:
    return FakeServices(tried=(FIT, UNFIT))


def test_each_model_is_shown_with_what_it_lacks(call: Call) -> None:
    ran = call("doctor", "--models")
    assert ran.code == 3
    assert "✓ openai:gpt-4o  at api.test  (planner, coder)" in ran.out
    assert "✗ tool calls  it answered 'no'" in ran.out
    assert "hint: Choose another." in ran.out
    assert "Trying them cost $0.0125." in ran.out


def test_the_document_has_all_of_it(call: Call) -> None:
    ran = call("doctor", "--models", "--json")
    assert ran.code == 3
    assert ran.document == {
        "models": [
            {
                "model": "openai:gpt-4o",
                "roles": ["planner", "coder"],
                "endpoint": "api.test",
                "suitable": True,
                "trials": [{"name": "answers", "passed": True, "says": "answered by 5 tokens", "hint": ""}],
                "usd": 0.0125,
            },
            {
                "model": "ollama:tiny",
                "roles": ["backup"],
                "endpoint": "api.test",
                "suitable": False,
                "trials": [
                    {"name": "tool calls", "passed": False, "says": "it answered 'no'", "hint": "Choose another."}
                ],
                "usd": 0.0,
            },
        ]
    }


def test_models_that_have_everything_are_a_success(call: Call, services: FakeServices) -> None:
    services.tried = (FIT,)
    assert call("doctor", "--models").code == 0
