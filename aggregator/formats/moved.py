"""Writes what stands at an old address of a page: the way to the new one for people, the feeds themselves for readers.

A static host cannot redirect, and a reader that is told to by a page does not listen; but a feed names its own address
(`self`), and its entries are the same at both.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator
from dataclasses import replace

from aggregator.model import Page, Rendered


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


def at_old_address(page: Page, folder: str, files: Iterable[Rendered]) -> Iterator[Rendered]:
    """The files of a page as they stand in its old folder."""
    for rendered in files:
        path = folder + rendered.path.removeprefix(page.path)
        if path == f"{folder}index.html":
            yield render_moved(path, page.title, page.address)
        else:
            yield replace(rendered, path=path, problems=())
