"""
What a sandbox costs beside a bare process, as ratios, for every backend present.

    python benchmarks/sandbox.py [ROUNDS]

Bare and sandboxed commands alternate, so that a busy machine slows both alike.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from regoose.sandbox.base import Command, Spec
from regoose.sandbox.choice import SANDBOXES, ProbedBackend, make_backends
from regoose.sandbox.pool import Pool

ARGV = (sys.executable, "-I", "-c", "pass")
SIDE_BY_SIDE = 8


async def clocked(work: Callable[[], Awaitable[object]]) -> float:
    """Return how long something takes, in milliseconds."""
    begun = time.perf_counter()
    await work()
    return (time.perf_counter() - begun) * 1000


async def bare() -> None:
    """Run the command as a subprocess would be run without Regoose."""
    subprocess.run(ARGV, check=True, env={}, stdin=subprocess.DEVNULL, capture_output=True)  # noqa: ASYNC221


async def measure(backend: ProbedBackend, rounds: int) -> None:
    """Print one backend's figures."""
    spec = Spec(tree=None, interpreter=Path(sys.executable))
    command = Command(argv=ARGV)

    async def cold() -> None:
        async with await backend.open(spec) as sandbox:
            await sandbox.run(command)

    await cold()  # the engine makes its image
    plain, warm, cold_ones = list[float](), list[float](), list[float]()
    async with await backend.open(spec) as sandbox:
        for _ in range(rounds):
            plain.append(await clocked(bare))
            warm.append(await clocked(lambda: sandbox.run(command)))
    for _ in range(max(rounds // 4, 5)):
        plain.append(await clocked(bare))
        cold_ones.append(await clocked(cold))
    base = statistics.median(plain)
    failures = await crowd(backend, spec, command)
    print(
        f"{backend.name:<11} bare {base:6.1f} ms   warm {statistics.median(warm):6.1f} ms"
        f" = {statistics.median(warm) / base:4.2f} x bare   cold {statistics.median(cold_ones):7.1f} ms"
        f" = bare + {statistics.median(cold_ones) - base:6.1f} ms   {SIDE_BY_SIDE} in parallel: {failures} failures"
    )


async def crowd(backend: ProbedBackend, spec: Spec, command: Command) -> int:
    """Return how many of 64 commands failed in eight sandboxes side by side."""

    async def one(pool: Pool) -> int:
        async with pool.lease() as sandbox:
            return int((await sandbox.run(command)).exit_code != 0)

    async with Pool(backend, spec, SIDE_BY_SIDE) as pool:
        return sum(await asyncio.gather(*(one(pool) for _ in range(64))))


async def main() -> None:
    """Measure whatever starts."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    environment = {name: os.environ[name] for name in ("DOCKER_HOST",) if name in os.environ}
    with tempfile.TemporaryDirectory() as cache:  # keeps the guest package's bytecode, as the product does
        for backend in make_backends((*SANDBOXES, "landlock", "none"), environment, cache=Path(cache)):
            probe = await backend.probe()
            if probe.available:
                await measure(backend, rounds)
            else:
                print(f"{backend.name:<11} not available: {probe.reason}")


if __name__ == "__main__":
    asyncio.run(main())
