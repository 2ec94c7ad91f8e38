"""Files inside the sandbox: the copy of the tree, what a command is given, what is brought back."""

from __future__ import annotations

import errno
import os
import stat
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable, List, Optional, Tuple

_CHUNK = 1024 * 1024
_REPOSITORY = b".git"
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class PathRefused(Exception):
    """A path leaves the places where files may be put or fetched, or goes through a symbolic link."""


class TreeTooLarge(Exception):
    """The tree does not fit. Arguments: its size in bytes."""


def copy(source: str, target: str) -> List[str]:
    """
    Copy what is in one directory into another, `.git` left out, symbolic links as they are.

    Returns the relative paths that could not be read. Raises `TreeTooLarge` where the target is too small.
    """
    origin = os.fsencode(source)
    try:
        return [os.fsdecode(path[len(origin) + 1 :]) for path in _copy(origin, os.fsencode(target))]
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise TreeTooLarge(size(origin)) from None
        raise


def _copy(source: bytes, target: bytes) -> List[bytes]:
    unreadable: List[bytes] = []
    pending = [(source, target)]
    while pending:
        here, there = pending.pop()
        try:
            entries = os.scandir(here)
        except PermissionError:
            unreadable.append(here)
            continue
        with entries:
            for entry in entries:
                if entry.name == _REPOSITORY:
                    continue
                copied = there + b"/" + entry.name
                if entry.is_symlink():
                    os.symlink(os.readlink(entry.path), copied)
                elif entry.is_dir(follow_symlinks=False):
                    if not os.path.isdir(copied):  # part of the way to a mounted directory
                        os.mkdir(copied, 0o755)
                    pending.append((entry.path, copied))
                elif entry.is_file(follow_symlinks=False) and not _copy_file(entry.path, copied):
                    unreadable.append(entry.path)
    return unreadable


def _copy_file(source: bytes, target: bytes) -> bool:
    try:
        reading = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except PermissionError:
        return False
    try:
        executable = os.fstat(reading).st_mode & 0o111
        writing = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o755 if executable else 0o644)
        try:
            chunk = os.read(reading, _CHUNK)
            while chunk:
                write_all(writing, chunk)
                chunk = os.read(reading, _CHUNK) if len(chunk) == _CHUNK else b""
        finally:
            os.close(writing)
    finally:
        os.close(reading)
    return True


def write_all(descriptor: int, content: bytes) -> None:
    """Write it all, however many calls that takes."""
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


def size(path: bytes) -> int:
    """Return how many bytes the files of a tree hold, `.git` left out."""
    total = 0
    pending = [path]
    while pending:
        try:
            entries = os.scandir(pending.pop())
        except OSError:
            continue
        with entries:
            for entry in entries:
                if entry.name == _REPOSITORY or entry.is_symlink():
                    continue
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                else:
                    total += entry.stat(follow_symlinks=False).st_size
    return total


def empty(directory: str, keep: Iterable[str]) -> None:
    """
    Remove everything in a directory, however deep it was nested and whatever its permissions say.

    Paths in `keep`, which are mounted, stay with the directories that lead to them. Each other directory met is
    moved up to the top first, so no path is ever longer than two names.
    """
    top = os.fsencode(directory)
    kept = {os.fsencode(path) for path in keep}
    leading = {path[:end] for path in kept for end in range(len(path)) if path[end : end + 1] == b"/"}
    moved = 0
    pending = _entries(top)
    while pending:
        path = pending.pop()
        if path in kept:
            continue
        if path in leading:
            pending += _entries(path)
            continue
        if not stat.S_ISDIR(os.lstat(path).st_mode):
            os.unlink(path)
            continue
        os.chmod(path, 0o700)
        for child in _entries(path):
            if not stat.S_ISDIR(os.lstat(child).st_mode):
                os.unlink(child)
                continue
            os.chmod(child, 0o700)
            moved += 1
            fresh = b"%b/.%d" % (top, moved)
            while os.path.lexists(fresh):
                fresh += b"-"
            os.rename(child, fresh)
            pending.append(fresh)
        os.rmdir(path)


def _entries(directory: bytes) -> List[bytes]:
    return [directory + b"/" + name for name in os.listdir(directory)]


class Area:
    """The directories that files may be put into and fetched from; no symbolic link is ever followed there."""

    def __init__(self, *roots: str) -> None:
        self._roots = tuple(root.rstrip("/") for root in roots)

    def _split(self, path: str) -> Tuple[str, List[str]]:
        for root in self._roots:
            if path.startswith(root + "/"):
                names = [name for name in path[len(root) :].split("/") if name]
                if names and not {".", ".."} & set(names) and not any("\0" in name for name in names):
                    return root, names
        raise PathRefused(f"{path!r} is not below {' or '.join(self._roots)}")

    def _parent(self, path: str, *, create: bool) -> Tuple[int, str]:
        """Open the directory that holds a path; the caller closes it."""
        root, names = self._split(path)
        descriptor = -1
        try:
            descriptor = os.open(root, _DIRECTORY)
            for name in names[:-1]:
                if create:
                    try:
                        os.mkdir(name, 0o755, dir_fd=descriptor)
                    except FileExistsError:
                        pass
                below = os.open(name, _DIRECTORY, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = below
        except OSError as error:
            if descriptor >= 0:
                os.close(descriptor)
            if error.errno in (errno.ENOTDIR, errno.ELOOP):
                raise PathRefused(f"{path!r} goes through something that is not a directory") from None
            raise
        return descriptor, names[-1]

    def write(self, path: str, content: bytes) -> None:
        """
        Put a file there, replacing whatever stands there but a directory.

        Its time of change always moves on by whole seconds, so that Python never takes stale bytecode for it.
        Raises `PathRefused`, `OSError`.
        """
        parent, name = self._parent(path, create=True)
        try:
            mode, changed = 0o644, 0
            try:
                before = os.stat(name, dir_fd=parent, follow_symlinks=False)
            except FileNotFoundError:
                pass
            else:
                if stat.S_ISDIR(before.st_mode):
                    raise PathRefused(f"{path!r} is a directory")
                mode, changed = 0o755 if before.st_mode & 0o111 else 0o644, int(before.st_mtime) + 1
                os.unlink(name, dir_fd=parent)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            descriptor = os.open(name, flags, mode, dir_fd=parent)
            try:
                write_all(descriptor, content)
                seconds = max(changed, int(time.time()))
                os.utime(descriptor, (seconds, seconds))
            finally:
                os.close(descriptor)
        finally:
            os.close(parent)

    def delete(self, path: str) -> None:
        """Remove a file or link if it is there. Raises `PathRefused`, `OSError`."""
        try:
            parent, name = self._parent(path, create=False)
        except FileNotFoundError:
            return
        try:
            os.unlink(name, dir_fd=parent)
        except FileNotFoundError:
            pass
        except IsADirectoryError:
            raise PathRefused(f"{path!r} is a directory") from None
        finally:
            os.close(parent)

    def open(self, path: str) -> Optional[Tuple[int, int]]:
        """Open a regular file for reading and return its descriptor and size; None where there is none."""
        try:
            parent, name = self._parent(path, create=False)
        except (OSError, PathRefused):
            return None
        try:
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            descriptor = os.open(name, flags, dir_fd=parent)
        except OSError:
            return None
        finally:
            os.close(parent)
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            os.close(descriptor)
            return None
        return descriptor, found.st_size
