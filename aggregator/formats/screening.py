"""Leaves out the entries of a page that cannot be written, so that one that is broken takes no other along."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from aggregator.clean.letters import ILLEGAL
from aggregator.clean.urls import absolute, is_iri
from aggregator.formats.shelf import Shelf
from aggregator.model import Episode, Page, Person, Shown

LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
MEDIA_TYPE = re.compile(r"[\w.+!#$&^-]+/[\w.+!#$&^-]+(;[^\r\n]*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Screened:
    """The entries that could be written, in the order of the page, and a line for each that could not."""

    shown: tuple[Shown, ...]
    written: tuple[bytes, ...]
    problems: tuple[str, ...]


def screened(page: Page, shelf: Shelf, context: str) -> Screened:
    """Every entry of the page in a format; `context` is what an entry takes from its page there."""
    shown, written, problems, ids = [], [], [], set[str]()
    for one in page.shown:
        result = shelf.written(one, context)
        if isinstance(result, bytes) and one.id in ids:
            result = "its id stands on the page already"
        if isinstance(result, str):
            problems.append(f"{one.id!r}: {result}"[:500])
            continue
        ids.add(one.id)
        shown.append(one)
        written.append(result)
    return Screened(tuple(shown), tuple(written), tuple(problems))


def without_broken(page: Page) -> tuple[Page, tuple[str, ...]]:
    """The page without the entries that no page can show, and a line for each of those."""
    sound, problems = [], []
    for one in page.shown:
        if isinstance(told := _WORDS.written(one, ""), str):
            problems.append(f"{one.id!r}: {told}"[:500])
        else:
            sound.append(one)
    return (replace(page, shown=tuple(sound)), tuple(problems)) if problems else (page, ())


def check(shown: Shown) -> None:
    """Raise ValueError for an entry that breaks the promises of its shape.

    What is kept was cleaned and keeps them; this is for a store that was damaged, or a mistake of ours. Every format
    asks, and an entry is looked at once.
    """
    if isinstance(told := _CHECKED.written(shown, ""), str):
        raise ValueError(told)


def _checked(shown: Shown, _: str) -> bytes:
    """A mark for an entry that keeps its promises."""
    if isinstance(told := _WORDS.written(shown, ""), str):
        raise ValueError(told)
    _check_names(shown)
    return b"sound"


def _check_words(shown: Shown) -> None:
    """Raise ValueError or TypeError for an entry that says nothing, leads nowhere, or holds what no text may."""
    for name, text in _texts(shown):
        if not isinstance(text, str):
            raise TypeError(f"{name} is {type(text).__name__}, not text")
        # No character that can be printed is forbidden; of most texts all can.
        if not text.isprintable() and ILLEGAL.search(text):
            raise ValueError(f"{name} holds a character that XML forbids (XML 1.0 §2.2)")
        if not text.strip() and (text or name not in ("summary", "content")):
            raise ValueError(f"{name} is empty")
    for name, address in _addresses(shown):
        if absolute(address) != address:
            raise ValueError(f"{name} is no web address: {address[:100]!r}")
    moments = [("published", shown.published), ("updated", shown.updated)]
    if shown.origin.updated is not None:
        moments.append(("source updated", shown.origin.updated))
    for name, moment in moments:
        if not isinstance(moment, datetime) or moment.tzinfo is None:
            raise ValueError(f"{name} is no moment: {moment!r}")
    if not shown.authors or not shown.terms:
        raise ValueError("it has no author or no category")


def _check_names(shown: Shown) -> None:
    """Raise ValueError for ids, languages, categories and mail addresses that are none."""
    # The address of a feed may be longer than an id of an entry.
    if not is_iri(shown.id) or not (is_iri(shown.origin.id) or absolute(shown.origin.id) == shown.origin.id):
        raise ValueError("its id or that of its source is no IRI (RFC 4287 §4.2.6)")
    for tag in (shown.language, shown.origin.language):
        if tag is not None and not LANGUAGE.fullmatch(tag):
            raise ValueError(f"{tag[:40]!r} is no language tag (RFC 5646 §2.1)")
    for term in shown.terms:
        if not term.term.strip() or (term.label is not None and not term.label.strip()):
            raise ValueError("a category has no name")
        if term.scheme is not None and not is_iri(term.scheme):
            raise ValueError(f"the scheme of a category is {term.scheme[:100]!r}")
    if not shown.terms[0].scheme or not shown.terms[0].label:
        raise ValueError("its first category is none of ours")
    for person in (*shown.authors, *shown.origin.authors):
        if person.email is not None and "@" not in person.email[1:-1]:
            raise ValueError(f"the mail address of an author is {person.email!r}")


def _check_files(shown: Shown) -> None:
    """Raise ValueError for attached files of impossible lengths, durations and types."""
    for enclosure in (*shown.enclosures, *shown.media):
        if enclosure.length is not None and not (type(enclosure.length) is int and enclosure.length >= 0):
            raise ValueError(f"the length of an enclosure is {enclosure.length!r}")
        if enclosure.duration is not None and type(enclosure.duration) is not int:
            raise ValueError(f"the duration of an enclosure is {enclosure.duration!r}")
        if enclosure.type is not None and not MEDIA_TYPE.fullmatch(enclosure.type):
            raise ValueError(f"the type of an enclosure is {enclosure.type!r}")


def _texts(shown: Shown) -> Iterator[tuple[str, str]]:
    """Every text of an entry that is not None."""
    origin = shown.origin
    for name in ("id", "title", "link", "summary", "content", "via", "source_title", "source_page"):
        yield name, getattr(shown, name)
    for name, text in (("language", shown.language), ("rights", shown.rights), ("attribution", shown.attribution)):
        if text is not None:
            yield name, text
    for name in ("id", "title"):
        yield f"source {name}", getattr(origin, name)
    for name in ("self_url", "html_url", "icon", "language", "rights"):
        if (text := getattr(origin, name)) is not None:
            yield f"source {name}", text
    for person in (*shown.authors, *origin.authors):
        yield from _named("author", person)
    if shown.credit:
        yield from _named("credit", shown.credit)
    for term in shown.terms:
        yield from ((f"category {name}", text) for name in ("term", "scheme", "label") if (text := getattr(term, name)))
    for enclosure in (*shown.enclosures, *shown.media):
        yield "enclosure", enclosure.href
        for name in ("type", "title", "medium", "language"):
            if (text := getattr(enclosure, name)) is not None:
                yield f"enclosure {name}", text
        yield from (("credit", text) for one in enclosure.credits for text in (one.name, one.role) if text is not None)
    for one in shown.related:
        yield from (("related", text) for text in (one.title, one.link, one.source_title, one.source_page))
    if shown.episode:
        yield from _said(shown.episode)


def _said(episode: Episode) -> Iterator[tuple[str, str]]:
    said = [episode.title, episode.subtitle, episode.kind]
    said += [text for one in episode.transcripts for text in (one.type, one.language)]
    said += [episode.chapters.type] if episode.chapters else []
    yield from (("episode", text) for text in said if text is not None)


def _named(what: str, person: Person) -> Iterator[tuple[str, str]]:
    if not isinstance(person.name, str) or not person.name.strip():
        raise ValueError(f"an {what} has no name")
    yield f"{what} name", person.name
    yield from ((f"{what} {name}", text) for name in ("email", "uri") if (text := getattr(person, name)) is not None)


def _addresses(shown: Shown) -> Iterator[tuple[str, str]]:
    """Every address of an entry that leads to the web."""
    yield "link", shown.link
    yield "via", shown.via
    if shown.licence is not None:
        yield "licence", shown.licence
    yield from (("via", via) for via in shown.vias)
    yield from (("related", one.link) for one in shown.related)
    for name in ("self_url", "html_url", "icon", "licence"):
        if (address := getattr(shown.origin, name)) is not None:
            yield f"source {name}", address
    for person in (*shown.authors, *shown.origin.authors, *((shown.credit,) if shown.credit else ())):
        if person.uri is not None:
            yield "author uri", person.uri
    for enclosure in (*shown.enclosures, *shown.media):
        yield "enclosure", enclosure.href
    if shown.image:
        yield "image", shown.image.href
    if shown.origin.image:
        yield "source image", shown.origin.image
    if shown.episode:
        yield from (("transcript", one.href) for one in shown.episode.transcripts)
        if shown.episode.chapters:
            yield "chapters", shown.episode.chapters.href


def _worded(shown: Shown, _: str) -> bytes:
    """A mark for an entry that a page can show."""
    _check_words(shown)
    _check_files(shown)
    return b"sound"


_CHECKED, _WORDS = Shelf(_checked), Shelf(_worded)
