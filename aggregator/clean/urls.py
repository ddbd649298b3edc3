"""Addresses: which ones may leave us, how relative ones are resolved, and what is hidden from people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import SplitResult, quote, urljoin, urlsplit, urlunsplit

LONGEST = 8000
LOCAL = "file:"
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
# The URL Standard (§4.4) drops these before it looks at anything, and so does every browser.
DROPPED = re.compile(r"[\t\n\r]")
EDGES = "".join(map(chr, range(33)))
# What neither RFC 3986 nor RFC 3987 §2.2 and §4.1 allows in a path, query or fragment; letters beyond ASCII stay as
# the publisher wrote them.
FORBIDDEN = (
    r"\x00-\x20\x7f-\x9f\"<>\\\[\]^`{|}\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\uf8ff\ufdd0-\ufdef\ufff0-\uffff"
)
UNSAFE = re.compile(f"[{FORBIDDEN}]")
BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")


# An address on which nothing that is done here changes anything, which nearly all are. Nothing in it is tried twice.
def _run_of(characters: str) -> str:
    return rf"[{characters}]*+(?:%[0-9A-Fa-f]{{2}}[{characters}]*+)*+"


_IN_NAME = "A-Za-z0-9._~!$&'()*+,=@-"
_ANYTHING, _NAME = _run_of(f":/{_IN_NAME}"), _run_of(_IN_NAME)
_BEHIND = rf"(?:\?(?!#|$){_ANYTHING})?(?:#(?!$){_ANYTHING})?"
PLAIN = re.compile(rf"https?://[A-Za-z0-9][A-Za-z0-9.-]*+(?::[1-9][0-9]{{0,3}})?(?:/{_ANYTHING})?{_BEHIND}")
# A reference that only has to be put behind the site or the folder it hangs on: no scheme, no host, no dots that mean a
# folder; behind a folder no empty names either, which go when it is joined.
_FOLDER = r"(?!\.{1,2}(?:[/?#]|$))" + _NAME
_FULL = r"(?!\.{0,2}(?:[/?#]|$))" + _NAME
HANGING = re.compile(rf"(?:(?!//)(?:/{_FOLDER})++|{_FULL}(?:/{_FULL})*+/?){_BEHIND}")
BROKEN_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
IRI = re.compile(rf"[A-Za-z][A-Za-z0-9+.-]*:[^{FORBIDDEN}#]+(#[^{FORBIDDEN}#]*)?")
# The descriptor is read only behind an address that does not end with a comma.
CANDIDATE = re.compile(r"[\s,]*+([^\s,]\S*+)(?:(?<!,)\s++([0-9.]+[wxh])(?=\s*(?:,|$))|(?<!,)[^,]*+)?+")
BEFORE_ANOTHER = re.compile(r"feed:(//)?(?=https?:)", re.IGNORECASE)
INSTEAD_OF_HTTP = re.compile(r"feed:(?=//)", re.IGNORECASE)
# How addresses of other schemes mostly begin. Of pictures that are written out, which are long, nothing has to be read.
OF_OTHERS = ("data:", "mailto:", "javascript:", "tel:")
ACTIVE = frozenset({"javascript", "vbscript", "data", "blob", "about", "file"})


def split(url: str) -> SplitResult | None:
    """The parts of an http(s) address with a host and a sane port, or None."""
    try:
        parts = urlsplit(url)
        port_is_sane = parts.port is None or parts.port > 0
    except ValueError:
        return None
    return parts if parts.scheme in ("http", "https") and parts.hostname and port_is_sane else None


def host_of(url: str) -> str:
    """The host of an address, in lower case; "" when it has none."""
    parts = split(url)
    return (parts.hostname or "") if parts else ""


def is_web_url(url: str) -> bool:
    """Whether this is an absolute http(s) address without spaces or control characters."""
    return len(url) <= LONGEST and not re.search(r"[\x00-\x20\x7f\ud800-\udfff]", url) and split(url) is not None


def is_file(url: str) -> bool:
    """Whether this is the address of a local file, which only an operator can write."""
    return url.startswith(LOCAL)


def absolute(reference: str | None, base: str = "") -> str | None:
    """The absolute http(s) address that `reference` means at `base` (RFC 3986 §5), otherwise as it was written.

    Characters that no address may hold are percent-encoded; user name and password go. None when there is no such
    address: another scheme, no host, longer than 8,000 characters, or not parseable.
    """
    if not reference or reference.startswith(OF_OTHERS):
        return None
    rooted = "/" if reference[0] == "/" else ""
    if not rooted and len(reference) <= LONGEST and PLAIN.fullmatch(reference):
        return reference
    if len(reference) <= LONGEST // 2 and HANGING.fullmatch(reference):
        beginning = _beginning(base, rooted)
        if beginning is None or len(beginning) <= LONGEST // 2:
            return beginning and beginning + reference
    return _resolved(reference, base)


@lru_cache(1024)
def _beginning(base: str, rooted: str) -> str | None:
    """What stands before a reference at `base` that is only put behind it: the site's beginning, or the folder's."""
    address = _resolved(f"{rooted}x", base)
    return address and address[: -len(rooted) - 1]


def _resolved(reference: str, base: str) -> str | None:
    """As `absolute`, step by step."""
    cleaned = DROPPED.sub("", reference.strip(EDGES))
    if not cleaned or len(cleaned) > LONGEST:
        return None
    try:
        joined = urljoin(base, cleaned) if base else cleaned
    except ValueError:
        return None
    parts = split(joined)
    if parts is None:
        return None
    netloc = parts.netloc.rpartition("@")[2]
    if UNSAFE.search(netloc.replace("[", "").replace("]", "")) or "%" in netloc:
        return None
    fragment = _encode(parts.fragment).replace("#", "%23")
    address = urlunsplit((parts.scheme, netloc, _encode(parts.path), _encode(parts.query), fragment))
    return address if len(address) <= LONGEST else None


def _encode(part: str) -> str:
    return BROKEN_PERCENT.sub("%25", UNSAFE.sub(lambda match: quote(match[0], safe="", errors="replace"), part))


def as_uri(address: str) -> str:
    """The URI that an IRI stands for (RFC 3987 §3.1): its host in Punycode, all else beyond ASCII percent-encoded."""
    if address.isascii():
        return address
    parts = urlsplit(address)
    try:
        netloc = parts.netloc.encode("idna").decode("ascii")
    except UnicodeError:
        netloc = BEYOND_ASCII.sub(lambda match: quote(match[0]), parts.netloc)
    rest = (BEYOND_ASCII.sub(lambda match: quote(match[0]), part) for part in (parts.path, parts.query, parts.fragment))
    return urlunsplit((parts.scheme, netloc, *rest))


def candidates(srcset: str, base: str) -> Iterator[tuple[str, str]]:
    """The image candidates of a `srcset` (HTML §4.8.4.2) that have an http(s) address: it, and the descriptor or ""."""
    for url, descriptor in CANDIDATE.findall(srcset[:LONGEST]):
        if url.endswith(","):  # those end the candidate, and what was taken for a descriptor begins another
            url, descriptor = url.rstrip(","), ""
        address = absolute(url, base)
        if address:
            # Commas would start a new candidate where it is read again.
            yield address.replace(",", "%2C"), descriptor.strip()


def is_iri(text: str) -> bool:
    """Whether `text` can be an `atom:id` (RFC 4287 §4.2.6): an absolute IRI, and of no scheme that runs code."""
    if len(text) <= 2000 and PLAIN.fullmatch(text):
        return True
    if len(text) > 2000 or not IRI.fullmatch(text) or BROKEN_PERCENT.search(text):
        return False
    scheme = text.partition(":")[0].lower()
    if scheme in ("http", "https"):
        return split(text) is not None
    return scheme not in ACTIVE


def without_secrets(url: str) -> str:
    """The address without user name, password and fragment."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, parts.query, ""))


def without_feed_scheme(url: str) -> str:
    """The address without `feed:` before it, or with http in its place: another way to write one."""
    return INSTEAD_OF_HTTP.sub("http:", BEFORE_ANOTHER.sub("", url.strip(), count=1), count=1)


def same_address(url: str) -> str:
    """What two spellings of one address have in common: http or https, default port or none, case of the host."""
    parts = urlsplit(url)
    port = "" if parts.port in (None, {"http": 80, "https": 443}.get(parts.scheme)) else f":{parts.port}"
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.hostname or ''}{port}{parts.path or '/'}{query}"
