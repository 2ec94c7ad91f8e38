"""What of the host an interpreter needs to run inside, and nothing more."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import regoose_guest
from regoose.errors import MachineError
from regoose.sandbox.base import GUEST, Mount

SYSTEM = (Path("/usr"), Path("/nix/store"))
"""Mounted into every sandbox: programs and shared libraries, no user's data."""
_ETC = (
    "alternatives",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "mime.types",
    "pki",
    "protocols",
    "services",
    "ssl/certs",
    "ssl/openssl.cnf",
)
_WAY_IN = (
    "pyvenv.cfg",
    "bin",
    "bin/python3*",
    "lib*",
    "lib*/python3*",
    "lib*/python3*/os.py",
    "lib*/python3*/site-packages",
)


@dataclass(frozen=True, slots=True)
class Installation:
    """An interpreter with the directories it lives in."""

    program: str
    """The path to start it by, inside."""
    mounts: tuple[Mount, ...]
    links: tuple[tuple[str, str], ...]
    """Paths that lead to the program on the host and are not mounted, each with what to run instead."""


def locate(interpreter: Path) -> Installation:
    """
    Follow an interpreter through its symbolic links and `pyvenv.cfg` to every prefix that it needs.

    A directory is mounted only where it is a virtual environment or holds a Python installation, so a link in
    `~/bin` does not expose the home. Raises `MachineError` where there is no interpreter.
    """
    start = Path(os.path.abspath(interpreter))  # noqa: PTH100 - the links of the path are what this follows
    if not os.access(start, os.X_OK):
        raise MachineError(f"{interpreter} is not a program", hint="Give the path of a Python 3.9 or later.")
    mounts: dict[str, Mount] = {}
    links: list[tuple[str, str]] = []
    pending, seen = [start], set[Path]()
    while pending:
        program = pending.pop(0)
        if program in seen:
            continue
        seen.add(program)
        prefix = program.parent.parent
        if _is_installation(prefix) or (not program.is_symlink() and _may_hold_python(prefix)):
            _add(mounts, prefix)
        elif not _is_system(program):
            links.append((str(program), str(program.resolve())))
        pending += _next(program, prefix)
    real = start.resolve()
    _add(mounts, real.parent.parent)
    program = dict(links).get(str(start), str(start))
    return Installation(program, tuple(mounts.values()), tuple(links))


def _next(program: Path, prefix: Path) -> list[Path]:
    found: list[Path] = []
    if program.is_symlink():
        target = os.path.normpath(program.parent / program.readlink())
        found.append(Path(target))
    configuration = prefix / "pyvenv.cfg"
    if configuration.is_file():
        for line in configuration.read_text("utf-8", "replace").splitlines():
            name, _, value = line.partition("=")
            if name.strip().lower() == "home" and value.strip():
                found.append(Path(value.strip()) / program.resolve().name)
    return found


def _is_installation(prefix: Path) -> bool:
    return (prefix / "pyvenv.cfg").is_file()


def _may_hold_python(prefix: Path) -> bool:
    return any(prefix.glob("lib*/python3*")) and prefix not in {Path("/"), Path.home(), Path.home() / ".local"}


def _is_system(path: Path) -> bool:
    return any(path.is_relative_to(top) for top in SYSTEM) or path.parts[1:2] == ("bin",)


def _add(mounts: dict[str, Mount], prefix: Path) -> None:
    if not _is_system(prefix) and prefix != Path("/") and not any(prefix.is_relative_to(top) for top in mounts):
        mounts[str(prefix)] = Mount(prefix.resolve(), str(prefix))


def require_readable(mounts: Sequence[Mount]) -> None:
    """
    Make sure that commands, which run as a user of their own, can read what is mounted for them.

    Only the way in counts: the directories themselves, programs and the places modules are imported from. What lies
    above a mount does not matter inside. Raises `MachineError` with what to do.
    """
    for mount in mounts:
        for path in (mount.source, *(found for pattern in _WAY_IN for found in mount.source.glob(pattern))):
            wanted = 0o005 if path.is_dir() else 0o004
            if path.exists() and path.stat().st_mode & wanted != wanted:
                raise MachineError(
                    f"{path} can be read by its owner only, and commands in the sandbox run as another user",
                    hint=f"Let others read it (chmod -R o+rX {shlex.quote(str(mount.source))}), or be a normal user.",
                )


def guest_mount() -> Mount:
    """Return the mount of the guest package alone."""
    return Mount(Path(regoose_guest.__path__[0]).resolve(), f"{GUEST}/regoose_guest")


def agent_arguments(installation: Installation, guest: str = GUEST) -> tuple[str, ...]:
    """Return the command that starts the agent inside, where the guest package lies in the directory `guest`."""
    start = f"import sys; sys.path.insert(0, {guest!r}); from regoose_guest.agent import main; main()"
    return (installation.program, "-I", "-S", "-c", start)


def etc_mounts() -> tuple[Mount, ...]:
    """Return the files of /etc that the loader, time zones and certificates need, as far as they exist."""
    paths = (Path("/etc") / name for name in _ETC)
    return tuple(Mount(path.resolve(), str(path)) for path in paths if path.exists())


def own() -> Path:
    """Return the interpreter Regoose itself runs on."""
    return Path(sys.executable)
