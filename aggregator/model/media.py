"""What entries bring beside text: files, pictures, episodes. As found in a `Draft`, vetted in an `Entry`."""

from __future__ import annotations

import msgspec

MEDIUMS = ("image", "audio", "video", "document", "executable")
EPISODE_KINDS = ("full", "trailer", "bonus")
SHOW_KINDS = ("episodic", "serial")


class Credit(msgspec.Struct, frozen=True):
    """Who had a part in a picture or recording, and which ("photographer"), if it was said (Media RSS, `credit`)."""

    name: str
    role: str | None = None


class Enclosure(msgspec.Struct, frozen=True):
    """An attached resource (RFC 4287 §4.2.7.2), or one that Media RSS names (`content`).

    `length` is in bytes, `duration` in whole seconds, `width` and `height` in pixels. `medium` is one of `MEDIUMS`.
    Renditions of one thing (`media:group`) share the number `group`. In an `Entry`, `href` is absolute http(s) and the
    texts are plain lines.
    """

    href: str
    type: str | None = None
    length: int | None = None
    title: str | None = None
    medium: str | None = None
    duration: int | None = None
    width: int | None = None
    height: int | None = None
    language: str | None = None
    description: str | None = None
    credits: tuple[Credit, ...] = ()
    group: int | None = None


class Image(msgspec.Struct, frozen=True):
    """A picture; `width` and `height` in pixels, where they were said. In an `Entry`, `href` is absolute http(s)."""

    href: str
    width: int | None = None
    height: int | None = None


class Transcript(msgspec.Struct, frozen=True):
    """The words of an episode (Podcast namespace, `transcript`); `captions` says that they are timed."""

    href: str
    type: str
    language: str | None = None
    captions: bool = False


class Chapters(msgspec.Struct, frozen=True):
    """Where the chapters of an episode are listed (Podcast namespace, `chapters`)."""

    href: str
    type: str


class Episode(msgspec.Struct, frozen=True):
    """What a podcast client shows of an entry beside its title, text, author and image (iTunes, Podcast namespace).

    `duration` is in whole seconds; `kind` is one of `EPISODE_KINDS`; `explicit` is None where nothing was said. In an
    `Entry`, it says something, addresses are absolute http(s), and texts are plain lines.
    """

    duration: int | None = None
    season: int | None = None
    number: int | None = None
    kind: str | None = None
    explicit: bool | None = None
    title: str | None = None
    subtitle: str | None = None
    chapters: Chapters | None = None
    transcripts: tuple[Transcript, ...] = ()


class Show(msgspec.Struct, frozen=True):
    """What a podcast says of itself beside title, author and image (iTunes); who owns it is private, and not here.

    `kind` is one of `SHOW_KINDS`; `explicit` is None where nothing was said.
    """

    kind: str | None = None
    explicit: bool | None = None
    categories: tuple[str, ...] = ()
