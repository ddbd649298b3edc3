"""Decides conditional requests: whole file, 304 or 412, by RFC 9110 §13."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus

# RFC 9110 §8.8.3: the weak mark, then the opaque-tag with its quotes; a comma may stand inside the quotes.
_ENTITY_TAG = re.compile(rb'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')


def verdict(request: Iterable[tuple[bytes, bytes]], *, etag: str, modified: int) -> HTTPStatus:
    """What a GET or HEAD of an existing file ends with: OK, NOT_MODIFIED or PRECONDITION_FAILED.

    `request` is the header lines with lower-case names, `etag` the file's strong entity-tag with its quotes,
    `modified` its last change in seconds since 1970. The order is that of RFC 9110 §13.2.2: a condition on
    the entity-tag sets the one on the date aside.
    """
    asked = _conditions(request)
    if not asked:
        return HTTPStatus.OK
    tag = etag.encode("ascii")
    if b"if-match" in asked:
        if not _listed(tag, asked[b"if-match"], weak=False):
            return HTTPStatus.PRECONDITION_FAILED
    elif (unmodified := _seconds(asked.get(b"if-unmodified-since"))) is not None and modified > unmodified:
        return HTTPStatus.PRECONDITION_FAILED
    if b"if-none-match" in asked:
        known = _listed(tag, asked[b"if-none-match"], weak=True)
    else:
        since = _seconds(asked.get(b"if-modified-since"))
        known = since is not None and modified <= since
    return HTTPStatus.NOT_MODIFIED if known else HTTPStatus.OK


_CONDITIONS = frozenset({b"if-match", b"if-none-match", b"if-modified-since", b"if-unmodified-since"})


def _conditions(request: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """The conditions asked for; several lines of one name are one list (RFC 9110 §5.3).

    Two lines of a date make a value that is no date, and so are ignored, which is what §13.1.3 asks for.
    """
    asked: dict[bytes, bytes] = {}
    for name, value in request:
        if name in _CONDITIONS:
            asked[name] = asked[name] + b", " + value if name in asked else value
    return asked


def _listed(tag: bytes, field: bytes, *, weak: bool) -> bool:
    """Whether `tag` is in the list, by weak or strong comparison (RFC 9110 §8.8.3.2); `*` is any."""
    if field.strip() == b"*":
        return True
    return any(found == tag and (weak or not mark) for mark, found in _ENTITY_TAG.findall(field))


def _seconds(field: bytes | None) -> int | None:
    """An HTTP-date (RFC 9110 §5.6.7, all three forms) as seconds since 1970; None when it is none.

    Not `strptime`: it reads the names of days and months in the locale of the process.
    """
    if field is None:
        return None
    try:
        found = parsedate_to_datetime(field.decode("ascii"))
        # The asctime form names no zone; HTTP-dates are always in UTC.
        aware = found if found.tzinfo else found.replace(tzinfo=UTC)
        return int(aware.timestamp())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
