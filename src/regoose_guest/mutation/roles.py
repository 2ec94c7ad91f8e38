"""What a process of mutation analysis is, once it has been forked from the driving one."""

from __future__ import annotations

import json
import mmap
import os
import socket
import struct
from types import CodeType
from typing import Iterator, List, Mapping, NamedTuple, Union, cast

from regoose_guest.forks import Child, Outlet


class Progress:
    """Memory shared by all processes, where each child that runs tests says at which it is: cheaper than messages."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, mmap.PAGESIZE)

    def mark(self, slot: int, position: int) -> None:
        """Say that the test at this position of its order is next."""
        struct.pack_into("=i", self._memory, 4 * slot, position)

    def at(self, slot: int) -> int:
        """Return what was said last."""
        position: int = struct.unpack_from("=i", self._memory, 4 * slot)[0]
        return position


class Asked(NamedTuple):
    """Which tests to run on what. Tests go by their numbers in the options."""

    mutant: int
    """Number of the change; below zero: none."""
    order: List[int]
    limits: List[float]
    """CPU seconds for each test of `order`."""
    killers: int
    """Failures after which to stop; 0: run all, and tell of each, not of failures alone."""
    slot: int
    """Its place in the shared memory."""
    first: int
    """Numbers of tests below this one whose failure alone is enough."""


class Collector(NamedTuple):
    """Collects the tests once, and forks a child of its own for everything that it is asked."""

    outlet: Outlet
    requests: socket.socket


class Importer(NamedTuple):
    """Imports and collects everything with a mutant in place, and runs the tests itself."""

    outlet: Outlet
    asked: Asked
    limit: float
    """CPU seconds for collection."""
    codes: Mapping[str, CodeType]
    """Path of a file → what importing it runs: the mutant, and what need not be compiled again."""


Role = Union[Collector, Importer]


class Become(BaseException):
    """Raised in a forked child: go on as this instead of driving. No Exception, as nothing on the way may catch it."""

    def __init__(self, role: Role) -> None:
        super().__init__()
        self.role = role


class Server:
    """The driving process's view of its collector."""

    def __init__(self, child: Child, requests: socket.socket) -> None:
        self.child = child
        self._requests = requests

    def ask(self, asked: Asked) -> Child:
        """Have a child forked; raises OSError where the collector is gone or stuck."""
        self._requests.sendall(json.dumps(asked).encode() + b"\n")
        data, descriptors, _, _ = socket.recv_fds(self._requests, 64, 1)
        if not data or not descriptors:
            raise ConnectionResetError
        os.set_blocking(descriptors[0], False)
        return Child(int(data), descriptors[0])


def requests_of(connection: socket.socket) -> Iterator[Asked]:
    """Yield what the driving process asks for, until it is gone."""
    with connection.makefile("rb") as lines:
        for line in lines:
            yield Asked(*cast("List[object]", json.loads(line)))  # pyright: ignore[reportArgumentType] - its own JSON


def answer(connection: socket.socket, child: Child) -> None:
    """Hand a child's messages on to the driving process, and bury those of before."""
    socket.send_fds(connection, [b"%d" % child.pid], [child.descriptor])
    os.close(child.descriptor)
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return
