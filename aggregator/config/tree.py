"""What was read of the config: plain values, where each of them stands, and the mistakes found so far."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from aggregator.clean.urls import LOCAL, is_file, is_web_url, without_secrets
from aggregator.errors import Problem

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a value stands: `label` is its key as a person writes it; `secret` values are never echoed."""

    file: str
    line: int
    column: int
    label: str
    secret: bool = False

    def problem(self, message: str, key: str | None = None) -> Problem:
        """A mistake at this spot."""
        return Problem(self.file, self.line, self.column, self.label if key is None else key, message)


@dataclass
class Tree:
    """The plain value of one file and of all it includes, the spot of every key path in it, and the mistakes."""

    value: dict[str, Any] = field(default_factory=dict)
    spots: dict[KeyPath, Spot] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def spot(self, path: KeyPath) -> Spot:
        """The spot of `path`, or of the nearest thing around it that was written down."""
        return self.spots[self._written(path)]

    def conceals(self, path: KeyPath) -> bool:
        """Whether a value stands at `path`, or somewhere below it, that is never echoed."""
        return self._written(path) in self._concealed

    def _written(self, path: KeyPath) -> KeyPath:
        while path not in self.spots and path:
            path = path[:-1]
        return path

    @cached_property
    def _concealed(self) -> frozenset[KeyPath]:
        secret = [path for path, spot in self.spots.items() if spot.secret]
        return frozenset(path[:length] for path in secret for length in range(len(path) + 1))


def label(path: KeyPath) -> str:
    """`("sources", 3, "type")` as `sources[3].type`."""
    text = ""
    for step in path:
        if isinstance(step, str):
            text += ("." if text else "") + (step if step and step.isprintable() else json.dumps(step))
        else:
            text += f"[{step}]"
    return text


def public_url(tree: Tree, number: int, source: Mapping[str, Any], url: str | None) -> str:
    """What may be shown of a source's address: of one with a value put in, only its host."""
    shown = source.get("public_url")
    if isinstance(shown, str) and is_web_url(shown):
        return shown
    spot = tree.spots.get(("sources", number, "url"))
    if is_file(url or ""):
        return LOCAL if spot and spot.secret else url or ""
    bare = without_secrets(url or "")
    parts = urlsplit(bare)
    return f"{parts.scheme}://{parts.netloc}/" if spot and spot.secret else bare
