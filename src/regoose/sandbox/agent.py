"""The host's side of a running agent: one sandbox, whatever it is made of."""

from __future__ import annotations

import asyncio
import contextlib
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self, cast

from regoose.errors import NoSandbox, PolicyRefused, RegooseError, SandboxDied, SizeLimit
from regoose.sandbox.base import MIB, OUT, WORK, Command, Limits, LineObserver, Result, Spec
from regoose.sandbox.process import end_process, leader_ended
from regoose_guest import wire

_START_SECONDS = 60.0
_GRACE_SECONDS = 15.0
_CANCEL_SECONDS = 5.0
_FAREWELL_SECONDS = 3.0
_COMPLAINT_BYTES = 8192
_OUTPUT_SLACK = 4096
"""Room for the agent's own remarks beside a command's output."""

Frame = tuple[dict[str, object], list[bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Enforcement:
    """What the kernel does for this sandbox; the agent does the rest."""

    uid: int = -1
    """Real user that the agent becomes; -1 to stay who it is."""
    memory: bool = False
    processes: bool = False
    own_process_count: bool = False
    namespace: bool = True
    die_with_parent: bool = True
    filter: str = "inet"
    landlock: str = "inner"
    readable: tuple[str, ...] = ()
    work: str = WORK
    tmp: str = "/tmp"  # noqa: S108 - inside the sandbox
    out: str = OUT
    shm: str = "/dev/shm"  # noqa: S108 - inside the sandbox
    lower: str = "/lower"
    keep: tuple[str, ...] = ()
    """Where directories are mounted inside."""
    links: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a backend adds around the agent's process."""

    close: Callable[[], Awaitable[None]] | None = None
    """Called once, after the process is gone."""
    remove: Callable[[], Awaitable[None]] | None = None
    """Called before that where the agent did not end by itself."""
    translate: Callable[[str], str] = str
    """Maps paths of the port to those inside, in arguments and environment; for backends without their own root."""


@dataclass(frozen=True, slots=True)
class Ready:
    """What the agent says about itself."""

    uid: int
    pid: int
    landlock: int
    filtered: bool
    unreadable: tuple[str, ...]
    """Paths of the tree that could not be read (the first hundred)."""


def bounds(limits: Limits) -> wire.Bounds:
    """Return the limits as the agent is told them."""
    return {
        "seconds": limits.seconds,
        "memory_bytes": limits.memory_bytes,
        "processes": limits.processes,
        "disk_bytes": limits.disk_bytes,
        "output_bytes": limits.output_bytes,
    }


class AgentSandbox:
    """A sandbox whose first process is our agent. Made by `open_agent`."""

    def __init__(self, backend: str, process: Process, spec: Spec, surroundings: Surroundings) -> None:
        self._backend = backend
        self._process = process
        self._limits = spec.limits
        self._tree = spec.tree
        self._surroundings = surroundings
        self._turn = asyncio.Lock()
        self._closed = False
        self._complaint = bytearray()
        self._listening = asyncio.create_task(self._listen())
        self._guarding = asyncio.create_task(self._guard())
        self.ready = Ready(-1, -1, 0, filtered=False, unreadable=())

    @property
    def backend(self) -> str:
        """Name of the backend that made it."""
        return self._backend

    @property
    def alive(self) -> bool:
        """Whether it can still take a command."""
        return not self._closed and self._process.returncode is None

    @property
    def process_id(self) -> int:
        """Id of the process on the host that holds the sandbox."""
        return self._process.pid

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def prepare(self, spec: Spec, enforcement: Enforcement) -> None:
        """Tell the agent what it needs. Raises `SizeLimit`, `NoSandbox`, `SandboxDied`."""
        setup: wire.Setup = {
            "work": enforcement.work,
            "tmp": enforcement.tmp,
            "out": enforcement.out,
            "shm": enforcement.shm,
            "lower": enforcement.lower if spec.tree is not None else "",
            "uid": enforcement.uid,
            "namespace": enforcement.namespace,
            "die_with_parent": enforcement.die_with_parent,
            "watch_memory": not enforcement.memory,
            "watch_processes": not enforcement.processes,
            "limit_processes": enforcement.own_process_count,
            "filter": enforcement.filter,
            "landlock": enforcement.landlock,
            "readable": list(enforcement.readable),
            "keep": list(enforcement.keep),
            "links": dict(enforcement.links),
            "bounds": bounds(spec.limits),
        }
        try:
            async with asyncio.timeout(_START_SECONDS):
                await self._send(cast("dict[str, object]", setup), ())
                head, _ = await self._receive()
        except TimeoutError:
            raise SandboxDied(f"the {self._backend} sandbox did not start within {_START_SECONDS:.0f} s") from None
        if head.get("op") == "error":
            raise self._error(head)
        self.ready = Ready(
            _integer(head.get("uid")),
            _integer(head.get("pid")),
            _integer(head.get("landlock")),
            filtered=head.get("filtered") is True,
            unreadable=_strings(head.get("unreadable")),
        )

    async def run(self, command: Command, on_line: LineObserver | None = None) -> Result:
        """Run one command to its end; see `Sandbox.run`."""
        async with self._turn:
            if not self.alive:
                raise await self._death()
            try:
                return await self._run(command, on_line)
            except (asyncio.CancelledError, SandboxDied):
                raise
            except RegooseError:
                raise
            except BaseException:
                await self._kill()  # the conversation is in an unknown state
                raise

    async def _run(self, command: Command, on_line: LineObserver | None) -> Result:
        limits = command.limits or self._limits
        request, bodies = self._request(command, limits, stream=on_line is not None)
        answered = False
        try:
            async with asyncio.timeout(limits.seconds + _GRACE_SECONDS + _START_SECONDS):
                await self._send(cast("dict[str, object]", request), bodies)
                head, contents = await self._result(command, limits, on_line)
                answered = True
        except TimeoutError:
            await self._kill()
            raise SandboxDied(f"the {self._backend} sandbox gave no answer in time") from None
        except asyncio.CancelledError:
            if not answered:
                await asyncio.shield(self._cancel(command, limits))
            raise
        if head.get("op") == "error":
            raise self._error(head)
        return _to_result(head, contents)

    def _request(self, command: Command, limits: Limits, *, stream: bool) -> tuple[wire.RunRequest, list[bytes]]:
        inside = self._surroundings.translate
        present = {path: content for path, content in command.writes.items() if content is not None}
        request: wire.RunRequest = {
            "op": "run",
            "argv": [inside(argument) for argument in command.argv],
            "cwd": inside(command.cwd),
            "env": {name: inside(value) for name, value in command.env.items()},
            "writes": [inside(path) for path in present],
            "deletes": [inside(path) for path, content in command.writes.items() if content is None],
            "reads": [inside(path) for path in command.reads],
            "read_bytes": command.read_bytes,
            "reset": command.reset,
            "stream": stream,
            "bounds": bounds(limits),
        }
        return request, [command.stdin, *present.values()]

    async def _result(self, command: Command, limits: Limits, on_line: LineObserver | None) -> Frame:
        inside = {self._surroundings.translate(path): path for path in command.reads}
        most = 2 * (limits.output_bytes + _OUTPUT_SLACK) + len(inside) * command.read_bytes + MIB
        while True:
            head, bodies = await self._receive(max(most, 4 * MIB))
            if head.get("op") != "lines":
                head["files"] = [inside.get(path, path) for path in _strings(head.get("files"))]
                return head, bodies
            if on_line is not None:
                for line in b"".join(bodies).splitlines(keepends=True):
                    on_line(line)

    async def _cancel(self, command: Command, limits: Limits) -> None:
        """Stop the command under way and take its answer, so that the next one finds a quiet agent."""
        try:
            async with asyncio.timeout(_CANCEL_SECONDS):
                await self._send({"op": "cancel"}, ())
                await self._result(command, limits, None)
        except (TimeoutError, RegooseError):
            await self._kill()

    async def _send(self, head: dict[str, object], bodies: tuple[bytes, ...] | list[bytes]) -> None:
        stream = self._process.stdin
        assert stream is not None
        try:
            stream.writelines([wire.encode_request(head, [len(body) for body in bodies]), *bodies])
            await stream.drain()
        except (ConnectionError, RuntimeError):
            raise await self._death() from None

    async def _receive(self, most: int = MIB) -> Frame:
        """Wait for a frame whose bodies together have at most this many bytes; raises `SandboxDied`."""
        stream = self._process.stdout
        assert stream is not None
        try:
            (length,) = wire.LENGTH.unpack(await stream.readexactly(wire.LENGTH.size))
            _require(length, wire.MAX_HEAD)
            head = wire.decode_reply(await stream.readexactly(length))
            sizes = cast("list[int]", head["sizes"])
            _require(sum(sizes), most)
            return head, [await stream.readexactly(size) for size in sizes]
        except ValueError as error:
            await self._kill()
            raise SandboxDied(f"the {self._backend} sandbox sent something that is no answer: {error}") from None
        except (asyncio.IncompleteReadError, ConnectionError):
            raise await self._death() from None

    async def _guard(self) -> None:
        """Hang up on the agent when the process around it ends, in case it was killed and the agent was not."""
        await leader_ended(self._process)
        if self._process.stdin is not None:
            self._process.stdin.close()

    async def _listen(self) -> None:
        stream = self._process.stderr
        assert stream is not None
        while chunk := await stream.read(4096):
            self._complaint += chunk[: _COMPLAINT_BYTES - len(self._complaint)]

    async def _death(self) -> SandboxDied:
        await self._kill()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._listening), 1)
        said = self._complaint.decode("utf-8", "replace").strip()
        code = self._process.returncode
        return SandboxDied(f"the {self._backend} sandbox ended (exit code {code}): {said[-1000:] or 'without a word'}")

    def _error(self, head: dict[str, object]) -> RegooseError:
        message = str(head.get("message"))
        if head.get("kind") == wire.ERROR_PATH:
            return PolicyRefused(message, hint="Files are put below the tree or the report directory alone.")
        if head.get("kind") == wire.ERROR_SIZE:
            limit = f"the disk limit of {self._limits.disk_bytes / MIB:.0f} MiB"
            if message.isdigit():
                message = f"the tree {self._tree} holds {int(message) / MIB:.1f} MiB, more than {limit} allows"
            else:
                message = f"a file could not be put into the sandbox under {limit}: {message}"
            return SizeLimit(message)
        return NoSandbox(f"the {self._backend} sandbox could not be set up: {message}")

    async def _kill(self) -> None:
        await end_process(self._process)

    async def close(self) -> None:
        """End everything inside and free it. Idempotent."""
        if self._closed:
            return
        self._closed = True
        await asyncio.shield(self._release())

    async def _release(self) -> None:
        stdin = self._process.stdin
        if stdin is not None:
            stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), _FAREWELL_SECONDS)
        except TimeoutError:
            await self._kill()
        self._guarding.cancel()
        if self._process.returncode != 0 and self._surroundings.remove is not None:
            await self._surroundings.remove()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._listening, 1)
        if self._surroundings.close is not None:
            await self._surroundings.close()


