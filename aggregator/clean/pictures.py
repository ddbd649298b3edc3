"""Gives back the pictures that a script would load later, and takes out those that only count readers.

This looks at HTML before it is sanitised: it takes whole elements to see, and the sanitiser shows single attributes. It
decides nothing about safety: whatever it makes of hostile text is sanitised like all else.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from aggregator.clean.tags import Tag, TagFinder, resolved, written
from aggregator.clean.tracking import TINY, is_counter, only_counts
from aggregator.clean.urls import absolute, candidates

PICTURES = frozenset({"img", "image", "amp-img"})  # HTML reads "image" as "img", and AMP is HTML with its own names
_FINDER = TagFinder("img", "image", "amp-img", "source", "video", "audio", "noscript", "iframe")
# Where the real address waits, by whose script: lazysizes, lozad, WeChat; Lazy Load for jQuery; plugins for WordPress;
# Cloudflare; Zhihu; PageSpeed; Ezoic; Flickity; Echo; Sina; Discuz.
LATER = (
    *("data-src", "data-original", "data-lazy-src", "data-lazyload", "data-lazy", "data-cfsrc", "data-actualsrc"),
    *("data-pagespeed-lazy-src", "pagespeed_lazy_src", "data-ezsrc", "data-flickity-lazyload", "data-echo"),
    *("data-original-src", "data-delayed-url", "real_src", "lazy-src", "lazysrc", "file"),
)
LATER_SETS = ("data-srcset", "data-lazy-srcset", "data-original-set", "data-ezsrcset", "data-cfsrcset", "lazy-srcset")
LATER_POSTERS = ("data-poster", "data-lazy-poster")
WAITING = frozenset((*LATER, *LATER_SETS, *LATER_POSTERS))
# An address and not a flag, a number or JSON, which such attributes may hold as well.
LIKE_AN_ADDRESS = re.compile(r"\s*(?!(?:data|about|blob):)[^\s{}<>]*[./][^\s{}<>]*\s*", re.IGNORECASE)
LIKE_A_SET = re.compile(r"\s*(?!data:)[^\s{}<>]*[./]", re.IGNORECASE)
# What is shown until the picture itself is loaded, when it has an address at all.
STAND_IN = re.compile(
    r"[^?#]*/(?:blank|spacer|transparent|placeholder|lazy|loading|loader|gr[ae]y|pixel|1x1)[\w.-]*\.(?:gif|png|svg)",
    re.IGNORECASE,
)
# What may stand between a picture and its twin for those who run no scripts: anything but text.
NO_TEXT = re.compile(r"(?:\s|<[^<>]*>)*+")


@dataclass(slots=True)
class Found:
    """How much of each was found in an entry."""

    pixels: int = 0
    links: int = 0
    restored: int = 0
    unfit: int = 0  # attributes without an address that may leave us

    def notes(self) -> tuple[str, ...]:
        """What people are told of it, a line each."""
        told = (
            (self.pixels, "tracking pixel{} removed"),
            (self.links, "link{} freed of tracking parameters"),
            (self.restored, "lazily loaded picture{} restored"),
        )
        return tuple(f"{number} {words.format('s' * (number > 1))}" for number, words in told if number)


def with_pictures(markup: str, base: str, found: Found) -> str:
    """The HTML with every picture in place that a reader should see, and no other; `found` counts what was done.

    Of a picture and its twin for those who run no scripts, one stays. A document embedded in a frame becomes a link.
    """
    walk = _Walk(markup, base, found)
    for tag in _FINDER.tags(markup):
        walk.pass_by(tag)
    return walk.whole()


@dataclass(slots=True)
class _Walk:
    """One way through a text, from tag to tag."""

    markup: str
    base: str
    found: Found
    pieces: list[str] = field(default_factory=list)
    copied: int = 0
    in_noscript: bool = False
    last: _Picture | None = None  # the last one outside of <noscript>
    twin_of: _Picture | None = None  # the one right before this <noscript>
    shown: set[str] = field(default_factory=set)  # pictures in <noscript>, and those that were restored

    def whole(self) -> str:
        """The text as it is now."""
        return "".join([*self.pieces, self.markup[self.copied :]]) if self.pieces else self.markup

    def pass_by(self, tag: Tag) -> None:
        """Do with a tag what is to be done."""
        if tag.name == "noscript":
            self._pass_noscript(tag)
        elif tag.name == "iframe":
            self._replace(tag, "" if tag.closes else self._link(tag))
        elif tag.closes:
            return
        elif tag.name in PICTURES:
            self._pass_picture(tag)
        elif restored := _restored(tag):
            self.found.restored += 1
            self._replace(tag, written(tag.name, restored))

    def _replace(self, tag: Tag, instead: str) -> None:
        self.pieces += (self.markup[self.copied : tag.start], instead)
        self.copied = tag.end

    def _pass_noscript(self, tag: Tag) -> None:
        """Its tags go, or what is in it would be taken for text."""
        self.in_noscript = not tag.closes
        last = self.last if self.in_noscript else None
        follows = last and NO_TEXT.match(self.markup, last.end, tag.start)
        self.twin_of = last if follows and follows.end() == tag.start else None
        self._replace(tag, "")

    def _link(self, tag: Tag) -> str:
        """Where a frame leads; a frame itself may not leave us."""
        address = absolute(tag.value("src"), self.base) or absolute(tag.value("data-src"), self.base)
        if address is None or only_counts(address, _measures(tag)):
            return ""
        return f'<a href="{html.escape(address)}">{html.escape(urlsplit(address).hostname or "")}</a>'

    def _pass_picture(self, tag: Tag) -> None:
        picture = _picture(tag, self.base)
        self.found.pixels += picture.counts
        if picture.counts or self._is_there_already(picture) or not (picture.address or picture.says):
            self._replace(tag, "")
        elif picture.attributes is not tag.attributes or tag.name == "amp-img":
            self.found.restored += picture.waited
            self._replace(tag, written("img", picture.attributes))
        else:
            self._replace(tag, self.markup[tag.start : tag.end])
        picture.piece = len(self.pieces) - 1
        if not self.in_noscript and not picture.counts:
            self.last = picture
        if picture.address and (self.in_noscript or picture.waited):
            self.shown.add(picture.name)

    def _is_there_already(self, picture: _Picture) -> bool:
        """Whether this is the second of twins; the first goes instead when it has nothing to show."""
        if not self.in_noscript:
            return picture.waited and picture.name in self.shown
        twin, self.twin_of = self.twin_of, None
        if twin is None or not picture.address:
            return bool(picture.address) and picture.name in self.shown
        if twin.address and not twin.stands_in:
            return twin.waited or twin.name == picture.name
        self.pieces[twin.piece] = ""
        return False


@dataclass(slots=True)
class _Picture:
    """A picture as it would be shown: `address` is absolute, or None when there is none.

    `waited` says that a script would have loaded it, `counts` that it is there for nothing else.
    """

    attributes: dict[str, str]
    address: str | None
    counts: bool
    waited: bool
    end: int
    piece: int = 0

    @property
    def name(self) -> str:
        """The address without its query: twins may come in two sizes."""
        return (self.address or "").partition("?")[0].partition("#")[0]

    @property
    def says(self) -> bool:
        """Whether it has words for those who do not see it."""
        return bool(resolved(self.attributes.get("alt", "")).strip())

    @property
    def stands_in(self) -> bool:
        """Whether it is there for another that is not loaded yet."""
        return STAND_IN.fullmatch(self.address or "") is not None


def _picture(tag: Tag, base: str) -> _Picture:
    restored = _restored(tag)
    attributes = restored or tag.attributes
    address = absolute(resolved(attributes.get("src", "")), base)
    if address is None and "srcset" in attributes:
        address = next((one for one, _ in candidates(resolved(attributes["srcset"]), base)), None)
        if address:
            attributes = {**attributes, "src": html.escape(address)}
    return _Picture(
        attributes,
        address,
        # What a waiting one measures is the room that is kept for it.
        counts=is_counter(address or "") if restored else only_counts(address or "", _measures(tag)),
        waited=restored is not None,
        end=tag.end,
    )


def _restored(tag: Tag) -> dict[str, str] | None:
    """The attributes of a tag with its addresses where they belong; None when they are there already."""
    said = tag.attributes
    if WAITING.isdisjoint(said):
        return None
    changes = {}
    for name, later, like in (
        ("src", LATER, LIKE_AN_ADDRESS.fullmatch),
        ("srcset", LATER_SETS, LIKE_A_SET.match),
        ("poster", LATER_POSTERS, LIKE_AN_ADDRESS.fullmatch),
    ):
        value = next((said[one] for one in later if one in said and like(said[one])), None)
        if value is not None and value != said.get(name):
            changes[name] = value
    if not changes:
        return None
    # Sizes of a dot are those of what stands in for it.
    dot = {name for name in ("width", "height") if TINY.fullmatch(tag.value(name))}
    return {**{name: value for name, value in said.items() if name not in dot}, **changes}


def _measures(tag: Tag) -> dict[str, str]:
    said = tag.attributes
    return {name: resolved(said[name]) for name in ("width", "height", "style") if name in said}
