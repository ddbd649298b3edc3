"""Files, pictures and episodes that may leave us: addresses absolute, types and numbers vetted, an image found."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from itertools import chain

from aggregator.clean.language import tag
from aggregator.clean.text import one_line, plain
from aggregator.clean.urls import absolute
from aggregator.model import (
    EPISODE_KINDS,
    MEDIUMS,
    SHOW_KINDS,
    Chapters,
    Credit,
    Draft,
    Enclosure,
    Episode,
    Image,
    Markup,
    Show,
    Transcript,
    amended,
)

MEDIA_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,80}/[A-Za-z0-9!#$&^_.+-]{1,80}")
MOST_FILES, MOST_CREDITS, MOST_TRANSCRIPTS, MOST_SHOW_CATEGORIES = 50, 10, 20, 10
LONGEST_TEXT = 4000  # what Apple lets a description have
LONGEST_DURATION = 60 * 60 * 24 * 31
WIDEST = 100_000
LARGEST_NUMBER = 1_000_000
PICTURE_NAME = re.compile(r"\.(?:jpe?g|png|gif|webp|avif|svg)(?:$|[?#!@])", re.IGNORECASE)
IMG = re.compile(r'<img((?: [a-z-]+="[^"]*")*)')
POSTER = re.compile(r'<video(?: [a-z-]+="[^"]*")*? poster="([^"]*)"')
ATTRIBUTE = re.compile(r' ([a-z-]+)="([^"]*)"')
# Smaller than this, in either direction, it is an icon, a smiley or a counter of readers.
SMALLEST = 48
# Pictures that stand for a person, a feeling or a count, never for an entry; in lower case, which is found faster.
DECORATION = re.compile(
    r"gravatar\.com/|/avatars?/|/emoji|twemoji|/smil(?:ey|ie)s?/|s\.w\.org/images/core/|"
    r"[/_.-](?:1x1|spacer|blank|pixel|transparent|clear|spinner|loading)[^/]*\.(?:gif|png|svg)|"
    r"feeds\.feedburner\.com/~|feedsportal\.com/|doubleclick\.net/|/wp-includes/images/|"
    r"[/_-](?:button|badge|favicon)s?[_./-][^/]*$|//stats?\.|/count(?:er)?\.(?:gif|png|php)"
)


def enclosures(draft: Draft, base: str) -> tuple[Enclosure, ...]:
    """The attached files, each once; with what Media RSS, or the episode when there is but one, says of them."""
    if not draft.enclosures:
        return ()
    said = {one.href.strip(): one for one in draft.media}
    kept: dict[str, Enclosure] = {}
    for found in draft.enclosures:
        twin = said.get(found.href.strip())
        clean = _file(_joined(found, twin) if twin else found, base)
        if clean:
            kept.setdefault(clean.href, clean)
    files = tuple(kept.values())[:MOST_FILES]
    if len(files) == 1 and draft.episode and files[0].duration is None:
        files = (amended(files[0], duration=_bounded(draft.episode.duration, LONGEST_DURATION)),)
    return files


def media(draft: Draft, base: str) -> tuple[Enclosure, ...]:
    """What Media RSS names, each once."""
    kept = (clean for found in draft.media if (clean := _file(found, base)))
    return tuple({one.href: one for one in reversed(list(kept))}.values())[::-1][:MOST_FILES]


def _joined(found: Enclosure, twin: Enclosure) -> Enclosure:
    """An enclosure with what its twin knows besides."""
    return amended(
        twin,
        href=found.href,
        type=found.type or twin.type,
        length=found.length or twin.length,
        title=found.title or twin.title,
        group=None,
    )


def _file(found: Enclosure, base: str) -> Enclosure | None:
    """A file with an address that may leave us, or None."""
    href = absolute(found.href, base)
    if href is None:
        return None
    medium = (found.medium or "").strip().lower()
    return Enclosure(
        href,
        type=_type(found.type),
        length=found.length,
        title=_line(found.title),
        medium=medium if medium in MEDIUMS else None,
        duration=_bounded(found.duration, LONGEST_DURATION),
        width=_bounded(found.width, WIDEST),
        height=_bounded(found.height, WIDEST),
        language=tag(found.language),
        description=_line(found.description, LONGEST_TEXT),
        credits=tuple(_credits(found.credits[:MOST_CREDITS])),
        group=found.group,
    )


def _credits(found: Iterable[Credit]) -> Iterator[Credit]:
    clean = ((_line(one.name, 200), _line(one.role, 50)) for one in found)
    yield from dict.fromkeys(Credit(name, role) for name, role in clean if name)


def episode(found: Episode | None, base: str) -> Episode | None:
    """What a podcast client shows of an entry, or None when there is nothing."""
    if found is None:
        return None
    kind = (found.kind or "").strip().lower()
    clean = Episode(
        duration=_bounded(found.duration, LONGEST_DURATION),
        season=_bounded(found.season, LARGEST_NUMBER),
        number=_bounded(found.number, LARGEST_NUMBER),
        kind=kind if kind in EPISODE_KINDS else None,
        explicit=found.explicit,
        title=_line(found.title),
        subtitle=_line(found.subtitle),
        chapters=_chapters(found.chapters, base),
        transcripts=tuple(_transcripts(found.transcripts[:MOST_TRANSCRIPTS], base)),
    )
    return clean if clean != Episode() else None


def _chapters(found: Chapters | None, base: str) -> Chapters | None:
    href = absolute(found.href, base) if found else None
    return Chapters(href, _type(found.type) or "application/json+chapters") if found and href else None


def _transcripts(found: Iterable[Transcript], base: str) -> Iterator[Transcript]:
    """Transcripts of a known type only: the type is required, and without it no client knows what to do."""
    for one in found:
        href, kind = absolute(one.href, base), _type(one.type)
        if href and kind:
            yield Transcript(href, kind, tag(one.language), one.captions)


def show(found: Show | None) -> Show | None:
    """What a podcast says of itself."""
    if found is None:
        return None
    kind = (found.kind or "").strip().lower()
    names = (one_line(name, 100) for name in found.categories)
    categories = tuple(dict.fromkeys(name for name in names if name))[:MOST_SHOW_CATEGORIES]
    clean = Show(kind if kind in SHOW_KINDS else None, found.explicit, categories)
    return clean if clean != Show() else None


def image(
    draft: Draft, files: Iterable[Enclosure], named: Iterable[Enclosure], content: str, base: str
) -> Image | None:
    """The picture that stands for an entry: what Media RSS or the episode names, else an attached one, else the first
    in the text.

    `files` and `named` are the clean enclosures and media, `content` is sanitised. Icons, avatars, smileys and
    counters are none.
    """
    of_media = [Image(one.href, one.width, one.height) for one in named if _is_picture(one)]
    of_draft = []
    for one in draft.images:
        href = absolute(one.href, base)
        if href:
            of_draft.append(Image(href, _bounded(one.width, WIDEST), _bounded(one.height, WIDEST)))
    # The one that a feed gives in several sizes is wanted in the largest; where no size is said, the first.
    for candidates in (of_media, of_draft):
        fitting = [one for one in candidates if _may_stand(one)]
        if fitting:
            return max(fitting, key=lambda one: one.width or 0)
    attached = (Image(one.href, one.width, one.height) for one in files if _is_picture(one))
    return next(filter(_may_stand, chain(attached, _in_text(content))), None)


def _is_picture(one: Enclosure) -> bool:
    if one.medium or one.type:
        return one.medium == "image" or (one.type or "").startswith("image/")
    return PICTURE_NAME.search(one.href) is not None


def _may_stand(one: Image) -> bool:
    small = any(side is not None and side < SMALLEST for side in (one.width, one.height))
    return not small and DECORATION.search(one.href.lower()) is None


def _in_text(content: str) -> Iterator[Image]:
    """The pictures in sanitised HTML, whose attributes nh3 has put in double quotes."""
    if "<img" in content:
        for match in IMG.finditer(content):
            said = dict(ATTRIBUTE.findall(match[1]))
            href = html.unescape(said.get("src", ""))
            if href:
                yield Image(href, _pixels(said.get("width")), _pixels(said.get("height")))
    if " poster=" in content:
        yield from (Image(html.unescape(match[1])) for match in POSTER.finditer(content))


def _pixels(text: str | None) -> int | None:
    digits = (text or "").strip().removesuffix("px")
    return _bounded(int(digits), WIDEST) if digits.isascii() and digits.isdigit() and len(digits) < 9 else None


def _type(found: str | None) -> str | None:
    kind = (found or "").partition(";")[0].strip()
    return kind if MEDIA_TYPE.fullmatch(kind) else None


def _line(found: str | None, longest: int = 1000) -> str | None:
    return plain(Markup(found, "text/html"), longest) or None if found else None


def _bounded(number: int | None, most: int) -> int | None:
    """A number that is one: zero is what players write for "not known"."""
    return number if number is not None and 0 < number <= most else None
