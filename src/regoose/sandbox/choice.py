"""Which backend a run uses: the user's choice, or the first that holds everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from regoose.errors import InvalidSetting
from regoose.sandbox import bubblewrap, containers, landlock
from regoose.sandbox.agent import AgentSandbox
from regoose.sandbox.base import Guarantee, Probe, Spec
from regoose.sandbox.probe import probe_all, refuse
from regoose.sandbox.remembered import recall

AUTO = "auto"
SANDBOXES = (bubblewrap.NAME, containers.PODMAN, containers.DOCKER)
"""What `auto` tries, in this order: the one that starts fastest first, as all of them must hold everything."""
REQUIRED = frozenset(Guarantee) - {
    Guarantee.MEMORY,
    Guarantee.PROCESSES,
    Guarantee.DISK,
    Guarantee.SYSCALL_FILTER,
}
"""What no run goes without unless the user names the backend; the rest is reported where it is missing."""
NAMES = (*SANDBOXES, landlock.NAME)


class ProbedBackend(Protocol):
    """A backend of this room."""

    @property
    def name(self) -> str:
        """Name as users write it in settings."""
        ...

    async def probe(self) -> Probe:
        """Run a real smoke test and say what holds here."""
        ...

    async def open(self, spec: Spec) -> AgentSandbox:
        """Start a sandbox."""
        ...


@dataclass(frozen=True, slots=True)
class Choice:
    """The backend to use, with what it was seen to hold."""

    backend: ProbedBackend
    probe: Probe


def make_backends(
    names: Sequence[str], environment: Mapping[str, str], cache: Path | None = None
) -> tuple[ProbedBackend, ...]:
    """
    Return the backends of these names.

    `environment` is what container engines are called with beyond the necessary, e.g. `DOCKER_HOST`;
    `cache` is a directory for bytecode of the guest package (None: none is kept).
    Raises `InvalidSetting` for a name that is none.
    """
    return tuple(_make(name, environment, cache) for name in names)


def _make(name: str, environment: Mapping[str, str], cache: Path | None) -> ProbedBackend:
    match name:
        case bubblewrap.NAME:
            return bubblewrap.Bubblewrap(cache=cache)
        case containers.PODMAN | containers.DOCKER:
            return containers.Containers(name, environment, cache)
        case landlock.NAME:
            return landlock.Landlock(cache)
        case landlock.BARE:
            return landlock.Landlock(cache, bare=True)
        case _:
            raise _unknown(name)


def _unknown(name: str) -> InvalidSetting:
    return InvalidSetting(f"no sandbox is called {name!r}; expected one of {', '.join((AUTO, *NAMES))}")


async def choose(setting: str, environment: Mapping[str, str], cache: Path | None = None) -> Choice:
    """
    Return the backend that a setting means, probed (with a `cache`, not more than once a day).

    `auto` takes the first of `SANDBOXES` that holds every guarantee; else, the first that holds all of `REQUIRED`. A
    backend asked for by name is taken as it is, as long as it starts:
    what it does not hold stands in its probe; no isolation at all is none of the choices. Raises `NoSandbox`,
    `InvalidSetting`.
    """
    if setting == landlock.BARE:
        raise _unknown(setting)
    if setting != AUTO:
        (backend,) = make_backends((setting,), environment, cache)
        probe = await _probe(backend, cache)
        if not probe.available:
            raise refuse((probe,), setting)
        return Choice(backend, probe)
    seen: list[Choice] = []
    for backend in make_backends(SANDBOXES, environment, cache):
        seen.append(Choice(backend, await _probe(backend, cache)))
        if seen[-1].probe.enforced == frozenset(Guarantee):
            return seen[-1]
    for choice in seen:
        if choice.probe.available and choice.probe.enforced >= REQUIRED:
            return choice
    raise refuse([choice.probe for choice in seen], setting)


async def _probe(backend: ProbedBackend, cache: Path | None) -> Probe:
    """Probe, or recall it for bubblewrap, which no daemon and no configuration file stands behind."""
    if cache is not None and isinstance(backend, bubblewrap.Bubblewrap) and backend.program is not None:
        return await recall(backend.program, cache, backend.probe)
    return await backend.probe()


async def survey(environment: Mapping[str, str], cache: Path | None = None) -> tuple[Probe, ...]:
    """Probe every backend but the bare one, for `regoose doctor`."""
    return await probe_all(make_backends((*SANDBOXES, landlock.NAME), environment, cache))
