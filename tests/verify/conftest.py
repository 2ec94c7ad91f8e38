from __future__ import annotations

import contextlib
import sys
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest

from regoose.sandbox.base import Limits, Mount, Spec
from regoose.sandbox.bubblewrap import Bubblewrap
from regoose.sandbox.pool import Pool
from regoose.verify.suite import Suite
from regoose.workspace.existing import inspect_environment

OpenSuite = Callable[[dict[str, str]], contextlib.AbstractAsyncContextManager[Suite]]


@pytest.fixture(params=[9, 13], ids=["3.9", "3.13"])
def target_python(request: pytest.FixtureRequest, make_environment: Callable[..., Path]) -> Path:
    return make_environment(request.param, "pytest<9" if request.param == 9 else "pytest")


@pytest.fixture
def open_suite(tmp_path: Path, make_environment: Callable[..., Path]) -> OpenSuite:
    """Open a suite over files, in real sandboxes: `async with open_suite({path: text}) as suite`."""

    @contextlib.asynccontextmanager
    async def opened(files: dict[str, str], python: Path | None = None) -> AsyncGenerator[Suite]:
        program = python or make_environment(13, "pytest")
        tree = tmp_path / "tree"
        for name, text in files.items():
            path = tree / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        tree.mkdir(exist_ok=True)
        found = inspect_environment(program.parent.parent, tree)
        assert not isinstance(found, str)
        spec = Spec(
            tree=tree,
            interpreter=Path(sys.executable),
            mounts=(
                Mount(program.parent.parent, str(program.parent.parent)),
                Mount(found.base.prefix, str(found.base.prefix)),
            ),
            limits=Limits(memory_bytes=512 * 1024 * 1024, disk_bytes=128 * 1024 * 1024),
        )
        async with Pool(Bubblewrap(), spec, size=2) as pool:
            yield Suite(lease=pool.lease, python=str(program), env={"PATH": "/usr/bin:/bin"})

    return opened
