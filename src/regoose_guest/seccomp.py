"""
The system call filter every command runs under, written as classic BPF for x86-64 and aarch64.

It allows by default and denies what code under test has no business with: other socket families, io_uring (whose
operations no filter sees), namespaces, mounts, tracing, keys, kernel modules, clocks. Sources: seccomp(2) and the
kernel's system call tables.
"""

from __future__ import annotations

import errno
import os
import struct

from regoose_guest import kernel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Optional, Sequence, Tuple

INET = "inet"
NONE = "none"
OFF = "off"

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER_AT, _ARCHITECTURE_AT, _ARGUMENTS_AT = 0, 4, 16
_X32_BIT = 0x40000000
_AF_UNIX, _AF_INET, _AF_INET6 = 1, 2, 10
_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2
_CLONE_NEW_NAMESPACES = 0x7E020000
"""CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET."""
_TERMINAL_INJECTION = (0x5412, 0x541C)
"""TIOCSTI and TIOCLINUX: typing into the terminal of whoever started us."""

_COMMON = {
    "io_uring_setup": 425,
    "io_uring_enter": 426,
    "io_uring_register": 427,
    "open_tree": 428,
    "move_mount": 429,
    "fsopen": 430,
    "fsconfig": 431,
    "fsmount": 432,
    "fspick": 433,
    "pidfd_getfd": 438,
    "mount_setattr": 442,
}
_X86_64 = {
    "ptrace": 101,
    "syslog": 103,
    "personality": 135,
    "vhangup": 153,
    "pivot_root": 155,
    "adjtimex": 159,
    "chroot": 161,
    "acct": 163,
    "settimeofday": 164,
    "mount": 165,
    "umount2": 166,
    "swapon": 167,
    "swapoff": 168,
    "reboot": 169,
    "iopl": 172,
    "ioperm": 173,
    "init_module": 175,
    "delete_module": 176,
    "quotactl": 179,
    "lookup_dcookie": 212,
    "clock_settime": 227,
    "kexec_load": 246,
    "add_key": 248,
    "request_key": 249,
    "keyctl": 250,
    "migrate_pages": 256,
    "unshare": 272,
    "move_pages": 279,
    "perf_event_open": 298,
    "fanotify_init": 300,
    "name_to_handle_at": 303,
    "open_by_handle_at": 304,
    "clock_adjtime": 305,
    "setns": 308,
    "process_vm_readv": 310,
    "process_vm_writev": 311,
    "kcmp": 312,
    "finit_module": 313,
    "kexec_file_load": 320,
    "bpf": 321,
    "userfaultfd": 323,
}
_AARCH64 = {
    "lookup_dcookie": 18,
    "umount2": 39,
    "mount": 40,
    "pivot_root": 41,
    "chroot": 51,
    "vhangup": 58,
    "quotactl": 60,
    "acct": 89,
    "personality": 92,
    "unshare": 97,
    "kexec_load": 104,
    "init_module": 105,
    "delete_module": 106,
    "clock_settime": 112,
    "syslog": 116,
    "ptrace": 117,
    "reboot": 142,
    "settimeofday": 170,
    "adjtimex": 171,
    "add_key": 217,
    "request_key": 218,
    "keyctl": 219,
    "swapon": 224,
    "swapoff": 225,
    "migrate_pages": 238,
    "move_pages": 239,
    "perf_event_open": 241,
    "fanotify_init": 262,
    "name_to_handle_at": 264,
    "open_by_handle_at": 265,
    "clock_adjtime": 266,
    "setns": 268,
    "process_vm_readv": 270,
    "process_vm_writev": 271,
    "kcmp": 272,
    "finit_module": 273,
    "bpf": 280,
    "userfaultfd": 282,
    "kexec_file_load": 294,
}
_CLONE3 = 435

