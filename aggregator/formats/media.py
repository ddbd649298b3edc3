"""Writes the elements of Media RSS, the iTunes and the Podcast namespace into an entry (RFC 4287 §6.4)."""

from __future__ import annotations

from itertools import groupby

from lxml import etree

from aggregator.model import Enclosure, Episode, Shown

SPACES = {
    "media": "http://search.yahoo.com/mrss/",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "podcast": "https://podcastindex.org/namespace/1.0",
}


def spaces_of(shown: tuple[Shown, ...]) -> dict[str, str]:
    """The namespaces, by prefix, that these entries need."""
    needed = set[str]()
    for one in shown:
        if one.media or own_image(one):
            needed.add("media")
        if one.episode:
            needed.add("itunes")
            if one.episode.chapters or one.episode.transcripts:
                needed.add("podcast")
    return {prefix: uri for prefix, uri in SPACES.items() if prefix in needed}


def own_image(shown: Shown) -> str | None:
    """The address of the entry's image, unless it stands in the text: readers would show it twice."""
    href = shown.image.href if shown.image else None
    return href if href and href.replace("&", "&amp;") not in (shown.content or shown.summary) else None


def append_media(parent: etree._Element, shown: Shown) -> None:
    """Put the elements behind those that the entry has."""
    for group, media in groupby(shown.media, key=lambda one: one.group):
        renditions = list(media)
        within = parent if group is None or len(renditions) == 1 else _element(parent, "media", "group")
        for one in renditions:
            _content(within, one)
    image = shown.image
    if image and own_image(shown):
        _element(parent, "media", "thumbnail", url=image.href, width=_number(image.width), height=_number(image.height))
        if shown.episode:
            _element(parent, "itunes", "image", href=image.href)
    if shown.episode:
        _episode(parent, shown.episode)


def _content(parent: etree._Element, one: Enclosure) -> None:
    """`media:content`, its title and credits. Not its description: many readers (those built on feedparser) take the
    first they meet for the summary of the entry, and for HTML, whatever type it has."""
    said = {
        "url": one.href,
        "type": one.type,
        "medium": one.medium,
        "fileSize": _number(one.length),
        "duration": _number(one.duration),
        "width": _number(one.width),
        "height": _number(one.height),
        "lang": one.language,
    }
    content = _element(parent, "media", "content", **said)
    if one.title:
        _element(content, "media", "title", type="plain").text = one.title
    for credit in one.credits:
        _element(content, "media", "credit", role=credit.role).text = credit.name


def _episode(parent: etree._Element, episode: Episode) -> None:
    facts = {
        "title": episode.title,
        "subtitle": episode.subtitle,
        "duration": _number(episode.duration),
        "season": _number(episode.season),
        "episode": _number(episode.number),
        "episodeType": episode.kind,
        "explicit": None if episode.explicit is None else str(episode.explicit).lower(),
    }
    for name, text in facts.items():
        if text:
            _element(parent, "itunes", name).text = text
    if episode.chapters:
        _element(parent, "podcast", "chapters", url=episode.chapters.href, type=episode.chapters.type)
    for one in episode.transcripts:
        rel = "captions" if one.captions else None
        _element(parent, "podcast", "transcript", url=one.href, type=one.type, language=one.language, rel=rel)


def _element(parent: etree._Element, prefix: str, name: str, **said: str | None) -> etree._Element:
    element = etree.SubElement(parent, f"{{{SPACES[prefix]}}}{name}", nsmap={prefix: SPACES[prefix]})
    for attribute, value in said.items():
        if value:
            element.set(attribute, value)
    return element


def _number(number: int | None) -> str | None:
    return None if number is None else str(number)
