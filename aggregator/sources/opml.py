"""Reads lists of feeds in OPML 1 and 2 (opml.org/spec2.opml), as feed readers export them, with what FreshRSS adds."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

from aggregator.errors import Unreadable
from aggregator.model import Document, FeedFound, Group, Markup, Outline, Reading, Recipe
from aggregator.sources.encoding import decode

MOST_OUTLINES = 20_000
DEEPEST = 20  # groups below that are no order any more
LISTS = frozenset({"link", "include", "source"})
# Words of `type` that mean a page or an API read by a recipe, and what their attributes begin with (FreshRSS).
RECIPES = {
    "html+xpath": ("html", "xpathitem"),
    "json+dotnotation": ("json", "jsonitem"),
    "json+dotpath": ("json", "jsonitem"),
}
NOT_READ = frozenset({"xml+xpath", "html+xpath+json"})
FIELDS = {
    "": "items",
    "title": "title",
    "content": "content",
    "uri": "link",
    "author": "author",
    "timestamp": "published",
    "thumbnail": "image",
    "categories": "categories",
    "uid": "id",
}
DECLARATION = re.compile(r"\s*<\?xml\b[^>]*\?>")
SLUG = re.compile(r"/([a-z0-9][a-z0-9_-]*)")


def read(document: Document, _seen: frozenset[bytes], _recipe: Recipe | None) -> Reading:
    """The feeds that a list names. It has no entries of its own.

    Raises `Unreadable` when it is no list, and when it is an empty one: what went wrong at somebody else's must not
    take everything from us that came from there.
    """
    seen = _read(document.body, document.content_type)
    if not seen.found:
        raise Unreadable("a list that names no feed; is it still kept at this address?")
    title = " ".join(seen.title.split())
    feed = FeedFound(title=Markup(title) if title else None)
    return Reading(feed, (), outlines=tuple(seen.found[:MOST_OUTLINES]))


def outlines(body: bytes, content_type: str = "") -> tuple[Outline, ...]:
    """The feeds that a list names, in its order, one as often as it stands there.

    Raises `Unreadable` when the document is no OPML. What is not well-formed is read as browsers read pages.
    """
    return tuple(_read(body, content_type).found[:MOST_OUTLINES])


def _read(body: bytes, content_type: str) -> _Seen:
    """What stands in a document. Raises `Unreadable` when it is no OPML."""
    text, _ = decode(body, content_type)
    seen = _seen_in(DECLARATION.sub("", text.lstrip("\ufeff"), count=1).encode("utf-8", "replace"))
    if not seen.is_list:
        raise Unreadable("not a list of feeds in OPML; export one from your feed reader")
    return seen


def _seen_in(xml: bytes) -> _Seen:
    """What stands in the document."""
    try:
        seen = _Seen()
        strict = etree.XMLParser(target=seen, encoding="utf-8", no_network=True)  # type: ignore[arg-type]  # as below
        etree.fromstring(xml, strict)
    except etree.XMLSyntaxError:
        seen = _Seen()
        lenient = etree.HTMLParser(target=seen, encoding="utf-8")  # type: ignore[arg-type]  # asks what the target has
        with contextlib.suppress(etree.XMLSyntaxError):  # what was seen until then counts
            etree.fromstring(xml, lenient)
    return seen


@dataclass
class _Seen:
    """A target for lxml that remembers feeds, and no tree. Names come in two ways: with a namespace, or a prefix."""

    is_list: bool = False
    title: str = ""
    found: list[Outline] = field(default_factory=list)
    _in_title: bool = False
    _around: list[Group | None] = field(default_factory=list)

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        name = _plain(tag)
        self.is_list = self.is_list or name == "opml"
        self._in_title = name == "title" and not self.title
        if name != "outline":
            return
        said = {_plain(key): value.strip() for key, value in attributes.items()}
        groups = tuple(group for group in self._around[:DEEPEST] if group is not None)
        outline = _outline(said, groups)
        if outline is not None:
            self.found.append(outline)
        words = _words(said)
        self._around.append(Group(words, _slug(said)) if words and outline is None else None)

    def end(self, tag: str) -> None:
        """An element ends."""
        self._in_title = False
        if _plain(tag) == "outline" and self._around:
            self._around.pop()

    def data(self, text: str) -> None:
        """Text stands here."""
        if self._in_title:
            self.title += text

    def close(self) -> None:
        """The document ends."""


def _plain(name: str) -> str:
    return name.rpartition("}")[2].rpartition(":")[2].lower()


def _words(said: Mapping[str, str]) -> str:
    return " ".join((said.get("text") or said.get("title") or "").split())


def _slug(said: Mapping[str, str]) -> str | None:
    """The slug that a group says it has: our own lists do."""
    match = SLUG.fullmatch(said.get("category", ""))
    return match[1] if match else None


def _outline(said: Mapping[str, str], groups: tuple[Group, ...]) -> Outline | None:
    """The feed that an outline names; None where it names none."""
    kind = said.get("type", "").lower()
    url = said.get("xmlurl") or (said.get("url") if kind in LISTS else None)
    if not url:
        return None
    if kind in LISTS:
        return Outline(url, _words(said) or None, "opml", groups)
    groups = groups or tuple(_named(said.get("category", "")))
    if kind in NOT_READ:
        return Outline(url, _words(said) or None, kind, groups)
    word, prefix = RECIPES.get(kind, ("feed", ""))
    return Outline(
        url=url,
        title=_words(said) or None,
        kind=word,
        groups=groups,
        paths=tuple(
            (ours, said[f"{prefix}{its}"]) for its, ours in FIELDS.items() if prefix and said.get(prefix + its)
        ),
        date_format=(prefix and said.get(f"{prefix}timeformat")) or None,
        select=said.get("cssfullcontent") or None,
        remove=said.get("cssfullcontentfilter") or None,
    )


def _named(category: str) -> Iterator[Group]:
    """The categories of an attribute such as `/Boston/Weather,/Harvard`: each step of a path is one."""
    steps = (step.strip() for path in category.split(",") for step in path.split("/"))
    yield from (Group(step, step if SLUG.fullmatch(f"/{step}") else None) for step in dict.fromkeys(steps) if step)
