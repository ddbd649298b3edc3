"""Takes an operator's secrets out of what strangers say: servers echo what they were asked with."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from urllib.parse import parse_qsl, quote, unquote, urlsplit, urlunsplit

from aggregator.clean.urls import host_of
from aggregator.model import Source

HIDDEN = "hidden"
# Shorter ones would be found, and hidden, in half of what is said.
SHORTEST = 6
# In an address, words without a digit are mostly what they look like: "?type=comments".
DIGIT = re.compile(r"[0-9]")


def concealed(text: str, source: Source) -> str:
    """The text without the secrets of the source, in whatever spelling."""
    for secret in secrets_of(source):
        text = text.replace(secret, HIDDEN)
    return text


@lru_cache(1024)
def secrets_of(source: Source) -> tuple[str, ...]:
    """Every spelling of every secret, the longest first; those are what the public address does not show."""
    told = {word for word in _told(source) if word not in source.public_url}
    spelt = {spelling for word in told for spelling in (word, unquote(word), quote(word, safe=""))}
    return tuple(sorted((word for word in spelt if len(word) >= SHORTEST), key=lambda word: (-len(word), word)))


def _told(source: Source) -> Iterator[str]:
    """What a source's address and headers tell the server of who asks."""
    if source.url != source.public_url:
        parts = urlsplit(source.url)
        user, _, password = parts.netloc.rpartition("@")[0].partition(":")
        yield from (user, password)
        values = [value for _, value in parse_qsl(parts.query)] + parts.path.split("/")
        yield from (value for value in values if DIGIT.search(value))
    for value in source.asking.secrets:
        words = re.split(r"[^\w.~+/-]+", value)
        yield from (value, *(word for word in words if len(words) <= 2 or DIGIT.search(word)))
    for _, value in source.headers:
        yield from (value, *re.split(r"[\s;,=]+", value))
        scheme, _, pair = value.partition(" ")
        if scheme == "Basic":
            with suppress(binascii.Error, UnicodeDecodeError):
                yield base64.b64decode(pair, validate=True).decode().partition(":")[2]


def shown_address(url: str, source: Source) -> str:
    """The address of a document as far as it may be shown: relative ones in it hang on this."""
    if source.url == source.public_url:
        return url
    if host_of(url) == host_of(source.public_url):
        return source.public_url
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, "/", "", ""))
