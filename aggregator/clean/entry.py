"""A `Reading` becomes an `Intake`: every draft cleaned into an entry we can stand behind, or left out and named."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

from aggregator.clean.attribution import person
from aggregator.clean.completeness import lacking, told
from aggregator.clean.credit import credited
from aggregator.clean.dates import settle
from aggregator.clean.full_text import full_text_address
from aggregator.clean.identity import claim, entry_key, tidy_guid, told_apart
from aggregator.clean.language import language_of, tag
from aggregator.clean.licence import licence_in
from aggregator.clean.lists import followable
from aggregator.clean.markup import LONGEST, Text, as_meant, sanitise, sanitise_all
from aggregator.clean.media import enclosures, episode, image, media, show
from aggregator.clean.pictures import Found
from aggregator.clean.rewriting import rewritten
from aggregator.clean.signatures import signature
from aggregator.clean.text import legal, one_line, plain, title_and_text
from aggregator.clean.titles import title_from_names, title_from_text
from aggregator.clean.tracking import without_tracking
from aggregator.clean.urls import absolute, is_iri
from aggregator.model import (
    Draft,
    Enclosure,
    Entry,
    Expectation,
    FeedFound,
    Intake,
    Markup,
    Origin,
    Person,
    Reading,
    Source,
    Term,
    Written,
)

NOTHING_EXPECTED = Expectation()
MOST_PERSONS, MOST_TERMS, MOST_VIAS = 20, 50, 5


def clean(reading: Reading, source: Source, url: str) -> Intake:
    """Clean what was read from `url`, the final address of the document."""
    origin = _origin(reading.feed, source, url)
    base = origin.html_url or url
    entries, links, incomplete, problems = [], [], [], list(reading.problems)
    begun = [_begun(draft, source, origin, base, url) for draft in reading.drafts]
    texts = iter(sanitise_all(text for one in begun for text in one.texts(base)))
    for number, (draft, one) in enumerate(zip(reading.drafts, begun, strict=True), 1):
        entry = _entry(one, next(texts), next(texts), source, origin, base)
        if entry is None:
            problems.append(f"entry {number} is empty")
        elif source.expect.required and (lacks := lacking(draft, entry, source)):
            incomplete.append(lacks)
        else:
            entries.append(entry)
            links.append(one.link)
    outlines = followable(reading.outlines)
    if source.blogroll and len(outlines) > source.blogroll.most:
        problems.append(f"it names {len(outlines)} feeds, of which the first {source.blogroll.most} are polled")
    apart, shared = told_apart(entries, links)
    # Entries that share a key are told apart by looking at all of them, so the next poll must see all of them again.
    # So it must of those that were left out.
    hashes = reading.hashes if list(apart) == entries and not incomplete else frozenset()
    signatures = {entry.key: signature(entry) for entry in apart}
    return Intake(
        origin,
        apart,
        tuple(problems),
        hashes,
        reading.cadence,
        reading.more,
        shared,
        signatures=signatures,
        size=max(len(reading.hashes), len(reading.drafts), len(outlines)),
        incomplete=told(incomplete),
        bare=reading.bare,
        outlines=outlines,
    )


class _Begun(NamedTuple):
    """A draft on which all is done that comes before its texts are sanitised.

    `draft` is as the operator's rules leave it, `title` and `written` as they were before, where that matters. `link`
    is as found, or what stands in for one, `own_link` that of the draft alone, `page` the link that is shown.
    """

    draft: Draft
    guid: str
    title: str
    written: Written | None
    notes: tuple[str, ...]
    files: tuple[Enclosure, ...]
    named: tuple[Enclosure, ...]
    own_link: str | None
    link: str
    page: str
    found: Found

    def texts(self, base: str) -> tuple[Text, Text]:
        """Its content and its summary."""
        draft, page, found = self.draft, self.page, self.found
        return Text(as_meant(draft.content), base, page, found), Text(as_meant(draft.summary), base, page, found)


def _begun(draft: Draft, source: Source, origin: Origin, base: str, url: str) -> _Begun:
    # What names an entry is no matter of the operator's taste.
    title = title_and_text(draft.title)[0] if source.rewrite else ""
    written = written_in(draft) if source.keeps_written else None
    draft, notes = rewritten(draft, source.rewrite)
    files, named = enclosures(draft, base), media(draft, base)
    own_link = absolute(draft.link, base)
    link = own_link or (files[0].href if files else None) or origin.html_url or absolute(source.public_url) or url
    page = without_tracking(link)
    found = Found(links=int(page != link))
    return _Begun(draft, tidy_guid(draft.id), title, written, notes, files, named, own_link, link, page, found)


def _entry(begun: _Begun, content: str, summary: str, source: Source, origin: Origin, base: str) -> Entry | None:
    """One entry with these texts, or None when there is nothing in it."""
    draft, files, named, own_link, notes = begun.draft, begun.files, begun.named, begun.own_link, begun.notes
    title, too_long = title_and_text(draft.title)
    if too_long and not (content or summary):
        summary = sanitise(Markup(too_long), base, begun.page)
    title = title or title_from_text(content or summary)
    published, updated = settle(draft.published, source.timezone), settle(draft.updated, source.timezone)
    if not (title or own_link or files):
        return None
    # Feeds do give nothing but links, and mean it; an item of an API or a page is not written yet, or not found.
    is_bare = not (title or files or named or draft.images or published or updated)
    if is_bare and (source.recipe or source.expect != NOTHING_EXPECTED):
        return None
    detail = absolute(draft.detail, base) or full_text_address(source, own_link, content or summary)
    upstream = _upstream(draft.source, base) if draft.source else None
    credit = _credit(draft, upstream, content or summary, source, origin)
    if credit:
        notes += (f'its text names "{credit.name}" as its source',)
    return Entry(
        # The key stays that of the link as found: an old entry must not come back as a new one.
        key=entry_key(begun.guid, own_link, begun.title or title, published),
        title=title or title_from_names((*files, *named), begun.link) or origin.title,
        link=begun.page,
        origin=origin,
        claim=claim(begun.guid),
        published=published,
        updated=updated,
        authors=persons_of(draft.authors, base),
        terms=terms_of(draft.terms),
        summary=summary,
        content=content,
        language=language_of(tag(draft.language) or origin.language, title, content or summary),
        rights=plain(draft.rights) or None,
        enclosures=files,
        upstream=upstream,
        detail=detail,
        waits=detail is not None,
        media=named,
        image=image(draft, files, named, content or summary, base),
        episode=episode(draft.episode, base),
        licence=absolute(draft.licence, base) or licence_in(plain(draft.rights)),
        credit=credit,
        vias=_vias(draft.vias, base),
        named=tuple(name for found_name in draft.named[:MOST_TERMS] if (name := one_line(found_name, 200))),
        notes=(*notes, *begun.found.notes()),
        written=begun.written,
    )


def written_in(draft: Draft) -> Written | None:
    """The texts of a draft as found; None where it has none."""
    texts = [one.value[:LONGEST] if one else "" for one in (draft.title, draft.summary, draft.content)]
    return Written(*texts) if any(texts) else None


def _origin(feed: FeedFound, source: Source, url: str) -> Origin:
    """The feed as `atom:source` names it; of the operator's words only the public address, the rest is laid over
    when it is shown, so that a change of the config is seen at once."""
    own_id = tidy_guid(feed.id)
    html_url = absolute(feed.html_url, url)
    return Origin(
        id=own_id if is_iri(own_id) else source.public_url,
        title=plain(feed.title) or urlsplit(source.public_url).hostname or source.id,
        self_url=source.public_url,
        html_url=html_url,
        icon=absolute(feed.icon, html_url or url),
        language=tag(feed.language),
        rights=plain(feed.rights) or None,
        updated=settle(feed.updated, source.timezone),
        authors=persons_of(feed.authors, html_url or url),
        image=absolute(feed.image, html_url or url),
        show=show(feed.show),
        licence=absolute(feed.licence, html_url or url) or licence_in(plain(feed.rights)),
    )


def _upstream(found: FeedFound, base: str) -> Origin | None:
    """The source that an entry already carried (RFC 4287 §4.2.11, RSS 2.0 `source`); None without a name."""
    title = plain(found.title)
    self_url, html_url = absolute(found.self_url, base), absolute(found.html_url, base)
    own_id = tidy_guid(found.id)
    name = own_id if is_iri(own_id) else self_url or html_url
    if not name or not (title or self_url or html_url):
        return None
    return Origin(
        id=name,
        title=title or urlsplit(self_url or html_url or "").hostname or name,
        self_url=self_url,
        html_url=html_url,
        icon=absolute(found.icon, base),
        language=tag(found.language),
        rights=plain(found.rights) or None,
        updated=settle(found.updated, None),
        authors=persons_of(found.authors, base),
        image=absolute(found.image, base),
        licence=absolute(found.licence, base) or licence_in(plain(found.rights)),
    )


def _credit(draft: Draft, upstream: Origin | None, text: str, source: Source, origin: Origin) -> Person | None:
    """Whom the entry credits without an address: a `source` that is a name alone, else a line of its text."""
    name = plain(draft.source.title, 200) if draft.source and upstream is None else ""
    found = Person(name) if name and source.credit else credited(text, source.credit)
    return None if found and found.name in (origin.title, source.title) else found


def _vias(found: Iterable[str], base: str) -> tuple[str, ...]:
    """The addresses by which the source itself came to an entry (RFC 4287 §4.2.7.2), each once."""
    vias = (absolute(one, base) for one in found)
    return tuple(dict.fromkeys(via for via in vias if via))[:MOST_VIAS]


def persons_of(found: Iterable[Person], base: str) -> tuple[Person, ...]:
    """Each person once: RSS feeds name one as `author` with an address and as `dc:creator` without."""
    named: dict[str, Person] = {}
    for one in found:
        clean_one = person(one.name, one.email, absolute(one.uri, base))
        if clean_one:
            twin = named.get(clean_one.name, clean_one)
            named[clean_one.name] = Person(twin.name, twin.email or clean_one.email, twin.uri or clean_one.uri)
    return tuple(named.values())[:MOST_PERSONS]


def terms_of(found: Iterable[Term]) -> tuple[Term, ...]:
    """The terms as they may leave us, each once."""
    terms = map(_term, found)
    return tuple(dict.fromkeys(term for term in terms if term))[:MOST_TERMS]


@lru_cache(1024)  # most entries of a feed have some of the same few
def _term(found: Term) -> Term | None:
    """The term as it may leave us, or None when there is nothing to be seen of it."""
    name, label = one_line(found.term, 200), found.label and one_line(found.label, 200)
    scheme = found.scheme and legal(found.scheme).strip()
    return Term(name, scheme if scheme and is_iri(scheme) else None, label or None) if name else None
