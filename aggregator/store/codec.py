"""Shapes as JSON and back, entries compressed: only what is not at its default, so that the store stays small and can
grow fields."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, TypeVar

import zstandard

from aggregator.model import Cadence, Enclosure, Entry, Gone, Moving, Origin, Person, Term, Validators

T = TypeVar("T")

LEVEL = 3  # a third of the size for some 30 µs; higher levels take longer and save hardly more


SAID_NOTHING = Cadence()


@dataclass(frozen=True, slots=True)
class Memory:
    """What a visit remembers beside its columns, which the store never looks into."""

    cadence: Cadence = SAID_NOTHING
    recent: tuple[int, ...] = ()
    moving: Moving | None = None
    gone: Gone | None = None


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _span(seconds: int) -> timedelta:
    return timedelta(seconds=seconds)


# How to read each field that is not plain text or a number; for a tuple, how to read its members.
READERS: Mapping[tuple[type, str], Any] = {
    (Entry, "origin"): Origin,
    (Entry, "upstream"): Origin,
    (Entry, "authors"): Person,
    (Entry, "terms"): Term,
    (Entry, "enclosures"): Enclosure,
    (Entry, "published"): _moment,
    (Entry, "updated"): _moment,
    (Origin, "authors"): Person,
    (Origin, "updated"): _moment,
    (Memory, "cadence"): Cadence,
    (Memory, "recent"): int,
    (Memory, "moving"): Moving,
    (Memory, "gone"): Gone,
    (Cadence, "ttl"): _span,
    (Cadence, "period"): _span,
    (Cadence, "skip_hours"): int,
    (Cadence, "skip_days"): int,
    (Moving, "since"): _moment,
    (Gone, "since"): _moment,
}


def pack(shape: Entry | Validators | Memory) -> str:
    """The shape as JSON."""
    return json.dumps(_plain(shape), ensure_ascii=False, separators=(",", ":"))


def unpack(shape: type[T], text: str) -> T:
    """What `pack` wrote."""
    return _build(shape, json.loads(text))


class _Zstandard(threading.local):
    """One compressor and one decompressor per thread: they are dear to make, and not to be shared."""

    def __init__(self) -> None:
        self.compress = zstandard.ZstdCompressor(LEVEL).compress
        self.decompress = zstandard.ZstdDecompressor().decompress


_zstandard = _Zstandard()


def squeeze(text: str) -> bytes:
    """The text, compressed (RFC 8878)."""
    return _zstandard.compress(text.encode("utf-8"))


def expand(body: bytes) -> str:
    """What `squeeze` made small."""
    return _zstandard.decompress(body).decode("utf-8")


def pack_entry(entry: Entry) -> bytes:
    """An entry as the store keeps it."""
    return squeeze(pack(entry))


def unpack_entry(body: bytes) -> Entry:
    """What `pack_entry` wrote."""
    return unpack(Entry, expand(body))


@cache
def _fields(shape: type[Any]) -> tuple[Field[Any], ...]:
    return fields(shape)


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        pairs = ((f, getattr(value, f.name)) for f in _fields(type(value)))
        return {f.name: _plain(v) for f, v in pairs if f.default is MISSING or v != f.default}
    if isinstance(value, tuple):
        return [_plain(member) for member in value]
    if isinstance(value, datetime):
        return int(value.timestamp())
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    return value


def _build(shape: type[T], found: Mapping[str, Any]) -> T:
    return shape(**{name: _read(READERS.get((shape, name)), value) for name, value in found.items()})


def _read(reader: Any, value: Any) -> Any:
    if reader is None or value is None:
        return value
    if isinstance(value, list):
        return tuple(_read(reader, member) for member in value)
    return _build(reader, value) if isinstance(reader, type) and is_dataclass(reader) else reader(value)
