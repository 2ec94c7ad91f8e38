"""The HTTP server beneath: one thread a connection, kept open between requests."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import cast

from regoose.testing.models.backend import Backend, Incoming
from regoose.testing.models.delivery import Ending, Response, Wait

_REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 429: "Too Many Requests", 500: "Internal Server Error"}


class Listener(HTTPServer):
    """Accepts connections; `close` ends them all and waits for their threads."""

    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], backend: Backend, *, keep_alive: bool) -> None:
        super().__init__(address, Handler)
        self.backend = backend
        self.keep_alive = keep_alive
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        self._open: dict[socket.socket, threading.Thread] = {}

    def server_bind(self) -> None:
        """Bind without asking for the machine's name, which may take long."""
        socket_address = self.server_address
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(socket_address)
        self.server_address = self.socket.getsockname()

    def process_request(self, request: object, client_address: object) -> None:
        """Serve a connection in its thread."""
        connection = cast("socket.socket", request)
        thread = threading.Thread(target=self._serve, args=(connection, client_address), daemon=True)
        with self._lock:
            self._open[connection] = thread
        thread.start()

    def _serve(self, connection: socket.socket, client_address: object) -> None:
        try:
            with contextlib.suppress(OSError):  # the client went away, or a fault sent it
                self.finish_request(connection, client_address)
        finally:
            with self._lock:
                self._open.pop(connection, None)
            with contextlib.suppress(OSError):
                connection.close()

    def close(self) -> None:
        """End waits, connections and threads."""
        self.stopping.set()
        self.shutdown()
        self.server_close()
        with self._lock:
            left = dict(self._open)
        for connection, thread in left.items():
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=10)


class Handler(BaseHTTPRequestHandler):
    """Takes the steps of responses."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:  # the name that http.server calls
        """Answer a GET."""
        self._respond("GET")

    def do_POST(self) -> None:  # the name that http.server calls
        """Answer a POST."""
        self._respond("POST")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name in http.server
        """Keep quiet."""

    def _respond(self, method: str) -> None:
        listener = cast("Listener", self.server)
        content = self.rfile.read(int(self.headers.get("content-length") or 0))
        incoming = Incoming(method, self.path, tuple(self.headers.items()), content)
        self.close_connection = self.close_connection or not listener.keep_alive
        self._send(listener.backend.respond(incoming), listener.stopping)

    def _send(self, response: Response, stopping: threading.Event) -> None:
        before = self._head(response)
        for step in response.steps:
            if isinstance(step, Wait):
                if stopping.wait(min(step.seconds, threading.TIMEOUT_MAX)):
                    self.close_connection = True
                    return
            elif isinstance(step, Ending):
                self._end(step)
                return
            else:
                self.wfile.write(before + (step if response.length is not None else _chunk(step)))
                before = b""
        self.wfile.write(before + (b"" if response.length is not None else b"0\r\n\r\n"))

    def _head(self, response: Response) -> bytes:
        reason = _REASONS.get(response.status, "Scripted")
        framing = "transfer-encoding: chunked" if response.length is None else f"content-length: {response.length}"
        lines = [f"HTTP/1.1 {response.status} {reason}", f"content-type: {response.media_type}", framing]
        lines += [f"{name}: {value}" for name, value in response.headers.items()]
        lines += ["connection: close"] if self.close_connection else []
        return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")

    def _end(self, how: Ending) -> None:
        if how is Ending.RESET:  # closing a socket that lingers for no time at all resets the connection
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True


def _chunk(content: bytes) -> bytes:
    return f"{len(content):x}\r\n".encode() + content + b"\r\n"
