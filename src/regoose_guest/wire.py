"""
How the host and the agent inside a sandbox talk: frames over the agent's standard input and output.

A frame is four bytes of length (big-endian), an object of that length whose `sizes` lists the lengths of the binary
bodies, and those bodies. Paths and arguments that are not UTF-8 travel as lone surrogates (`os.fsdecode`). The host
asks in `marshal`, which costs the agent no import; the agent, who may be hostile, answers in JSON.
"""

from __future__ import annotations

import marshal
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Optional, Sequence, TypedDict

    class Bounds(TypedDict):
        """The limits of one command; times in seconds, sizes in bytes."""

        seconds: float
        memory_bytes: int
        processes: int
        disk_bytes: int
        output_bytes: int

    class Setup(TypedDict):
        """The first frame: how the agent prepares itself before it takes commands."""

        work: str
        tmp: str
        out: str
        shm: str
        """Empty where the sandbox has no /dev/shm of its own."""
        lower: str
        """Where the tree is mounted read-only; empty for none."""
        uid: int
        """Real user to become, or -1 to stay."""
        namespace: bool
        """Whether the agent is PID 1 of its own process namespace."""
        die_with_parent: bool
        watch_memory: bool
        watch_processes: bool
        """Whether the agent must enforce what the kernel does not."""
        limit_processes: bool
        """Whether RLIMIT_NPROC counts this sandbox alone."""
        filter: str
        """Which sockets commands may open: `inet` (isolated network), `none`; or `off` for no system call filter."""
        landlock: str
        """`inner` (a mount namespace is around it), `outer` (nothing else is), `off`."""
        readable: List[str]
        """For `outer`: what may be read."""
        keep: List[str]
        """What is mounted, perhaps below the directories that a reset empties."""
        links: Dict[str, str]
        """Programs that stand elsewhere inside."""
        bounds: Bounds

    class RunRequest(TypedDict):
        """One command. Bodies: standard input, then the content of each of `writes` that is not deleted."""

        op: str
        argv: List[str]
        cwd: str
        env: Dict[str, str]
        writes: List[str]
        deletes: List[str]
        reads: List[str]
        read_bytes: int
        reset: bool
        stream: bool
        bounds: Bounds

    class RunReply(TypedDict):
        """How it ended. Bodies: stdout, stderr, then the content of each of `files`."""

        op: str
        exit_code: Optional[int]
        signal: Optional[int]
        truncated: bool
        timed_out: bool
        out_of_memory: bool
        cancelled: bool
        seconds: float
        cpu_seconds: float
        files: List[str]


LENGTH = struct.Struct(">I")
MAX_HEAD = 16 * 1024 * 1024
MAX_BODY = 1 << 32
ERROR_SIZE = "size"
ERROR_SETUP = "setup"
ERROR_PATH = "path"


_MARSHAL_VERSION = 2
"""Understood by every Python there is."""


def encode_request(head: Dict[str, object], sizes: Sequence[int]) -> bytes:
    """Return the part of a frame to the agent that comes before its bodies."""
    content = marshal.dumps({**head, "sizes": list(sizes)}, _MARSHAL_VERSION)
    return LENGTH.pack(len(content)) + content


def decode_request(content: bytes) -> Dict[str, object]:
    """Return the head of a frame from the host, which is trusted."""
    return marshal.loads(content)  # noqa: S302 - the host made it


def encode_reply(head: Dict[str, object], sizes: Sequence[int]) -> bytes:
    """Return the part of a frame to the host that comes before its bodies."""
    text = _to_json({**head, "sizes": list(sizes)}).encode("ascii")
    return LENGTH.pack(len(text)) + text


def decode_reply(text: bytes) -> Dict[str, object]:
    """
    Return the head of a frame from the agent, with `sizes` checked.

    Raises `ValueError` where it is not an object with sane sizes: the other side may be hostile.
    """
    import json

    head: object = json.loads(text)
    if not isinstance(head, dict) or not _are_lengths(head.get("sizes")):  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
        raise ValueError(f"not the head of a frame: {text[:100]!r}")
    return head  # pyright: ignore[reportUnknownVariableType]


def _to_json(value: object) -> str:
    """Return what `json.dumps` would; importing that takes as long as starting Python."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, str):
        return '"' + "".join(_escape(character) for character in value) + '"'
    if isinstance(value, dict):
        pairs = [f"{_to_json(name)}:{_to_json(item)}" for name, item in value.items()]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_to_json, value)) + "]"  # pyright: ignore[reportUnknownArgumentType]
    raise TypeError(f"{value!r} has no place in a frame")


def _escape(character: str) -> str:
    if " " <= character <= "~" and character not in '"\\':
        return character
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def _are_lengths(sizes: object) -> bool:
    return isinstance(sizes, list) and all(map(_is_length, sizes))  # pyright: ignore[reportUnknownArgumentType]


def _is_length(size: object) -> bool:
    return type(size) is int and 0 <= size <= MAX_BODY
