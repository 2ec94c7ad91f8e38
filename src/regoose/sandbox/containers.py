"""
Podman and Docker: one driver over the command line they share.

The container's first process is our agent, on the standard input of `run --interactive`, so a warm command costs no
call of the engine. The agent ends when that input closes; the engine then removes the container.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import pwd
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from regoose.errors import MissingTool, NoSandbox
from regoose.sandbox import image, interpreter
from regoose.sandbox.agent import AgentSandbox, Enforcement, Surroundings, open_agent
from regoose.sandbox.base import MIB, Mount, Probe, Spec
from regoose.sandbox.bytecode import Bytecode
from regoose.sandbox.probe import probe_backend
from regoose.sandbox.process import Completed, HostCommand, run_process, start_process

PODMAN = "podman"
DOCKER = "docker"
_REMEDIES = {PODMAN: "apt-get install podman  # or: dnf install podman", DOCKER: ""}
_PREFIX = "regoose"
_CALL_SECONDS = 60.0
_SHARED_MEMORY = 64 * MIB
_TEMPORARY_SHARE = 4
_FEWEST_PROCESSES = 16
"""Threads that the engine's own helper needs to start."""
_NEEDED_TO_SET_UP = ("SETUID", "SETGID", "SETPCAP", "CHOWN", "DAC_READ_SEARCH")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Engine:
    """A container engine as it is called."""

    name: str
    program: str
    options: tuple[str, ...]
    """Before the sub-command."""
    run_options: tuple[str, ...]
    environment: Mapping[str, str]
    root: bool
    """Whether containers are started by the real root, who can limit resources by control groups."""


def find_engine(name: str, environment: Mapping[str, str]) -> Engine | None:
    """Return how to call an engine here; None where it is not installed."""
    program = shutil.which(name, path=environment.get("PATH", _PATH))
    if program is None:
        return None
    user = pwd.getpwuid(os.geteuid()) if _is_known(os.geteuid()) else None
    base = {"PATH": _PATH, "HOME": user.pw_dir if user else "/"}
    runtime = Path(f"/run/user/{os.geteuid()}")
    if runtime.is_dir():
        base["XDG_RUNTIME_DIR"] = str(runtime)
    env = {**base, **environment}
    if name == DOCKER:
        return Engine(name, program, (), (), env, root=True)
    options = ("--cgroup-manager=cgroupfs", "--events-backend=none")
    if os.geteuid() != 0:
        env.setdefault("STORAGE_DRIVER", "overlay")
    runtime_program = shutil.which("runc", path=_PATH)  # crun refuses hybrid control groups
    if runtime_program:
        options = (*options, f"--runtime={runtime_program}")
    return Engine(
        name,
        program,
        options,
        ("--http-proxy=false", "--no-hosts", "--read-only-tmpfs=false"),
        env,
        root=os.geteuid() == 0,
    )


