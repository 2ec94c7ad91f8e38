"""One command, from its start to the end of everything it started."""

from __future__ import annotations

import errno
import os
import resource
import select
import time

from regoose_guest.watch import Population

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from typing import Callable, Dict, List, Optional, Tuple

    from regoose_guest.wire import Bounds
else:
    import _signal as signal  # `signal` makes enumerations of it, which takes longer than loading all our modules

_CHUNK = 64 * 1024
_LONGEST_LINE = 1024 * 1024
_TICK = 0.05
_NOT_FOUND, _NOT_EXECUTABLE = 127, 126
_DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin"
_IGNORED_BY_PYTHON = [signal.SIGPIPE, signal.SIGXFSZ]
"""The interpreter ignores these; commands start with the defaults."""


class Captured:
    """Output of bounded size: its first and its last part are kept."""

    def __init__(self, limit: int) -> None:
        self._room = limit // 2
        self._rest = limit - limit // 2
        self._head = bytearray()
        self._tail = bytearray()
        self.dropped = 0

    def add(self, chunk: bytes) -> None:
        """Append, dropping from the middle what does not fit."""
        taken = self._room - len(self._head)
        if taken > 0:
            self._head += chunk[:taken]
            chunk = chunk[taken:]
        self._tail += chunk
        if len(self._tail) > self._rest + _CHUNK * 4:
            self._trim()

    def _trim(self) -> None:
        excess = len(self._tail) - self._rest
        if excess > 0:
            del self._tail[:excess]
            self.dropped += excess

    def value(self) -> bytes:
        """Return what was kept, with a line in the middle that says how much is missing."""
        self._trim()
        gap = b"\n[... %d bytes dropped ...]\n" % self.dropped if self.dropped else b""
        return bytes(self._head) + gap + bytes(self._tail)


class Lines:
    """Hands complete lines on; a line beyond a mebibyte is dropped."""

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send = send
        self._rest = b""

    def add(self, chunk: bytes) -> None:
        """Send what is complete of it."""
        whole, newline, rest = (self._rest + chunk).rpartition(b"\n")
        if newline:
            self._send(whole + newline)
        self._rest = rest if len(rest) <= _LONGEST_LINE else b""


class Ending:
    """How a command ended; plain data, filled while it runs."""

    def __init__(self) -> None:
        self.status: Optional[int] = None
        self.timed_out = False
        self.out_of_memory = False
        self.starved = False
        """Whether the kernel ended one of its processes for want of memory; the rest may have gone on."""
        self.crowded = False
        self.cancelled = False
        self.cpu_seconds = 0.0

    @property
    def cut_short(self) -> bool:
        """Whether a limit or the host ended it."""
        return self.timed_out or self.out_of_memory or self.crowded or self.cancelled


class Job:
    """A running command with its pipes."""

    def __init__(self, stdin: bytes, stdout: Captured, stderr: Captured, lines: Optional[Lines]) -> None:
        self.ending = Ending()
        self._stdin = memoryview(stdin)
        self._sinks: Dict[int, Tuple[Captured, Optional[Lines]]] = {}
        self._captured = (stdout, stderr)
        self._lines = lines
        self._feed = -1
        self.pid = -1

    def start(self, argv: List[str], cwd: str, environment: Dict[str, str]) -> None:
        """Start it. Raises `OSError`, `ValueError`."""
        program = find(argv[0], environment)
        out, out_end = os.pipe()
        err, err_end = os.pipe()
        if self._stdin:
            source, self._feed = os.pipe()
            os.set_blocking(self._feed, False)
        else:
            source = os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC)
        self._sinks = {out: (self._captured[0], self._lines), err: (self._captured[1], None)}
        try:
            os.chdir(cwd)
            self.pid = spawn(program, argv, environment, (source, out_end, err_end))
        except (OSError, ValueError):
            self.close()
            raise
        finally:
            os.chdir("/")
            for end in (source, out_end, err_end):
                os.close(end)
        for sink in self._sinks:
            os.set_blocking(sink, False)

    def register(self, poll: select.poll) -> None:
        """Name the pipes to wait for."""
        for sink in self._sinks:
            poll.register(sink, select.POLLIN)
        if self._feed >= 0:
            poll.register(self._feed, select.POLLOUT)

    def pump(self, descriptor: int, poll: select.poll) -> None:
        """Move data through one pipe that is ready."""
        if descriptor == self._feed:
            if not self._write():
                poll.unregister(descriptor)
                os.close(descriptor)
                self._feed = -1
        elif descriptor in self._sinks and not self._read(descriptor):
            poll.unregister(descriptor)
            os.close(descriptor)
            del self._sinks[descriptor]

    def _write(self) -> bool:
        try:
            self._stdin = self._stdin[os.write(self._feed, self._stdin[:_CHUNK]) :]
        except BlockingIOError:
            return True
        except BrokenPipeError:
            return False
        return bool(self._stdin)

    def _read(self, descriptor: int) -> bool:
        try:
            chunk = os.read(descriptor, _CHUNK)
        except BlockingIOError:
            return True
        captured, lines = self._sinks[descriptor]
        captured.add(chunk)
        if lines is not None and chunk:
            lines.add(chunk)
        return bool(chunk)

    def drain(self) -> None:
        """Read what is left in the pipes; every writer is gone."""
        for descriptor in self._sinks:
            while self._read(descriptor) and select.select([descriptor], [], [], 0)[0]:
                pass
        self.close()

    def close(self) -> None:
        """Close the pipes."""
        for descriptor in self._sinks:
            os.close(descriptor)
        self._sinks = {}
        if self._feed >= 0:
            os.close(self._feed)
            self._feed = -1