_ARCHITECTURES: Dict[str, Tuple[int, Dict[str, int], Dict[str, int]]] = {
    "x86_64": (
        0xC000003E,
        _X86_64,
        {"ioctl": 16, "shmget": 29, "socket": 41, "socketpair": 53, "clone": 56, "memfd_create": 319},
    ),
    "aarch64": (
        0xC00000B7,
        _AARCH64,
        {"ioctl": 29, "shmget": 194, "socket": 198, "socketpair": 199, "clone": 220, "memfd_create": 279},
    ),
}


class Program:
    """A BPF program under construction."""

    def __init__(self) -> None:
        self.instructions: List[Tuple[int, int, int, int]] = []

    def add(self, code: int, value: int, if_true: int = 0, if_false: int = 0) -> None:
        """Append one instruction; the last two are how many instructions to skip."""
        self.instructions.append((code, if_true, if_false, value))

    def answer(self, number: int, error: int) -> None:
        """Make the system call fail with this error. The accumulator holds the number."""
        self.add(_EQUAL, number, 0, 1)
        self.add(_RETURN, _ERRNO | error)

    def inspect(self, number: int, argument: int, tests: Sequence[Tuple[int, int, int]], otherwise: int) -> None:
        """For this call, answer by the first (comparison, value, action) that holds of an argument's low half."""
        self.add(_EQUAL, number, 0, 2 + 2 * len(tests))
        self.add(_LOAD, _ARGUMENTS_AT + 8 * argument)
        for comparison, value, action in tests:
            self.add(comparison, value, 0, 1)
            self.add(_RETURN, action)
        self.add(_RETURN, otherwise)

    def encode(self) -> bytes:
        """Return the array of `struct sock_filter`."""
        return b"".join(struct.pack("=HBBI", *instruction) for instruction in self.instructions)


def build(sockets: str, *, count_hidden_memory: bool, machine: Optional[str] = None) -> Optional[bytes]:
    """
    Return the filter, or None for a machine it is not written for.

    `sockets`: with `INET`, Unix and Internet sockets may be opened (there is an empty network around the command);
    with `NONE`, no socket at all but connected pairs. `count_hidden_memory` denies memory that belongs to no
    process and so escapes per-process limits (memfd, System V segments).
    """
    known = _ARCHITECTURES.get(machine or os.uname().machine)
    if known is None:
        return None
    audit, denied, special = known
    program = Program()
    program.add(_LOAD, _ARCHITECTURE_AT)
    program.add(_EQUAL, audit, 1, 0)
    program.add(_RETURN, _KILL)
    program.add(_LOAD, _NUMBER_AT)
    program.add(_AT_LEAST, _X32_BIT, 0, 1)
    program.add(_RETURN, _ERRNO | errno.ENOSYS)
    for number in [*denied.values(), *_COMMON.values()]:
        program.answer(number, errno.EPERM)
    program.answer(_CLONE3, errno.ENOSYS)  # its flags lie behind a pointer; the C library falls back to clone
    if count_hidden_memory:
        program.answer(special["memfd_create"], errno.ENOSYS)
        program.answer(special["shmget"], errno.ENOSYS)
    program.inspect(special["clone"], 0, [(_ANY_BIT, _CLONE_NEW_NAMESPACES, _ERRNO | errno.EPERM)], _ALLOW)
    program.inspect(
        special["ioctl"], 1, [(_EQUAL, request, _ERRNO | errno.EPERM) for request in _TERMINAL_INJECTION], _ALLOW
    )
    families = (_AF_UNIX, _AF_INET, _AF_INET6) if sockets == INET else ()
    allowed = [(_EQUAL, family, _ALLOW) for family in families]
    program.inspect(special["socket"], 0, allowed, _ERRNO | errno.EAFNOSUPPORT)
    pairs = [(_EQUAL, _AF_UNIX, _ALLOW)]
    program.inspect(special["socketpair"], 0, pairs, _ERRNO | errno.EAFNOSUPPORT)
    program.add(_RETURN, _ALLOW)
    return program.encode()


def apply(code: bytes) -> None:
    """Put this process and all it will start under the filter. Needs no-new-privileges. Raises `OSError`."""
    instructions = kernel.pin(code)
    program = struct.pack("HP", len(code) // 8, kernel.address(instructions))
    kernel.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, program)
