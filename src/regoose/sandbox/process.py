"""
The one place that starts host processes: an argument vector, a given environment, a time limit, bounded output.

Each process leads a process group of its own, and whoever is left of that group is killed before `run_process`
returns, however it ends: normally, by the time limit or by cancelling.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from regoose.errors import MissingTool
from regoose.sandbox.base import MIB

_CHUNK = 256 * 1024

Sink = Callable[[bytes], None]
"""Receives standard output chunk by chunk instead of `Completed.stdout`."""


@dataclass(frozen=True, slots=True)
class User:
    """The user and group a process runs as."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HostCommand:
    """One host process. `env` is all of its environment; `user` changes the user for real (root only)."""

    argv: tuple[str | bytes, ...]
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    cwd: Path | None = None
    stdin: bytes = b""
    seconds: float = 60.0
    output_bytes: int = 64 * MIB
    """Kept of stdout and of stderr each, from the start; the rest is read and dropped."""
    user: User | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """How a host process ended. `exit_code` is minus the signal's number where a signal ended it."""

    exit_code: int
    stdout: bytes
    stderr: bytes
    truncated: bool
    timed_out: bool
    seconds: float


async def run_process(command: HostCommand, sink: Sink | None = None) -> Completed:
    """
    Run a host process to its end. An exception that `sink` raises ends the process and is passed on.

    Raises `MissingTool` where the program does not exist or may not be started.
    """
    started = time.monotonic()
    process = await _start(command)
    stdin, stdout, stderr = process.stdin, process.stdout, process.stderr
    assert stdin is not None
    assert stdout is not None
    assert stderr is not None
    kept_out, kept_err = _Bounded(command.output_bytes), _Bounded(command.output_bytes)
    timed_out = False
    try:
        async with asyncio.timeout(command.seconds), asyncio.TaskGroup() as group:
            group.create_task(_feed(stdin, command.stdin))
            group.create_task(_drain(stdout, sink or kept_out.add))
            group.create_task(_drain(stderr, kept_err.add))
            await leader_ended(process)
            _kill_group(process.pid)  # so that nobody keeps the pipes open
    except TimeoutError:
        timed_out = True
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    finally:
        _kill_group(process.pid)
        exit_code = await asyncio.shield(process.wait())
    return Completed(
        exit_code=exit_code,
        stdout=bytes(kept_out.data),
        stderr=bytes(kept_err.data),
        truncated=kept_out.truncated or kept_err.truncated,
        timed_out=timed_out,
        seconds=time.monotonic() - started,
    )


async def _start(command: HostCommand) -> asyncio.subprocess.Process:
    user = command.user
    try:
        return await _whole(
            asyncio.create_subprocess_exec(
                *command.argv,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=dict(command.env),
                cwd=command.cwd,
                start_new_session=True,
                user=user.uid if user else None,
                group=user.gid if user else None,
                extra_groups=[] if user else None,
            )
        )
    except (FileNotFoundError, PermissionError) as error:
        name = os.fsdecode(command.argv[0])
        raise MissingTool(
            f"cannot start {name!r}: {error.strerror} ({error.filename!r})", hint=f"Install {Path(name).name}."
        ) from error


async def start_process(
    argv: Sequence[str], env: Mapping[str, str], pass_fds: Sequence[int] = ()
) -> asyncio.subprocess.Process:
    """
    Start a host process to converse with: pipes on all three standard streams, a session of its own.

    Whoever starts it ends it with `end_process`. Raises `OSError`.
    """
    return await _whole(
        asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=dict(env),
            cwd="/",
            pass_fds=tuple(pass_fds),
            start_new_session=True,
            limit=_CHUNK * 4,
        )
    )


async def _whole(creation: Coroutine[None, None, asyncio.subprocess.Process]) -> asyncio.subprocess.Process:
    """
    Start a process to the end of its start, even when cancelled, so that its whole group can be killed.

    Cancelled half-way, asyncio kills the process alone. A bubblewrap whose first process dies so early leaves a second
    one behind that waits for it for ever.
    """
    starting = asyncio.ensure_future(creation)
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        with contextlib.suppress(OSError):
            await end_process(await starting)
        raise


async def end_process(process: asyncio.subprocess.Process) -> None:
    """Kill a process with its group and wait until it is gone. Idempotent."""
    if process.returncode is not None:
        return
    _kill_group(process.pid)
    await process.wait()


class _Bounded:
    """Keeps the first `limit` bytes."""

    def __init__(self, limit: int) -> None:
        self.data = bytearray()
        self.truncated = False
        self._limit = limit

    def add(self, chunk: bytes) -> None:
        room = self._limit - len(self.data)
        self.data += chunk[:room]
        self.truncated = self.truncated or len(chunk) > room


async def _feed(writer: asyncio.StreamWriter, content: bytes) -> None:
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        writer.write(content)
        await writer.drain()
    writer.close()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        await writer.wait_closed()


async def _drain(reader: asyncio.StreamReader, take: Sink) -> None:
    while chunk := await reader.read(_CHUNK):
        take(chunk)


async def leader_ended(process: asyncio.subprocess.Process) -> None:
    """Wait for the process alone: `Process.wait` also waits for whoever else holds its pipes (before 3.13.1)."""
    try:
        descriptor = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def _kill_group(pid: int) -> None:
    """Kill the group the process led; the kernel keeps its number taken while any member lives."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
