"""Says of published files: their addresses, their other forms, their hubs, and where old addresses lead."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from aggregator.web.headers import FEEDS, INDEX, media_type

_EVERYTHING = "category/all/"


@dataclass(frozen=True, slots=True)
class Signpost:
    """What the config says of addresses. `base_url` has no trailing slash; the Host header has no say.

    `formats` are the words of `output.formats`; `moved` gives the slug of a category by each of its old ones.
    """

    base_url: str = ""
    hubs: tuple[str, ...] = ()
    formats: tuple[str, ...] = ("atom",)
    moved: Mapping[str, str] = field(default_factory=dict)

    def link(self, name: str) -> bytes | None:
        """The value of `Link` (RFC 8288) for a published file: `self`, the hubs of a feed, and its other forms."""
        folder, _, last = name.rpartition("/")
        folder = f"{folder}/" if folder else ""
        feeds = [FEEDS[word] for word in self.formats if word in FEEDS]
        links: list[str] = []
        if last == INDEX and folder.startswith(("category/", "source/")):
            links = [self._self(folder), *self._alternates(folder, feeds)]
        elif name == INDEX:
            links = [self._self(folder), *self._alternates(_EVERYTHING, feeds)]
        elif last in feeds:
            links = [self._self(name), *(f'<{hub}>; rel="hub"' for hub in self.hubs)]
            if "html" in self.formats:
                links.append(f'<{self.base_url}/{quote(folder)}>; rel="alternate"; type="text/html"')
            links += self._alternates(folder, [feed for feed in feeds if feed != last])
        return ", ".join(links).encode("ascii") if links and self.base_url else None

    def _self(self, name: str) -> str:
        return f'<{self.base_url}/{quote(name)}>; rel="self"'

    def _alternates(self, folder: str, feeds: list[str]) -> Iterator[str]:
        for feed in feeds:
            kind = media_type(feed).partition(";")[0]
            yield f'<{self.base_url}/{quote(folder)}{feed}>; rel="alternate"; type="{kind}"'

    def moved_to(self, path: str) -> str | None:
        """The path that an old one leads to now; None for all others.

        `/feed.xml` and `/category/<slug>.html` are where sites made with Jekyll have them.
        """
        if path == "/feed.xml":
            return f"/{_EVERYTHING}feed.atom"
        if not path.startswith("/category/"):
            return None
        slug, slash, rest = path.removeprefix("/category/").partition("/")
        if not slash and slug.endswith(".html"):
            slug = slug.removesuffix(".html")
            return f"/category/{self.moved.get(slug, slug)}/"
        return f"/category/{self.moved[slug]}/{rest}" if slug in self.moved else None


def reference(path: str, target: str) -> str:
    """The reference that leads from one path of the site to another (RFC 3986 §4.2), wherever the site itself lies."""
    relative = posixpath.relpath(target, path.rpartition("/")[0] or "/")
    # Quoted with its colons, or "a:b/" would read as an address of the scheme "a".
    return quote(relative) + ("/" if target.endswith("/") else "")
