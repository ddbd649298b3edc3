"""Writes the pages that people read: home, one page per category and source, and their stylesheet."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

import jinja2
from markupsafe import Markup, escape

from aggregator.clean.excerpt import excerpt
from aggregator.formats.languages import Direction, known_tag, primary, tag_direction, text_direction
from aggregator.formats.screening import without_broken
from aggregator.formats.words import Words, words_for
from aggregator.model import Home, Page, Person, Rendered, Shown, Site

HOME_TITLES = 5
"""How many of its newest titles the home page shows of each category."""

_LOADER = jinja2.PackageLoader("aggregator", "formats/templates")
_ENVIRONMENT = jinja2.Environment(
    loader=_LOADER,
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_FOREIGN = Markup('<span lang="{}" dir="ltr">{}</span>')


@dataclass(frozen=True, slots=True)
class _Phrase:
    """Text with the language and direction it is to be marked with."""

    text: str
    language: str
    direction: Direction


@dataclass(frozen=True, slots=True)
class _Moment:
    """A time twice: for machines (RFC 3339, UTC) and for people (in the site's zone)."""

    machine: str
    human: str


@dataclass(frozen=True, slots=True)
class _Row:
    """An entry as the templates show it; `authors` leaves out who is named as the source already."""

    title: _Phrase
    link: str
    published: _Moment
    source_title: str
    source_address: str
    source_is_author: bool
    authors: tuple[Person, ...]
    excerpt: str
    attribution: str | None


@dataclass(frozen=True, slots=True)
class _List:
    """A page's heading, the rows under it, and its addresses: `folder` is relative, the others absolute."""

    title: _Phrase
    address: str
    folder: str
    feed: str
    updated: _Moment | None
    website: str | None
    rows: tuple[_Row, ...]


@dataclass(frozen=True, slots=True)
class _Frame:
    """What stands around the body of every page. `root` leads from it to the home page."""

    root: str
    title: _Phrase
    language: str
    direction: Direction
    timezone: str
    rights: str | None
    contact: str | None


def render(page: Page) -> Rendered:
    """A category or a source as a page. Titles lead to the originals; feed readers find the feed."""
    root = _root(page.path)
    page, problems = without_broken(page)
    rendered = _rendered(
        f"{page.path}index.html",
        "page.html",
        page=_list(page, root, len(page.shown)),
        frame=_frame(page.site, root, page.rights),
        words=words_for(page.site.language),
    )
    return replace(rendered, problems=problems)


def render_home(home: Home) -> Rendered:
    """The home page: everything, each category with its newest titles, and the sources behind them."""
    root, words = _root(""), words_for(home.site.language)
    home = _without_broken(home)
    return _rendered(
        "index.html",
        "home.html",
        everything=_list(home.everything, root, HOME_TITLES),
        categories=tuple(_list(page, root, HOME_TITLES) for page in home.categories),
        sources=tuple(_list(page, root, 0) for page in home.sources),
        more=words.more.format(home.more) if home.more else "",
        address=f"{home.site.base_url}/",
        frame=_frame(home.site, root, None),
        words=words,
    )


def _without_broken(home: Home) -> Home:
    """What is broken is named where its own page is written."""
    return replace(
        home,
        everything=without_broken(home.everything)[0],
        categories=tuple(without_broken(page)[0] for page in home.categories),
        sources=tuple(without_broken(page)[0] for page in home.sources),
    )


def stylesheet(name: str = "style.css") -> Rendered:
    """The one stylesheet of all pages, or `feed.css`, that of feeds in a browser."""
    source, _, _ = _LOADER.get_source(_ENVIRONMENT, name)
    return Rendered(path=name, body=source.encode())


def _rendered(path: str, template: str, *, words: Words, frame: _Frame, **shapes: object) -> Rendered:
    """Fill in a template; `say` marks the interface's words where their language is not the page's."""
    foreign = primary(frame.language) != words.language

    def say(text: str) -> Markup:
        return _FOREIGN.format(words.language, text) if foreign else escape(text)

    text = _ENVIRONMENT.get_template(template).render(words=words, frame=frame, say=say, **shapes)
    return Rendered(path=path, body=text.encode())


def _frame(site: Site, root: str, rights: str | None) -> _Frame:
    language = known_tag(site.language) or "en"
    return _Frame(
        root=root,
        title=_phrase(site.title, language),
        language=language,
        direction=tag_direction(language),
        timezone=site.timezone,
        rights=rights or site.rights,
        contact=_web_address(site.contact),
    )


def _list(page: Page, root: str, length: int) -> _List:
    """The page with the newest `length` of its entries."""
    zone = ZoneInfo(page.site.timezone)
    return _List(
        title=_phrase(page.title, known_tag(page.language, page.site.language)),
        address=page.address,
        folder=root + page.path,
        feed=page.feed_address,
        updated=None if page.updated is None else _moment(page.updated, zone),
        website=None if page.html_url == page.address else _web_address(page.html_url),
        rows=tuple(_row(shown, page, root, zone) for shown in page.shown[:length]),
    )


def _row(shown: Shown, page: Page, root: str, zone: tzinfo) -> _Row:
    language = known_tag(shown.language, shown.origin.language, page.language, page.site.language)
    text = excerpt(shown.summary) or excerpt(shown.content)
    return _Row(
        title=_phrase(shown.title, language),
        link=shown.link,
        published=_moment(shown.published, zone),
        source_title=shown.source_title,
        source_address=root + shown.source_page,
        source_is_author=any(person.name == shown.source_title for person in shown.authors),
        authors=tuple(person for person in shown.authors if person.name != shown.source_title),
        excerpt="" if text == shown.title else text,
        attribution=shown.attribution,
    )


def _phrase(text: str, language: str) -> _Phrase:
    return _Phrase(text, language, text_direction(text, language))


def _moment(moment: datetime, zone: tzinfo) -> _Moment:
    """Both writings of a time. A publisher's year 1 has no local time west of Greenwich: it stays UTC."""
    universal = moment.astimezone(UTC)
    try:
        local = universal.astimezone(zone)
    except OverflowError:
        local = universal
    return _Moment(
        machine=universal.replace(tzinfo=None).isoformat(timespec="seconds") + "Z",
        human=local.replace(tzinfo=None).isoformat(sep=" ", timespec="minutes"),
    )


def _root(path: str) -> str:
    """The relative address of the home page, seen from `path`: so the folder can be served anywhere."""
    return "../" * path.count("/") or "./"


def _web_address(url: str | None) -> str | None:
    return url if url and url.lower().startswith(("http://", "https://")) else None
