"""What a command can reach: networks, secrets, the host's files and processes."""

from __future__ import annotations

import asyncio
import hashlib
import os
import platform
import secrets
import socket
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from regoose.sandbox.agent import AgentSandbox
from regoose.sandbox.base import Command, Guarantee
from regoose.sandbox.choice import ProbedBackend

Answer = Callable[..., Awaitable[str]]
Open = Callable[..., AbstractAsyncContextManager[AgentSandbox]]

CONNECT = """
    import socket, sys
    kind, address = sys.argv[1:3]
    try:
        if kind == "abstract":
            socket.socket(socket.AF_UNIX).connect("\\0" + address)
        else:
            host, port = address.rsplit(":", 1)
            socket.create_connection((host, int(port)), timeout=2)
        print("connected")
    except OSError as error:
        print("refused", type(error).__name__)
"""
RESOLVE = """
    import socket
    try:
        print("resolved", socket.getaddrinfo("example.org", 80))
    except OSError as error:
        print("refused", error)
"""
FAMILY = """
    import socket, sys
    try:
        socket.socket(int(sys.argv[1]), int(sys.argv[2])).close()
        print("made")
    except OSError as error:
        print("refused", error.errno)
"""
CALL = """
    import ctypes, sys
    libc = ctypes.CDLL(None, use_errno=True)
    numbers = [ctypes.c_long(int(word)) for word in sys.argv[1:]]
    print("refused" if libc.syscall(*numbers) < 0 and ctypes.get_errno() in (1, 38) else "made")
"""
READ = """
    import sys
    try:
        print("read", len(open(sys.argv[1], "rb").read()))
    except OSError as error:
        print("refused", error.errno)
"""
LEAK = """
    import hashlib, os, sys
    found = "hidden"
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            content = open(f"/proc/{pid}/{sys.argv[1]}", "rb").read()
        except OSError:
            continue
        if hashlib.sha256(content).hexdigest() == sys.argv[2]:
            found = "leaked"
    print(found)
"""
WRITE = """
    import os, sys
    for path in sys.argv[1:]:
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
            print("wrote", path)
        except OSError:
            pass
"""


@pytest.fixture
async def server() -> AsyncGenerator[int]:
    """Serve on every address of the host, and yield the port."""
    listening = await asyncio.start_server(lambda _reader, writer: writer.close(), "0.0.0.0", 0)
    async with listening:
        yield listening.sockets[0].getsockname()[1]


