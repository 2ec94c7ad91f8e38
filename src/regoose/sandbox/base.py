"""
The sandbox port: what a command is given, what comes back, and what a backend must tell about itself.

A sandbox never writes to the host. The tree is mounted read-only and copied to `/work` on a file system of bounded
size inside; files come back through the result, bounded, and only where asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

WORK = "/work"
"""Where the tree stands inside the sandbox; also the working directory of commands."""
OUT = "/tmp/regoose"  # noqa: S108 - inside the sandbox, on its own bounded tmpfs
"""A writable directory inside the sandbox, outside the tree, for reports; emptied by a reset."""
GUEST = "/opt/regoose"
"""Where the guest package's parent directory is mounted read-only; put it on PYTHONPATH."""

MIB = 1024 * 1024


class Guarantee(StrEnum):
    """What a backend can enforce; the names shown to users and in `not_enforced`."""

    NO_NETWORK = "no network"
    HOST_FILES_HIDDEN = "host files hidden"
    HOST_ENVIRONMENT_HIDDEN = "host environment hidden"
    NO_HOST_WRITES = "no writes to the host"
    PROCESSES_HIDDEN = "other processes hidden"
    TIME = "time limit"
    MEMORY = "memory limit"
    PROCESSES = "process limit"
    DISK = "disk limit"
    OUTPUT = "output limit"
    NO_ORPHANS = "nothing left running"
    NO_PRIVILEGES = "no privileges"
    SYSCALL_FILTER = "system call filter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one command (and, for memory, processes and disk, of the sandbox as a whole)."""

    seconds: float = 600.0
    memory_bytes: int = 2048 * MIB
    processes: int = 128
    disk_bytes: int = 1024 * MIB
    output_bytes: int = 1 * MIB
    """Kept of stdout and of stderr each: head and tail; the rest is dropped and the result marked truncated."""


@dataclass(frozen=True, slots=True)
class Mount:
    """A host directory visible read-only inside, by default at the same path."""

    source: Path
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """What a sandbox is made from."""

    tree: Path | None
    """Directory whose content appears in `/work`; read, never written. `.git` is left out. None: empty."""
    interpreter: Path
    """Python that runs the agent inside; its prefix is mounted read-only."""
    mounts: tuple[Mount, ...] = ()
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One process to run. Nothing of the caller's environment reaches it: `env` is all it gets."""

    argv: tuple[str, ...]
    cwd: str = WORK
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    stdin: bytes = b""
    writes: Mapping[str, bytes | None] = field(default_factory=dict[str, "bytes | None"])
    """Absolute path inside → content put there before the start; None deletes. Under `/work` or `OUT` only."""
    reads: tuple[str, ...] = ()
    """Absolute paths inside of regular files to bring back afterwards, each at most `read_bytes`."""
    read_bytes: int = 64 * MIB
    reset: bool = False
    """Restore `/work` and `OUT` to their first state before the writes."""
    limits: Limits | None = None
    """Tighter limits for this command; None means the sandbox's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a command ended. `exit_code` is None where a signal or a limit ended it."""

    exit_code: int | None
    signal: int | None = None
    stdout: bytes = b""
    stderr: bytes = b""
    truncated: bool = False
    timed_out: bool = False
    out_of_memory: bool = False
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    files: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    """The files of `reads` that exist."""


LineObserver = Callable[[bytes], None]
"""Called with each complete line of the command's standard output, as it appears."""


class Sandbox(Protocol):
    """A warm place to run commands in, one at a time. Close it, or use it as an async context manager."""

    @property
    def backend(self) -> str:
        """Name of the backend that made it."""
        ...

    async def run(self, command: Command, on_line: LineObserver | None = None) -> Result:
        """
        Run one command to its end; every process it started is gone when this returns.

        Raises `SandboxDied` where the sandbox itself ended. Cancelling kills the command.
        """
        ...

    async def close(self) -> None:
        """End everything inside and free it. Idempotent."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What a backend can do on this machine, found by running it for real."""

    backend: str
    available: bool
    version: str = ""
    enforced: frozenset[Guarantee] = frozenset()
    reason: str = ""
    """Why it is not available, or what is weak here, in one sentence."""
    remedy: str = ""
    """The command that would make it available; empty where there is none."""

    @property
    def not_enforced(self) -> tuple[Guarantee, ...]:
        """Guarantees this backend does not give here, in declaration order."""
        return tuple(guarantee for guarantee in Guarantee if guarantee not in self.enforced)


class Backend(Protocol):
    """A way to isolate commands: Podman, Docker, bubblewrap, or Landlock with seccomp."""

    @property
    def name(self) -> str:
        """Name as users write it in settings."""
        ...

    async def probe(self) -> Probe:
        """Run a real smoke test and say what holds here. Never raises for a backend that is merely absent."""
        ...

    async def open(self, spec: Spec) -> Sandbox:
        """Start a sandbox; raises `NoSandbox` or `SandboxDied` with the reason where it does not start."""
        ...
