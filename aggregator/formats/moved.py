"""Writes the page that sends people on from an old address to the one that is meant, where no server can."""

from __future__ import annotations

import html

from aggregator.model import Rendered


def render_moved(path: str, title: str, address: str) -> Rendered:
    """A page that leads to `address` at once, for browsers and for search engines alike."""
    there, name = html.escape(address), html.escape(title, quote=False)
    body = (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{name}</title>\n'
        f'<link rel="canonical" href="{there}">\n<meta name="robots" content="noindex">\n'
        f'<meta http-equiv="refresh" content="0; url={there}">\n</head>\n'
        f'<body>\n<p><a href="{there}">{name}</a></p>\n</body>\n</html>\n'
    )
    return Rendered(path, body.encode("utf-8", "replace"))
