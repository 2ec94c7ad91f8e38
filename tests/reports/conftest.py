"""The sample results as fixtures."""

from __future__ import annotations

import pytest

from regoose.domain.run import FixResult
from regoose.testing import samples


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
