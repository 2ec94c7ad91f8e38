"""Constants as source, in the form that formatters leave alone."""

from __future__ import annotations

import math
import unicodedata

_SHORT = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_LATIN = 0x100
_BASIC = 0x10000
_ASCII = range(0x20, 0x7F)


def constant(value: object, quote: str) -> str:
    """Return source of a constant of the syntax tree, strings in `quote` unless the other needs fewer escapes."""
    if isinstance(value, str):
        return string(value, quote)
    if isinstance(value, bytes):
        return _bytes(value, quote)
    if value is ...:
        return "..."
    if isinstance(value, float) and math.isinf(value):
        return f"float({quote}inf{quote})" if value > 0 else f"float({quote}-inf{quote})"
    text = repr(value)
    return text.replace("e+", "e") if isinstance(value, (float, complex)) else text


def string(value: str, quote: str) -> str:
    """Return a literal of `value`: printable characters as they are, others escaped."""
    chosen = _quote(value.count('"'), value.count("'"), quote)
    return chosen + "".join(_character(one, chosen) for one in value) + chosen


def _bytes(value: bytes, quote: str) -> str:
    chosen = _quote(value.count(b'"'), value.count(b"'"), quote)
    return "b" + chosen + "".join(_byte(one, chosen) for one in value) + chosen


def _quote(double: int, single: int, preferred: str) -> str:
    """Black's rule: the preferred quotes, unless the text holds more of them than of the others."""
    if preferred == '"':
        return "'" if double > single else '"'
    return '"' if single > double else "'"


def _character(one: str, quote: str) -> str:
    if one == quote:
        return "\\" + quote
    if one in _SHORT:
        return _SHORT[one]
    code = ord(one)
    if code in _ASCII or unicodedata.category(one)[0] in "LNPS":
        return one
    if code < _LATIN:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < _BASIC else f"\\U{code:08x}"


def _byte(one: int, quote: str) -> str:
    text = chr(one)
    if text == quote:
        return "\\" + quote
    if text in _SHORT:
        return _SHORT[text]
    return text if one in _ASCII else f"\\x{one:02x}"
