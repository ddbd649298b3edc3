"""What an entry lacks of the fields that its source must give."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from aggregator.clean.text import plain
from aggregator.model import Draft, Entry, Source

# Where we make up for what a publisher left out (a title from the text, a link from the feed), his own word counts.
_GIVEN: Mapping[str, Callable[[Draft, Entry], object]] = {
    "id": lambda draft, _: (draft.id or "").strip(),
    "title": lambda draft, _: plain(draft.title),
    "link": lambda draft, _: (draft.link or "").strip(),
    "published": lambda _, entry: entry.published,
    "updated": lambda _, entry: entry.updated,
    "summary": lambda _, entry: entry.summary,
    "content": lambda _, entry: entry.content,
    "author": lambda _, entry: entry.authors,
    "categories": lambda _, entry: entry.terms,
    "enclosure": lambda _, entry: entry.enclosures,
    "image": lambda _, entry: entry.image,
    "language": lambda draft, _: (draft.language or "").strip(),
    "rights": lambda _, entry: entry.rights,
}


def lacking(draft: Draft, entry: Entry, source: Source) -> tuple[str, ...]:
    """The fields that the source is expected to give and this entry has not got.

    What its second document gives is not asked of the first.
    """
    later = {name for name, _ in source.detail.fields} if source.detail else ()
    return tuple(name for name in source.expect.required if name not in later and not _GIVEN[name](draft, entry))


def told(found: Iterable[tuple[str, ...]]) -> str:
    """What entries lack, in a line: "2 without title, 1 without link"; "" when all is there."""
    counted = Counter(name for lacks in found for name in lacks)
    return ", ".join(f"{many} without {name}" for name, many in counted.items())
