"""HTML that may leave us: links absolute, nothing active, nh3 last.

Every address is resolved and vetted inside nh3's own attribute filter, so that nothing touches the text after it:
stripping or normalising sanitised HTML re-creates live `javascript:` links.
"""

from __future__ import annotations

import html
import re
from contextvars import ContextVar
from itertools import islice

import nh3

from aggregator.clean.text import HTML_TYPES, legal
from aggregator.clean.urls import absolute
from aggregator.model import Markup

# Every sanitiser has a quadratic case (over 10 s on 1 MB), so the HTML of one field is capped, in characters.
# So are its tags: it is their nesting that takes the time.
LONGEST = 512 * 1024
MOST_TAGS = 10_000
TAGS = nh3.ALLOWED_TAGS | {
    "audio",
    "video",
    "source",
    "picture",
    "track",
    "tfoot",
    "section",
    "main",
    "address",
}
# The content of these is no text for readers; it goes with them.
DROPPED_WHOLE = {"script", "style", "template", "noembed", "noframes", "title", "textarea", "xmp"}
ATTRIBUTES: dict[str, set[str]] = {
    "*": {"lang", "dir", "title"},
    "a": {"href", "hreflang"},
    "area": {"href", "alt", "coords", "shape"},
    "abbr": {"title"},
    "audio": {"src", "controls", "preload"},
    "blockquote": {"cite"},
    "col": {"span"},
    "colgroup": {"span"},
    "data": {"value"},
    "del": {"cite", "datetime"},
    "details": {"open"},
    "img": {"src", "srcset", "sizes", "alt", "width", "height"},
    "ins": {"cite", "datetime"},
    "li": {"value"},
    "ol": {"start", "reversed", "type"},
    "q": {"cite"},
    "source": {"src", "srcset", "sizes", "type", "media"},
    "td": {"colspan", "rowspan", "headers"},
    "th": {"colspan", "rowspan", "headers", "scope"},
    "time": {"datetime"},
    "track": {"src", "kind", "srclang", "label"},
    "video": {"src", "poster", "controls", "width", "height", "preload"},
}
ADDRESSES = frozenset({"href", "src", "cite", "poster"})
MAIL = re.compile(r"mailto:[^\s<>\"'\x00-\x1f]{1,500}", re.IGNORECASE)
CANDIDATE = re.compile(r"\s*(\S*[^\s,])(?:\s+([\d.]+[wx]))?\s*(?:,|$)")


def sanitise(markup: Markup | None, base: str, page: str) -> str:
    """The markup as HTML that may leave us, or "".

    Relative addresses hang on the markup's own xml:base, else on `base`; a bare fragment on `page`, the address of
    the entry itself.
    """
    if markup is None or not markup.value.strip():
        return ""
    own = absolute(markup.base, base) if markup.base else None
    value = _capped(legal(markup.value)[:LONGEST])
    if markup.type not in HTML_TYPES:
        value = _paragraphs(value)
    _place.set((own or base, page))
    return _CLEANER.clean(value).strip()


def _capped(value: str) -> str:
    """The value up to the last tag that is allowed."""
    if value.count("<") <= MOST_TAGS:
        return value
    return value[: next(islice(re.finditer("<", value), MOST_TAGS, None)).start()]


def _paragraphs(text: str) -> str:
    """Plain text as HTML: a blank line parts paragraphs, a line end breaks the line."""
    blocks = [html.escape(block.strip(), quote=False) for block in re.split(r"\n\s*\n", text) if block.strip()]
    return "".join(f"<p>{block.replace(chr(10), '<br>')}</p>" for block in blocks)


def _keep(_tag: str, attribute: str, value: str) -> str | None:
    """The value of an attribute that may leave us."""
    if attribute in ADDRESSES:
        return _address(value, *_place.get())
    return _srcset(value, _place.get()[0]) if attribute == "srcset" else value


# Where relative addresses hang: on which base, on which page. nh3 tells its filter nothing but the attribute, and a
# sanitiser for every entry would cost more than what it does.
_place: ContextVar[tuple[str, str]] = ContextVar("place")
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


def _address(value: str, base: str, page: str) -> str | None:
    """An address that may leave us: http, https or mailto, absolute."""
    stripped = value.strip()
    if stripped.startswith("#"):
        return absolute(stripped, page)
    if MAIL.fullmatch(stripped):
        return stripped
    return absolute(stripped, base)


def _srcset(value: str, base: str) -> str | None:
    """The candidates of a `srcset` whose address may leave us; nh3 does not look into it."""
    kept = []
    for match in CANDIDATE.finditer(value[:8000]):
        address = absolute(match[1], base)
        if address:
            # Commas and blanks would start a new candidate where it is read again.
            kept.append(f"{address.replace(',', '%2C')} {match[2] or ''}".rstrip())
    return ", ".join(kept) or None
