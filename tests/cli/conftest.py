"""The command line in this process, on services of the test's own."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from regoose.cli.asking import Asker
from regoose.cli.main import run
from regoose.testing.services import FakeServices


@dataclass
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, object]:
        """The one JSON document of standard output."""
        return json.loads(self.out)


Call = Callable[..., Ran]


@pytest.fixture
def call(services: FakeServices, capsys: pytest.CaptureFixture[str]) -> Call:
    """Run a command on the `services` of the test's module."""

    def call(*arguments: str, ask: Asker | None = None) -> Ran:
        code = run(list(arguments), services.connect, ask)
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return call
