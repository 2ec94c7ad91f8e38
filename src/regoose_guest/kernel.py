"""
The few kernel calls that the standard library does not offer, and what the agent does with them to itself.

Written on `_ctypes`, as `ctypes` itself is: importing that package defines types that nobody here needs, and every
start of a sandbox would pay for them.
"""

from __future__ import annotations

import _ctypes
import os
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ctypes import Array, c_int, c_long, c_ubyte
    from typing import Type, Union

    Argument = Union[int, bytes, Array[c_ubyte], None]
else:
    c_int, c_long, c_ubyte = [
        type(name, (_ctypes._SimpleCData,), {"_type_": code})  # noqa: SLF001 - the base of all simple types of `ctypes`
        for name, code in (("c_int", "i"), ("c_long", "l"), ("c_ubyte", "B"))
    ]

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


_THIS_PROGRAM = _ctypes.dlopen(None)  # pyright: ignore[reportArgumentType] - None is the program with its libraries


class _Function(_ctypes.CFuncPtr):
    _flags_ = _ctypes.FUNCFLAG_CDECL | _ctypes.FUNCFLAG_USE_ERRNO
    _restype_ = c_int


class _LongFunction(_ctypes.CFuncPtr):
    _flags_ = _ctypes.FUNCFLAG_CDECL | _ctypes.FUNCFLAG_USE_ERRNO
    _restype_ = c_long


def _call(kind: Type[_ctypes.CFuncPtr], name: str, *arguments: Argument) -> int:
    """Call a function of the C library; numbers are passed as `long`, bytes by reference. Raises `OSError`."""
    function = kind(_ctypes.dlsym(_THIS_PROGRAM, name))
    result: int = function(*[c_long(word) if isinstance(word, int) else word for word in arguments])
    if result < 0:
        error = _ctypes.get_errno()
        raise OSError(error, f"{name}({arguments[0]!r}): {os.strerror(error)}")
    return result


def prctl(option: int, *arguments: Argument) -> None:
    """Set an attribute of this process. Raises `OSError`."""
    _call(_Function, "prctl", option, *arguments, *[0] * (4 - len(arguments)))


def syscall(number: int, *arguments: Argument) -> int:
    """Make a raw system call. Raises `OSError`."""
    return _call(_LongFunction, "syscall", number, *arguments)


def pin(content: bytes) -> Array[c_ubyte]:
    """Return a copy of these bytes that stays where it is, for structures that point to it (see `address`)."""
    return (c_ubyte * len(content)).from_buffer_copy(content)


def address(pinned: Array[c_ubyte]) -> int:
    """Return where something pinned lies; valid as long as it is referred to."""
    return _ctypes.addressof(pinned)


def set_capabilities(permitted: int, effective: int) -> None:
    """Set this process's capability sets to these masks, with nothing inheritable. Raises `OSError`."""
    low, high = 0xFFFFFFFF, 32
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    words = (effective & low, permitted & low, 0, (effective >> high) & low, (permitted >> high) & low, 0)
    _call(_Function, "capset", header, struct.pack("=6I", *words))


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
