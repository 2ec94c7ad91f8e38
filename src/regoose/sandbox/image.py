"""
The base image of containers: a skeleton of a few kilobytes, made here, for machines that reach no registry.

Programs and libraries come from the host's /usr, mounted read-only, so there is nothing to keep up to date.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path

FIRST_UID = 60_000
UIDS = 1024
"""So many users stand in the image, for sandboxes side by side to have different ones."""

_DIRECTORIES = ("dev", "etc", "lower", "opt/regoose/regoose_guest", "proc", "run", "sys", "tmp", "usr", "var", "work")
_LINKED = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")


def build() -> tuple[str, bytes]:
    """Return the image's tag, which names its content, and its root file system as an uncompressed tar archive."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name in _parents():
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(entry)
        for name, target in _links():
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            archive.addfile(entry)
        for name, content in _files().items():
            entry = tarfile.TarInfo(name)
            entry.mode, entry.size = 0o644, len(content)
            archive.addfile(entry, io.BytesIO(content))
    content = buffer.getvalue()
    return f"localhost/regoose-base:{hashlib.sha256(content).hexdigest()[:16]}", content


def unlinked() -> list[Path]:
    """Return the top directories of programs and libraries that are not links into /usr on this host."""
    return [path for name in _LINKED if (path := Path("/") / name).is_dir() and not path.is_symlink()]


def _parents() -> list[str]:
    names = {str(parent) for name in _DIRECTORIES for parent in (Path(name), *Path(name).parents)}
    return sorted((names | {str(path)[1:] for path in unlinked()}) - {"."})


def _links() -> list[tuple[str, str]]:
    links = [(name, str(path.readlink())) for name in _LINKED if (path := Path("/") / name).is_symlink()]
    return [*links, ("var/tmp", "/tmp")]  # noqa: S108 - inside


def _files() -> dict[str, bytes]:
    uids = range(FIRST_UID, FIRST_UID + UIDS)
    users = "".join(f"sandbox{uid}:x:{uid}:{uid}::/tmp/home:/bin/sh\n" for uid in uids)
    groups = "".join(f"sandbox{uid}:x:{uid}:\n" for uid in uids)
    return {
        "etc/passwd": f"root:x:0:0:root:/root:/bin/sh\n{users}".encode(),
        "etc/group": f"root:x:0:\n{groups}".encode(),
        "etc/hosts": b"127.0.0.1 localhost sandbox\n::1 localhost\n",
        "etc/nsswitch.conf": b"passwd: files\ngroup: files\nhosts: files\n",
    }
