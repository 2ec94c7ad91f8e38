"""Warm sandboxes, lent out one at a time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from types import TracebackType
from typing import Protocol, Self

from regoose.errors import SandboxDied
from regoose.sandbox.base import Sandbox, Spec


class Living(Sandbox, Protocol):
    """A sandbox that knows whether it can still take a command."""

    @property
    def alive(self) -> bool:
        """Whether it can."""
        ...


class Opener(Protocol):
    """What makes sandboxes: every backend does."""

    async def open(self, spec: Spec) -> Living:
        """Start one."""
        ...


class Pool:
    """
    At most `size` sandboxes of one kind, started when first needed and kept warm.

    A sandbox that died is replaced at its next lease; it is not reset between leases, commands say so themselves.
    """

    def __init__(self, backend: Opener, spec: Spec, size: int) -> None:
        if size < 1:
            raise ValueError(f"a pool of {size} sandboxes; expected at least 1")
        self._backend = backend
        self._spec = spec
        self._free = asyncio.Semaphore(size)
        self._idle: list[Living] = []
        self._all: set[Living] = set()
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @contextlib.asynccontextmanager
    async def lease(self) -> AsyncGenerator[Living]:
        """Lend a sandbox, waiting while all are out. Raises what `Backend.open` raises."""
        async with self._free:
            sandbox = await self._take()
            try:
                yield sandbox
            finally:
                await self._give_back(sandbox)

    async def warm(self, count: int) -> None:
        """Start up to `count` sandboxes ahead of time, side by side."""
        async with contextlib.AsyncExitStack() as stack:
            await asyncio.gather(*(stack.enter_async_context(self.lease()) for _ in range(count)))

    async def _take(self) -> Living:
        while self._idle:
            sandbox = self._idle.pop()
            if sandbox.alive:
                return sandbox
            await self._drop(sandbox)
        if self._closed:
            raise SandboxDied("the pool of sandboxes is closed")
        sandbox = await self._backend.open(self._spec)
        self._all.add(sandbox)
        return sandbox

    async def _give_back(self, sandbox: Living) -> None:
        if sandbox.alive and not self._closed:
            self._idle.append(sandbox)
        else:
            await self._drop(sandbox)

    async def _drop(self, sandbox: Living) -> None:
        self._all.discard(sandbox)
        await sandbox.close()

    async def close(self) -> None:
        """End every sandbox, those lent out included. Idempotent."""
        self._closed = True
        self._idle.clear()
        leaving = list(self._all)
        self._all.clear()
        await asyncio.gather(*(sandbox.close() for sandbox in leaving))
