"""The few kernel calls that the standard library does not offer, and what the agent does with them to itself."""

from __future__ import annotations

import ctypes
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Union

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_KEEPCAPS = 8
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
SIGKILL = 9

CAP_DAC_READ_SEARCH = 2
_CAPABILITY_VERSION_3 = 0x20080522
_HIGHEST_CAPABILITY = 63

_libc = ctypes.CDLL(None, use_errno=True)


def prctl(option: int, argument: int = 0) -> None:
    """Set an attribute of this process. Raises `OSError`."""
    if _libc.prctl(option, ctypes.c_ulong(argument), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0)) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option}): {os.strerror(ctypes.get_errno())}")


def syscall(number: int, *arguments: Union[int, ctypes.c_void_p, ctypes.Array[ctypes.c_char], None]) -> int:
    """Make a raw system call. Raises `OSError`."""
    words = [ctypes.c_long(word) if isinstance(word, int) else word for word in arguments]
    result: int = _libc.syscall(ctypes.c_long(number), *words)
    if result < 0:
        raise OSError(ctypes.get_errno(), f"syscall {number}: {os.strerror(ctypes.get_errno())}")
    return result


def set_capabilities(permitted: int, effective: int) -> None:
    """Set this process's capability sets to these masks, with nothing inheritable. Raises `OSError`."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    low, high = 0xFFFFFFFF, 32
    data = (ctypes.c_uint32 * 6)(
        effective & low, permitted & low, 0, (effective >> high) & low, (permitted >> high) & low, 0
    )
    if _libc.capset(header, data) != 0:
        raise OSError(ctypes.get_errno(), f"capset: {os.strerror(ctypes.get_errno())}")


def drop_privileges(uid: int) -> None:
    """
    Become `uid` for good, with an empty bounding set and no way to gain privileges again.

    One capability stays permitted, though not in effect: to read the mounted tree whoever owns its files. It ends
    at the next exec, so no command has it.
    """
    _empty_bounding_set()
    prctl(PR_SET_KEEPCAPS, 1)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    set_capabilities(1 << CAP_DAC_READ_SEARCH, 0)


def drop_capabilities() -> None:
    """Stay who we are, without any capability and no way to gain one."""
    _empty_bounding_set()
    set_capabilities(0, 0)


def _empty_bounding_set() -> None:
    for capability in range(_HIGHEST_CAPABILITY + 1):
        try:
            prctl(PR_CAPBSET_DROP, capability)
        except OSError:
            break  # beyond the last capability of this kernel


def protect(*, die_with_parent: bool) -> None:
    """Hide this process from its own commands (`/proc/1/fd`, ptrace); perhaps end with the one that started it."""
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    prctl(PR_SET_DUMPABLE, 0)
    if die_with_parent:
        prctl(PR_SET_PDEATHSIG, SIGKILL)
