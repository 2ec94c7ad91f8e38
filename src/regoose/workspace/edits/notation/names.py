"""File names in the text around an edit."""

from __future__ import annotations

import re

_NAME = re.compile(r"[\w.@+\-/\\\[\]()]{1,300}")
_LABEL = re.compile(r"(?:file|path|filename|file name|file path|update|create|edit|new file)\s*:\s*", re.IGNORECASE)
_WITHOUT_SUFFIX = {"Makefile", "Dockerfile", "LICENSE", "NOTICE", "Justfile", "Procfile", "README", "CODEOWNERS"}
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)")
_LETTERS = {b"a": b"\a", b"b": b"\b", b"t": b"\t", b"n": b"\n", b"v": b"\v", b"f": b"\f", b"r": b"\r"}


def named(line: str) -> str:
    """Return the path where a line consists of one, with the usual decoration around it; empty otherwise."""
    text = line.strip()
    for comment in ("#", "//", "--", "<!--"):
        text = text.removeprefix(comment).lstrip("#").strip()
    text = text.removesuffix("-->").strip().strip("*").strip()
    text = _LABEL.sub("", text, count=1) if (found := _LABEL.match(text)) and found.end() else text
    text = text.strip("*").strip().removesuffix(":").strip("*").strip().strip("`'\"").removesuffix(":")
    return text if is_path(text) else ""


def is_path(text: str) -> bool:
    """Whether a word can be a file's path."""
    if not _NAME.fullmatch(text) or text.endswith((".", "/")) or "://" in text:
        return False
    name = text.replace("\\", "/").rpartition("/")[2]
    return name in _WITHOUT_SUFFIX or ("." in name[:-1] and not name.replace(".", "").isdigit()) or "/" in text


def from_info(info: str) -> str:
    """Return the path in what follows a fence: behind the language, behind a colon, or as a title."""
    for word in info.replace("{", " ").replace("}", " ").split():
        value = word.partition("=")[2].strip("\"'") if "=" in word else word
        for part in (value, value.partition(":")[2]):
            if is_path(part) and ("." in part or "/" in part):
                return part
    return ""


def unquoted(path: str) -> str:
    """Read a path of a diff's header: git's quotes and escapes, a date after a tab."""
    text = path.strip("\r\n")
    if text.startswith('"') and text.rstrip().endswith('"') and len(text.rstrip()) > 1:
        raw = text.rstrip()[1:-1].encode("utf-8", "surrogateescape")
        return _ESCAPE.sub(_unescaped, raw).decode("utf-8", "surrogateescape")
    return text.partition("\t")[0].strip()


def _unescaped(found: re.Match[bytes]) -> bytes:
    code = found[1]
    if len(code) > 1:
        return bytes([int(code, 8) % 256])
    return _LETTERS.get(code, code)
