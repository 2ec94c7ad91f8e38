"""
How the host and the agent inside a sandbox talk: frames over the agent's standard input and output.

A frame is four bytes of length (big-endian), a JSON object of that length whose `sizes` lists the lengths of the
binary bodies, and those bodies. Paths and arguments that are not UTF-8 travel as lone surrogates (`os.fsdecode`).
"""

from __future__ import annotations

import json
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


def encode(head: Dict[str, object], sizes: Sequence[int]) -> bytes:
    """Return the part of a frame that comes before its bodies."""
    text = json.dumps({**head, "sizes": list(sizes)}).encode("ascii")
    return LENGTH.pack(len(text)) + text


def decode(text: bytes) -> Dict[str, object]:
    """
    Return the head of a frame, with `sizes` checked.

    Raises `ValueError` where it is not an object with sane sizes: the other side may be hostile.
    """
    head: object = json.loads(text)
    if not isinstance(head, dict) or not _are_lengths(head.get("sizes")):  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
        raise ValueError(f"not the head of a frame: {text[:100]!r}")
    return head  # pyright: ignore[reportUnknownVariableType]


def _are_lengths(sizes: object) -> bool:
    return isinstance(sizes, list) and all(map(_is_length, sizes))  # pyright: ignore[reportUnknownArgumentType]


def _is_length(size: object) -> bool:
    return type(size) is int and 0 <= size <= MAX_BODY
