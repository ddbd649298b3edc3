"""What goes back for a request: status, headers and body, made once and sent as often as it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from aggregator.web.headers import COMMON, NO_STORE, Headers

Fields = Mapping[bytes, bytes]
"""The header fields of a request by lower-case name; several lines of one name are joined to one list."""

METHODS = (b"allow", b"GET, HEAD, OPTIONS")
_TEXT = (b"content-type", b"text/plain; charset=utf-8")
# A day: what may be asked never changes while the program runs.
_PREFLIGHT: Headers = (
    METHODS,
    (b"access-control-allow-methods", b"GET, HEAD"),
    (b"access-control-allow-headers", b"*"),
    (b"access-control-max-age", b"86400"),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole response. `wire` is its head as it is sent, but for `date` and the empty line; `code` is the status as
    a plain number, because to hash a member of an enumeration costs as much as to find a file."""

    status: HTTPStatus
    headers: Headers = field(repr=False)
    body: bytes = field(default=b"", repr=False)
    wire: bytes = field(init=False, repr=False)
    code: int = field(init=False)

    def __post_init__(self) -> None:
        line = f"HTTP/1.1 {self.status.value} {self.status.phrase}\r\n".encode()
        lines = b"".join(b"%b: %b\r\n" % header for header in self.headers)
        object.__setattr__(self, "wire", line + lines)
        object.__setattr__(self, "code", self.status.value)


def text(status: HTTPStatus, words: str, *more: tuple[bytes, bytes]) -> Answer:
    """A short answer for people and scripts; never stored, for the next one may be another."""
    body = words.encode()
    length = (b"content-length", str(len(body)).encode())
    return Answer(status, (length, _TEXT, NO_STORE, *more, *COMMON), body)


def bare(status: HTTPStatus, *headers: tuple[bytes, bytes]) -> Answer:
    """An answer without a body."""
    # A 204 has no length to tell (RFC 9110 §8.6).
    length = () if status is HTTPStatus.NO_CONTENT else ((b"content-length", b"0"),)
    return Answer(status, (*length, *headers, *COMMON))


NOT_FOUND = text(HTTPStatus.NOT_FOUND, "not found\n")
GONE = text(HTTPStatus.GONE, "gone: this entry was removed\n")
NOT_ACCEPTABLE = text(
    HTTPStatus.NOT_ACCEPTABLE,
    "there is no variant in a coding that Accept-Encoding allows\n",
    (b"vary", b"accept-encoding"),
)
WRONG_METHOD = text(HTTPStatus.METHOD_NOT_ALLOWED, "only GET, HEAD and OPTIONS\n", METHODS)
BROKEN = text(HTTPStatus.INTERNAL_SERVER_ERROR, "internal error\n")
PREFLIGHT = bare(HTTPStatus.NO_CONTENT, *_PREFLIGHT)


def fields_of(lines: list[tuple[bytes, bytes]]) -> Fields:
    """The fields of a request; lines of one name are one list (RFC 9110 §5.3).

    Two lines of a date make a value that is no date, and so are ignored, which is what §13.1.3 asks for.
    """
    fields = dict(lines)
    if len(fields) == len(lines):
        return fields
    joined: dict[bytes, bytes] = {}
    for name, value in lines:
        joined[name] = joined[name] + b", " + value if name in joined else value
    return joined
