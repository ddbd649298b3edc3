"""The text of a web page, whose encoding stands in a `meta` element where its server does not say it."""

from __future__ import annotations

import re

from aggregator.sources.encoding import decode

META_CHARSET = re.compile(rb"<meta[^>]{1,200}?charset\s*=\s*[\"']?([A-Za-z0-9._:-]+)", re.IGNORECASE)
LOOKED_AT = 4096  # bytes; the HTML standard (§4.2.5.4) wants it in the first 1,024


def decode_page(body: bytes, content_type: str) -> tuple[str, list[str]]:
    """The text of a page, and what had to be survived to get it; never raises."""
    declared = META_CHARSET.search(body[:LOOKED_AT])
    if declared and "charset" not in content_type.lower():
        content_type = f"{content_type}; charset={declared[1].decode('ascii')}"
    return decode(body, content_type)
