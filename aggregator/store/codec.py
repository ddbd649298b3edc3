"""Shapes as JSON and back, entries compressed. Fields that a later program adds take their defaults, and do not break
an earlier one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec
import zstandard

from aggregator.model import Advertised, Cadence, Entry, Gone, Incident, Moving, Said, Validators
from aggregator.store.phrases import PHRASES

T = TypeVar("T")

LEVEL = 3  # a third of the size for some 15 µs; higher levels take longer and save hardly more
SAID_NOTHING = Cadence()


@dataclass(frozen=True, slots=True)
class Memory:
    """What a visit remembers beside its columns, which the store never looks into."""

    cadence: Cadence = SAID_NOTHING
    recent: tuple[int, ...] = ()
    moving: Moving | None = None
    gone: Gone | None = None
    max_age: timedelta | None = None
    size: int = 0
    failing_since: datetime | None = None
    incidents: tuple[Incident, ...] = ()
    bare: tuple[str, ...] = ()
    hub: Advertised | None = None
    quiet: int = 0
    said: Said | None = None


def pack(shape: Validators | Memory) -> str:
    """The shape as JSON."""
    return msgspec.json.encode(shape).decode("utf-8")


def unpack(shape: type[T], text: str | bytes) -> T:
    """What `pack` wrote."""
    # Not strict: times were whole seconds in the first schema.
    return msgspec.json.decode(text, type=shape, strict=False)


def reading(shape: type[T]) -> Callable[[str | bytes], T]:
    """As `unpack`, made once for many."""
    return msgspec.json.Decoder(shape, strict=False).decode


def pack_entry(entry: Entry) -> bytes:
    """An entry as the store keeps it: JSON, compressed (RFC 8878) against the phrases of all."""
    return squeeze(msgspec.json.encode(entry))


def unpack_entry(body: bytes) -> Entry:
    """What `pack_entry` wrote."""
    return unpack(Entry, _zstandard.decompress(body))


def squeeze(text: bytes) -> bytes:
    """The text, compressed."""
    return _zstandard.compress(text)


def stretch(body: bytes) -> bytes:
    """What `squeeze` compressed."""
    return _zstandard.decompress(body)


_PHRASES = zstandard.ZstdCompressionDict(PHRASES, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
_PHRASES.precompute_compress(level=LEVEL)


class _Zstandard(threading.local):
    """One compressor and one decompressor per thread: they are dear to make, and not to be shared.

    What was compressed without the phrases, as all was once, refers to none of them and is read all the same.
    """

    def __init__(self) -> None:
        self.compress = zstandard.ZstdCompressor(LEVEL, dict_data=_PHRASES).compress
        self.decompress = zstandard.ZstdDecompressor(dict_data=_PHRASES).decompress


_zstandard = _Zstandard()
