"""Forked children: limits, a line of JSON per message, and an end that a test cannot prevent."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import resource
import select
import signal
import sys
from time import monotonic
from typing import Callable, Iterator, List, Optional, Union, cast

Message = List[object]
"""What children send: a JSON array whose first element names the message."""

_FILE_BYTES = 64 << 20
_CHUNK = 1 << 16


class Outlet:
    """The child's end of the pipe. Only the child itself may write: a process that a test forked is ended."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._owner = os.getpid()
        self._write = os.write
        self._exit = os._exit
        self._dumps = json.dumps

    def send(self, *message: object) -> None:
        """Send one message; ends this process where it is not the child or nobody reads."""
        if os.getpid() != self._owner:
            self._exit(1)
        data = self._dumps(message).encode() + b"\n"
        try:
            while data:
                data = data[self._write(self._descriptor, data) :]
        except OSError:
            self._exit(1)


class Child:
    """A forked child seen from the parent."""

    def __init__(self, pid: int, descriptor: int) -> None:
        self.pid = pid
        self.descriptor = descriptor
        self._buffer = b""
        self.ended = False

    def read(self) -> List[Message]:
        """Read what has arrived, without waiting; sets `ended` at the end of the stream."""
        try:
            data = os.read(self.descriptor, _CHUNK)
        except BlockingIOError:
            return []
        if not data:
            self.ended = True
            return []
        lines = (self._buffer + data).split(b"\n")
        self._buffer = lines.pop()
        return [message for message in map(_decode, lines) if message is not None]

    def messages(self, patience: Callable[[], float]) -> Iterator[Message]:
        """Yield messages until the child ends or none came for `patience()` seconds."""
        while not self.ended:
            ready, _, _ = select.select([self.descriptor], [], [], max(0.0, patience()))
            if not ready:
                return
            yield from self.read()

    def cpu_seconds(self) -> float:
        """CPU time of the child so far; 0 where it is gone."""
        try:
            with open(f"/proc/{self.pid}/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self) -> None:
        """Kill the child with everything in its process group, and forget it."""
        os.close(self.descriptor)
        for kill in (os.killpg, os.kill):
            with contextlib.suppress(OSError):
                kill(self.pid, signal.SIGKILL)
        try:
            os.waitpid(self.pid, 0)
        except OSError:
            return


def _decode(line: bytes) -> Optional[Message]:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return cast("Message", value) if isinstance(value, list) and value else None


def fork(work: Callable[[Outlet], None], memory_bytes: int) -> Child:
    """Run `work` in a forked child with no input, no output, `memory_bytes` more address space and its own group."""
    made = branch(memory_bytes)
    if isinstance(made, Child):
        return made
    try:
        work(made)
    except BaseException as error:  # noqa: BLE001 - whatever the code under test threw must not reach the parent's code
        debug(error)
    finally:
        os._exit(0)


def branch(memory_bytes: int) -> Union[Child, Outlet]:
    """
    Fork, and return on both sides: the child in the parent, its outlet in the child, confined as by `fork`.

    The child's caller sees to it that its process ends by `os._exit`.
    """
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        os.set_blocking(reading, False)
        return Child(pid, reading)
    try:
        os.close(reading)
        _confine(memory_bytes)
        return Outlet(writing)
    except BaseException as error:  # noqa: BLE001 - it must not go on as a second parent
        debug(error)
        os._exit(1)


def debug(error: BaseException) -> None:
    """Show what ended a child, where that is asked for."""
    if os.environ.get("REGOOSE_GUEST_DEBUG"):
        import traceback

        traceback.print_exception(type(error), error, error.__traceback__)


def _confine(memory_bytes: int) -> None:
    os.setpgid(0, 0)
    gc.disable()
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1) if os.environ.get("REGOOSE_GUEST_DEBUG") else (0, 1, 2):
        os.dup2(nothing, standard)
    with open("/proc/self/statm", "rb") as file:
        space = int(file.read().split()[0]) * resource.getpagesize()
    for what, limit in (
        (resource.RLIMIT_AS, space + memory_bytes),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, _FILE_BYTES),
    ):
        _, hard = resource.getrlimit(what)
        bound = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(what, (bound, bound))
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - lives as long as the child


def ask(work: Callable[[Outlet], None], memory_bytes: int, seconds: float) -> List[Message]:
    """Run `work` in a child and return all it sent within `seconds`."""
    child = fork(work, memory_bytes)
    end = monotonic() + seconds
    try:
        return list(child.messages(lambda: end - monotonic()))
    finally:
        child.end()