def _is_known(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


class Containers:
    """The backends `podman` and `docker`."""

    def __init__(self, name: str, environment: Mapping[str, str] | None = None, cache: Path | None = None) -> None:
        self._name = name
        self._bytecode = Bytecode(cache)
        self.engine = find_engine(name, environment or {})
        self._image: str | None = None
        self._preparing = asyncio.Lock()
        self._uids = itertools.cycle(range(image.FIRST_UID, image.FIRST_UID + image.UIDS))
        for _ in range(secrets.randbelow(image.UIDS)):
            next(self._uids)

    @property
    def name(self) -> str:
        """Name as users write it in settings."""
        return self._name

    async def probe(self) -> Probe:
        """Run a real smoke test and say what holds here."""
        remedy = _REMEDIES.get(self._name, "")
        if self.engine is None:
            return Probe(backend=self._name, available=False, reason=f"{self._name} is not installed", remedy=remedy)
        said = await self._call(self.engine, "version", "--format", "{{.Client.Version}}")
        return await probe_backend(self, said.stdout.decode("utf-8", "replace").strip(), "")

    async def open(self, spec: Spec) -> AgentSandbox:
        """Start a sandbox. Raises `NoSandbox`, `SandboxDied`, `SizeLimit`."""
        return await self._open(spec, await self._bytecode.provide(spec.interpreter, self._open))

    async def _open(self, spec: Spec, guest: Mount) -> AgentSandbox:
        engine = self.engine
        if engine is None:
            raise NoSandbox(f"{self._name} is not installed")
        tag = await self._prepare(engine)
        installation = interpreter.locate(spec.interpreter)
        interpreter.require_readable((*installation.mounts, *spec.mounts))
        container = f"{_PREFIX}-{os.getpid()}-{secrets.token_hex(6)}"
        argv = [
            engine.program,
            *engine.options,
            *("run", "--rm", "--interactive", "--pull=never", "--name", container),
            *engine.run_options,
            *_confinement(spec, engine),
            *_filesystem(spec, (*installation.mounts, guest)),
            tag,
            *interpreter.agent_arguments(installation),
        ]
        try:
            started = await start_process(argv, engine.environment)
        except OSError as error:
            raise NoSandbox(f"{self._name} does not start: {error}") from error

        async def remove() -> None:
            await self._call(engine, "rm", "--force", container)

        enforcement = Enforcement(
            uid=next(self._uids),
            own_process_count=True,
            die_with_parent=False,
            keep=tuple(mount.target for mount in (*installation.mounts, *spec.mounts)),
            links=installation.links,
        )
        return await open_agent(self._name, started, spec, enforcement, Surroundings(remove=remove))

    async def _prepare(self, engine: Engine) -> str:
        """Remove what earlier processes left behind and make sure of the image, once; returns its tag."""
        async with self._preparing:
            if self._image is None:
                await self._sweep(engine)
                tag, content = image.build()
                if (await self._call(engine, "image", "inspect", tag)).exit_code != 0:
                    made = await self._call(engine, "import", "-", tag, stdin=content)
                    if made.exit_code != 0:
                        raise NoSandbox(f"{self._name} cannot make an image: {complaint(made)}")
                self._image = tag
        return self._image

    async def _sweep(self, engine: Engine) -> None:
        found = await self._call(engine, "ps", "--all", "--filter", f"name={_PREFIX}-", "--format", "{{.Names}}")
        names = found.stdout.decode("utf-8", "replace").split()
        orphans = [name for name in names if _is_orphan(name)]
        if orphans:
            await self._call(engine, "rm", "--force", *orphans)

    async def call(self, *arguments: str) -> Completed:
        """Run a sub-command of the engine. Raises `MissingTool`."""
        if self.engine is None:
            raise MissingTool(f"{self._name} is not installed")
        return await self._call(self.engine, *arguments)

    async def _call(self, engine: Engine, *arguments: str, stdin: bytes = b"") -> Completed:
        return await run_process(
            HostCommand(
                argv=(engine.program, *engine.options, *arguments),
                env=engine.environment,
                cwd=Path("/"),
                stdin=stdin,
                seconds=_CALL_SECONDS,
            )
        )


def complaint(completed: Completed) -> str:
    """Return what a failed call had to say, in at most 500 characters."""
    text = (completed.stderr or completed.stdout).decode("utf-8", "replace").strip()
    return text[-500:] or ("it did not end in time" if completed.timed_out else f"exit code {completed.exit_code}")


def _is_orphan(name: str) -> bool:
    """Whether the container was started by a process that is gone."""
    prefix, _, rest = name.partition("-")
    pid = rest.partition("-")[0]
    if prefix != _PREFIX or not pid.isdigit():
        return False
    with contextlib.suppress(PermissionError):
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            return True
    return False


def _confinement(spec: Spec, engine: Engine) -> list[str]:
    limits = spec.limits
    arguments = ["--network=none", "--read-only", "--hostname=sandbox", "--log-driver=none", "--workdir=/"]
    arguments += ["--cap-drop=ALL", "--security-opt=no-new-privileges"]
    arguments += [f"--cap-add={capability}" for capability in _NEEDED_TO_SET_UP]
    arguments += ["--ulimit=nofile=4096:4096", "--ulimit=core=0:0", "--ulimit=nproc=4096:4096"]
    if engine.root:
        # The agent stops what exceeds `memory_bytes`; files in the sandbox's memory file systems come on top.
        total = limits.memory_bytes + limits.disk_bytes + limits.disk_bytes // _TEMPORARY_SHARE
        arguments += [f"--memory={total}", f"--memory-swap={total}"]
        arguments += [f"--pids-limit={max(limits.processes + 1, _FEWEST_PROCESSES)}"]
    disk = limits.disk_bytes
    for path, size in (("/work", disk), ("/tmp", disk // _TEMPORARY_SHARE)):  # noqa: S108 - inside
        arguments += ["--tmpfs", f"{path}:rw,exec,nosuid,nodev,mode=1777,size={size}"]
    return [*arguments, f"--shm-size={min(_SHARED_MEMORY, disk)}"]


def _filesystem(spec: Spec, needed: tuple[Mount, ...]) -> list[str]:
    system = [Mount(path, str(path)) for path in (*interpreter.SYSTEM, *image.unlinked()) if path.is_dir()]
    mounts = [*system, *interpreter.etc_mounts(), *needed, *spec.mounts]
    if spec.tree is not None:
        mounts.append(Mount(spec.tree.resolve(), "/lower"))
    arguments: list[str] = []
    for mount in {mount.target: mount for mount in mounts}.values():  # an engine takes each target once
        arguments += ["--mount", _mount(mount)]
    return arguments


def _mount(mount: Mount) -> str:
    """Return a mount as an engine reads it: comma-separated values, quoted where a path has a comma."""
    fields = ("type=bind", f"source={mount.source}", f"target={mount.target}", "readonly")
    return ",".join(f'"{field.replace(chr(34), chr(34) * 2)}"' if set(field) & set(',"') else field for field in fields)