def own_address() -> str:
    """Return an address of this host that is not its loopback, or a reserved one where it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "192.0.2.1"
        return str(probe.getsockname()[0])


async def test_no_connection_leads_out(backend: ProbedBackend, answer: Answer, server: int) -> None:
    for host in ("127.0.0.1", own_address()):
        assert (await answer(backend, CONNECT, "tcp", f"{host}:{server}")).startswith("refused")


async def test_connections_succeed_without_a_sandbox(bare: ProbedBackend, answer: Answer, server: int) -> None:
    assert await answer(bare, CONNECT, "tcp", f"127.0.0.1:{server}") == "connected"


async def test_no_name_is_resolved(backend: ProbedBackend, answer: Answer) -> None:
    assert (await answer(backend, RESOLVE)).startswith("refused")


async def test_abstract_sockets_of_the_host_are_out_of_reach(
    backend: ProbedBackend, bare: ProbedBackend, answer: Answer
) -> None:
    name = f"regoose-{secrets.token_hex(8)}"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"\0{name}")
        listening.listen()
        assert await answer(bare, CONNECT, "abstract", name) == "connected"
        assert (await answer(backend, CONNECT, "abstract", name)).startswith("refused")


@pytest.mark.parametrize(("family", "kind"), [(40, 1), (16, 3), (17, 3), (38, 5)])
async def test_other_socket_families_do_not_exist(
    backend: ProbedBackend, answer: Answer, family: int, kind: int
) -> None:
    assert (await answer(backend, FAMILY, str(family), str(kind))).startswith("refused")


async def test_netlink_sockets_exist_without_a_sandbox(bare: ProbedBackend, answer: Answer) -> None:
    assert await answer(bare, FAMILY, "16", "3") == "made"


async def test_a_loopback_of_its_own_is_there(backend: ProbedBackend, answer: Answer) -> None:
    code = """
        import socket
        server = socket.create_server(("127.0.0.1", 0))
        client = socket.create_connection(server.getsockname())
        print("connected")
    """
    assert await answer(backend, code) == "connected"


UNSHARE = 272 if platform.machine() == "x86_64" else 97
KEYCTL = 250 if platform.machine() == "x86_64" else 219
PTRACE = 101 if platform.machine() == "x86_64" else 117


@pytest.mark.parametrize(
    "call",
    [
        (425, 1, 0),
        (UNSHARE, 0x10000000),
        (UNSHARE, 0x20000),
        (KEYCTL, 0, -3, 1),
        (PTRACE, 0, 0, 0, 0),
        (428, -100, 0, 1),
    ],
    ids=["io_uring", "user namespace", "mount namespace", "keyctl", "ptrace", "open_tree"],
)
async def test_dangerous_calls_fail(backend: ProbedBackend, answer: Answer, call: tuple[int, ...]) -> None:
    assert await answer(backend, CALL, *map(str, call)) == "refused"


async def test_dangerous_calls_succeed_without_a_sandbox(bare: ProbedBackend, answer: Answer) -> None:
    assert await answer(bare, CALL, str(PTRACE), "0", "0", "0", "0") == "made"


async def test_secrets_of_the_host_are_hidden(
    backend: ProbedBackend, bare: ProbedBackend, answer: Answer, tmp_path: Path
) -> None:
    secret = tmp_path / "id_ed25519"
    secret.write_text("secret")
    assert await answer(bare, READ, str(secret)) == "read 6"
    home = Path.home()
    for path in (secret, "/etc/shadow", "/etc/sudoers", home / ".bashrc", home / ".profile", home / ".ssh"):
        assert (await answer(backend, READ, str(path))).startswith("refused")


async def test_the_home_holds_nothing_but_the_way_to_the_interpreter(backend: ProbedBackend, answer: Answer) -> None:
    code = """
        import os, sys
        found = [os.path.join(top, name) for top, _, files in os.walk(sys.argv[1]) for name in files]
        print([path for path in found if not path.startswith((sys.argv[2], sys.argv[3]))][:5])
    """
    home = f"{Path.home()}/"
    assert await answer(backend, code, home, sys.prefix, sys.base_prefix) == "[]"


async def test_sockets_of_container_engines_are_not_there(backend: ProbedBackend, answer: Answer) -> None:
    given = os.environ.get("DOCKER_HOST", "").removeprefix("unix://")
    code = "import os, sys; print([path for path in sys.argv[1:] if path and os.path.exists(path)])"
    sockets = ("/run/docker.sock", "/var/run/docker.sock", "/run/podman/podman.sock", "/run/dbus", given)
    assert await answer(backend, code, *sockets) == "[]"


@pytest.mark.parametrize("name", ["environ", "cmdline"])
async def test_the_callers_process_is_hidden(
    backend: ProbedBackend, bare: ProbedBackend, answer: Answer, name: str
) -> None:
    content = Path("/proc/self", name).read_bytes()
    assert content
    digest = hashlib.sha256(content).hexdigest()
    assert await answer(bare, LEAK, name, digest) == "leaked"
    assert await answer(backend, LEAK, name, digest) == "hidden"


async def test_a_command_gets_the_environment_it_is_given(backend: ProbedBackend, enter: Open) -> None:
    async with enter(backend) as sandbox:
        result = await sandbox.run(Command(argv=("/usr/bin/env",), env={"ONLY": "this"}))
    assert result.stdout in {b"ONLY=this\n", b"ONLY=this\nPWD=/work\n"}


async def test_nothing_outside_is_written(
    backend: ProbedBackend, bare: ProbedBackend, answer: Answer, tmp_path: Path
) -> None:
    tmp_path.chmod(0o777)
    assert await answer(bare, WRITE, f"{tmp_path}/bare") == f"wrote {tmp_path}/bare"
    places = [f"{top}/regoose-was-here" for top in (tmp_path, "", "/usr", "/usr/lib", "/etc", "/opt", "/proc", "/sys")]
    settings = ["/proc/sys/kernel/core_pattern", "/proc/sys/vm/swappiness", "/proc/sysrq-trigger", "/sys/power/state"]
    assert await answer(backend, WRITE, *places, *settings, f"{sys.prefix}/regoose-was-here") == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bare"]


async def test_a_command_has_no_privileges(backend: ProbedBackend, answer: Answer) -> None:
    code = """
        import os
        status = dict(line.split(":", 1) for line in open("/proc/self/status"))
        print(*{int(status[name], 16) for name in ("CapPrm", "CapEff", "CapInh", "CapAmb", "CapBnd")})
        print(status["NoNewPrivs"].strip(), status["Seccomp"].strip(), os.getuid() != 0)
    """
    assert await answer(backend, code) == "0\n1 2 True"


async def test_the_real_user_is_not_root(backend: ProbedBackend, enter: Open) -> None:
    marker = secrets.token_hex(8)
    code = f"import time; print('{marker}', flush=True); time.sleep(20)"
    seen = asyncio.Event()
    async with enter(backend) as sandbox:
        command = Command(argv=(sys.executable, "-I", "-S", "-c", code))
        running = asyncio.create_task(sandbox.run(command, lambda _line: seen.set()))
        await asyncio.wait_for(seen.wait(), 20)
        owners = {
            path.parent.stat().st_uid
            for path in Path("/proc").glob("[0-9]*/cmdline")
            if f"'{marker}'".encode() in _bytes(path)
        }
        running.cancel()
    assert owners
    assert 0 not in owners


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


async def test_the_probe_finds_every_guarantee_held(backend: ProbedBackend) -> None:
    probe = await backend.probe()
    assert probe.available, probe
    assert probe.not_enforced == (), probe.reason


async def test_the_probe_sees_what_a_bare_process_lacks(bare: ProbedBackend) -> None:
    probe = await bare.probe()
    assert {Guarantee.NO_NETWORK, Guarantee.NO_HOST_WRITES, Guarantee.DISK} <= set(probe.not_enforced)
