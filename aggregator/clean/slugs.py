"""Names that can stand in an address."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from urllib.parse import unquote, urlsplit

SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}")
LONGEST_DERIVED = 60
# Windows takes these for devices: a published folder with such a name could not be copied there.
DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))})


def slugify(text: str) -> str:
    """The ASCII letters and digits of `text`, in lower case, joined by hyphens; "" when there are none."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def better_slug(text: str) -> str:
    """The slug nearest to a name that is none; "" when too little of the name would be left."""
    apart = unicodedata.normalize("NFKD", text)
    lossless = apart.isascii() or any(map(unicodedata.combining, apart))
    return slugify(text)[:80].strip("-") if lossless else ""


def slug_hint(text: str) -> str:
    """The next step for the name of a category that cannot be an address."""
    better = better_slug(text)
    if better and better != "all":  # the page that shows everything has that one
        return f'write "{better}" and give the words as categories.{better}.title'
    return "use a-z, 0-9 and hyphens, and give the words as categories.<slug>.title"


def source_id(url: str) -> str:
    """The id of a source that was given none: readable, stable, and from nothing but its URL.

    What does not fit into a slug (length, other scripts) or is a device on Windows is told apart by a hash.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    port = f":{parts.port}" if parts.port and parts.port not in (80, 443) else ""
    whole = unquote(f"{host}{port}{parts.path}?{parts.query}".rstrip("?/"))
    slug = slugify(whole)
    if slug and len(slug) <= LONGEST_DERIVED and whole.isascii() and slug not in DEVICES:
        return slug
    digest = hashlib.blake2b(whole.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
    return f"{slug[: LONGEST_DERIVED - 9].strip('-')}-{digest}".strip("-")
