"""
A model without latency, for `turns.py`: speaks OpenAI's chat completions, and takes the time between its answers.

`python turns_server.py SCRIPT` reads a JSON list of tool calls, each `[name, arguments]`, and prints its address. The
n-th answer of a conversation is the n-th call. `GET /gaps` returns and forgets the seconds from each answer to the next
request, from the last byte that was sent to the last byte that came.
"""

from __future__ import annotations

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import cast

USAGE = {"prompt_tokens": 900, "completion_tokens": 40, "total_tokens": 940}


class Model(ThreadingHTTPServer):
    """Knows its script and when it was asked and had answered."""

    daemon_threads = True

    def __init__(self, script: list[tuple[str, dict[str, object]]]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script = script
        self.gaps: list[float] = []
        self.answered: float | None = None

    def answer(self, request: dict[str, object]) -> bytes:
        """Return the next call of the conversation that the request is."""
        said = cast("list[dict[str, object]]", request["messages"])
        number = sum(one["role"] == "assistant" for one in said)
        name, arguments = self.script[number]
        call = {"id": f"call_{number}", "type": "function"}
        function = {"name": name, "arguments": json.dumps(arguments)}
        message = {"role": "assistant", "content": None, "tool_calls": [{**call, "function": function}]}
        choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
        whole = {"id": f"answer-{number}", "object": "chat.completion", "created": 1, "model": request["model"]}
        return json.dumps({**whole, "choices": [choice], "usage": USAGE}).encode()


class Handler(BaseHTTPRequestHandler):
    """Answers, and keeps the connection open."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        """Answer a request of a conversation."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        arrived = time.perf_counter()
        model = cast("Model", self.server)
        if model.answered is not None:
            model.gaps.append(arrived - model.answered)
        self._send(model.answer(json.loads(body)))
        model.answered = time.perf_counter()

    def do_GET(self) -> None:
        """Hand over the gaps."""
        model = cast("Model", self.server)
        gaps, model.gaps, model.answered = model.gaps, [], None
        self._send(json.dumps(gaps).encode())

    def _send(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it has in its base
        """Say nothing."""


def main() -> None:
    """Serve until killed."""
    server = Model(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    sys.stdout.write(f"http://127.0.0.1:{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
