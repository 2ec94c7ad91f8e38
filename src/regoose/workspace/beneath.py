"""
Files under one directory, reached without following a symbolic link anywhere below it.

Every component is opened by `openat` with `O_NOFOLLOW` on the descriptor of the one before, so nothing that is
swapped in meanwhile leads outside (what `openat2` gives with `RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS`, portably).
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from regoose.errors import PolicyRefused, SizeLimit

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def encode(path: str) -> bytes:
    """Give the bytes of a path as git stores it: UTF-8, other bytes as surrogates."""
    return path.encode("utf-8", "surrogateescape")


def parts(path: str) -> list[bytes]:
    """Split a relative path; raises `PolicyRefused` for one that is absolute, leaves the tree or names git's files."""
    components = encode(path).split(b"/")
    if any(part in {b"", b".", b".."} or b"\0" in part or part.lower() == b".git" for part in components):
        raise PolicyRefused(f"{path!r} is not a path inside the repository", hint="Name files relative to its root.")
    return components


class Beneath:
    """One directory held open. Paths are relative to it, with forward slashes. Use it as a context manager."""

    def __init__(self, root: Path) -> None:
        self._root = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._root)

    def kind(self, path: str) -> os.stat_result | None:
        """Return the `lstat` of what stands there, None where nothing does."""
        try:
            with self._parent(path) as (directory, name):
                return os.stat(name, dir_fd=directory, follow_symlinks=False)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _refused(path, error) from error

    def is_special(self, path: str) -> bool:
        """Whether what stands there, or the first above it that is no directory, is no regular file either."""
        components = path.split("/")
        for length in range(1, len(components) + 1):
            try:
                found = self.kind("/".join(components[:length]))
            except PolicyRefused:  # no path that could exist
                return False
            if found is None or not stat.S_ISDIR(found.st_mode):
                return found is not None and not stat.S_ISREG(found.st_mode)
        return False

    def read(self, path: str, most: int | None = None) -> bytes | None:
        """
        Return a regular file's content, None where nothing stands there.

        Raises `PolicyRefused` for other kinds, `SizeLimit` for one of more than `most` bytes.
        """
        try:
            with self._parent(path) as (directory, name):
                descriptor = os.open(name, _READ, dir_fd=directory)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _refused(path, error) from error
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            os.close(descriptor)
            raise PolicyRefused(f"{path!r} is not a regular file")
        with os.fdopen(descriptor, "rb") as file:
            if most is not None and found.st_size > most:
                raise SizeLimit(f"{path!r} holds {found.st_size:,} bytes, more than the {most:,} that are read at once")
            return file.read()

    def link_target(self, path: str) -> bytes:
        """Return what a symbolic link points to."""
        with self._parent(path) as (directory, name):
            return os.readlink(name, dir_fd=directory)

    def make_directory(self, path: str) -> None:
        """Make a directory and those above it."""
        with self._directory(parts(path), create=True):
            pass

    def make_link(self, path: str, target: bytes) -> None:
        """Make a symbolic link, with the directories above it."""
        with self._parent(path, create=True) as (directory, name):
            os.symlink(target, name, dir_fd=directory)

    def create(self, path: str, content: bytes, mode: int) -> None:
        """Write a file that must not exist, with the directories above it."""
        try:
            with self._parent(path, create=True) as (directory, name):
                _fill(os.open(name, _CREATE, mode, dir_fd=directory), content)
        except OSError as error:
            raise _refused(path, error) from error

    def replace(self, path: str, content: bytes) -> None:
        """
        Put a regular file's new content in its place at once, keeping its mode and owner.

        A new file belongs to the owner of the directory that holds it. Raises `PolicyRefused` where a symbolic link
        or another kind of file stands in the way.
        """
        try:
            with self._parent(path, create=True) as (directory, name):
                _replace(directory, name, content)
        except OSError as error:
            raise _refused(path, error) from error

    def remove(self, path: str) -> None:
        """Remove a file; the directories that this leaves empty are removed too, as git does."""
        components = parts(path)
        with self._parent(path) as (directory, name):
            os.unlink(name, dir_fd=directory)
        for length in range(len(components) - 1, 0, -1):
            with self._directory(components[: length - 1]) as directory:
                try:
                    os.rmdir(components[length - 1], dir_fd=directory)
                except OSError:
                    return

    @contextmanager
    def _parent(self, path: str, *, create: bool = False) -> Generator[tuple[int, bytes]]:
        *above, name = parts(path)
        with self._directory(above, create=create) as directory:
            yield directory, name

    @contextmanager
    def _directory(self, components: list[bytes], *, create: bool = False) -> Generator[int]:
        current = os.dup(self._root)
        try:
            for component in components:
                below = _step(current, component, create=create)
                os.close(current)
                current = below
            yield current
        finally:
            os.close(current)


def _step(directory: int, name: bytes, *, create: bool) -> int:
    try:
        return os.open(name, _DIRECTORY, dir_fd=directory)
    except FileNotFoundError:
        if not create:
            raise
    except OSError as error:
        raise _refused(os.fsdecode(name), error) from error
    with contextlib.suppress(FileExistsError):
        os.mkdir(name, 0o777, dir_fd=directory)
    below = os.open(name, _DIRECTORY, dir_fd=directory)
    _give(below, os.fstat(directory))
    return below


def _replace(directory: int, name: bytes, content: bytes) -> None:
    try:
        old = os.stat(name, dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        old = None
    if old is not None and not stat.S_ISREG(old.st_mode):
        raise PolicyRefused(f"{os.fsdecode(name)!r} is not a regular file, so it is not written")
    temporary = b".regoose-" + secrets.token_hex(8).encode()
    descriptor = os.open(temporary, _CREATE, 0o666, dir_fd=directory)
    try:
        _give(descriptor, old or os.fstat(directory))
        if old is not None:
            os.fchmod(descriptor, stat.S_IMODE(old.st_mode))
        _fill(descriptor, content)
        os.replace(temporary, name, src_dir_fd=directory, dst_dir_fd=directory)
    except BaseException:
        os.unlink(temporary, dir_fd=directory)
        raise


def _give(descriptor: int, like: os.stat_result) -> None:
    """Root leaves files to the owner of what they replace or stand in; others own what they write anyway."""
    if os.geteuid() == 0:
        os.fchown(descriptor, like.st_uid, like.st_gid)


def _fill(descriptor: int, content: bytes) -> None:
    with os.fdopen(descriptor, "wb", buffering=0) as file:
        view = memoryview(content)
        while view:
            view = view[file.write(view) :]


def _refused(path: str, error: OSError) -> Exception:
    if error.errno in {errno.ELOOP, errno.ENOTDIR}:
        return PolicyRefused(f"{path!r} leads through a symbolic link, which is not followed")
    if error.errno == errno.ENAMETOOLONG:
        return PolicyRefused(f"{path[:100]!r} … is longer than a path can be", hint="Give it a shorter one.")
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return SizeLimit(
            f"no space is left on the disk for {path!r}",
            hint="Free some, or set WORKSPACE_BASE_PATH to a larger disk, then go on: `regoose runs resume`.",
        )
    return error
