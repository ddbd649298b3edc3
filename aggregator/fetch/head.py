"""Reads the head of an answer (RFC 9112 §4, §5): strict where a lenient reading would be one of several."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-9][0-9]{2})(?: ([^\r\n]*))?\r?\n")
FIELD = re.compile(rb"^([!#$%&'*+.^_`|~0-9A-Za-z-]+):([^\0\r\n]*)\r?\n", re.MULTILINE)
FOLD = re.compile(rb"[ \t]*\r?\n[ \t]+")


class BrokenHead(Exception):  # noqa: N818  (an end, not a bug)
    """What came is no head of an HTTP/1 answer, or can be read in two ways."""


class Headers(Mapping[str, str]):
    """The fields of a head by name in lower case, several of one name joined by commas (RFC 9110 §5.3).

    `raw` holds the bytes; as text they are UTF-8 when they can be, else latin-1.
    """

    def __init__(self, raw: Iterable[tuple[bytes, bytes]]) -> None:
        """`raw` gives name and value of each field."""
        self.raw: dict[bytes, bytes] = {}
        for written, value in raw:
            name, value = written.lower(), value.strip(b" \t")
            self.raw[name] = self.raw[name] + b", " + value if name in self.raw else value

    def __getitem__(self, name: str) -> str:
        value = self.raw[name.encode("latin-1")]
        try:
            return value.decode()
        except UnicodeDecodeError:
            return value.decode("latin-1")

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.encode("latin-1") in self.raw

    def __iter__(self) -> Iterator[str]:
        return (name.decode("latin-1") for name in self.raw)

    def __len__(self) -> int:
        return len(self.raw)


def read_head(lines: list[bytes]) -> tuple[int, str, Headers]:
    """Status, reason phrase and fields of a head, given with its line ends. Raises `BrokenHead`."""
    status = STATUS_LINE.fullmatch(lines[0])
    if status is None:
        raise BrokenHead("the answer does not begin as HTTP/1 does")
    headers = Headers(_fields(lines[1:]))
    # Two lengths are two messages (RFC 9112 §6.3), and no coding of the transfer but this one was asked for.
    if length := headers.raw.get(b"content-length"):
        headers.raw[b"content-length"], *others = {one.strip() for one in length.split(b",")}
        if others or not headers.raw[b"content-length"].isdigit():
            raise BrokenHead("the length of the answer is not clear")
    if headers.raw.get(b"transfer-encoding", b"chunked").lower() != b"chunked":
        raise BrokenHead("the answer came in a transfer coding that was not asked for")
    return int(status[1]), (status[2] or b"").decode("ascii", "ignore"), headers


def _fields(lines: list[bytes]) -> list[tuple[bytes, bytes]]:
    fields = FIELD.findall(b"".join(lines))
    if len(fields) == len(lines):
        return fields
    unfolded = FOLD.sub(b" ", b"".join(lines))  # obsolete folding (RFC 9112 §5.2)
    fields = FIELD.findall(unfolded)
    if len(fields) != unfolded.count(b"\n"):
        raise BrokenHead("a line of the head is no header")
    return fields
