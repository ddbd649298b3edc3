"""The names by which an entry is known again when its key has changed: numbers of 64 bits, fit for an index."""

from __future__ import annotations

import hashlib
import unicodedata
from functools import lru_cache
from urllib.parse import urlsplit

from aggregator.clean.urls import same_address
from aggregator.model import Entry

# "/feed" and "/blog/" say little about an entry, "/2026/03/a-story" much.
SHORTEST_PATH = 8


def link_number(link: str) -> int:
    """The address as a number, the same for all spellings that `same_address` takes for one."""
    return _number(same_address(link))


def key_name(source_id: str, key: str) -> int:
    """A key, inside its source."""
    return _number(f"{source_id}\nkey\n{key}")


def title_number(title: str) -> int:
    """A title as a number; case, spacing and compatible characters make no difference."""
    return _number(_folded(title))


def title_name(source_id: str, title: str) -> int:
    """A title, inside its source."""
    return _number(f"{source_id}\ntitle\n{_folded(title)}")


def address_name(source_id: str, link: str) -> int | None:
    """Where an entry is on its site, whatever the site's host: a site that moves keeps its paths, as a rule.

    None when the path says too little to tell entries apart.
    """
    parts = urlsplit(link)
    if len(parts.path) + len(parts.query) < SHORTEST_PATH:
        return None
    return _number(f"{source_id}\naddress\n{parts.path.rstrip('/')}?{parts.query}")


def other_names(source_id: str, entry: Entry) -> tuple[int, ...]:
    """The names of an entry beside its keys: its title, and its address unless that is the page of the whole feed."""
    title = title_name(source_id, entry.title)
    address = None if entry.link == entry.origin.html_url else address_name(source_id, entry.link)
    return (title,) if address is None else (address, title)


@lru_cache(64)  # asked for twice of each entry
def _folded(title: str) -> str:
    folded = title.casefold() if title.isascii() else unicodedata.normalize("NFKC", title).casefold()
    return " ".join(folded.split())


def _number(text: str) -> int:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
