"""
The agent: the first process inside a sandbox.

It prepares the place, gives up what it does not need, then runs one command after another for the host, which speaks
to it over its standard input and output (see `wire`).

Started by a one-liner under `-I -S`, not as a script: its bytecode is used where there is some.
It ends when the host goes away.
"""

from __future__ import annotations

import os
import resource
import time

from regoose_guest import kernel, landlock, seccomp, tree, wire
from regoose_guest.execute import Captured, Job, Lines, Supervisor, explain
from regoose_guest.watch import Population

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from typing import Dict, List, Optional, Sequence, Tuple, cast

    from regoose_guest.wire import RunReply, RunRequest, Setup
else:
    import _signal as signal  # `signal` makes enumerations of it, which takes longer than loading all our modules

_OPEN_FILES = 4096
_MEMORY_EVENTS = ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control")
"""Of control groups of version 2 and 1, as containers see their own."""
_WRITABLE_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/pts")


class HostGone(Exception):
    """The host closed its end."""


class Connection:
    """Frames in and out. The descriptors lie where no command inherits or overwrites them."""

    def __init__(self) -> None:
        self.control = os.dup(0)
        self._out = os.dup(1)
        null = os.open("/dev/null", os.O_RDWR)
        os.dup2(null, 0)
        os.dup2(null, 1)
        os.close(null)

    def receive(self) -> Tuple[Dict[str, object], List[bytes]]:
        """Wait for a frame. Raises `HostGone`."""
        (length,) = wire.LENGTH.unpack(self._exactly(wire.LENGTH.size))
        head = wire.decode_request(self._exactly(length))
        return head, [self._exactly(size) for size in cast("List[int]", head["sizes"])]

    def _exactly(self, size: int) -> bytes:
        parts: List[bytes] = []
        while size:
            part = os.read(self.control, min(size, 1 << 20))
            if not part:
                raise HostGone
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def send(self, head: Dict[str, object], bodies: Sequence[bytes] = ()) -> None:
        """Send a frame. Raises `HostGone`."""
        self.begin(head, [len(body) for body in bodies])
        for body in bodies:
            self.write(body)

    def begin(self, head: Dict[str, object], sizes: Sequence[int]) -> None:
        """Send the part of a frame before its bodies, for which `write` follows."""
        self.write(wire.encode_reply(head, sizes))

    def write(self, content: bytes) -> None:
        """Send raw bytes. Raises `HostGone`."""
        try:
            tree.write_all(self._out, content)
        except BrokenPipeError:
            raise HostGone from None


