"""
The guest package with its bytecode.

It is mounted read-only, so an interpreter that finds no bytecode beside it compiles it anew in every process: about
five times what starting Python takes. Installers leave bytecode for at most one version of Python; this keeps it for
every interpreter that has been a guest.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from regoose.errors import RegooseError
from regoose.sandbox import interpreter
from regoose.sandbox.agent import AgentSandbox
from regoose.sandbox.base import GUEST, MIB, OUT, Command, Limits, Mount, Spec

OpenWith = Callable[[Spec, Mount], Awaitable[AgentSandbox]]
"""Starts a sandbox in which this mount is the guest package."""

_PACKAGE = "regoose_guest"
_TARGET = f"{GUEST}/{_PACKAGE}"
_LIMITS = Limits(seconds=60, memory_bytes=512 * MIB, processes=16, disk_bytes=64 * MIB)
_LARGEST = 4 * MIB
_LAYOUT = 2
"""Counts the ways the cache has been laid out."""
_TAG = re.compile(r"[a-z0-9_-]{1,64}")
_COMPILE = """
import os, sys
from py_compile import PycInvalidationMode, compile
source, target = sys.argv[1:3]
for name in sys.argv[3:]:
    compiled = os.path.join(target, name + "c")
    os.makedirs(os.path.dirname(compiled), exist_ok=True)
    compile(os.path.join(source, name), compiled, doraise=True, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)
print(sys.implementation.cache_tag)
"""


class Bytecode:
    """
    Keeps copies of the guest package, each with the bytecode of one interpreter, in a cache directory.

    What a sandbox compiled is used by sandboxes alone, and by the very interpreter that compiled it: a hostile one
    would deceive itself. Without a directory the package is mounted as it is.
    """

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory / "guest" if directory is not None else None
        self._sources: Mapping[str, bytes] = {}
        self._known: dict[Path, Mount] = {}
        self._turn = asyncio.Lock()

    async def provide(self, program: Path, open_with: OpenWith) -> Mount:
        """Return the mount of the guest package for an interpreter, compiling it in a sandbox where that is new."""
        if self._directory is None:
            return interpreter.guest_mount()
        real = _real(program)
        async with self._turn:
            if real not in self._known:
                self._known[real] = await self._find(self._directory, real, open_with)
            return self._known[real]

    async def _find(self, directory: Path, real: Path, open_with: OpenWith) -> Mount:
        plain = interpreter.guest_mount()
        self._sources = self._sources or _read(plain.source)
        try:
            place = directory / _key(self._sources, real)
            if not place.is_dir():
                compiled = await _compile(self._sources, real, plain, open_with)
                if not compiled:
                    return plain
                _store({**self._sources, **compiled}, place)
        except (OSError, RegooseError):
            return plain  # whatever is wrong, opening the sandbox itself says it better
        return Mount(place / _PACKAGE, _TARGET)


def _real(program: Path) -> Path:
    return program.resolve()


def _read(package: Path) -> Mapping[str, bytes]:
    paths = sorted(path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(package)): path.read_bytes() for path in paths}


def digest_guest() -> str:
    """Return a digest of the guest package's sources. Raises `OSError`."""
    return _digest(_read(interpreter.guest_mount().source))


def _digest(sources: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in sources.items():
        digest.update(f"\0{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _key(sources: Mapping[str, bytes], real: Path) -> str:
    status = real.stat()
    facts = (_LAYOUT, str(real), status.st_mtime_ns, status.st_size, status.st_ino, _digest(sources))
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:32]


async def _compile(sources: Mapping[str, bytes], real: Path, plain: Mount, open_with: OpenWith) -> Mapping[str, bytes]:
    """Return path in the package → bytecode, nothing where it does not compile. Raises `RegooseError`."""
    names = [name for name in sources if name.endswith(".py")]
    command = Command(
        argv=(str(real), "-I", "-S", "-c", _COMPILE, _TARGET, OUT, *names),
        reads=tuple(f"{OUT}/{name}c" for name in names),
        read_bytes=_LARGEST,
    )
    async with await open_with(Spec(tree=None, interpreter=real, limits=_LIMITS), plain) as sandbox:
        result = await sandbox.run(command)
    tag = result.stdout.decode("ascii", "replace").strip()
    if result.exit_code != 0 or not _TAG.fullmatch(tag):
        return {}
    compiled: dict[str, bytes] = {}
    for name in names:
        content = result.files.get(f"{OUT}/{name}c")
        if content is not None:
            path = Path(name)
            compiled[str(path.parent / "__pycache__" / f"{path.stem}.{tag}.pyc")] = content
    return compiled


def _store(files: Mapping[str, bytes], place: Path) -> None:
    """Write a package aside and move it into place; readable by all, as commands run as another user."""
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=place.parent))
    try:
        for name, content in files.items():
            path = draft / _PACKAGE / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            path.chmod(0o644)
        for path in (draft, *draft.rglob("*")):
            if path.is_dir():
                path.chmod(0o755)
        with contextlib.suppress(OSError):
            draft.rename(place)  # fails where another process was first
    finally:
        shutil.rmtree(draft, ignore_errors=True)