def find(name: str, environment: Dict[str, str]) -> str:
    """Return the path of a program as execvp(3) would find it. Raises `FileNotFoundError`."""
    if "/" in name:
        return name
    for directory in (environment.get("PATH") or _DEFAULT_PATH).split(":"):
        candidate = os.path.join(directory or ".", name)
        if os.access(candidate, os.X_OK) and not os.path.isdir(candidate):
            return candidate
    raise FileNotFoundError(errno.ENOENT, "not found on PATH", name)


def spawn(program: str, argv: List[str], environment: Dict[str, str], standard: Tuple[int, int, int]) -> int:
    """Start a process in its own session with these three descriptors. Raises `OSError`, `ValueError`."""
    actions = [(os.POSIX_SPAWN_DUP2, descriptor, number) for number, descriptor in enumerate(standard)]
    try:
        return os.posix_spawn(
            program, argv, environment, file_actions=actions, setsid=True, setsigdef=_IGNORED_BY_PYTHON
        )
    except NotImplementedError:  # an old C library without POSIX_SPAWN_SETSID
        return os.posix_spawn(
            program, argv, environment, file_actions=actions, setpgroup=0, setsigdef=_IGNORED_BY_PYTHON
        )


def explain(error: Exception, argv: List[str]) -> Tuple[int, bytes]:
    """Return the exit code and message of a command that could not be started, as a shell would give them."""
    code = _NOT_FOUND if isinstance(error, FileNotFoundError) else _NOT_EXECUTABLE
    return code, f"cannot run {argv[0]!r}: {error}\n".encode("utf-8", "backslashreplace")


class Supervisor:
    """Runs jobs one at a time and holds them to their limits."""

    def __init__(
        self, population: Population, *, watch_memory: bool, watch_processes: bool, limit_processes: bool
    ) -> None:
        self._population = population
        self._limit_processes = limit_processes
        self._watch_memory = watch_memory
        self._watch_processes = watch_processes
        self._wake, wake_end = os.pipe()
        os.set_blocking(self._wake, False)
        os.set_blocking(wake_end, False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.set_wakeup_fd(wake_end, warn_on_full_buffer=False)

    def supervise(self, job: Job, bounds: Bounds, control: int, cancelled: Callable[[], bool]) -> None:
        """
        Wait for the end of a job and of everything it started.

        `control` is watched for the host's word; `cancelled` reads it and says whether it means to stop.
        """
        ending = job.ending
        tighten(job.pid, bounds, memory=self._watch_memory, processes=self._limit_processes)
        poll = select.poll()
        poll.register(control, select.POLLIN)
        poll.register(self._wake, select.POLLIN)
        job.register(poll)
        now = time.monotonic()
        deadline = now + bounds["seconds"]
        look = now + _TICK if self._watch_memory or self._watch_processes else deadline
        while ending.status is None and not ending.cut_short:
            for descriptor, _event in poll.poll((min(look, deadline) - now) * 1000 + 1):
                if descriptor == self._wake:
                    self._reap(job)
                elif descriptor == control:
                    ending.cancelled = cancelled()
                else:
                    job.pump(descriptor, poll)
            now = time.monotonic()
            if now >= deadline and ending.status is None:
                ending.timed_out = True
            elif now >= look:
                self._look(ending, bounds)
                look = time.monotonic() + _TICK
        self.sweep(job)
        job.drain()

    def _look(self, ending: Ending, bounds: Bounds) -> None:
        threads, resident = self._population.count()
        if self._watch_memory and resident > bounds["memory_bytes"]:
            ending.out_of_memory = self._population.memory() > bounds["memory_bytes"]
        if self._watch_processes and threads > bounds["processes"]:
            ending.crowded = True

    def _reap(self, job: Job) -> None:
        try:
            os.read(self._wake, 4096)
        except BlockingIOError:
            pass
        while self._collect(job, os.WNOHANG):
            pass

    def _collect(self, job: Job, options: int) -> bool:
        try:
            pid, status, usage = os.wait4(-1, options)
        except ChildProcessError:
            return False
        if pid == 0:
            return False
        job.ending.cpu_seconds += usage.ru_utime + usage.ru_stime
        if pid == job.pid:
            job.ending.status = status
        return True

    def sweep(self, job: Job) -> None:
        """End every process but this one, and collect them all."""
        self._population.kill()
        while self._collect(job, 0):
            self._population.kill()


def tighten(pid: int, bounds: Bounds, *, memory: bool, processes: bool) -> None:
    """Hold one process to the limits of its command, where they are tighter than the sandbox's own."""
    wanted = [(resource.RLIMIT_FSIZE, bounds["disk_bytes"])]
    if processes:
        wanted.append((resource.RLIMIT_NPROC, bounds["processes"] + 1))
    if memory:
        wanted.append((resource.RLIMIT_DATA, bounds["memory_bytes"]))
    for which, limit in wanted:
        try:
            _soft, hard = resource.prlimit(pid, which)
            if hard == resource.RLIM_INFINITY or limit < hard:
                resource.prlimit(pid, which, (limit, limit))
        except (ProcessLookupError, PermissionError):
            return
