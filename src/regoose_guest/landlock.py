"""
Landlock: a process gives up, for itself and all its children, files and networks it was not promised.

Source: the kernel's `userspace-api/landlock.rst`. Rights a running kernel does not know are left out.
"""

from __future__ import annotations

import os
import struct

from regoose_guest import kernel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable

INNER = "inner"
OUTER = "outer"
OFF = "off"

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG = 1
_RULE_PATH_BENEATH = 1

_EXECUTE = 1 << 0
_WRITE_FILE = 1 << 1
_READ_FILE = 1 << 2
_READ_DIR = 1 << 3
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_RIGHTS_BY_ABI = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""ABI version → how many file rights it knows."""
_MOST_RIGHTS = 16
_TRUNCATE = 1 << 14
_IOCTL_DEV = 1 << 15
_FILE_RIGHTS = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
_NETWORK_ABI, _NETWORK_RIGHTS = 4, 0b11
_SCOPE_ABI, _SCOPES = 6, 0b11


def version() -> int:
    """Return the kernel's Landlock ABI, or 0 where there is none."""
    try:
        return kernel.syscall(_CREATE_RULESET, None, 0, _VERSION_FLAG)
    except OSError:
        return 0


def restrict(abi: int, readable: Iterable[str], writable: Iterable[str], *, network: bool) -> None:
    """
    Allow reading and running beneath `readable`, everything beneath `writable`, nothing else.

    Without `network`, TCP (ABI 4) and, from ABI 6, abstract Unix sockets and signals that lead out are denied too.
    Paths that do not exist are left out. Raises `OSError`.
    """
    known = (1 << _RIGHTS_BY_ABI.get(abi, _MOST_RIGHTS)) - 1
    handled_network = _NETWORK_RIGHTS if abi >= _NETWORK_ABI and not network else 0
    scopes = _SCOPES if abi >= _SCOPE_ABI else 0
    size = 24 if abi >= _SCOPE_ABI else 16 if abi >= _NETWORK_ABI else 8
    attributes = struct.pack("=QQQ", known, handled_network, scopes)[:size]
    ruleset = kernel.syscall(_CREATE_RULESET, attributes, size, 0)
    try:
        for path in readable:
            _allow(ruleset, path, _READ & known)
        for path in writable:
            _allow(ruleset, path, known)
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
        kernel.syscall(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not os.path.isdir(path):
            rights &= _FILE_RIGHTS
        rule = struct.pack("=Qi", rights, descriptor)
        kernel.syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, rule, 0)
    finally:
        os.close(descriptor)
