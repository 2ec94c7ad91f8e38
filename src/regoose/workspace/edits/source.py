"""A file's text as lines, and back to exactly its bytes: encoding, byte order mark and line endings kept."""

from __future__ import annotations

import codecs
import contextlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")  # PEP 263
_PYTHON = (".py", ".pyi", ".pyw")
_LOOKED_AT = 8192
"""Bytes at the beginning in which a NUL says that a file is binary."""
_UTF_16_32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class NotText(Exception):
    """The bytes are no text that can be edited, or the text has no bytes in this encoding; says why."""


@dataclass(frozen=True, slots=True)
class Source:
    """The lines of one file without their endings, beside the endings; the last ending may be empty."""

    lines: tuple[str, ...] = ()
    endings: tuple[str, ...] = ()
    codec: str = "utf-8"
    mark: bytes = b""

    @property
    def ending(self) -> str:
        """The ending that most lines have."""
        counts = Counter(self.endings)
        del counts[""]
        return counts.most_common(1)[0][0] if counts else "\n"

    @property
    def ended(self) -> bool:
        """Whether the last line is ended too."""
        return not self.endings or self.endings[-1] != ""

    @property
    def text(self) -> str:
        """The text with its endings."""
        return "".join(line + ending for line, ending in zip(self.lines, self.endings, strict=True))

    def encode(self) -> bytes:
        """Give the bytes; raises `NotText` for a character that the file's encoding does not have."""
        try:
            return self.mark + self.text.encode(self.codec)
        except UnicodeEncodeError as error:
            character = self.text[error.start]
            raise NotText(f"its encoding {self.codec} has no character {character!r}") from error
        except UnicodeError as error:
            raise NotText(f"its encoding {self.codec} cannot hold this text: {error}") from error

    def with_lines(self, lines: Sequence[str], endings: Sequence[str]) -> Source:
        """Return the file with other lines; the last line is ended where it was before, and every other."""
        mended = [ending or self.ending for ending in endings]
        if mended and self.lines and not self.ended:
            mended[-1] = ""
        return Source(tuple(lines), tuple(mended), self.codec, self.mark)

    def rewritten(self, text: str) -> Source:
        """Return the file with a whole new text, in its own endings and encoding."""
        lines = split_lines(text)
        return self.with_lines(lines, [self.ending] * len(lines))


def split_lines(text: str) -> list[str]:
    """Split at any line ending, as an author's text may have any; a last line need not be ended."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def legible(content: bytes, path: str) -> str | None:
    """
    Return a file's text to be looked at, without its mark; None where it is binary.

    Bytes that are not in the encoding that the file declares (by a mark, or by PEP 263), or not UTF-8 where it declares
    none, become replacement characters.
    """
    if content.startswith(_UTF_16_32):
        codec = "utf-32" if content.startswith(_UTF_16_32[:2]) else "utf-16"
    elif b"\0" in content[:_LOOKED_AT]:
        return None
    else:
        codec = "utf-8-sig"
        if path.endswith(_PYTHON) and not content.startswith(codecs.BOM_UTF8):
            with contextlib.suppress(NotText):
                codec = _declared(content)
    return content.decode(codec, "replace")


def decode(content: bytes, path: str) -> Source:
    """Read a file; raises `NotText` where it is binary or not in the encoding that it declares."""
    for mark in _UTF_16_32:
        if content.startswith(mark):
            raise NotText("it begins with a byte order mark of UTF-16 or UTF-32")
    if b"\0" in content:
        raise NotText("it is binary: it holds NUL bytes")
    mark = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
    body = content[len(mark) :]
    codec = "utf-8" if mark or not path.endswith(_PYTHON) else _declared(body)
    try:
        text = body.decode(codec)
    except UnicodeDecodeError as error:
        raise NotText(f"byte {error.start} ({content[error.start]:#04x}) is not {codec}") from error
    except UnicodeError as error:  # some encodings say no more
        raise NotText(f"it is not {codec}: {error}") from error
    source = _split(text, codec, mark)
    if source.encode() != content:
        raise NotText(f"it does not survive being read as {codec} and written again")
    return source


def _declared(body: bytes) -> str:
    for line in body.split(b"\n", 2)[:2]:
        if found := _COOKIE.match(line):
            name = found[1].decode("ascii")
            try:
                b"a".decode(name, "replace")  # of no bytes at all, Python does not look at the name
            except LookupError as error:
                raise NotText(f"it declares {name!r}, which is no encoding of text that Python knows") from error
            except UnicodeError as error:
                raise NotText(f"it declares {name!r}, by which it cannot be read: {error}") from error
            return name
        if line.strip() and not line.lstrip().startswith(b"#"):
            break
    return "utf-8"


def _split(text: str, codec: str, mark: bytes) -> Source:
    """Split at line feeds, or at carriage returns where there is no line feed."""
    end = "\n" if "\n" in text else "\r"
    *full, last = text.split(end)
    lines: list[str] = []
    endings: list[str] = []
    for line in full:
        cut = end == "\n" and line.endswith("\r")
        lines.append(line[:-1] if cut else line)
        endings.append("\r\n" if cut else end)
    if last:
        lines.append(last)
        endings.append("")
    return Source(tuple(lines), tuple(endings), codec, mark)
