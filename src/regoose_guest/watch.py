"""The processes beside the agent: ending them all, and counting what the kernel does not limit."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from typing import List, Tuple
else:
    import _signal as signal  # `signal` makes enumerations of it, which takes longer than loading all our modules

_PAGE = os.sysconf("SC_PAGE_SIZE")
_KIB = 1024


class Population:
    """
    Every process that commands started and left behind.

    With a process namespace of our own that is everybody else; without one, the descendants, which all come back
    to the agent as it is their subreaper.
    """

    def __init__(self, *, namespace: bool) -> None:
        self._namespace = namespace
        self._self = os.getpid()

    def kill(self) -> None:
        """Send SIGKILL to all of them, once."""
        if self._namespace:
            try:
                os.kill(-1, signal.SIGKILL)
            except ProcessLookupError:
                pass
            return
        for process in self.members():
            try:
                os.kill(process, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                pass

    def members(self) -> List[int]:
        """Return their process ids."""
        if self._namespace:
            return [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != self._self]
        found: List[int] = []
        pending = [self._self]
        while pending:
            for child in _children(pending.pop()):
                found.append(child)
                pending.append(child)
        return found

    def count(self) -> Tuple[int, int]:
        """Return how many threads they have and an upper bound of the memory they hold, in bytes."""
        threads = resident = 0
        for process in self.members():
            try:
                with open(f"/proc/{process}/statm", "rb") as file:
                    resident += int(file.read().split()[1]) * _PAGE
                threads += len(os.listdir(f"/proc/{process}/task"))
            except (OSError, IndexError):
                continue
        return threads, resident

    def memory(self) -> int:
        """Return how much memory they hold, shared pages counted once, in bytes; slower than `count`."""
        return sum(_proportional(process) for process in self.members())


def _children(process: int) -> List[int]:
    found: List[int] = []
    try:
        for thread in os.listdir(f"/proc/{process}/task"):
            with open(f"/proc/{process}/task/{thread}/children", "rb") as file:
                found.extend(int(child) for child in file.read().split())
    except OSError:
        pass
    return found


def _proportional(process: int) -> int:
    total = 0
    try:
        with open(f"/proc/{process}/smaps_rollup", "rb") as file:
            for line in file:
                if line.startswith((b"Pss_Anon:", b"Pss_Shmem:")):
                    total += int(line.split()[1]) * _KIB
    except (OSError, IndexError):
        pass
    return total
