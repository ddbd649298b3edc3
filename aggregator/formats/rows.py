"""The shapes that the templates of the pages show: rows for entries, lists for pages, and the frame around them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from urllib.parse import quote, unquote, urlsplit
from zoneinfo import ZoneInfo

from markupsafe import Markup

from aggregator.clean.excerpt import excerpt
from aggregator.formats.languages import Direction, known_tag, tag_direction, text_direction
from aggregator.formats.shelf import Shelf
from aggregator.model import Enclosure, Image, Page, Person, Related, Shown, Site, entry_page

# What a feed is called, and its media type, by the word of its format.
_FEEDS = {
    "atom": ("Atom", "application/atom+xml"),
    "rss": ("RSS", "application/rss+xml"),
    "json": ("JSON Feed", "application/feed+json"),
}
# Where a click subscribes: readers on the web that take the address of a feed in one of theirs.
_READERS = (
    ("Feedly", "https://feedly.com/i/subscription/feed/{}"),
    ("Inoreader", "https://www.inoreader.com/?add_feed={}"),
    ("Feedbin", "https://feedbin.com/?subscribe={}"),
    ("NewsBlur", "https://www.newsblur.com/?url={}"),
)
# nh3 writes every attribute in double quotes, and none of these names inside another tag.
_PICTURE = re.compile(r'<img\b((?:[^>"]|"[^"]*")*)>')
_HEADING = re.compile(r"<(/?)h([1-6])\b")


@dataclass(frozen=True, slots=True)
class Phrase:
    """Text with the language and direction it is to be marked with."""

    text: str
    language: str
    direction: Direction


@dataclass(frozen=True, slots=True)
class Moment:
    """A time twice: for machines (RFC 3339, UTC) and for people (in the site's zone)."""

    machine: str
    human: str


@dataclass(frozen=True, slots=True)
class FeedAddress:
    """A feed of a page: what its format is called, its media type, and where it is."""

    name: str
    type: str
    address: str


@dataclass(frozen=True, slots=True)
class ReaderLink:
    """A feed reader on the web, and the address that subscribes there."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class File:
    """An attached file: what to call it, and what is known of it in words ("12:34 · 3.4 MB")."""

    name: str
    href: str
    type: str | None
    facts: str


@dataclass(frozen=True, slots=True)
class Row:
    """An entry as the templates show it; `authors` leaves out who is named as the source already.

    `page` is the relative address of its own page, where it has one; `markup` is its text at full length, sanitised,
    under a title that is a heading of `title_level`.
    """

    title: Phrase
    link: str
    page: str | None
    published: Moment
    source_title: str
    source_address: str
    icon: str | None
    source_is_author: bool
    authors: tuple[Person, ...]
    excerpt: str
    markup: str
    title_level: int
    image: Image | None
    files: tuple[File, ...]
    attribution: str | None
    also: str
    related: tuple[Related, ...]
    credited: str | None
    rights: str | None
    licence: str | None

    @property
    def content(self) -> Markup:
        """The text at full length; made when it is asked for, which lists mostly do not."""
        return _readable(self.markup, self.title_level)


@dataclass(frozen=True, slots=True)
class List:
    """A page's heading, the rows under it, and its addresses: `folder` is relative, the others absolute.

    `earlier` and `later` are the relative addresses of its neighbours in the history.
    """

    title: Phrase
    address: str
    folder: str
    feed: str
    feeds: tuple[FeedAddress, ...]
    readers: tuple[ReaderLink, ...]
    outlines: str | None
    updated: Moment | None
    website: str | None
    image: str | None
    rows: tuple[Row, ...]
    earlier: str | None
    later: str | None


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around the body of every page. `root` leads from it home; `search` is whether one is offered,
    `full_text` whether lists show all of each entry."""

    root: str
    title: Phrase
    language: str
    direction: Direction
    timezone: str
    rights: str | None
    contact: str | None
    mail: str | None
    search: bool
    full_text: bool


def frame_of(site: Site, root: str, rights: str | None) -> Frame:
    """The frame of a page from which `root` leads home."""
    language = known_tag(site.language) or "en"
    contact = site.contact or ""
    return Frame(
        root=root,
        title=phrase(site.title, language),
        language=language,
        direction=tag_direction(language),
        timezone=site.timezone,
        rights=rights or site.rights,
        contact=_web_address(contact),
        mail=contact if re.fullmatch(r"[^\s@:/]+@[^\s@:/]+", contact) else None,
        search=site.search,
        full_text=site.full_text,
    )


def list_of(page: Page, root: str, length: int, title_level: int = 2) -> List:
    """The page with the newest `length` of its entries, whose titles are headings of this level."""
    zone = ZoneInfo(page.site.timezone)
    feeds = tuple(
        FeedAddress(*_FEEDS[word], f"{page.address}feed.{word}") for word in page.site.formats if word in _FEEDS
    )
    has_outlines = "opml" in page.site.formats and page.path.startswith("category/")
    quoted = quote(page.feed_address, safe="")
    return List(
        title=phrase(page.title, known_tag(page.language, page.site.language)),
        address=page.address,
        folder=root + page.path,
        feed=page.feed_address,
        feeds=feeds,
        readers=tuple(ReaderLink(name, to.format(quoted)) for name, to in _READERS),
        outlines=f"{page.address}sources.opml" if has_outlines else None,
        updated=None if page.updated is None else moment_of(page.updated, zone),
        website=None if page.html_url == page.address else _web_address(page.html_url),
        image=page.image,
        rows=tuple(row_of(shown, page, root, zone, title_level) for shown in page.shown[:length]),
        earlier=root + page.archived(page.chain.previous, "html") if page.chain.previous else None,
        later=root + page.archived(page.chain.next, "html") if page.chain.next else None,
    )


def row_of(shown: Shown, page: Page, root: str, zone: tzinfo, title_level: int) -> Row:
    """The entry as a row of the page; headings in its text are below its title."""
    language = known_tag(shown.language, shown.origin.language, page.language, page.site.language)
    found = _EXCERPTS.written(shown, "")
    text = found.decode() if isinstance(found, bytes) else ""
    # Only what a category shows now has a page of its own for certain.
    has_page = page.site.entry_pages and page.path.startswith("category/") and not page.chain.name
    return Row(
        title=phrase(shown.title, language),
        link=shown.link,
        page=root + entry_page(shown.id) if has_page else None,
        published=moment_of(shown.published, zone),
        source_title=shown.source_title,
        source_address=root + shown.source_page,
        icon=shown.origin.icon,
        source_is_author=any(person.name == shown.source_title for person in shown.authors),
        authors=tuple(person for person in shown.authors if person.name != shown.source_title),
        excerpt="" if text == shown.title else text,
        markup=shown.content or shown.summary,
        title_level=title_level,
        image=shown.image,
        files=tuple(map(_file, shown.enclosures)),
        attribution=shown.attribution,
        also=shown.also,
        related=shown.related,
        credited=shown.credit.name if shown.credit and shown.credit not in shown.authors else None,
        rights=shown.rights or shown.licence,
        licence=shown.licence,
    )


def phrase(text: str, language: str) -> Phrase:
    """The text with its direction."""
    return Phrase(text, language, text_direction(text, language))


def moment_of(moment: datetime, zone: tzinfo) -> Moment:
    """Both writings of a time. A publisher's year 1 has no local time west of Greenwich: it stays UTC."""
    universal = moment.astimezone(UTC)
    try:
        local = universal.astimezone(zone)
    except OverflowError:
        local = universal
    return Moment(
        machine=universal.replace(tzinfo=None).isoformat(timespec="seconds") + "Z",
        human=local.replace(tzinfo=None).isoformat(sep=" ", timespec="minutes"),
    )


def root_of(path: str) -> str:
    """The relative address of the home page, seen from `path`: so the folder can be served anywhere."""
    return "../" * path.count("/") or "./"


def _readable(markup: str, title_level: int) -> Markup:
    """Sanitised HTML, with its headings below that of its title, and pictures that nobody described marked as such.

    By text, because a parser that writes it anew would undo what the sanitiser warranted.
    """
    markup = _HEADING.sub(lambda found: f"<{found[1]}h{min(int(found[2]) + title_level, 6)}", markup)
    markup = _PICTURE.sub(lambda found: found[0] if " alt=" in found[1] else f'<img alt=""{found[1]}>', markup)
    return Markup(markup)  # noqa: S704  # `Entry` promises that it is sanitised


def _file(enclosure: Enclosure) -> File:
    last = unquote(urlsplit(enclosure.href).path.rpartition("/")[2])
    facts = []
    if enclosure.duration:
        minutes, seconds = divmod(enclosure.duration, 60)
        hours, minutes = divmod(minutes, 60)
        facts.append(f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}")
    if enclosure.length:
        facts.append(_size(enclosure.length))
    if enclosure.type:
        facts.append(enclosure.type.partition(";")[0])
    return File(enclosure.title or last or enclosure.href, enclosure.href, enclosure.type, " · ".join(facts))


def _size(length: int) -> str:
    """Bytes as people say them."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if length >= factor:
            return f"{length / factor:.1f} {unit}"
    return f"{length} B"


def _web_address(url: str | None) -> str | None:
    return url if url and url.lower().startswith(("http://", "https://")) else None


def _excerpted(shown: Shown, _: str) -> bytes:
    return (excerpt(shown.summary) or excerpt(shown.content)).encode()


_EXCERPTS = Shelf(_excerpted)
