"""
Small attacks that a backend is tried with before it is trusted. Each prints `held` or what it got through to.

Run as a script inside the sandbox: the attack's name, then its arguments.
"""

from __future__ import annotations

import hashlib
import os
import socket
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Dict

_MIB = 1024 * 1024
_HELD = "held"
_VSOCK = 40
_TIMEOUT = 2.0


def network(port: str) -> str:
    """Reach a server of the host on its loopback, or make a socket that leads to a hypervisor."""
    try:
        socket.create_connection(("127.0.0.1", int(port)), timeout=_TIMEOUT).close()
    except OSError:
        pass
    else:
        return "connected to the host"
    try:
        socket.socket(_VSOCK, socket.SOCK_STREAM).close()
    except OSError:
        return _HELD
    return "made an AF_VSOCK socket"


def files(secret: str) -> str:
    """Read what belongs to the host's users."""
    for path in (secret, "/etc/shadow"):
        try:
            with open(path, "rb") as file:
                file.read(1)
        except OSError:
            continue
        return f"read {path}"
    return _HELD


def environment(digest: str) -> str:
    """Find the host process's environment in /proc."""
    return _in_proc("environ", digest)


def processes(digest: str) -> str:
    """Find the host process's command line in /proc."""
    return _in_proc("cmdline", digest)


def _in_proc(name: str, digest: str) -> str:
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{process}/{name}", "rb") as file:
                content = file.read()
        except OSError:
            continue
        if hashlib.sha256(content).hexdigest() == digest:
            return f"read /proc/{process}/{name} of the host"
    return _HELD


def writes(directory: str) -> str:
    """Write to the host's files or its kernel's settings."""
    for place in (directory, "/usr", "/etc", "/lower"):
        path = os.path.join(place, "regoose-was-here")
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
        except OSError:
            continue
        return f"wrote {path}"
    try:
        os.close(os.open("/proc/sys/kernel/core_pattern", os.O_WRONLY))
    except OSError:
        return _HELD
    return "opened /proc/sys/kernel/core_pattern for writing"


def privileges() -> str:
    """Have a capability, or be able to gain one."""
    status = _status()
    for name in ("CapPrm", "CapEff", "CapInh", "CapAmb", "CapBnd"):
        if int(status[name], 16):
            return f"{name} is {status[name]}"
    return _HELD if status["NoNewPrivs"] == "1" else "new privileges can be gained"


def calls() -> str:
    """Make a namespace, which opens most of the kernel's attack surface."""
    import ctypes

    if _status()["Seccomp"] != "2":
        return "no filter is in place"
    unshare = ctypes.CDLL(None).unshare
    return "made a user namespace" if unshare(0x10000000) == 0 else _HELD


def _status() -> Dict[str, str]:
    with open("/proc/self/status", "rb") as file:
        pairs = [line.decode().partition(":") for line in file]
    return {name: value.strip() for name, _, value in pairs}


def sleep(seconds: str) -> str:
    """Take longer than allowed."""
    time.sleep(float(seconds))
    return "slept"


def memory(mebibytes: str) -> str:
    """Hold more memory than allowed, in four processes that stay below the limit each."""
    share = int(mebibytes) // 4
    children = [_hold(share) for _ in range(4)]
    statuses = [os.waitpid(child, 0)[1] for child in children]
    return _HELD if any(statuses) else f"held {share * 4} MiB"


def _hold(mebibytes: int) -> int:
    child = os.fork()
    if child == 0:
        try:
            block = b"x" * (mebibytes * _MIB)
            time.sleep(0.5)
            os._exit(0 if block else 1)
        except MemoryError:
            os._exit(1)
    return child


def forks(count: str) -> str:
    """Start more processes than allowed."""
    for number in range(int(count)):
        try:
            if os.fork() == 0:
                time.sleep(5)
                os._exit(0)
        except OSError:
            return f"{_HELD} at {number}"
    time.sleep(0.5)
    return f"started {count} processes"


def disk(mebibytes: str) -> str:
    """Write more than allowed, in small files."""
    try:
        for number in range(int(mebibytes)):
            with open(f"fill-{number}", "wb") as file:
                file.write(bytes(_MIB))
    except OSError:
        return _HELD
    return f"wrote {mebibytes} MiB"


def output(count: str) -> str:
    """Print more than allowed."""
    sys.stdout.write("x" * int(count))
    return ""


def orphan() -> str:
    """Leave a daemon behind and end the agent; prints the daemon's process id."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.setsid()
        daemon = os.fork()
        if daemon:
            os.write(writing, str(daemon).encode())
            os._exit(0)
        time.sleep(30)
        os._exit(0)
    pid = os.read(reading, 32).decode()
    print(pid, flush=True)  # noqa: T201 - this is the answer
    time.sleep(0.1)
    try:
        os.kill(os.getppid(), 9)
    except OSError:
        pass
    time.sleep(0.1)
    return ""


def exists(pid: str) -> str:
    """See whether a process is still there."""
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return _HELD
    except PermissionError:
        pass
    return f"process {pid} is still there"


ATTACKS: Dict[str, Callable[..., str]] = {
    attack.__name__: attack
    for attack in (
        network,
        files,
        environment,
        processes,
        writes,
        privileges,
        calls,
        sleep,
        memory,
        forks,
        disk,
        output,
        orphan,
        exists,
    )
}


def main() -> None:
    """Run the attacks named, each with its argument after a colon, and print an answer a line."""
    for order in sys.argv[1:]:
        name, colon, argument = order.partition(":")
        attack = ATTACKS[name]
        print(name, attack(argument) if colon else attack(), flush=True)  # noqa: T201 - this is the answer


if __name__ == "__main__":
    main()
