"""What an entry says of files, pictures and its episode: Media RSS, the iTunes and the Podcast namespace, as found.

Read from the elements themselves, for feedparser keeps no groups, no texts within `content`, and one of several
transcripts. Where a document is too broken to have elements, they are made anew of what feedparser kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from aggregator.model import Chapters, Credit, Enclosure, Episode, Image, Show, Transcript, amended
from aggregator.sources.slices import Element

MEDIA, ITUNES, PODCAST = "media", "itunes", "podcast"
EBU = "urn:ebu"  # whose roles those of credits are where they do not say (Media RSS)
SPACES = {
    "http://search.yahoo.com/mrss/": MEDIA,
    "http://search.yahoo.com/mrss": MEDIA,
    "http://www.itunes.com/dtds/podcast-1.0.dtd": ITUNES,
    "https://podcastindex.org/namespace/1.0": PODCAST,
    "https://github.com/podcastindex-org/podcast-namespace/blob/main/docs/1.0.md": PODCAST,
}
COUNT = re.compile(r"\s*([0-9]{1,15})(?:\.[0-9]*)?\s*(?:px)?\s*")
CLOCK = re.compile(r"\s*(?:([0-9]{1,3}):)?([0-9]{1,4}):([0-9]{1,2})(?:\.[0-9]*)?\s*")
# Apple's words of today, and those it took before.
EXPLICIT = {"true": True, "yes": True, "explicit": True, "false": False, "no": False, "clean": False}

HEAD_EXPLICIT = re.compile(r"<itunes:explicit>\s*(\w{1,20})\s*</", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Attached:
    """What stands in an entry beside its text, in the order in which it stands there."""

    media: tuple[Enclosure, ...] = ()
    images: tuple[Image, ...] = ()
    episode: Episode | None = None


def attached(entry: Element) -> Attached:
    """What one entry says; addresses and texts as found, numbers read."""
    found = _Found()
    for child in entry.children:
        reader = READERS.get(_known(child.name))
        if reader:
            reader(found, child)
    return found.settled() if found.any else NOTHING


def show(feed: Mapping[str, Any], head: str) -> Show | None:
    """What a podcast says of itself; None for a feed that is none. `head` is the document without its entries.

    feedparser takes neither "true" nor "no" for an answer to whether it is explicit.
    """
    if "itunes" not in head:
        return None
    kind, said = feed.get("itunes_type"), HEAD_EXPLICIT.search(head)
    explicit = EXPLICIT.get(said[1].lower()) if said else None
    terms = (tag.get("term") for tag in feed.get("tags") or () if tag.get("scheme") == "http://www.itunes.com/")
    categories = tuple(dict.fromkeys(term for term in terms if term))
    found = Show(kind if isinstance(kind, str) else None, explicit, categories)
    return found if found != Show() else None


def seconds(text: str | None) -> int | None:
    """A length of time, written as seconds or as a clock shows it ("1:02:03", "62:03"); None for anything else."""
    match = CLOCK.fullmatch(text or "")
    if match:
        hours, minutes, rest = (int(part or 0) for part in match.groups())
        return hours * 3600 + minutes * 60 + rest
    return count(text)


def count(text: str | None) -> int | None:
    """A whole number, or the whole part of one; None for anything else."""
    match = COUNT.fullmatch(text or "")
    return int(match[1]) if match else None


class _Found:
    """What has been found in one entry so far."""

    def __init__(self) -> None:
        self.any = False
        self.media: list[Enclosure] = []
        self.images: list[Image] = []
        self.credits: list[Credit] = []
        self.episode: dict[str, Any] = {}
        self.transcripts: list[Transcript] = []
        self.group: int | None = None
        self.groups = 0

    def settled(self) -> Attached:
        """All of it; who is credited for the entry is credited for what names nobody."""
        if self.transcripts:
            self.episode["transcripts"] = tuple(self.transcripts)
        episode = Episode(**self.episode) if self.episode else None
        shared = tuple(self.credits)
        media = (amended(one, credits=one.credits or shared) for one in self.media) if shared else self.media
        return Attached(tuple(media), tuple(self.images), episode)

    def read_content(self, element: Element) -> None:
        """`media:content`, with the title, text, credits and thumbnails in it."""
        said, inner = _said(element), _Found()
        texts: dict[str, str] = {}
        for child in element.children:
            known = _known(child.name)
            if known in (f"{MEDIA} title", f"{MEDIA} description"):
                texts.setdefault(known.partition(" ")[2], _text(child))
            elif known in SAID_OF_CONTENT:
                READERS[known](inner, child)
        self.any = True
        self.images += inner.images
        href = said.get("url", "")
        if href:
            found = Enclosure(
                href,
                type=said.get("type"),
                length=count(said.get("filesize")),
                title=texts.get("title"),
                medium=said.get("medium"),
                duration=seconds(said.get("duration")),
                width=count(said.get("width")),
                height=count(said.get("height")),
                language=said.get("lang"),
                description=texts.get("description"),
                credits=tuple(inner.credits),
                group=self.group,
            )
            self.media.append(found)

    def read_group(self, element: Element) -> None:
        """`media:group`: several renditions of one thing, and what is said of all of them."""
        inner = _Found()
        self.groups += 1
        inner.group = self.groups
        for child in element.children:
            known = _known(child.name)
            if known == CONTENT or known in SAID_OF_CONTENT:
                READERS[known](inner, child)
        if inner.any:
            self.any = True
            said = inner.settled()
            self.media += said.media
            self.images += said.images

    def read_thumbnail(self, element: Element) -> None:
        """`media:thumbnail`."""
        said = _said(element)
        href = said.get("url") or _text(element)
        if href:
            self.any = True
            self.images.append(Image(href, count(said.get("width")), count(said.get("height"))))

    def read_credit(self, element: Element) -> None:
        """`media:credit`."""
        name = _text(element)
        if name:
            self.any = True
            said = _said(element)  # a role means something in the scheme that it is from, and is read in one alone
            self.credits.append(Credit(name, said.get("role") if said.get("scheme", EBU) == EBU else None))

    def read_cover(self, element: Element) -> None:
        """`itunes:image`."""
        said = _said(element)
        href = said.get("href") or said.get("url")
        if href:
            self.any = True
            self.images.append(Image(href))

    def tell(self, name: str, value: object) -> None:
        """A fact of the episode; the first word counts."""
        if value not in (None, ""):
            self.any = True
            self.episode.setdefault(name, value)

    def read_chapters(self, element: Element) -> None:
        """`podcast:chapters`."""
        said = _said(element)
        if said.get("url"):
            self.tell("chapters", Chapters(said["url"], said.get("type", "")))

    def read_transcript(self, element: Element) -> None:
        """`podcast:transcript`, of which there are often several."""
        said = _said(element)
        if said.get("url"):
            self.any = True
            captions = said.get("rel", "").strip().lower() == "captions"
            transcript = Transcript(said["url"], said.get("type", ""), said.get("language"), captions)
            self.transcripts.append(transcript)


def _tells(name: str, read: Callable[[str], object]) -> Callable[[_Found, Element], None]:
    """A reader of an element whose text is a fact of the episode."""
    return lambda found, element: found.tell(name, read(_text(element)))


Reader = Callable[[_Found, Element], None]
READERS: dict[str | None, Reader] = {
    f"{MEDIA} content": _Found.read_content,
    f"{MEDIA} group": _Found.read_group,
    f"{MEDIA} thumbnail": _Found.read_thumbnail,
    f"{MEDIA} credit": _Found.read_credit,
    f"{ITUNES} image": _Found.read_cover,
    f"{ITUNES} duration": _tells("duration", seconds),
    f"{ITUNES} season": _tells("season", count),
    f"{ITUNES} episode": _tells("number", count),
    f"{ITUNES} episodetype": _tells("kind", str),
    f"{ITUNES} explicit": _tells("explicit", lambda text: EXPLICIT.get(text.lower())),
    f"{ITUNES} title": _tells("title", str),
    f"{ITUNES} subtitle": _tells("subtitle", str),
    f"{PODCAST} season": _tells("season", count),
    f"{PODCAST} episode": _tells("number", count),
    f"{PODCAST} chapters": _Found.read_chapters,
    f"{PODCAST} transcript": _Found.read_transcript,
}
CONTENT = f"{MEDIA} content"
SAID_OF_CONTENT = frozenset({f"{MEDIA} thumbnail", f"{MEDIA} credit"})
NOTHING = Attached()


@lru_cache(maxsize=1024)
def _known(name: str) -> str | None:
    """The element's name with our word for its namespace, in lower case; None where it is of another namespace."""
    uri, _, local = name.rpartition(" ")
    space = SPACES.get(uri.lower())
    return f"{space} {local.lower()}" if space else None


