"""What each backend really holds on this machine: small attacks from inside, and the choice that follows."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import signal
import tempfile
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Protocol

from regoose.errors import NoSandbox, RegooseError, SandboxDied
from regoose.sandbox import interpreter
from regoose.sandbox.agent import AgentSandbox
from regoose.sandbox.base import GUEST, MIB, Command, Guarantee, Limits, Probe, Result, Spec

_LIMITS = Limits(seconds=10, memory_bytes=64 * MIB, processes=24, disk_bytes=16 * MIB, output_bytes=64 * 1024)
_SPEC = Spec(tree=None, interpreter=interpreter.own(), limits=_LIMITS)
_OPEN_SECONDS = 60.0
_BY_ATTACK = {
    "network": Guarantee.NO_NETWORK,
    "files": Guarantee.HOST_FILES_HIDDEN,
    "environment": Guarantee.HOST_ENVIRONMENT_HIDDEN,
    "writes": Guarantee.NO_HOST_WRITES,
    "processes": Guarantee.PROCESSES_HIDDEN,
    "privileges": Guarantee.NO_PRIVILEGES,
    "calls": Guarantee.SYSCALL_FILTER,
}
_HELD = "held"


class Probed(Protocol):
    """A backend before it is trusted."""

    @property
    def name(self) -> str:
        """Name as users write it in settings."""
        ...

    async def open(self, spec: Spec) -> AgentSandbox:
        """Start a sandbox."""
        ...


async def probe_backend(backend: Probed, version: str, remedy: str) -> Probe:
    """Attack a backend from inside and report what held; one that does not start is not available."""
    try:
        async with asyncio.timeout(_OPEN_SECONDS):
            enforced, broken = await _attack(backend)
    except TimeoutError:
        return Probe(backend=backend.name, available=False, version=version, reason="it took too long", remedy=remedy)
    except RegooseError as error:
        return Probe(backend=backend.name, available=False, version=version, reason=error.message, remedy=remedy)
    return Probe(
        backend=backend.name,
        available=True,
        version=version,
        enforced=frozenset(enforced),
        reason="; ".join(broken),
    )


async def _attack(backend: Probed) -> tuple[set[Guarantee], list[str]]:
    """Attack two sandboxes side by side: one from inside, the other's limits."""
    try:
        async with asyncio.TaskGroup() as group:
            reaching = group.create_task(_attack_walls(backend))
            exceeding = group.create_task(_attack_limits(backend))
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    enforced, broken = reaching.result()
    for guarantee, complaint in exceeding.result():
        if complaint:
            broken.append(complaint)
        else:
            enforced.add(guarantee)
    return enforced, broken


async def _attack_walls(backend: Probed) -> tuple[set[Guarantee], list[str]]:
    async with await backend.open(_SPEC) as sandbox:
        enforced, broken = await _reach_out(sandbox)
        complaint = await _leave_behind(sandbox)
    if complaint:
        broken.append(complaint)
    else:
        enforced.add(Guarantee.NO_ORPHANS)
    return enforced, broken


async def _attack_limits(backend: Probed) -> list[tuple[Guarantee, str]]:
    async with await backend.open(_SPEC) as sandbox:
        return [await _exceed(sandbox, which) for which in _EXCESSES]


def _command(*orders: str, seconds: float = 10.0) -> Command:
    limits = Limits(
        seconds=seconds,
        memory_bytes=_LIMITS.memory_bytes,
        processes=_LIMITS.processes,
        disk_bytes=_LIMITS.disk_bytes,
        output_bytes=_LIMITS.output_bytes,
    )
    program = (str(interpreter.own()), "-I", "-S", f"{GUEST}/regoose_guest/smoke.py")
    return Command(argv=(*program, *orders), limits=limits)


