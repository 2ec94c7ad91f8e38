"""
The fixture `model_server`, for `pytest -p regoose.testing.models.pytest_plugin` or `pytest_plugins` in a conftest.

Its servers end with the test, and the test fails where one met something that its script has no place for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Protocol

import pytest

from regoose.testing.models.script import Answer, Script, Turn
from regoose.testing.models.server import ModelServer


class StartServer(Protocol):
    """What the fixture gives: starts a server with a script."""

    def __call__(
        self, script: Script | Sequence[Turn | Answer], *, key: str | None = None, models: Sequence[str] = ()
    ) -> ModelServer:
        """Return the running server."""
        ...


@pytest.fixture
def model_server() -> Iterator[StartServer]:
    """Start scripted models; their problems are the test's."""
    servers: list[ModelServer] = []
    with ExitStack() as stack:

        def start(
            script: Script | Sequence[Turn | Answer], *, key: str | None = None, models: Sequence[str] = ()
        ) -> ModelServer:
            server = stack.enter_context(ModelServer(script, key=key, models=models, keep_alive=False))
            servers.append(server)
            return server

        yield start
    problems = [problem for server in servers for problem in server.problems]
    if problems:
        pytest.fail("the scripted model met what its script has no place for:\n" + "\n".join(problems), pytrace=False)