async def open_agent(
    backend: str, process: Process, spec: Spec, enforcement: Enforcement, surroundings: Surroundings
) -> AgentSandbox:
    """Bring up the agent in a process just started; closes everything again where that fails."""
    sandbox = AgentSandbox(backend, process, spec, surroundings)
    try:
        await sandbox.prepare(spec, enforcement)
    except BaseException:
        await sandbox.close()
        raise
    return sandbox


def _to_result(head: dict[str, object], bodies: list[bytes]) -> Result:
    files = _strings(head.get("files"))
    if len(bodies) != len(files) + 2:
        raise SandboxDied(f"the sandbox announced {len(files)} files and sent {len(bodies) - 2}")
    code, number = head.get("exit_code"), head.get("signal")
    return Result(
        exit_code=code if isinstance(code, int) else None,
        signal=number if isinstance(number, int) else None,
        stdout=bodies[0],
        stderr=bodies[1],
        truncated=head.get("truncated") is True,
        timed_out=head.get("timed_out") is True,
        out_of_memory=head.get("out_of_memory") is True,
        seconds=_number(head.get("seconds")),
        cpu_seconds=_number(head.get("cpu_seconds")),
        files=dict(zip(files, bodies[2:], strict=True)),
    )


def _require(size: int, most: int) -> None:
    if size > most:
        raise ValueError(f"{size} bytes where at most {most} were asked for")


def _integer(value: object) -> int:
    return value if isinstance(value, int) else 0


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _strings(value: object) -> tuple[str, ...]:
    items = cast("list[object]", value) if isinstance(value, list) else []
    return tuple(item for item in items if isinstance(item, str))