def _said(element: Element) -> dict[str, str]:
    """The attributes, in lower case: feedparser has them so, and publishers often."""
    return {name.lower(): value.strip() for name, value in element.attributes.items()}


def _text(element: Element) -> str:
    return "".join(element.pieces).strip()


def elements_of(entry: Mapping[str, Any]) -> Element:
    """The elements of an entry as far as feedparser kept what they said."""
    children = [
        *_many(entry, "media_content", f"{_URI[MEDIA]} content"),
        *_many(entry, "media_thumbnail", f"{_URI[MEDIA]} thumbnail"),
        *_many(entry, "media_credit", f"{_URI[MEDIA]} credit"),
        *_many({"image": [entry.get("image")]}, "image", f"{_URI[ITUNES]} image"),
    ]
    for name in ("duration", "season", "episode", "episodetype", "title"):
        children += _one(entry.get(f"itunes_{name}"), f"{_URI[ITUNES]} {name}")
    children += _one(entry.get("subtitle"), f"{_URI[ITUNES]} subtitle")
    if entry.get("itunes_explicit") is not None:
        children += _one("yes" if entry["itunes_explicit"] else "no", f"{_URI[ITUNES]} explicit")
    for name in ("season", "episode"):
        children += _one(entry.get(f"podcast_{name}"), f"{_URI[PODCAST]} {name}")
    for name in ("chapters", "transcript"):
        children += _many({name: [entry.get(f"podcast_{name}")]}, name, f"{_URI[PODCAST]} {name}")
    return Element("item", {}, children, [])


_URI = {MEDIA: "http://search.yahoo.com/mrss/", ITUNES: "http://www.itunes.com/dtds/podcast-1.0.dtd"}
_URI |= {PODCAST: "https://podcastindex.org/namespace/1.0"}


def _many(entry: Mapping[str, Any], key: str, name: str) -> Iterable[Element]:
    for said in entry.get(key) or ():
        if isinstance(said, Mapping):
            attributes = {str(key): value for key, value in said.items() if isinstance(value, str)}
            yield Element(name, attributes, [], [attributes.pop("content", "")])


def _one(text: object, name: str) -> Iterable[Element]:
    if isinstance(text, str):
        yield Element(name, {}, [], [text])
