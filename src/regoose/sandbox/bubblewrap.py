"""
bubblewrap: a sandbox of kernel namespaces around one process, no daemon, no image.

As root the agent inside becomes a real unprivileged user with an empty bounding set before it takes a command: a
root process in a namespace of its own could still write `/proc/sys/kernel/core_pattern`. Each sandbox has its own
user id, so that the kernel counts their processes apart. As a normal user the same is had from a user namespace.
"""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

from regoose.errors import NoSandbox
from regoose.sandbox import interpreter
from regoose.sandbox.agent import AgentSandbox, Enforcement, Surroundings, open_agent
from regoose.sandbox.base import MIB, Mount, Probe, Spec
from regoose.sandbox.bytecode import Bytecode
from regoose.sandbox.probe import probe_backend
from regoose.sandbox.process import HostCommand, run_process, start_process

NAME = "bubblewrap"
REMEDY = "apt-get install bubblewrap  # or: dnf install bubblewrap"
_FIRST_UID = 0x7000_0000
"""Beyond the ranges that distributions and systemd hand out."""
_UIDS = 1 << 24
_SHARED_MEMORY = 64 * MIB
_TEMPORARY_SHARE = 4
"""The directory for temporary files may hold this part of the disk limit, beside the tree."""
_NEEDED_AS_ROOT = ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP", "CAP_CHOWN", "CAP_DAC_READ_SEARCH")


def fresh_uid() -> int:
    """Return a user id that nobody else has, very probably."""
    return _FIRST_UID + secrets.randbelow(_UIDS)


class Bubblewrap:
    """The backend `bubblewrap`."""

    def __init__(self, program: str | None = None, cache: Path | None = None) -> None:
        self._program = program or shutil.which("bwrap")
        self._bytecode = Bytecode(cache)

    @property
    def name(self) -> str:
        """Name as users write it in settings."""
        return NAME

    @property
    def program(self) -> Path | None:
        """Where it is installed; None where it is not."""
        return Path(self._program) if self._program is not None else None

    async def probe(self) -> Probe:
        """Run a real smoke test and say what holds here."""
        if self._program is None:
            return Probe(backend=NAME, available=False, reason="bubblewrap is not installed", remedy=REMEDY)
        said = await run_process(HostCommand(argv=(self._program, "--version"), env={}, seconds=10))
        return await probe_backend(self, said.stdout.decode("utf-8", "replace").strip(), "")

    async def open(self, spec: Spec) -> AgentSandbox:
        """Start a sandbox. Raises `NoSandbox`, `SandboxDied`, `SizeLimit`."""
        return await self._open(spec, await self._bytecode.provide(spec.interpreter, self._open))

    async def _open(self, spec: Spec, guest: Mount) -> AgentSandbox:
        if self._program is None:
            raise NoSandbox("bubblewrap is not installed", hint=REMEDY)
        root = os.geteuid() == 0
        uid = fresh_uid() if root else os.getuid()
        installation = interpreter.locate(spec.interpreter)
        if root:
            interpreter.require_readable((*installation.mounts, *spec.mounts))
        files = _Files()
        try:
            argv = [
                self._program,
                *_isolation(root=root),
                *_filesystem(spec, (*installation.mounts, guest), files, uid),
                "--",
                *interpreter.agent_arguments(installation),
            ]
            started = await start_process(argv, {}, files.descriptors)
        except OSError as error:
            raise NoSandbox(f"bubblewrap does not start: {error}", hint=REMEDY) from error
        finally:
            files.close()
        keep = tuple(mount.target for mount in (*installation.mounts, *spec.mounts))
        enforcement = Enforcement(uid=uid if root else -1, own_process_count=True, keep=keep, links=installation.links)
        return await open_agent(NAME, started, spec, enforcement, Surroundings())


class _Files:
    """Small files made up for the sandbox, each handed over as an open descriptor."""

    def __init__(self) -> None:
        self.descriptors: list[int] = []

    def add(self, content: str) -> str:
        reading, writing = os.pipe()
        self.descriptors.append(reading)
        os.write(writing, content.encode())
        os.close(writing)
        return str(reading)

    def close(self) -> None:
        for descriptor in self.descriptors:
            os.close(descriptor)
        self.descriptors.clear()


def _isolation(*, root: bool) -> list[str]:
    arguments = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    arguments += ["--die-with-parent", "--new-session", "--as-pid-1", "--hostname", "sandbox"]
    if not root:
        return [*arguments, "--unshare-user"]
    arguments += ["--cap-drop", "ALL"]
    for capability in _NEEDED_AS_ROOT:
        arguments += ["--cap-add", capability]
    return arguments


def _filesystem(spec: Spec, needed: tuple[Mount, ...], files: _Files, uid: int) -> list[str]:
    arguments = ["--perms", "0755", "--dir", "/etc", "--perms", "0755", "--dir", "/var"]
    for top in interpreter.SYSTEM:
        arguments += ["--ro-bind-try", str(top), str(top)]
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        arguments += _system_directory(Path("/") / name)
    for mount in interpreter.etc_mounts():
        arguments += _read_only(mount)
    people = f"root:x:0:0:root:/root:/bin/sh\nsandbox:x:{uid}:{uid}:sandbox:/tmp/home:/bin/sh\n"
    for name, content in {
        "passwd": people,
        "group": f"root:x:0:\nsandbox:x:{uid}:\n",
        "hosts": "127.0.0.1 localhost sandbox\n::1 localhost\n",
        "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    }.items():
        arguments += ["--perms", "0444", "--ro-bind-data", files.add(content), f"/etc/{name}"]
    arguments += ["--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys", "--dev", "/dev"]
    disk = spec.limits.disk_bytes
    for path, mode, size in (
        ("/work", "0755", disk),
        ("/tmp", "1777", disk // _TEMPORARY_SHARE),  # noqa: S108 - inside
        ("/dev/shm", "1777", min(_SHARED_MEMORY, disk)),  # noqa: S108 - inside
    ):
        arguments += ["--perms", mode, "--size", str(size), "--tmpfs", path]
    mounts = [*needed, *spec.mounts]
    if spec.tree is not None:
        mounts.append(Mount(spec.tree.resolve(), "/lower"))
    for parent in _parents(mounts):
        arguments += ["--perms", "0755", "--dir", parent]
    for mount in mounts:
        arguments += _read_only(mount)
    return [*arguments, "--symlink", "/tmp", "/var/tmp", "--remount-ro", "/", "--remount-ro", "/dev", "--chdir", "/"]  # noqa: S108


def _system_directory(path: Path) -> list[str]:
    if path.is_symlink():
        return ["--symlink", str(path.readlink()), str(path)]
    return ["--ro-bind", str(path), str(path)] if path.is_dir() else []


def _parents(mounts: list[Mount]) -> list[str]:
    """Return the directories above the mounts, from the top: bubblewrap would make them private to root."""
    parents = {str(parent) for mount in mounts for parent in Path(mount.target).parents}
    return sorted(parents - {"/", "/work", "/tmp", "/usr"}, key=len)  # noqa: S108 - inside


def _read_only(mount: Mount) -> list[str]:
    return ["--ro-bind", str(mount.source), mount.target]
