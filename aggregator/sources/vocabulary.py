"""Which elements feedparser has no handler for, and whether prefixes mean in a document what it takes them for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache

from feedparser.api import StrictFeedParser

# feedparser's own names for namespaces; what it keeps of an unknown element is called after its prefix.
PREFIXES = {uri.lower(): prefix.lower() for uri, prefix in StrictFeedParser.namespaces.items()}
STANDARD = frozenset(PREFIXES.values()) - {""}
KEPT = frozenset({"title", "summary", "rights", "published", "updated", "created", "author", "source"})
USERLAND = "backend.userland.com/rss"
BARE = ("", "http://www.w3.org/2005/Atom ", "http://purl.org/rss/1.0/ ")
DUBLIN, TERMS = "http://purl.org/dc/elements/1.1/ ", "http://purl.org/dc/terms/ "
ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd "
MEDIA = "http://search.yahoo.com/mrss/ "
MEDIA_TITLE = MEDIA + "title"
THREAD = "http://purl.org/syndication/thread/1.0 "
# What feedparser keeps under a name that we ask for, without having a handler.
ASKED_FOR = frozenset({TERMS + "license"})
# What feedparser has handlers for that keep something else.
TRACELESS = frozenset(
    {
        *(space + "comments" for space in BARE),
        *(ITUNES + name for name in ("block", "explicit", "image")),
        *(MEDIA + name for name in ("content", "credit", "rating", "thumbnail")),
        "com-wordpress:feed-additions:1 post-id",
    }
)


def vocabulary(declared: Collection[tuple[str | None, str]]) -> dict[str, str] | None:
    """By namespace, the prefix under which feedparser keeps what it does not know.

    None where prefixes are bound so that feedparser takes elements of one namespace for those of another: it goes by
    prefix, knows some of them by heart, and never forgets one.
    """
    bound: dict[str, str] = {}
    unnamed, known = set[str](), set[str]()
    for prefix, uri in declared:
        standard = "" if USERLAND in uri.lower() else PREFIXES.get(uri.lower())
        if standard is None:
            unnamed |= {uri} if prefix is None else set()
        else:
            known.add(standard)
        if prefix is not None:
            name = prefix.lower()
            taken = standard is not None and name in STANDARD and name != standard
            if taken or bound.setdefault(name, uri) != uri:
                return None
    prefixes = {uri: name for name, uri in bound.items() if uri.lower() not in PREFIXES}
    if not known.isdisjoint(prefixes.values()) or len(prefixes) < sum(uri in prefixes for uri in bound.values()):
        return None
    certain = {uri: name for uri, name in prefixes.items() if uri not in unnamed and USERLAND not in uri.lower()}
    return certain | {uri: PREFIXES[uri.lower()] for _, uri in declared if PREFIXES.get(uri.lower())}


def leaves_no_trace(name: str, prefixes: Mapping[str, str]) -> bool:
    """Whether feedparser keeps what an element says nowhere, or under a name that nobody asks for."""
    if name in TRACELESS:
        return True
    if name in ASKED_FOR:
        return False
    uri, _, local = name.rpartition(" ")
    prefix = prefixes.get(uri)
    return bool(prefix) and prefix not in KEPT and not _has_handler(f"{prefix}_{local.lower()}")


@lru_cache(maxsize=1024)
def _has_handler(name: str) -> bool:
    return hasattr(StrictFeedParser, f"_start_{name}") or hasattr(StrictFeedParser, f"_end_{name}")
