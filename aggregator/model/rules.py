"""What the operator wants done with entries: which are kept, what is taken out of them, and where they stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from aggregator.model.recipes import Replacement

Republished = Literal["full", "summary", "link"]
Spelling = Literal["pinyin", "ascii"]


@dataclass(frozen=True, slots=True)
class Condition:
    """What an entry must be; every part that is given must hold.

    One of `fields` must match the pattern `matches` (RE2, a search), and one must contain one of the words `contains`
    (see `clean.rules` for what that means). `older_than` is its age when it was first seen; `languages` are language
    ranges (RFC 4647 §3.3.1), of which it must be in one.
    """

    fields: tuple[str, ...] = ()
    matches: str | None = None
    contains: tuple[str, ...] = ()
    older_than: timedelta | None = None
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Filter:
    """Lets through only what meets the condition (`keep`), or only what does not."""

    keep: bool
    condition: Condition


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Takes out elements by CSS selector (`remove`), then replaces texts in the HTML that is left.

    `fields` are those of an entry in which it does so: title, summary, content.
    """

    fields: tuple[str, ...]
    remove: tuple[str, ...] = ()
    replace: tuple[Replacement, ...] = ()


@dataclass(frozen=True, slots=True)
class Naming:
    """Makes categories of what an entry says in `field`, the first `most` of it, their slugs spelt by `spelling`.

    The field "named" is what the recipe of its source found for this.
    """

    field: str
    spelling: Spelling
    most: int
