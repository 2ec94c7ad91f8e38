"""
Every test here runs against every backend present, and once more as a normal user (`test_as_normal_user`).

It imports nothing but the standard library, pytest and the sandbox, so that any Python 3.11 can run it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from regoose.sandbox.agent import AgentSandbox
from regoose.sandbox.base import MIB, Command, Limits, Result, Spec
from regoose.sandbox.choice import ProbedBackend, make_backends

Open = Callable[..., AbstractAsyncContextManager[AgentSandbox]]
ENGINE_ENVIRONMENT = {name: os.environ[name] for name in ("DOCKER_HOST",) if name in os.environ}
LIMITS = Limits(seconds=20, memory_bytes=256 * MIB, processes=64, disk_bytes=32 * MIB, output_bytes=64 * 1024)


def present() -> list[str]:
    """Return the backends whose programs are installed (for Docker: whose daemon answers us)."""
    names = [name for name, program in (("bubblewrap", "bwrap"), ("podman", "podman")) if shutil.which(program)]
    docker = shutil.which("docker")
    if docker:
        asked = subprocess.run([docker, "version"], capture_output=True, check=False, timeout=30)
        names += ["docker"] if asked.returncode == 0 else []
    return names


PRESENT = present()


@pytest.fixture(params=PRESENT)
def backend(request: pytest.FixtureRequest) -> ProbedBackend:
    (made,) = make_backends((request.param,), ENGINE_ENVIRONMENT)
    return made


@pytest.fixture
def bare() -> ProbedBackend:
    """No sandbox at all: shows that an attack works where nothing stops it."""
    (made,) = make_backends(("none",), {})
    return made


@pytest.fixture
def enter() -> Open:
    @contextlib.asynccontextmanager
    async def enter(
        backend: ProbedBackend, tree: Path | None = None, limits: Limits = LIMITS
    ) -> AsyncGenerator[AgentSandbox]:
        async with await backend.open(Spec(tree=tree, interpreter=Path(sys.executable), limits=limits)) as sandbox:
            yield sandbox

    return enter


@pytest.fixture
def script() -> Callable[..., Command]:
    """Return the command that runs a piece of Python."""

    def script(code: str, *arguments: str, **options: object) -> Command:
        argv = (sys.executable, "-I", "-S", "-c", textwrap.dedent(code), *arguments)
        return Command(argv=argv, **options)  # pyright: ignore[reportArgumentType]

    return script


@pytest.fixture
def answer(enter: Open, script: Callable[..., Command]) -> Callable[..., Awaitable[str]]:
    """Return what a piece of Python prints in a fresh sandbox."""

    async def answer(backend: ProbedBackend, code: str, *arguments: str) -> str:
        async with enter(backend) as sandbox:
            result: Result = await sandbox.run(script(code, *arguments))
        assert result.exit_code == 0, result
        return result.stdout.decode().strip()

    return answer
