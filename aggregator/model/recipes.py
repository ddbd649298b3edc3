"""How entries are had out of what is no feed: which items a document holds, and which field of one stands where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal


@dataclass(frozen=True, slots=True)
class Replacement:
    """In a value, what `pattern` finds becomes `text`: an RE2 expression, or the very words when `literal`."""

    pattern: str
    text: str
    literal: bool = False


@dataclass(frozen=True, slots=True)
class Pick:
    """How one field is had from an item: by `template`, or else by `path` in `language`.

    A template holds paths in braces, each standing for its value in the item: "https://x.example/{id}". The language
    "article" needs no path: it is what a page is about, as far as that can be told. `attribute` is what is taken of the
    element that a selector finds, else its content. `date_format` is what `strptime` reads, or "unix" or "unix_ms";
    `replacements` are made in their order.
    """

    path: str | None = None
    language: Literal["jmespath", "css", "xpath", "article"] = "jmespath"
    attribute: str | None = None
    template: str | None = None
    date_format: str | None = None
    replacements: tuple[Replacement, ...] = ()


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a document that is no feed is read. `items` is a path to the list of items, `fields` name what an entry is
    made of, `tags` are templates of more terms, `named` finds names of categories of ours, `language` is that of
    `items`. With `alert` there is no list: what stands at `items` is watched, and each change of it is an entry."""

    items: str
    fields: tuple[tuple[str, Pick], ...]
    language: Literal["jmespath", "css", "xpath", "article"] = "jmespath"
    tags: tuple[Pick, ...] = ()
    detail: Detail | None = None
    paging: Paging | None = None
    named: Pick | None = None
    alert: Alert | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """How a part of a page is watched. `remove` are CSS selectors of elements that are no part of it, `ignore` what in
    its words is no change. Two changes are at least `min_interval` apart; of those between, the last counts."""

    remove: tuple[str, ...]
    ignore: tuple[Replacement, ...]
    min_interval: timedelta


@dataclass(frozen=True, slots=True)
class Tried:
    """A field of a recipe in one item: where it is taken from, in the words of the config, and the first values, cut
    short; none where nothing is found."""

    field: str
    path: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trial:
    """What a recipe finds in a document: how many `items`, and what each field is in the `first` of them.

    `nearby` are lines on what else there is in the first item, where some field finds nothing; `outline` lines on what
    there is in the document, where no item is found.
    """

    items: int = 0
    first: tuple[tuple[Tried, ...], ...] = ()
    nearby: tuple[str, ...] = ()
    outline: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Detail:
    """A second document for each new item: its address, and the fields that it gives.

    With `when` "short" only for an entry that has little text. `asks_robots` where a site's robots.txt is to be obeyed.

    `remove` are CSS selectors of elements that are taken out of its HTML. For `hold` an entry waits for it; then it is
    published as the list had it, and is filled in later. It is `shared` where another source asks as its own does.
    """

    address: Pick
    fields: tuple[tuple[str, Pick], ...]
    hold: timedelta
    remove: tuple[str, ...] = ()
    replacements: tuple[Replacement, ...] = ()
    when: Literal["always", "short"] = "always"
    asks_robots: bool = False
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Paging:
    """How the next page of a list is asked for, up to `max_pages` in all.

    `param` of the query takes what stands at `path` in the last item, the number of the page, or the cursor that stands
    at `path` in the document; or its whole address stands there (`by` "link").
    """

    by: Literal["last_id", "page", "link", "cursor"]
    param: str | None
    path: str | None
    max_pages: int
