"""A server that speaks the protocols of model APIs over real HTTP and answers by a script."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from regoose.testing.models.backend import Backend
from regoose.testing.models.http import Listener
from regoose.testing.models.record import Exchange
from regoose.testing.models.request import Request
from regoose.testing.models.script import Answer, Script, Turn, Usage
from regoose.testing.models.state import state, total
from regoose.testing.models.values import JsonObject

_BASES = {
    "openai": "/v1",
    "openai-responses": "/v1",
    "lmstudio": "/v1",
    "anthropic": "",
    "ollama": "",
    "azure": "",
    "azure-v1": "/openai/v1",
    "google": "",
}


class ModelServer:
    """
    A scripted model.

        with ModelServer([say("hello")]) as server:
            client = OpenAI(base_url=server.url("openai"), api_key="any")

    A list of turns is a script in order. Where a `key` is given, requests without it are answered 401; where `models`
    are, others are unknown. Port 0 takes a free one. Without `keep_alive` each response ends its connection, for
    clients that leave theirs open. Requests that the script has no turn for, and illegal histories, are `problems`.
    """

    def __init__(
        self,
        script: Script | Sequence[Turn | Answer],
        *,
        key: str | None = None,
        models: Sequence[str] = (),
        host: str = "127.0.0.1",
        port: int = 0,
        keep_alive: bool = True,
    ) -> None:
        whole = script if isinstance(script, Script) else Script.ordered(*script)
        self._backend = Backend(whole, key, tuple(models))
        self._address = (host, port)
        self._keep_alive = keep_alive
        self._listener: Listener | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen; raises `OSError` where the port is taken."""
        if self._listener is not None:
            return
        listener = Listener(self._address, self._backend, keep_alive=self._keep_alive)
        self._address = (self._address[0], listener.server_address[1])
        self._thread = threading.Thread(target=listener.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self._listener = listener

    def stop(self) -> None:
        """End every connection; from now on connections are refused. `start` listens again on the same port."""
        if self._listener is not None and self._thread is not None:
            self._listener.close()
            self._thread.join()
            self._listener = self._thread = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def address(self) -> str:
        """The server's address without a path."""
        return f"http://{self._address[0]}:{self._address[1]}"

    def url(self, protocol: str) -> str:
        """Return the base address that clients of a protocol are given; raises `ValueError` for an unknown one."""
        if protocol not in _BASES:
            raise ValueError(f"no protocol is called {protocol!r}; there are {', '.join(_BASES)}")
        return self.address + _BASES[protocol]

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Each request to a model with how it was answered."""
        return self._backend.record.exchanges

    @property
    def requests(self) -> tuple[Request, ...]:
        """The requests to models, in order."""
        return tuple(one.request for one in self.exchanges)

    @property
    def calls(self) -> int:
        """How many requests to models there were."""
        return len(self.exchanges)

    @property
    def usage(self) -> Usage:
        """All tokens that a real API would have billed."""
        return total(self.exchanges)

    @property
    def problems(self) -> tuple[str, ...]:
        """What should not have happened: requests without a turn, illegal histories, unknown paths."""
        return self._backend.record.problems

    @property
    def unused(self) -> tuple[str, ...]:
        """The turns that nothing has asked for yet."""
        return self._backend.director.unused()

    def state(self) -> JsonObject:
        """Return all of it as JSON; a running server answers with it to `GET /scripted/state`."""
        return state(self._backend.record, self._backend.director)
