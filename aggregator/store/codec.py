"""Entries as JSON and back: only what is not at its default, so that the store stays small and can grow fields."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar

from aggregator.model import Enclosure, Entry, Origin, Person, Term, Validators

T = TypeVar("T")

# How to read each field that is not plain text; what stands for a tuple holds the shape of its members.
SHAPES: Mapping[tuple[type, str], type] = {
    (Entry, "origin"): Origin,
    (Entry, "upstream"): Origin,
    (Entry, "authors"): Person,
    (Entry, "terms"): Term,
    (Entry, "enclosures"): Enclosure,
    (Entry, "published"): datetime,
    (Entry, "updated"): datetime,
    (Origin, "authors"): Person,
    (Origin, "updated"): datetime,
}


def pack(shape: Entry | Validators) -> str:
    """The shape as JSON."""
    return json.dumps(_plain(shape), ensure_ascii=False, separators=(",", ":"))


def unpack(shape: type[T], text: str) -> T:
    """What `pack` wrote."""
    return _build(shape, json.loads(text))


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
    return value


def _build(shape: type[T], found: Any) -> T:
    if shape is datetime:
        return datetime.fromtimestamp(found, UTC)  # type: ignore[return-value]  # shape is datetime
    values = {}
    for name, value in found.items():
        inner = SHAPES.get((shape, name))
        if inner is None or value is None:
            values[name] = value
        elif isinstance(value, list):
            values[name] = tuple(_build(inner, member) for member in value)
        else:
            values[name] = _build(inner, value)
    return shape(**values)
