"""The sample results as fixtures."""

from __future__ import annotations

import pytest

from regoose.domain.generation import GenerateResult
from regoose.domain.run import FixResult
from regoose.testing import generation_samples, samples


@pytest.fixture
def proven() -> FixResult:
    return samples.proven()


@pytest.fixture
def choice() -> FixResult:
    return samples.choice()


@pytest.fixture
def unproven() -> FixResult:
    return samples.unproven()


@pytest.fixture
def sources() -> dict[str, str]:
    return samples.sources()


@pytest.fixture
def generated() -> GenerateResult:
    return generation_samples.generated()


@pytest.fixture
def nothing_kept() -> GenerateResult:
    return generation_samples.nothing_kept()


@pytest.fixture
def modules() -> dict[str, str]:
    return generation_samples.generated_sources()
