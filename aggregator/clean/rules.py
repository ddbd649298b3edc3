"""Whether the operator's filters let an entry through, and in words which one does not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from aggregator.clean.patterns import is_found
from aggregator.clean.text import strip_tags
from aggregator.model import Condition, Entry, Filter, Source

# What a condition may look at: each field as a list of texts, without markup.
FIELDS: dict[str, Callable[[Entry], tuple[str, ...]]] = {
    "title": lambda entry: (entry.title,),
    "content": lambda entry: (strip_tags(entry.content),),
    "summary": lambda entry: (strip_tags(entry.summary),),
    "text": lambda entry: (entry.title, strip_tags(entry.summary), strip_tags(entry.content)),
    "author": lambda entry: tuple(author.name for author in entry.authors),
    "categories": lambda entry: tuple(
        name for term in entry.terms for name in dict.fromkeys((term.term, term.label or term.term))
    ),
    "link": lambda entry: (entry.link,),
    "source": lambda entry: tuple(
        name for name in (entry.origin.title, entry.upstream and entry.upstream.title) if name
    ),
    "credit": lambda entry: (entry.credit.name,) if entry.credit else (),
    "rights": lambda entry: tuple(said for said in (entry.rights, entry.licence) if said),
    "language": lambda entry: (entry.language,) if entry.language else (),
    "named": lambda entry: entry.named,
    "enclosure": lambda entry: tuple(part for one in entry.enclosures for part in (one.type, one.href) if part),
}
# A category is a name, and "ads" is not in "roads": here a word must be all of it.
NAMES = frozenset({"categories", "language"})
# Which fields of a second document a field of ours comes of, where it may come of any.
TEXTS = frozenset({"title", "summary", "content"})
COMES_OF = {
    "title": frozenset({"title"}),
    "content": frozenset({"content"}),
    "summary": frozenset({"summary"}),
    "text": TEXTS,
    "author": frozenset({"author"}),
    "categories": frozenset({"categories"}),
    "credit": TEXTS,
    "rights": frozenset({"rights"}),
    "enclosure": frozenset({"enclosure"}),
}


def refusal_at_first(source: Source, entry: Entry, age: timedelta) -> str | None:
    """Why the filters of its source keep an entry out that was never seen before; what is still to come is waited for.

    An entry that waits for its second document is judged by that when it is there.
    """
    return refusal(source.filters, entry, age, _to_come(source) if entry.waits else frozenset())


def _to_come(source: Source) -> frozenset[str]:
    """The fields that the second document of an entry may change."""
    given = {name for name, _ in source.detail.fields} if source.detail else set()
    changed = {ours for ours, theirs in COMES_OF.items() if given & theirs}
    return frozenset(changed)


def refusal(
    filters: tuple[Filter, ...], entry: Entry, age: timedelta, unknown: frozenset[str] = frozenset()
) -> str | None:
    """Why the filters keep an entry out, or None when they let it through; the first that refuses is named.

    `age` is how old the entry was when it was first seen. Filters that look into an `unknown` field refuse nothing.
    """
    for number, one in enumerate(filters):
        if unknown and not unknown.isdisjoint(_looked_into(one.condition)):
            continue
        met = _met(one.condition, entry, age)
        if one.keep and met is None:
            return f"filters[{number}] keeps only what {told(one.condition)}"
        if not one.keep and met is not None:
            return f"filters[{number}] drops what {met}"
    return None


def _looked_into(condition: Condition) -> tuple[str, ...]:
    return condition.fields if condition.matches is not None or condition.contains else ()


def told(condition: Condition) -> str:
    """A condition in words, to stand after "what"."""
    fields = " or ".join(condition.fields)
    parts = []
    if condition.matches is not None:
        parts.append(f'matches "{condition.matches}" in {fields}')
    if condition.contains:
        parts.append(f"contains {_either(condition.contains)} in {fields}")
    if condition.older_than is not None:
        parts.append(f"was older than {_span(condition.older_than)} when first seen")
    if condition.languages:
        parts.append(f"is in {_either(condition.languages)}")
    return " and ".join(parts)


def _met(condition: Condition, entry: Entry, age: timedelta) -> str | None:
    """How an entry meets the condition, in words; None where it does not."""
    # The cheap parts first.
    if condition.older_than is not None and age <= condition.older_than:
        return None
    spoken = next((tag for tag in condition.languages if _in_range(entry.language, tag)), None)
    if condition.languages and spoken is None:
        return None
    found = []
    if condition.matches is not None:
        place = _place(condition.fields, entry, partial(_matches, condition.matches))
        if place is None:
            return None
        found.append(f'matches "{condition.matches}" in {place[0]}')
    if condition.contains:
        place = _place(condition.fields, entry, partial(_word_in, condition.contains))
        if place is None:
            return None
        found.append(f'contains "{place[1]}" in {place[0]}')
    if condition.older_than is not None:
        found.append(f"was older than {_span(condition.older_than)} when first seen")
    if spoken is not None:
        found.append(f'is in "{spoken}"')
    return " and ".join(found)


def _place(fields: tuple[str, ...], entry: Entry, look: Callable[[str, str], str | None]) -> tuple[str, str] | None:
    """The first field in which something is found, and what."""
    for field in fields:
        for text in FIELDS[field](entry):
            found = look(field, text)
            if found is not None:
                return field, found
    return None


def _matches(text: str, _field: str, where: str) -> str | None:
    return text if is_found(text, where) else None


def _word_in(words: tuple[str, ...], field: str, where: str) -> str | None:
    """The first of these words in a text, whatever their case."""
    folded = where.casefold()
    for word in words:
        wanted = word.casefold()
        if folded == wanted if field in NAMES else wanted in folded:
            return word
    return None


def _in_range(tag: str | None, wanted: str) -> bool:
    """Basic filtering (RFC 4647 §3.3.1): "zh" takes "zh-CN"."""
    here, there = (tag or "").lower(), wanted.lower()
    return here == there or here.startswith(f"{there}-")


def _either(words: tuple[str, ...]) -> str:
    return " or ".join(f'"{word}"' for word in words)


def _span(span: timedelta) -> str:
    """A duration as the config writes it, in the largest unit that fits."""
    seconds = int(span.total_seconds())
    unit, length = next(
        (unit, length) for unit, length in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)) if seconds % length == 0
    )
    return f"{seconds // length}{unit}"
