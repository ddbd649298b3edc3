"""What a page may show: a stretch of its timeline, and the copies of each story in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry that stands on a page; `story` is the number of the story that it shares with others, if it does."""

    number: int
    source_id: str
    published: datetime
    story: int | None = None


@dataclass(frozen=True, slots=True)
class Copies:
    """The entries on a page that tell one story, as number and source, in the order in which they were kept.

    `face` is the one that the page has been built with. All up to the number `built` were kept when the page was built
    last, so its readers may have seen them.
    """

    tellers: tuple[tuple[int, str], ...]
    face: int | None = None
    built: int = 0


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a page's timeline, newest first, and the copies of each story that is told in it.

    `latest` is the number of the latest of all entries kept by now; `ended` says that nothing follows.
    """

    candidates: tuple[Candidate, ...]
    stories: Mapping[int, Copies] = field(default_factory=dict)
    latest: int = 0
    ended: bool = True