async def _reach_out(sandbox: AgentSandbox) -> tuple[set[Guarantee], list[str]]:
    with _bait() as (secret, environment, command_line):
        server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            orders = (
                f"network:{port}",
                f"files:{secret}",
                f"environment:{environment}",
                f"processes:{command_line}",
                f"writes:{secret.parent}",
                "privileges",
                "calls",
            )
            result = await sandbox.run(_command(*orders))
    answers = dict(line.split(" ", 1) for line in result.stdout.decode().splitlines() if " " in line)
    enforced = {guarantee for name, guarantee in _BY_ATTACK.items() if answers.get(name) == _HELD}
    broken = [
        f"{guarantee}: {answers.get(name, 'gave no answer')}"
        for name, guarantee in _BY_ATTACK.items()
        if guarantee not in enforced
    ]
    return enforced, broken


@contextlib.contextmanager
def _bait() -> Generator[tuple[Path, str, str]]:
    """Plant a secret file; yields it with digests of this process's environment and command line."""
    with tempfile.TemporaryDirectory(prefix="regoose-bait-") as directory:
        secret = Path(directory) / "secret"
        secret.write_text("secret")
        secret.chmod(0o644)
        Path(directory).chmod(0o777)
        digests = [hashlib.sha256(Path("/proc/self", name).read_bytes()).hexdigest() for name in _PROC_FILES]
        yield secret, digests[0], digests[1]


_PROC_FILES = ("environ", "cmdline")
_EXCESSES: tuple[tuple[Guarantee, str, float], ...] = (
    (Guarantee.TIME, "sleep:20", 0.1),
    (Guarantee.MEMORY, "memory:160", 10.0),
    (Guarantee.PROCESSES, "forks:64", 10.0),
    (Guarantee.DISK, "disk:32", 10.0),
    (Guarantee.OUTPUT, f"output:{1024 * 1024}", 10.0),
)


async def _exceed(sandbox: AgentSandbox, excess: tuple[Guarantee, str, float]) -> tuple[Guarantee, str]:
    guarantee, order, seconds = excess
    result = await sandbox.run(_command(order, seconds=seconds))
    answer = result.stdout.decode("utf-8", "replace").partition(" ")[2].strip()
    held = _is_stopped(guarantee, result) or answer.startswith(_HELD)
    return guarantee, "" if held else f"{guarantee}: {answer[:80] or 'not held'}"


def _is_stopped(guarantee: Guarantee, result: Result) -> bool:
    if guarantee is Guarantee.TIME:
        return result.timed_out
    if guarantee is Guarantee.OUTPUT:
        return result.truncated and len(result.stdout) <= 2 * _LIMITS.output_bytes
    if guarantee is Guarantee.DISK:
        return False
    return result.signal is not None


async def _leave_behind(sandbox: AgentSandbox) -> str:
    """Return what is wrong with how the sandbox ends daemons, or nothing."""
    pids: list[bytes] = []
    try:
        await sandbox.run(_command("orphan"), pids.append)
        if not pids:
            return f"{Guarantee.NO_ORPHANS}: gave no answer"
        result = await sandbox.run(_command(f"exists:{int(pids[0])}"))
    except SandboxDied:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError, ValueError):
                os.kill(int(pid), signal.SIGKILL)
        return f"{Guarantee.NO_ORPHANS}: a command can end the agent and stay"
    return "" if _HELD.encode() in result.stdout else f"{Guarantee.NO_ORPHANS}: {result.stdout.decode()[:80]}"


class Prober(Protocol):
    """A backend that can speak for itself."""

    @property
    def name(self) -> str:
        """Name as users write it in settings."""
        ...

    async def probe(self) -> Probe:
        """Say what holds here."""
        ...


async def probe_all(backends: Sequence[Prober]) -> tuple[Probe, ...]:
    """Probe backends side by side."""
    return tuple(await asyncio.gather(*(backend.probe() for backend in backends)))


def refuse(probes: Sequence[Probe], asked: str) -> NoSandbox:
    """Return the error for a machine where nothing acceptable was found."""
    reasons = "; ".join(f"{probe.backend}: {probe.reason or 'not available'}" for probe in probes)
    remedies = [probe.remedy for probe in probes if probe.remedy]
    return NoSandbox(
        f"no sandbox here holds what is needed (asked for: {asked}): {reasons}", hint=remedies[0] if remedies else None
    )
