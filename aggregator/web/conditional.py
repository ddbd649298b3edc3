"""Decides conditional requests: whole file, 304 or 412, by RFC 9110 §13."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus

# By names of our own: through the class each of them costs a call.
OK, UNCHANGED, FAILED = HTTPStatus.OK, HTTPStatus.NOT_MODIFIED, HTTPStatus.PRECONDITION_FAILED

# RFC 9110 §8.8.3: the weak mark, then the opaque-tag with its quotes; a comma may stand inside the quotes.
_ENTITY_TAG = re.compile(rb'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')


def verdict(fields: Mapping[bytes, bytes], *, etag: bytes, modified: int | None) -> HTTPStatus:
    """What a GET or HEAD of an existing file ends with: OK, NOT_MODIFIED or PRECONDITION_FAILED.

    `fields` are those of the request by lower-case name, `etag` the file's strong entity-tag with its quotes,
    `modified` its last change in seconds since 1970, None while that is not to be told. The order is that of
    RFC 9110 §13.2.2: a condition on the entity-tag sets the one on the date aside.
    """
    if b"if-match" in fields:
        if not _listed(etag, fields[b"if-match"], weak=False):
            return FAILED
    elif (
        b"if-unmodified-since" in fields
        and modified is not None
        and (unmodified := _seconds(fields[b"if-unmodified-since"])) is not None
        and modified > unmodified
    ):
        return FAILED
    if b"if-none-match" in fields:
        field = fields[b"if-none-match"]
        known = field == etag or _listed(etag, field, weak=True)
    elif b"if-modified-since" in fields:
        since = _seconds(fields[b"if-modified-since"])
        known = since is not None and modified is not None and modified <= since
    else:
        return OK
    return UNCHANGED if known else OK


def tags_of(field: bytes) -> list[bytes]:
    """The entity-tags of a list, without the marks of weakness."""
    return [tag for _, tag in _ENTITY_TAG.findall(field)]


def _listed(tag: bytes, field: bytes, *, weak: bool) -> bool:
    """Whether `tag` is in the list, by weak or strong comparison (RFC 9110 §8.8.3.2); `*` is any."""
    if field.strip() == b"*":
        return True
    return any(found == tag and (weak or not mark) for mark, found in _ENTITY_TAG.findall(field))


def _seconds(field: bytes) -> int | None:
    """An HTTP-date (RFC 9110 §5.6.7, all three forms) as seconds since 1970; None when it is none.

    Not `strptime`: it reads the names of days and months in the locale of the process.
    """
    try:
        found = parsedate_to_datetime(field.decode("ascii"))
        # The asctime form names no zone; HTTP-dates are always in UTC.
        aware = found if found.tzinfo else found.replace(tzinfo=UTC)
        return int(aware.timestamp())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
