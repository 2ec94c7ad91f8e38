"""What docs/security.md promises of the backends, against what they are seen to hold here; and what is swept away."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from regoose.sandbox.base import Guarantee, Spec
from regoose.sandbox.choice import make_backends
from regoose.sandbox.containers import Containers

PAGE = Path(__file__).parents[2] / "docs" / "security.md"
COLUMNS = {"bubblewrap": "bubblewrap", "podman": "Podman", "landlock": "landlock, "}
"""Backend → how the head of its column begins."""


def promised(backend: str, *, root: bool) -> Mapping[str, bool]:
    """Return guarantee → whether the page's table says that it holds."""
    rows = [line.strip("|").split("|") for line in PAGE.read_text("utf-8").splitlines() if line.startswith("|")]
    head = [cell.strip() for cell in rows[0]]
    start = COLUMNS[backend] + (("root" if root else "user") if backend == "landlock" else "")
    (column,) = [number for number, cell in enumerate(head) if cell.startswith(start)]
    return {row[0].strip(): row[column].strip().startswith("yes") for row in rows[2:]}


@pytest.mark.parametrize("name", sorted(COLUMNS))
async def test_the_page_says_what_the_probe_finds(name: str) -> None:
    (backend,) = make_backends((name,), {})
    probe = await backend.probe()
    assert probe.available, probe
    table = promised(name, root=os.geteuid() == 0)
    assert set(table) == set(Guarantee)
    assert {guarantee: guarantee in probe.enforced for guarantee in Guarantee} == table, probe.reason


async def test_containers_of_processes_that_are_gone_are_swept_and_no_others() -> None:
    gone = await asyncio.create_subprocess_exec("/bin/true")
    await gone.wait()
    first = Containers("podman")
    async with await first.open(Spec(tree=None, interpreter=Path(sys.executable))) as running:
        names = (
            f"regoose-{gone.pid}-0123456789ab",
            f"regoose-{os.getpid()}-0123456789ab",
            f"regooseful-{gone.pid}-{os.getpid()}",
        )
        image = (await first.call("images", "--filter", "reference=regoose-base", "--quiet")).stdout.split()[0].decode()
        for name in names:
            assert (await first.call("create", "--name", name, image, "true")).exit_code == 0
        try:
            async with await Containers("podman").open(Spec(tree=None, interpreter=Path(sys.executable))):
                listed = (await first.call("ps", "--all", "--format", "{{.Names}}")).stdout.decode().split()
            assert [name in listed for name in names] == [False, True, True]
            assert running.alive
        finally:
            await first.call("rm", "--force", *names)
