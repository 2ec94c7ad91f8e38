"""
Without a container: the agent as an ordinary process in a private directory, under Landlock and a system call filter.

This is no sandbox in the full sense, and `probe` says what it does not stop; it is used where the user asks for it by
name. `Bare` is the same without any restriction, to compare against.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from regoose.errors import NoSandbox
from regoose.sandbox import image, interpreter
from regoose.sandbox.agent import AgentSandbox, Enforcement, Surroundings, open_agent
from regoose.sandbox.base import GUEST, OUT, WORK, Mount, Probe, Spec
from regoose.sandbox.bytecode import Bytecode
from regoose.sandbox.probe import probe_backend
from regoose.sandbox.process import start_process

NAME = "landlock"
BARE = "none"
_KERNEL_LIST = Path("/sys/kernel/security/lsm")
_OWN = ("work", "temporary", "out")
_READABLE_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")


def translator(real: Mapping[str, str]) -> Callable[[str], str]:
    """
    Return what replaces paths by others where they stand alone or begin a path, also within an argument.

    A path that maps to itself protects what lies below it, as the longest match counts.
    """
    paths = "|".join(re.escape(path) for path in sorted(real, key=len, reverse=True))
    pattern = re.compile(rf"(?<![\w./-])(?:{paths})(?![\w.-])")
    return lambda text: pattern.sub(lambda match: real[match[0]], text)


class Landlock:
    """The backends `landlock` and, without restrictions, `none`."""

    def __init__(self, cache: Path | None = None, *, bare: bool = False) -> None:
        self._bare = bare
        self._bytecode = Bytecode(cache)

    @property
    def name(self) -> str:
        """Name as users write it in settings."""
        return BARE if self._bare else NAME

    async def probe(self) -> Probe:
        """Run a real smoke test and say what holds here."""
        if not self._bare and not is_supported():
            return Probe(backend=NAME, available=False, reason="this kernel has no Landlock")
        return await probe_backend(self, "", "")

    async def open(self, spec: Spec) -> AgentSandbox:
        """Start it. Raises `NoSandbox`, `SandboxDied`, `SizeLimit`."""
        return await self._open(spec, await self._bytecode.provide(spec.interpreter, self._open))

    async def _open(self, spec: Spec, guest: Mount) -> AgentSandbox:
        if not self._bare and not is_supported():
            raise NoSandbox("this kernel has no Landlock")
        installation = interpreter.locate(spec.interpreter)
        package = guest.source
        top = _private_directory()

        async def close() -> None:
            shutil.rmtree(top, ignore_errors=True)

        mounts = [*interpreter.etc_mounts(), *installation.mounts, *spec.mounts]
        enforcement = Enforcement(
            namespace=False,
            filter="off" if self._bare else "none",
            landlock="off" if self._bare else "outer",
            readable=_readable(mounts, package, spec),
            work=f"{top}/work",
            tmp=f"{top}/temporary",
            out=f"{top}/out",
            shm="",
            lower=str(spec.tree.resolve()) if spec.tree is not None else "",
            links=installation.links,
        )
        real = {path: path for mount in mounts for path in (str(mount.source), mount.target)}
        real |= {OUT: f"{top}/out", WORK: f"{top}/work", GUEST: str(package.parent), str(package): str(package)}
        surroundings = Surroundings(close=close, translate=translator(real))
        try:
            agent = interpreter.agent_arguments(installation, str(package.parent))
            started = await start_process(agent, {})
        except OSError as error:
            await close()
            raise NoSandbox(f"the agent does not start: {error}") from error
        return await open_agent(self.name, started, spec, enforcement, surroundings)


def _private_directory() -> str:
    top = tempfile.mkdtemp(prefix="regoose-sandbox-")
    for name in _OWN:
        (Path(top) / name).mkdir(mode=0o700)
    return top


def is_supported() -> bool:
    """Whether the kernel has Landlock switched on, as far as its list of security modules is readable."""
    try:
        return "landlock" in _KERNEL_LIST.read_text("ascii").split(",")
    except OSError:
        return True  # not mounted; the agent finds out


def _readable(mounts: list[Mount], package: Path, spec: Spec) -> tuple[str, ...]:
    system = [*interpreter.SYSTEM, *image.unlinked(), Path("/proc"), package.parent]  # imports list it
    places = [str(path) for path in system if path.exists()]
    places += [text for mount in mounts for text in (str(mount.source), mount.target)]
    places += [str(path) for path in ("/etc/passwd", "/etc/group", "/etc/hosts", "/etc/nsswitch.conf")]
    if spec.tree is not None:
        places.append(str(spec.tree.resolve()))
    return (*places, *_READABLE_DEVICES)
