"""Chooses among a file's content codings by Accept-Encoding (RFC 9110 §12.5.3), and undoes them to be sure of them."""

from __future__ import annotations

import functools
import re
import zlib
from collections.abc import Callable, Iterable

import brotli

IDENTITY = ""
SUFFIXES = {"br": ".br", "gzip": ".gz"}
"""The codings that may lie beside a file, the better first, and what their files' names end with."""

_MEMBER = re.compile(rb"[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*(?:;[ \t]*[qQ]=([01](?:\.[0-9]{0,3})?)[ \t]*)?")
_ALIASES = {"x-gzip": "gzip", "identity": IDENTITY}
_LONGEST_REMEMBERED = 256


def choose(field: bytes | None, codings: tuple[str, ...]) -> str | None:
    """The coding to send of a file that lies there plain and in `codings` (in the server's order of preference).

    Of those that the client likes equally the first wins, and the plain file is the last. None when it takes none of
    them, not even the plain one. A field that is none of §12.5.3's form is read as far as it is.
    """
    if field is None:
        return IDENTITY
    if len(field) > _LONGEST_REMEMBERED:
        return _choose(field, codings)
    return _remembered(field, codings)


def _choose(field: bytes, codings: tuple[str, ...]) -> str | None:
    qualities = dict(_members(field))
    others = qualities.get("*")
    # The plain file is acceptable unless it is excluded; who names no coding of ours gets it.
    liked = {IDENTITY: qualities.get(IDENTITY, others if others == 0 else 0.001)}
    for coding in codings:
        liked[coding] = qualities.get(coding, others or 0.0)
    best = max((*codings, IDENTITY), key=lambda coding: liked[coding])
    return best if liked[best] > 0 else None


_remembered = functools.lru_cache(512)(_choose)


def _members(field: bytes) -> Iterable[tuple[str, float]]:
    for member in field.split(b","):
        found = _MEMBER.fullmatch(member)
        if found:
            name = found[1].decode("ascii").lower()
            yield _ALIASES.get(name, name), min(float(found[2] or 1), 1.0)


def undone(coding: str, coded: bytes, limit: int) -> bytes | None:
    """The bytes behind a coding, when they are at most `limit` and whole; else None."""
    try:
        return _UNDOING[coding](coded, limit)
    except (zlib.error, brotli.error):
        return None


def _from_gzip(coded: bytes, limit: int) -> bytes | None:
    inflater = zlib.decompressobj(wbits=31)
    plain = inflater.decompress(coded, limit + 1)
    return plain if inflater.eof and not inflater.unused_data and len(plain) <= limit else None


def _from_brotli(coded: bytes, limit: int) -> bytes | None:
    inflater, plain = brotli.Decompressor(), bytearray()
    plain += inflater.process(coded, output_buffer_limit=limit + 1)
    while len(plain) <= limit and not inflater.is_finished() and not inflater.can_accept_more_data():
        plain += inflater.process(b"", output_buffer_limit=limit + 1)
    return bytes(plain) if inflater.is_finished() and len(plain) <= limit else None


_UNDOING: dict[str, Callable[[bytes, int], bytes | None]] = {"gzip": _from_gzip, "br": _from_brotli}
