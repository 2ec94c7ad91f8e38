"""Steps that nobody records: for what is asked in passing, where a crash loses nothing but the answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from regoose.domain.json import Json


class UnrecordedSteps:
    """Does every step, each time it is met; see `regoose.durable.run.Steps`."""

    async def meet(self, name: str, request: Sequence[Json] | None, do: Callable[[], Awaitable[Json]]) -> Json:
        """Do the step."""
        del name, request
        return await do()
