"""How the further pages of a list are asked for, and what they make together; pure functions."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from aggregator.clean.urls import split
from aggregator.model import Intake, Source


def next_address(source: Source, more: str | None, number: int) -> str | None:
    """The address of page `number` (the first is 1) of the source's list; None when there is none.

    `more` is what the page before gave to ask with. An address that leads away from the source's own site is none: what
    tells it who asks must not go elsewhere.
    """
    paging = source.recipe.paging if source.recipe else None
    if paging is None or number > paging.max_pages:
        return None
    if paging.by == "page":
        return _with(source.url, paging.param or "page", str(number))
    if not more:
        return None
    if paging.by != "link":
        return _with(source.url, paging.param or paging.by, more)
    url = urljoin(source.url, more)
    there, here = split(url), split(source.url)
    same = there and here and (there.scheme, there.hostname, there.port) == (here.scheme, here.hostname, here.port)
    if not same or url == source.url:
        return None
    assert there is not None
    assert here is not None
    return urlunsplit(there._replace(netloc=here.netloc))


def _with(url: str, name: str, value: str) -> str:
    """The address with this parameter of its query set; the others stay in their order."""
    parts = urlsplit(url)
    query = [(key, said) for key, said in parse_qsl(parts.query, keep_blank_values=True) if key != name]
    return urlunsplit(parts._replace(query=urlencode([*query, (name, value)])))


def is_all_new(intake: Intake) -> bool:
    """Whether nothing on this page was seen before, so that more that is new may stand on the next."""
    return bool(intake.entries) and len(intake.entries) >= len(intake.hashes)


def joined(first: Intake, second: Intake) -> Intake:
    """Two pages of one list as one; an entry that moved down from one to the other between two requests stands once."""
    known = {entry.key for entry in first.entries}
    return replace(
        first,
        entries=(*first.entries, *(entry for entry in second.entries if entry.key not in known)),
        problems=(*first.problems, *second.problems),
        hashes=first.hashes | second.hashes,
        more=second.more,
        shared={**second.shared, **first.shared},
        size=first.size + second.size,
        incomplete=first.incomplete or second.incomplete,
        bare=tuple(name for name in first.bare if name in second.bare),
    )


def with_first_page(pages: Intake, first: Intake) -> Intake:
    """Pages of a list of which the first has been read once more, now with what was seen before."""
    hashes = pages.hashes if first.hashes else frozenset()
    return replace(joined(first, pages), hashes=hashes, problems=pages.problems)


def unfinished(intake: Intake, why: str) -> Intake:
    """The pages so far of a list whose next page could not be had: none counts as seen, so all are asked for again."""
    return replace(intake, hashes=frozenset(), problems=(*intake.problems, why))
