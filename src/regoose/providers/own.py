"""
Providers that come from other installed packages, by the entry points of the group `regoose.providers`.

The name of an entry point is the provider's in `PROVIDER:NAME`; it refers to a callable that takes the model's name and
returns an `LLMProvider`. Nothing is imported before the first call, and nothing but what somebody installed to be a
provider can be named (ADR 21).
"""

from __future__ import annotations

import asyncio
from importlib.metadata import EntryPoint, entry_points

from regoose.errors import InvalidSetting, RegooseError
from regoose.providers.port import LLMProvider

GROUP = "regoose.providers"
_METHODS = ("generate", "get_model_name", "get_max_tokens")


def installed() -> tuple[str, ...]:
    """Return the names of the providers that are installed."""
    return tuple(sorted(entry_points(group=GROUP).names))


async def make(provider: str, model: str) -> LLMProvider:
    """Import an installed provider and return it for a model; raises what `make_from` raises."""
    return await make_from(next(iter(entry_points(group=GROUP, name=provider))), model)


async def make_from(point: EntryPoint, model: str) -> LLMProvider:
    """
    Return the provider that an entry point leads to; raises `InvalidSetting` where it leads to none.

    It is imported in a thread, which may take a while, and made in the event loop, which some clients want.
    """
    who = f"the provider {point.name!r} ({point.value})"
    try:
        factory: object = await asyncio.to_thread(point.load)
    except Exception as error:  # the package's own code runs: anything may come out of it
        raise InvalidSetting(
            f"{who} cannot be imported: {_said(error)}",
            hint=f"Mend or remove the package that has this entry point in its group {GROUP!r}.",
        ) from error
    if not callable(factory):
        raise InvalidSetting(f"{who} is no provider: expected something to call with a model's name, found {factory!r}")
    try:
        made: object = factory(model)
    except RegooseError:
        raise
    except Exception as error:  # see above
        raise InvalidSetting(
            f"{who} could not be made for {model!r}: {_said(error)}",
            hint="Its code says what it needs, such as a variable of the environment.",
        ) from error
    lacking = [name for name in _METHODS if not callable(getattr(made, name, None))]
    if lacking:
        raise InvalidSetting(
            f"{who} gave a value of {type(made)!r}, which is no provider: it lacks {', '.join(lacking)}",
            hint="Implement the methods of regoose.providers.port.LLMProvider.",
        )
    provider: LLMProvider = made  # pyright: ignore[reportAssignmentType] - it has the methods
    return provider


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
