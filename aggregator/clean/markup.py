"""HTML that may leave us: links absolute, nothing active, nh3 last.

Every address is resolved and vetted inside nh3's own attribute filter, so that nothing touches the text after it:
stripping or normalising sanitised HTML re-creates live `javascript:` links.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from contextvars import ContextVar
from itertools import islice
from typing import NamedTuple

import nh3

from aggregator.clean.escaping import is_html, unescaped_html
from aggregator.clean.letters import composed_markup, tidy_markup
from aggregator.clean.pictures import Found, with_pictures
from aggregator.clean.text import HTML_TYPES, legal
from aggregator.clean.tracking import without_tracking
from aggregator.clean.urls import absolute, candidates
from aggregator.model import Markup

# Every sanitiser has a quadratic case (over 10 s on 1 MB), so the HTML of one field is capped, in characters.
# So are its tags: it is their nesting that takes the time.
LONGEST = 512 * 1024
MOST_TAGS = 10_000

# The one list of what may leave us. Whatever is not on it goes; of an element its content stays.
TAGS = {
    # Text as articles have it.
    *("p", "br", "hr", "div", "span", "blockquote", "pre", "center", "wbr", "address"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "hgroup"),
    *("article", "section", "main", "aside", "header", "footer", "nav", "details", "summary"),
    *("ul", "ol", "li", "dl", "dt", "dd"),
    # Meaning and looks of words; the old ones are all that many feeds have.
    *("a", "em", "strong", "b", "i", "u", "s", "strike", "small", "sub", "sup", "mark", "tt"),
    *("code", "kbd", "samp", "var", "abbr", "acronym", "cite", "dfn", "q", "del", "ins", "time", "data"),
    # Scripts that run the other way, and readings beside Han characters.
    *("bdi", "bdo", "ruby", "rp", "rt", "rtc"),
    # Tables, because data is in them.
    *("table", "caption", "colgroup", "col", "thead", "tbody", "tfoot", "tr", "th", "td"),
    # Pictures, sound and film: they load from the web, and run nothing.
    *("img", "picture", "source", "figure", "figcaption", "map", "area", "audio", "video", "track"),
}
# Not on it, with reasons: svg and math are read by rules of their own, in which text comes out as elements (mXSS), as
# do form, select, template and noscript; iframe, object and embed run what they load; style and class are written for
# a page that is not here; meta, base and link act on the whole page.

# The content of these is no text for readers; it goes with them.
DROPPED_WHOLE = {
    *("script", "style", "template", "title", "textarea", "xmp", "noembed", "noframes", "noscript", "iframe"),
}
ATTRIBUTES: dict[str, set[str]] = {
    # What screen readers and scripts of other directions need. No id and no name: they shadow what the scripts of the
    # page around look for (DOM clobbering).
    "*": {"lang", "dir", "title"},
    # Where things are, each address vetted and absolute. No target and no ping; rel is ours.
    "a": {"href", "hreflang"},
    "area": {"href", "alt", "coords", "shape"},
    "blockquote": {"cite"},
    "q": {"cite"},
    "img": {"src", "srcset", "sizes", "alt", "width", "height"},
    "source": {"src", "srcset", "sizes", "type", "media"},
    "audio": {"src", "controls", "preload"},
    "video": {"src", "poster", "controls", "width", "height", "preload"},
    "track": {"src", "kind", "srclang", "label"},
    # What words and numbers mean.
    "abbr": {"title"},
    "data": {"value"},
    "time": {"datetime"},
    "del": {"cite", "datetime"},
    "ins": {"cite", "datetime"},
    # Lists and tables are not what they say without.
    "ol": {"start", "reversed", "type"},
    "li": {"value"},
    "col": {"span"},
    "colgroup": {"span"},
    "td": {"colspan", "rowspan", "headers"},
    "th": {"colspan", "rowspan", "headers", "scope"},
    "details": {"open"},
}
VETTED = frozenset({"href", "src", "cite", "poster", "srcset"})
# How often what is clean is cleaned again, at most, when it changes by it.
MOST_TURNS = 5
WILD = {
    *("table", "caption", "colgroup", "col", "thead", "tbody", "tfoot", "tr", "th", "td"),
    *("ruby", "rp", "rt", "rtc", "pre"),
}
TAME = frozenset(f"{slash}{name}" for name in TAGS - WILD | {"script", "style"} for slash in ("", "/"))
HEADINGS = frozenset(f"{slash}h{level}" for level in range(1, 7) for slash in ("", "/"))
TAG = re.compile(r"<(/?[A-Za-z][^\t\n\f\r />]*+)")
# Browsers overlook a line end at the beginning of it, each time they read it.
PRE = re.compile(r"(<pre\b[^<>]{0,200}>)[\r\n]+", re.IGNORECASE)
MAIL = re.compile(r"mailto:[^\s<>\"'\x00-\x1f]{1,500}", re.IGNORECASE)
# References to characters, some of which XML does not allow.
REFERENCE = re.compile(r"&#(?:[xX]0*+[0-9a-fA-F]{0,6}(?![0-9a-fA-F])|0*+[0-9]{0,7}(?![0-9]));?")


class Text(NamedTuple):
    """A text as found. Relative addresses hang on the markup's own xml:base, else on `base`; a bare fragment on `page`,
    the address of the entry itself. What was removed and restored is added to `found`."""

    markup: Markup | None
    base: str
    page: str
    found: Found


def sanitise(markup: Markup | None, base: str, page: str, found: Found | None = None) -> str:
    """The markup as HTML that may leave us, or ""; the arguments are those of a `Text`."""
    return sanitise_all([Text(markup, base, page, found or Found())])[0]


def sanitise_all(texts: Iterable[Text]) -> list[str]:
    """Each text as HTML that may leave us, or "".

    All go through each step together. That takes a tenth less than one after the other: the code of all steps is more
    than a processor keeps at hand.
    """
    sanitised, present, places = [], [], []
    for number, (markup, base, page, found) in enumerate(texts):
        sanitised.append("")
        if markup is not None and markup.value.strip():
            own = absolute(markup.base, base) if markup.base else None
            present.append((number, markup))
            places.append(_Place(own or base, page, found))
    values = [_capped(tidy_markup(markup.value[:LONGEST])) for _, markup in present]
    values = [_html(value, markup.type, at) for value, (_, markup), at in zip(values, present, places, strict=True)]
    tame = list(map(_is_tame, values))
    values = list(map(_settled, values, tame, places))
    for (number, _), value in zip(present, values, strict=True):
        # Composed once more, for what stood as references are letters and marks now.
        sanitised[number] = composed_markup(value).strip()
    return sanitised


def _html(value: str, kind: str, place: _Place) -> str:
    """The HTML that is to be sanitised."""
    if kind in HTML_TYPES:
        return with_pictures(_legal_references(value), place.base, place.found)
    return _paragraphs(value)


def _settled(value: str, tame: bool, place: _Place) -> str:
    """The HTML sanitised until that changes nothing, which mostly is at once.

    Only then everybody who reads it sees the elements that were judged here, and only then it is no revision when it
    is read again.
    """
    _place.set(place)
    unfit = place.found.unfit
    published = _CLEANER.clean(value if tame else PRE.sub(r"\1", value))
    if tame and place.found.unfit == unfit:
        return published
    for _ in range(MOST_TURNS):
        before, published = published, _CLEANER.clean(published)
        if before == published:
            break
    return published


def _is_tame(value: str) -> bool:
    """Whether a browser makes of the HTML a tree that is the same when it is written out and read again.

    Tables, forms and foreign elements move what is in them, headings in headings end each other, and an element that is
    taken out leaves what could not have stood in the other.
    """
    tags = TAG.findall(value)
    if not TAME.issuperset(tags):
        tags = list(map(str.lower, tags))  # few write them in capitals
        if not TAME.issuperset(tags):
            return False
    closes = [heading[0] == "/" for heading in filter(HEADINGS.__contains__, tags)]
    return closes == [False, True] * (len(closes) // 2)


def as_meant(markup: Markup | None) -> Markup | None:
    """What a publisher meant by what he wrote, which may be HTML escaped once too often, or HTML called plain text."""
    if markup is None:
        return None
    if markup.type in HTML_TYPES:
        return Markup(unescaped_html(markup.value[:LONGEST]), markup.type, markup.base, markup.language)
    if is_html(markup.value[:LONGEST]):
        return Markup(markup.value, "text/html", markup.base, markup.language)
    return markup


def _capped(value: str) -> str:
    """The value up to the last tag that is allowed."""
    if len(value) <= MOST_TAGS or value.count("<") <= MOST_TAGS:
        return value
    return value[: next(islice(re.finditer("<", value), MOST_TAGS, None)).start()]


def _paragraphs(text: str) -> str:
    """Plain text as HTML: a blank line parts paragraphs, a line end breaks the line."""
    blocks = [html.escape(block.strip(), quote=False) for block in re.split(r"\n\s*\n", text) if block.strip()]
    return "".join(f"<p>{block.replace(chr(10), '<br>')}</p>" for block in blocks)


def _legal_references(value: str) -> str:
    """The HTML without references to characters that XML does not allow; a blank, so that none is made by it."""
    return REFERENCE.sub(_legal_reference, value) if "&#" in value else value


def _legal_reference(match: re.Match[str]) -> str:
    return match[0] if legal(html.unescape(match[0])) else " "


class _Place(NamedTuple):
    """Where addresses hang: relative ones on `base`, bare fragments on `page`. `found` counts."""

    base: str
    page: str
    found: Found


def _keep(_tag: str, attribute: str, value: str) -> str | None:
    """The value of an attribute that may leave us."""
    if attribute not in VETTED:
        return value
    place = _place.get()
    fit = _srcset(value, place.base) if attribute == "srcset" else _address(attribute, value, place)
    if fit is None:
        place.found.unfit += 1
    return fit


# nh3 tells its filter nothing but the attribute, and a sanitiser for every entry would cost more than what it does.
_place: ContextVar[_Place] = ContextVar("place")
_CLEANER = nh3.Cleaner(
    tags=TAGS,
    clean_content_tags=DROPPED_WHOLE,
    attributes=ATTRIBUTES,
    attribute_filter=_keep,
    link_rel="noopener noreferrer",
    url_schemes={"http", "https", "mailto"},
    # One attribute, never two: nh3 writes them in an order that changes from cleaner to cleaner, and an entry whose
    # bytes change is a revision.
    set_tag_attribute_values={"img": {"referrerpolicy": "no-referrer"}},
)


def _address(attribute: str, value: str, place: _Place) -> str | None:
    """An address that may leave us: http, https or mailto, absolute; where it is a link, it follows nobody."""
    stripped = value.strip()
    if stripped.startswith("#"):
        return absolute(stripped, place.page)
    address = absolute(stripped, place.base)
    if address is None:
        return stripped if MAIL.fullmatch(stripped) else None
    if attribute != "href" or "=" not in address:
        return address
    short = without_tracking(address)
    if short != address:
        place.found.links += 1
    return short


def _srcset(value: str, base: str) -> str | None:
    """The candidates of a `srcset` whose address may leave us; nh3 does not look into it."""
    return ", ".join(f"{address} {descriptor}".rstrip() for address, descriptor in candidates(value, base)) or None