class Agent:
    """What is inside one sandbox."""

    def __init__(self, connection: Connection, setup: Setup) -> None:
        self._connection = connection
        self._setup = setup
        self._population = Population(namespace=setup["namespace"])
        self._area = tree.Area(setup["out"], setup["work"])
        self.unreadable: List[str] = []
        self.landlock = 0
        self.filtered = False

    def prepare(self) -> None:
        """Become who commands run as, copy the tree, close every door. Raises `OSError`, `TreeTooLarge`."""
        setup = self._setup
        if setup["uid"] >= 0:
            os.chown(setup["work"], setup["uid"], setup["uid"])
            os.chmod(setup["tmp"], 0o1777)  # noqa: S103 - as every /tmp
            kernel.drop_privileges(setup["uid"])
        kernel.protect(die_with_parent=setup["die_with_parent"])
        if not setup["namespace"]:
            kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
        os.umask(0o022)
        self._fill()
        self._limit()
        self._restrict()
        self._supervisor = Supervisor(
            self._population,
            watch_memory=setup["watch_memory"],
            watch_processes=setup["watch_processes"],
            limit_processes=setup["limit_processes"],
        )
        null = os.open("/dev/null", os.O_RDWR)
        os.dup2(null, 2)
        os.close(null)

    def _fill(self) -> None:
        setup = self._setup
        for directory in (setup["out"], os.path.join(setup["tmp"], "home")):
            os.makedirs(directory, exist_ok=True)
        if setup["lower"]:
            reading = setup["uid"] >= 0
            mask = 1 << kernel.CAP_DAC_READ_SEARCH
            if reading:
                kernel.set_capabilities(mask, mask)
            self.unreadable = tree.copy(setup["lower"], setup["work"])
            if reading:
                kernel.set_capabilities(mask, 0)

    def _limit(self) -> None:
        bounds = self._setup["bounds"]
        limits = [
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_NOFILE, _OPEN_FILES),
            (resource.RLIMIT_FSIZE, bounds["disk_bytes"]),
        ]
        if self._setup["limit_processes"]:
            limits.append((resource.RLIMIT_NPROC, bounds["processes"] + 1))
        if self._setup["watch_memory"]:
            limits.append((resource.RLIMIT_DATA, bounds["memory_bytes"]))
        for which, limit in limits:
            hard = resource.getrlimit(which)[1]
            lower = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
            resource.setrlimit(which, (lower, lower))

    def _restrict(self) -> None:
        setup = self._setup
        if setup["landlock"] == landlock.OUTER and os.geteuid() == 0:
            kernel.drop_capabilities()
        if setup["landlock"] != landlock.OFF:
            self.landlock = landlock.version()
        if self.landlock:
            inner = setup["landlock"] == landlock.INNER
            readable = ["/"] if inner else setup["readable"]
            places = [setup["work"], setup["tmp"], setup["out"], setup["shm"], *_WRITABLE_DEVICES]
            landlock.restrict(self.landlock, readable, [place for place in places if place], network=inner)
        if setup["filter"] != seccomp.OFF:
            code = seccomp.build(setup["filter"], count_hidden_memory=setup["watch_memory"])
            if code is not None:
                seccomp.apply(code)
                self.filtered = True

    def serve(self) -> None:
        """Run commands until the host goes away."""
        while True:
            head, bodies = self._connection.receive()
            if head.get("op") == "run":
                self._run(cast("RunRequest", head), bodies)

    def end(self) -> None:
        """Leave nothing running."""
        self._supervisor.sweep(Job(b"", Captured(0), Captured(0), None))

    def _run(self, request: RunRequest, bodies: List[bytes]) -> None:
        try:
            self._place(request, bodies[1:])
        except tree.PathRefused as error:
            self._connection.send({"op": "error", "kind": wire.ERROR_PATH, "message": str(error)})
            return
        except OSError as error:
            self._connection.send({"op": "error", "kind": wire.ERROR_SIZE, "message": str(error)})
            return
        bounds = request["bounds"]
        stdout, stderr = Captured(bounds["output_bytes"]), Captured(bounds["output_bytes"])
        lines = Lines(self._send_lines) if request["stream"] else None
        job = Job(bodies[0], stdout, stderr, lines)
        killed = oom_kills()
        begun = time.perf_counter()
        argv = request["argv"]
        argv[0] = self._setup["links"].get(argv[0], argv[0])
        try:
            job.start(argv, request["cwd"], request["env"])
        except (OSError, ValueError) as error:
            code, message = explain(error, argv)
            job.ending.status = code << 8
            stderr.add(message)
        else:
            self._supervisor.supervise(job, bounds, self._connection.control, self._is_cancelled)
            if job.ending.crowded:
                stderr.add(b"\n[more processes than the limit of %d: stopped]\n" % bounds["processes"])
        job.ending.starved = oom_kills() > killed
        self._report(job, request, (stdout, stderr), time.perf_counter() - begun)

    def _place(self, request: RunRequest, contents: List[bytes]) -> None:
        if request["reset"]:
            for directory in (self._setup["work"], self._setup["tmp"], self._setup["shm"]):
                if directory:
                    tree.empty(directory, self._setup["keep"])
            self._fill()
        for path in request["deletes"]:
            self._area.delete(path)
        for path, content in zip(request["writes"], contents):
            self._area.write(path, content)

    def _send_lines(self, chunk: bytes) -> None:
        self._connection.send({"op": "lines"}, [chunk])

    def _is_cancelled(self) -> bool:
        head, _bodies = self._connection.receive()
        return head.get("op") == "cancel"

    def _report(self, job: Job, request: RunRequest, captured: Tuple[Captured, Captured], seconds: float) -> None:
        ending = job.ending
        exit_code, number = _split(None if ending.cut_short else ending.status)
        files = [(path, self._area.open(path)) for path in request["reads"]]
        present = [(path, found) for path, found in files if found is not None]
        fetched = [(path, found) for path, found in present if found[1] <= request["read_bytes"]]
        head: RunReply = {
            "op": "done",
            "exit_code": exit_code,
            "signal": number,
            "truncated": bool(captured[0].dropped or captured[1].dropped or len(fetched) < len(present)),
            "timed_out": ending.timed_out,
            "out_of_memory": ending.out_of_memory or ending.starved,
            "cancelled": ending.cancelled,
            "seconds": seconds,
            "cpu_seconds": ending.cpu_seconds,
            "files": [path for path, _found in fetched],
        }
        outputs = [part.value() for part in captured]
        sizes = [len(part) for part in outputs] + [size for _path, (_descriptor, size) in fetched]
        self._connection.begin(cast("Dict[str, object]", head), sizes)
        for part in outputs:
            self._connection.write(part)
        for _path, (descriptor, size) in fetched:
            self._send_file(descriptor, size)
        for _path, (descriptor, _size) in present:
            os.close(descriptor)

    def _send_file(self, descriptor: int, size: int) -> None:
        while size:
            chunk = os.read(descriptor, min(size, 1 << 20))
            chunk = chunk or bytes(min(size, 1 << 20))
            self._connection.write(chunk)
            size -= len(chunk)


if not TYPE_CHECKING:

    def cast(_kind, value):  # noqa: ANN001, ANN201, D103 - typing.cast without importing typing
        return value


def oom_kills() -> int:
    """Return how many processes the kernel has killed for the memory of our control group, if we are shown one."""
    for path in _MEMORY_EVENTS:
        try:
            with open(path, "rb") as file:
                fields = dict(line.split() for line in file)
        except (OSError, ValueError):
            continue
        return int(fields.get(b"oom_kill", b"0"))
    return 0


def _split(status: Optional[int]) -> Tuple[Optional[int], Optional[int]]:
    """Return exit code and signal of a wait status."""
    if status is None:
        return None, int(signal.SIGKILL)
    if os.WIFSIGNALED(status):
        return None, os.WTERMSIG(status)
    return os.WEXITSTATUS(status), None


def main() -> None:
    """Talk to the host until it goes away."""
    connection = Connection()
    try:
        head, _bodies = connection.receive()
        setup = cast("Setup", head)
        agent = Agent(connection, setup)
        try:
            agent.prepare()
        except tree.TreeTooLarge as error:
            connection.send({"op": "error", "kind": wire.ERROR_SIZE, "message": str(error)})
            return
        except OSError as error:
            connection.send({"op": "error", "kind": wire.ERROR_SETUP, "message": str(error)})
            return
        connection.send(
            {
                "op": "ready",
                "uid": os.getuid(),
                "pid": os.getpid(),
                "landlock": agent.landlock,
                "filtered": agent.filtered,
                "unreadable": agent.unreadable[:100],
            }
        )
        try:
            agent.serve()
        finally:
            agent.end()
    except HostGone:
        pass
    os._exit(0)  # nothing is left to clean up, and tearing an interpreter down takes time
