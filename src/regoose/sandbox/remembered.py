"""
What a probe found, kept for the next run.

An answer counts only while everything it depends on is the same: the program, the boot of this kernel, the user with
its privileges and namespaces, our guest package. Only one that every guarantee holds is kept, and only for a day;
`regoose doctor` never asks here.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import secrets
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from regoose.sandbox.base import Guarantee, Probe
from regoose.sandbox.bytecode import digest_guest

_SECONDS = 24 * 3600
_PRIVILEGES = ("CapPrm:", "CapEff:", "CapBnd:", "NoNewPrivs:", "Seccomp:")
_NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")


def fingerprint(program: Path) -> str:
    """Return a digest of what decides how a sandbox made by this program holds. Raises `OSError`."""
    status = program.stat()
    proc = Path("/proc/self")
    lines = (proc / "status").read_text("ascii", "replace").splitlines()
    facts = (
        (str(program.resolve()), status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino),
        (platform.release(), platform.version(), platform.machine()),
        Path("/proc/sys/kernel/random/boot_id").read_text("ascii"),
        (os.getuid(), os.geteuid(), os.getgid(), sorted(os.getgroups())),
        [line for line in lines if line.startswith(_PRIVILEGES)],
        [str((proc / "ns" / name).readlink()) for name in _NAMESPACES],
        (sys.executable, sys.version),
        digest_guest(),
    )
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:32]


async def recall(program: Path, cache: Path, probe: Callable[[], Awaitable[Probe]]) -> Probe:
    """Return what is remembered of this program's sandbox; else probe, and remember what holds everything."""
    try:
        path = cache / "probes" / f"{fingerprint(program)}.json"
        found = _read(path)
    except OSError:
        return await probe()
    if found is not None:
        return found
    fresh = await probe()
    if fresh.available and not fresh.not_enforced:
        _write(path, fresh)
    return fresh


def _read(path: Path) -> Probe | None:
    try:
        if not 0 <= time.time() - path.stat().st_mtime < _SECONDS:
            return None
        held: object = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    match held:
        case {"backend": str(backend), "version": str(version)}:
            return Probe(backend=backend, available=True, version=version, enforced=frozenset(Guarantee))
        case _:
            return None


def _write(path: Path, probe: Probe) -> None:
    content: Mapping[str, str] = {"backend": probe.backend, "version": probe.version}
    draft = path.with_name(f".{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(json.dumps(content), "utf-8")
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
